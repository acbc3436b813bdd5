// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"
#include "engine/trace/info.h"

#include <string>

namespace moescope::model {

enum class RopeScaling { None, Linear };

/** Everything that the forward pass needs to know of a model. Names are GGUF's; sizes are weights, not bytes. */
struct ModelConfig {
    std::string architecture;
    uint32_t block_count = 0;
    uint32_t leading_dense_block_count = 0; ///< first layers with a plain FFN
    uint32_t context_length = 0;
    uint32_t embedding_length = 0;
    uint32_t feed_forward_length = 0; ///< plain FFN of dense layers
    uint32_t head_count = 0;
    uint32_t head_count_kv = 0;
    uint32_t head_dim = 0; ///< key_length == value_length
    float layer_norm_rms_epsilon = 0;
    float rope_freq_base = 0; ///< alpha folded in
    RopeScaling rope_scaling = RopeScaling::None;
    float rope_scaling_factor = 1;
    uint32_t cla_share_factor = 1; ///< layer i owns a KV cache iff i % factor == 0
    bool qk_norm = true;           ///< RMS norm of q and k per head, after RoPE
    uint32_t expert_count = 0;     ///< 0 or 1: dense
    uint32_t expert_used_count = 0;
    bool expert_weights_norm = false; ///< divide the chosen probabilities by their sum
    uint32_t expert_feed_forward_length = 0;
    uint32_t expert_shared_count = 0;
    uint32_t expert_shared_feed_forward_length = 0; ///< total width: one matrix
    uint32_t vocab_size = 0;                        ///< rows of token_embd
    uint32_t token_count = 0;                       ///< ids from here on are padding and never produced
    bool tied_embeddings = true;

    bool isMoe(uint32_t layer) const { return expert_count > 1 && layer >= leading_dense_block_count; }
    bool ownsKv(uint32_t layer) const { return layer % cla_share_factor == 0; }
    uint32_t kvOwner(uint32_t layer) const { return layer - layer % cla_share_factor; }
    uint32_t kvOwnerCount() const { return (block_count + cla_share_factor - 1) / cla_share_factor; }
    uint32_t moeLayerCount() const { return expert_count > 1 ? block_count - leading_dense_block_count : 0; }
};

/** Reads and checks the configuration; a value that is missing, zero, huge or at odds with a tensor's shape is a
 *  trace::Error naming key, value and bound. Also checks that exactly the tensors of §4.2 are there with the
 *  right shapes (owner layers have attn_k and attn_v, others neither). Unknown architectures are refused by name. */
ModelConfig readConfig(const gguf::Reader& file);

/** Facts for people; needs metadata only, so vocabulary-only files work too. */
trace::ModelInfo readInfo(const gguf::Reader& file);

} // namespace moescope::model
