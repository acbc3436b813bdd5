// SPDX-License-Identifier: Apache-2.0
#include "tests/support/attention_split.h"

namespace moescope::twins {

std::vector<float> attentionSplit(const AttentionToken& token, std::span<const float> q, std::span<const float> k,
                                  std::span<const float> v, std::span<const float> q_weight,
                                  std::span<const float> k_weight, std::vector<float>& keys, std::vector<float>& values,
                                  std::span<const float> sinks) {
    return attentionToken(token, q, k, v, q_weight, k_weight, keys, values, sinks);
}

} // namespace moescope::twins
