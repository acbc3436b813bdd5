// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/tensor_type.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace moescope::model {

struct ConvertOptions {
    gguf::TensorType type = gguf::TensorType::F16;
    /** Called with bytes done and in all; returns false to cancel. */
    std::function<bool(uint64_t done, uint64_t total)> progress;
};

struct ConvertResult {
    uint64_t tensors = 0;
    uint64_t bytes = 0;
    double seconds = 0;
    std::vector<std::string> warnings; ///< one line each, e.g. rows that fell back to F16
};

/** Hugging Face folder of the Hunyuan family → GGUF (spec §2, §4.3), streaming: peak memory is a few tensors. */
ConvertResult convert(const std::filesystem::path& folder, const std::filesystem::path& target,
                      const ConvertOptions& options);

} // namespace moescope::model
