// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/family.h"

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

struct RopeQkNorm {
    uint32_t head_dim = 0;
    uint32_t turning = 0; ///< dimensions of a head that turn: angle = position · base^(−2j/turning)
    double base = 10000;
    model::RopeStyle style = model::RopeStyle::NeoX;
    model::QkNorm norm = model::QkNorm::AfterRope;
    float epsilon = 0;
};

/** Head `index` of `heads` (all queries or all keys, biases added), normed and turned. `weight`: [head_dim], or [heads.size()]
 *  where the norm is over all heads; ignored without one. */
std::vector<float> ropeQkNorm(const RopeQkNorm& shape, std::span<const float> heads, uint32_t index,
                              std::span<const float> weight, uint32_t position);

} // namespace moescope::twins
