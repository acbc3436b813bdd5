// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** silu(gate · x) ∘ (up · x) of one expert. */
std::vector<float> ffnGateUp(std::span<const float> gate, std::span<const float> up, std::span<const float> x);

} // namespace moescope::twins
