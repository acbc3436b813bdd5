// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/family.h"

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** Biases [rows]; empty: none. */
struct GateUpBias {
    std::span<const float> gate;
    std::span<const float> up;
};

/** What `activation` makes of gate · x + bias and up · x + bias of one expert. */
std::vector<float> ffnGateUp(std::span<const float> gate, std::span<const float> up, std::span<const float> x,
                             model::Activation activation = model::Activation::Silu, const GateUpBias& bias = {});

} // namespace moescope::twins
