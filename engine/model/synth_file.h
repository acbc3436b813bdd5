// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/tensor_type.h"
#include "engine/model/synth_shapes.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>

namespace moescope::model {

struct SynthOptions {
    std::string like; ///< a name of synthShapes()
    gguf::TensorType type = gguf::TensorType::Q4_K;
    std::optional<uint32_t> layers; ///< instead of the shape's
    uint64_t seed = 0;
    /** Called with bytes done and in all; returns false to cancel. */
    std::function<bool(uint64_t done, uint64_t total)> progress;
};

struct SynthResult {
    uint64_t parameters = 0;
    uint64_t bytes = 0;
    double seconds = 0;
    uint64_t other_type = 0; ///< matrices of another type than was asked for: its blocks do not divide their rows
};

/** Writes a GGUF file with the shape of a known model and random weights, to measure speed with: it says nothing and is
 *  marked by moescope.synthetic. All matrices are of `type` (of the next type of 32 weights where its blocks do not divide the
 *  rows), norms are 1, and activations neither vanish nor explode. The same options give the same bytes. Its vocabulary is
 *  one of bytes and of made-up tokens. Throws trace::Error{synth.shape}, {synth.room}, {synth.cancelled}; the target then
 *  stays as it was. */
SynthResult synthFile(const std::filesystem::path& target, const SynthOptions& options);
/** With this shape, whatever options.like names. */
SynthResult synthFile(const std::filesystem::path& target, const SynthShape& shape, const SynthOptions& options);

} // namespace moescope::model
