// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** x / sqrt(mean(x²) + epsilon) ∘ weight for one row, summed in f64. */
std::vector<float> rmsNorm(std::span<const float> x, std::span<const float> weight, float epsilon);

} // namespace moescope::twins
