// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** One head after RoPE (pairs j, j + d/2; angle = position · base^(−2j/d)), divided by its RMS where `norm`, times `weight`. */
std::vector<float> ropeQkNorm(std::span<const float> head, std::span<const float> weight, uint32_t position,
                              double base, bool norm, float epsilon);

} // namespace moescope::twins
