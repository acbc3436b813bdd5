// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace moescope::twins {

/** Of one chunk of logits, whose first is of token `first`. */
struct SampleTop {
    std::vector<std::pair<float, uint32_t>> top; ///< penalised logit and token, best first; ties: lower id
    std::optional<uint32_t> refused;             ///< the first token whose logit is NaN or +∞
};

/** `recent`: tokens that are penalised, each once however often it stands there. */
SampleTop sampleTop(std::span<const float> chunk, uint32_t first, std::span<const uint32_t> recent, float penalty,
                    uint32_t top_k);

} // namespace moescope::twins
