// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** Σ_s weight[s] · down[expert[s]] · h[s]; down [experts][rows][width], h [slots][width]. */
std::vector<float> ffnDown(std::span<const float> down, uint32_t rows, uint32_t width,
                           std::span<const uint32_t> experts, std::span<const float> weights, std::span<const float> h);

} // namespace moescope::twins
