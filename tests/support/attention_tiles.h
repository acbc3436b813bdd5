// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** Queries of a batch behind `position` tokens, over a cache with room for `context`. */
struct AttentionBatch {
    uint32_t head_count = 0, head_count_kv = 0, head_dim = 0;
    uint32_t position = 0, tokens = 1, context = 0;
    uint32_t window = 0; ///< last positions that a query sees; 0: all
    float scale = 1;
};

/** Causal attention: [token][head · head_dim]. q [token][head][head_dim], keys and values [kv head][context][head_dim], sinks
 *  [head] or empty. */
std::vector<float> attentionTiles(const AttentionBatch& batch, std::span<const float> q, std::span<const float> keys,
                                  std::span<const float> values, std::span<const float> sinks = {});

} // namespace moescope::twins
