// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/ffn_gate_up.h"

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** h[place] for pairs in sorted order; gate and up [experts][rows][width], x [tokens][width], biases
 *  [experts][rows] or none. */
std::vector<float> ffnGateUpTiles(std::span<const float> gate, std::span<const float> up, uint32_t rows, uint32_t width,
                                  std::span<const uint32_t> experts, std::span<const uint32_t> order, uint32_t used,
                                  std::span<const float> x, model::Activation activation = model::Activation::Silu,
                                  const GateUpBias& bias = {});
/** How far each may be off with products of f16, by what the activation makes of halfBound() of gate and of up. */
std::vector<float> ffnGateUpTilesHalfBound(std::span<const float> gate, std::span<const float> up, uint32_t rows,
                                           uint32_t width, std::span<const uint32_t> experts,
                                           std::span<const uint32_t> order, uint32_t used, std::span<const float> x,
                                           const GateUpBias& bias = {});

} // namespace moescope::twins
