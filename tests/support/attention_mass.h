// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace moescope::twins {

/** Sum of each head's weights over positions [first, first + count), in f64. Weights [head][stride]. */
std::vector<float> attentionMass(std::span<const float> weights, size_t stride, size_t first, size_t count);

} // namespace moescope::twins
