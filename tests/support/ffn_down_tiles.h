// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** y[pair] = down[expert] · h[place] + bias[expert]; down [experts][rows][width], h by sorted place, y by pair, bias
 *  [experts][rows] or empty. */
std::vector<float> ffnDownTiles(std::span<const float> down, uint32_t rows, uint32_t width,
                                std::span<const uint32_t> experts, std::span<const uint32_t> order,
                                std::span<const float> h, std::span<const float> bias = {});
/** How far each may be off with products of f16: halfBound(). */
std::vector<float> ffnDownTilesHalfBound(std::span<const float> down, uint32_t rows, uint32_t width,
                                         std::span<const uint32_t> experts, std::span<const uint32_t> order,
                                         std::span<const float> h);

} // namespace moescope::twins
