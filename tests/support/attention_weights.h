// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** Softmax of one query head over `length` positions in f64, and the sink's share behind them: length + 1 values that sum to
 *  1. Keys [length][q.size()]; positions before `first` have no weight. `sink`: a logit; −∞: none. */
std::vector<float> attentionWeights(std::span<const float> q, std::span<const float> keys, size_t first, float scale,
                                    float sink);

} // namespace moescope::twins
