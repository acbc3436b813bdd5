// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** Σ_s weight[s] · (down[expert[s]] · h[s] + bias[expert[s]]); down [experts][rows][width], h [slots][width], bias
 *  [experts][rows] or empty. */
std::vector<float> ffnDown(std::span<const float> down, uint32_t rows, uint32_t width,
                           std::span<const uint32_t> experts, std::span<const float> weights, std::span<const float> h,
                           std::span<const float> bias = {});

} // namespace moescope::twins
