// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/support/attention_token.h"

namespace moescope::twins {

/** attentionToken(): how the positions are split changes nothing but the order of sums. */
std::vector<float> attentionSplit(const AttentionToken& token, std::span<const float> q, std::span<const float> k,
                                  std::span<const float> v, std::span<const float> q_weight,
                                  std::span<const float> k_weight, std::vector<float>& keys, std::vector<float>& values,
                                  std::span<const float> sinks = {});

} // namespace moescope::twins
