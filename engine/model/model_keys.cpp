// SPDX-License-Identifier: Apache-2.0
#include "engine/model/model_keys.h"

#include "engine/model/rope_config.h"

#include <cmath>

namespace moescope::model {

namespace {

/** Keys of one architecture. */
class Keys {
public:
    Keys(gguf::Writer& writer, const std::string& architecture) : m_writer(writer), m_prefix(architecture + ".") {}

    void count(const char* key, uint32_t value) { m_writer.add(m_prefix + key, gguf::U32{value}); }
    void countIf(bool wanted, const char* key, uint32_t value) {
        if (wanted) {
            count(key, value);
        }
    }
    void number(const char* key, float value) { m_writer.add(m_prefix + key, gguf::F32{value}); }
    void numberIf(bool wanted, const char* key, float value) {
        if (wanted) {
            number(key, value);
        }
    }
    void flag(const char* key, bool value) { m_writer.add(m_prefix + key, value); }
    void text(const char* key, const char* value) { m_writer.add(m_prefix + key, std::string(value)); }

private:
    gguf::Writer& m_writer;
    std::string m_prefix;
};

void addAttention(Keys& keys, const ModelConfig& c) {
    keys.count("attention.head_count", c.head_count);
    keys.count("attention.head_count_kv", c.head_count_kv);
    keys.count("attention.key_length", c.head_dim);
    keys.count("attention.value_length", c.head_dim);
    keys.number("attention.layer_norm_rms_epsilon", c.layer_norm_rms_epsilon);
    keys.countIf(c.cla_share_factor > 1, "attention.cla_share_factor", c.cla_share_factor);
    keys.countIf(c.sliding_window > 0, "attention.sliding_window", c.sliding_window);
    // What is taken where nothing is stated may depend on the layers.
    const bool usual = c.attention_scale == 1.0F / std::sqrt(static_cast<float>(c.head_dim));
    keys.numberIf(!usual || findFamily(c.architecture)->layers_scaled_by_width > 0, "attention.scale",
                  c.attention_scale);
}

void addRope(Keys& keys, const ModelConfig& c) {
    keys.countIf(c.rope_dimension_count != c.head_dim, "rope.dimension_count", c.rope_dimension_count);
    keys.number("rope.freq_base", c.rope_freq_base);
    keys.numberIf(c.rope_freq_base_swa > 0, "rope.freq_base_swa", c.rope_freq_base_swa);
    switch (c.rope_scaling) {
    case RopeScaling::None:
    case RopeScaling::Factors: keys.text("rope.scaling.type", "none"); break;
    case RopeScaling::Linear:
        keys.text("rope.scaling.type", "linear");
        keys.number("rope.scaling.factor", c.rope_scaling_factor);
        break;
    case RopeScaling::Yarn: {
        keys.text("rope.scaling.type", "yarn");
        keys.number("rope.scaling.factor", c.rope_scaling_factor);
        keys.count("rope.scaling.original_context_length", c.rope_original_context_length);
        const float usual = yarnAttentionFactor(c.rope_scaling_factor);
        keys.numberIf(c.rope_attn_factor != usual, "rope.scaling.attn_factor", c.rope_attn_factor / usual);
        keys.number("rope.scaling.yarn_beta_fast", c.rope_yarn_beta_fast);
        keys.number("rope.scaling.yarn_beta_slow", c.rope_yarn_beta_slow);
        break;
    }
    case RopeScaling::LongFactors:
        keys.text("rope.scaling.type", "longrope");
        keys.count("rope.scaling.original_context_length", c.rope_original_context_length);
        keys.number("rope.scaling.attn_factor", c.rope_attn_factor);
        break;
    }
}

void addExperts(Keys& keys, const ModelConfig& c) {
    if (c.expert_count <= 1) {
        return;
    }
    keys.count("expert_count", c.expert_count);
    keys.count("expert_used_count", c.expert_used_count);
    keys.count("expert_feed_forward_length", c.expert_feed_forward_length);
    keys.flag("expert_weights_norm", c.expert_weights_norm);
    keys.count("expert_shared_count", c.expert_shared_count);
    keys.countIf(c.expert_shared_count > 0, "expert_shared_feed_forward_length", c.expert_shared_feed_forward_length);
}

} // namespace

void addModelKeys(gguf::Writer& writer, const ModelConfig& c) {
    Keys keys(writer, c.architecture);
    keys.count("vocab_size", c.vocab_size);
    keys.count("context_length", c.context_length);
    keys.count("embedding_length", c.embedding_length);
    keys.count("block_count", c.block_count);
    keys.countIf(c.leading_dense_block_count > 0, "leading_dense_block_count", c.leading_dense_block_count);
    keys.countIf(c.feed_forward_length > 0, "feed_forward_length", c.feed_forward_length);
    addAttention(keys, c);
    addRope(keys, c);
    const bool stated = findFamily(c.architecture)->embedding_scale == EmbeddingScale::Stated;
    keys.numberIf(stated, "embedding_scale", c.embedding_scale);
    keys.numberIf(stated, "residual_scale", c.residual_scale);
    keys.numberIf(stated, "logit_scale", c.logit_scale);
    addExperts(keys, c);
}

} // namespace moescope::model
