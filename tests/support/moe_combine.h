// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** Σ_s weight[s] · y[s] of one token; y [slots][width]. */
std::vector<float> moeCombine(std::span<const float> weights, std::span<const float> y, uint32_t width);

} // namespace moescope::twins
