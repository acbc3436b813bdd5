// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** h[place] for pairs in sorted order; gate and up [experts][rows][width], x [tokens][width]. */
std::vector<float> ffnGateUpTiles(std::span<const float> gate, std::span<const float> up, uint32_t rows, uint32_t width,
                                  std::span<const uint32_t> experts, std::span<const uint32_t> order, uint32_t used,
                                  std::span<const float> x);

} // namespace moescope::twins
