// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** Activations as shaders/common/block_integer_dot.glsl multiplies them: each 16 of a row of `width` rounded to whole
 *  multiples of a 127th of the largest. */
std::vector<float> byteActivations(std::span<const float> x, uint32_t width);

} // namespace moescope::twins
