// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** One query head over `length` positions, softmax and sum in f64; keys and values [length][q.size()]. */
std::vector<float> attention(std::span<const float> q, std::span<const float> keys, std::span<const float> values);

} // namespace moescope::twins
