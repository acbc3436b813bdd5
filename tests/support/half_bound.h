// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <vector>

namespace moescope::twins {

/** How far W · x may be off where weights and activations are rounded to f16 before they are multiplied, and sums are of f32:
 *  (2⁻¹⁰ + width · 2⁻²³) · Σ|w · x|, and for those that are tiny beside the largest of their matrix or batch,
 *  2⁻³⁸ · (`largest_w` · Σ|x| + `largest_x` · Σ|w|). [rows]; largest of all that one block may hold. */
std::vector<float> halfBound(std::span<const float> w, std::span<const float> x, float largest_w, float largest_x);

/** The largest magnitude; 0 for none. */
float largestOf(std::span<const float> values);

} // namespace moescope::twins
