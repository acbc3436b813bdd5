// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** W · x in f64; W [rows][x.size()]. */
std::vector<float> matvec(std::span<const float> w, std::span<const float> x);

} // namespace moescope::twins
