// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"
#include "engine/model/family.h"
#include "engine/trace/info.h"

#include <string>

namespace moescope::model {

/** How positions beyond those of the training turn. Factors: one a pair of dimensions, from a tensor of the file
 *  (rope_freqs); LongFactors: two such tensors, for contexts within and beyond the original one. */
enum class RopeScaling { None, Linear, Yarn, Factors, LongFactors };

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
    RopeStyle rope_style = RopeStyle::NeoX;
    uint32_t rope_dimension_count = 0; ///< of a head that turn; the rest passes as it is
    float rope_freq_base = 0;          ///< alpha folded in
    float rope_freq_base_swa = 0;      ///< of layers with a window, unscaled; 0: they turn as all others
    RopeScaling rope_scaling = RopeScaling::None;
    float rope_scaling_factor = 1;
    uint32_t rope_original_context_length = 0; ///< of the training, before YaRN or LongFactors stretch it
    float rope_attn_factor = 1;                ///< factor of sine and cosine
    float rope_yarn_beta_fast = 32;
    float rope_yarn_beta_slow = 1;
    bool rope_yarn_truncate = true; ///< the ramp begins and ends at whole dimensions
    uint32_t cla_share_factor = 1;  ///< layer i owns a KV cache iff i % factor == 0
    QkNorm qk_norm = QkNorm::AfterRope;
    bool qkv_bias = false;
    bool output_bias = false; ///< of attn_output
    bool attention_sinks = false;
    float attention_scale = 0;   ///< of q · k
    uint32_t sliding_window = 0; ///< last positions that a query sees in the layers of the pattern
    WindowPattern window_pattern = WindowPattern::None;
    bool post_norms = false;           ///< RMS norm of attention's and the FFN's output before the residual
    bool fused = false;                ///< attn_qkv is one tensor, and ffn_up is gate above up
    std::string ffn_norm = "ffn_norm"; ///< tensor of the norm before the FFN
    Activation activation = Activation::Silu;
    float embedding_scale = 1;
    float residual_scale = 1;  ///< of what attention and the FFN add
    float logit_scale = 1;     ///< logits are divided by it
    uint32_t expert_count = 0; ///< 0 or 1: dense
    uint32_t expert_used_count = 0;
    bool expert_weights_norm = false; ///< divide the chosen probabilities by their sum
    bool one_keeps_its_probability = false;
    bool expert_bias = false; ///< of router, gate, up and down
    bool shared_gate = false; ///< the shared expert's output times the sigmoid of one more router row
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
    /** Positions that a query of this layer sees, itself included; 0: all. */
    uint32_t window(uint32_t layer) const;
    /** Whether this layer turns by rope_freq_base_swa. */
    bool usesWindowRope(uint32_t layer) const { return rope_freq_base_swa > 0 && window(layer) > 0; }
    /** Whether the chosen probabilities are divided by their sum where `used` experts answer instead of the model's. */
    bool normsWeights(uint32_t used) const {
        return one_keeps_its_probability && used != expert_used_count ? used > 1 : expert_weights_norm;
    }
    uint32_t moeLayerCount() const { return expert_count > 1 ? block_count - leading_dense_block_count : 0; }
};

/** Reads and checks the configuration; a value that is missing, zero, huge or at odds with a tensor's shape is a
 *  trace::Error naming key, value and bound. Also checks that exactly the tensors of §4.2 are there with the
 *  right shapes (owner layers have attn_k and attn_v, others neither). Unknown architectures are refused by name. */
ModelConfig readConfig(const gguf::Reader& file);

/** Facts for people; needs metadata only, so vocabulary-only files work too. */
trace::ModelInfo readInfo(const gguf::Reader& file);

} // namespace moescope::model
