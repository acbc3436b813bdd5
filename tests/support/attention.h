// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** One query head over `length` positions, softmax and sum in f64; keys and values [length][q.size()]. `sink`: a logit that
 *  takes its share of the softmax and gives no value; −∞: none. */
std::vector<float> attention(std::span<const float> q, std::span<const float> keys, std::span<const float> values,
                             float scale, float sink);

} // namespace moescope::twins
