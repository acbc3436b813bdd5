// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/kv_type.h"
#include "tests/support/attention_tiles.h"
#include "tests/support/rope_qk_norm.h"

namespace moescope::twins {

struct AttentionToken {
    AttentionBatch batch; ///< of one token
    RopeQkNorm rope;
    inference::KvType kv = inference::KvType::F16;
    bool stores = true; ///< the token's key and value are put in the caches; else they are there
};

/** Attention of one token from its raw heads, biases added: q [head][head_dim], k and v [kv head][head_dim]. keys and values
 *  [kv head][context][head_dim] as the caches keep them. */
std::vector<float> attentionToken(const AttentionToken& token, std::span<const float> q, std::span<const float> k,
                                  std::span<const float> v, std::span<const float> q_weight,
                                  std::span<const float> k_weight, std::vector<float>& keys, std::vector<float>& values,
                                  std::span<const float> sinks = {});

} // namespace moescope::twins
