// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** Y[t] = W · X[t]; X [tokens][width], Y [tokens][rows]. */
std::vector<float> matmul(std::span<const float> w, std::span<const float> x, uint32_t width);
/** How far each may be off with products of f16: halfBound(). */
std::vector<float> matmulHalfBound(std::span<const float> w, std::span<const float> x, uint32_t width);

} // namespace moescope::twins
