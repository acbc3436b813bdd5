// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shaders/common/sampler_state.h"

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace moescope::twins {

/** The token at `position` out of candidates (logit and token, best first): what top-p and min-p leave of `settings.top_k` of
 *  them, and of that the largest of logit ÷ temperature + Gumbel noise. In double, with Philox4x32-10 for the noise. */
uint32_t sample(std::vector<std::pair<float, uint32_t>> candidates, const shaders::SamplerState& settings,
                uint32_t position);

/** Philox4x32-10 (Salmon et al., 2011), whole: key, counter. */
std::vector<uint32_t> philox(uint64_t key, const std::vector<uint32_t>& counter);

} // namespace moescope::twins
