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
    std::string name;    ///< general.name; if empty, what config.json or README.md says, else the folder's name
    std::string license; ///< general.license; if empty, likewise
};

struct ConvertResult {
    uint64_t tensors = 0;
    uint64_t bytes = 0;
    double seconds = 0;
    std::vector<std::string> warnings; ///< one line each, e.g. how many tensors fell back to F16
};

/** Hugging Face folder of a supported family → GGUF (spec §2, §4.3), streaming: a few MiB of weights are in memory at
 *  a time. The same content under the same name gives the same bytes, however the folder splits or fuses its tensors.
 *  Weights that are NaN, infinite or too large for the type are a trace::Error naming the tensor, as is everything that
 *  the folder lacks; the target then stays as it was. Experts that the folder holds as MXFP4 are decoded, and under type
 *  MXFP4 kept as they are. */
ConvertResult convert(const std::filesystem::path& folder, const std::filesystem::path& target,
                      const ConvertOptions& options);

} // namespace moescope::model
