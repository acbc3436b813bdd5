// SPDX-License-Identifier: Apache-2.0
#include "engine/model/bounds.h"
#include "engine/model/hf_config_parts.h"
#include "engine/model/vocabulary.h"

#include <array>
#include <cmath>

namespace moescope::model {

namespace {

constexpr std::array switches{
    HfSwitch{"mlp_bias", "false"},
    HfSwitch{"use_bias", "false"},
    HfSwitch{"clip_qkv", nullptr},
    HfSwitch{"final_logit_softcapping", nullptr},
    HfSwitch{"attn_logit_softcapping", nullptr},
    HfSwitch{"use_bidirectional_attention", "false"},
    HfSwitch{"is_causal", "true"},
    HfSwitch{"use_sliding_window", "false"},
    HfSwitch{"decoder_sparse_step", "1"},
    HfSwitch{"mlp_only_layers", "[]"},
    HfSwitch{"first_k_dense_replace", "0"},
    HfSwitch{"num_nextn_predict_layers", "0"},
    HfSwitch{"qk_layernorm", "false"},
    HfSwitch{"use_qk_norm", "false"},
    HfSwitch{"qkv_bias", "true"},
    HfSwitch{"swiglu_limit", "7"},
    HfSwitch{"swiglu_alpha", "1.702"},
    HfSwitch{"position_embedding_type", "\"rope\""},
};

void checkSwitches(const HfValues& config, const ModelConfig& c) {
    checkHfSwitches(config, switches);
    const std::string usual = c.activation == Activation::GeluTanh ? "gelu_pytorch_tanh" : "silu";
    for (const char* key : {"hidden_act", "hidden_activation"}) {
        // Old folders of Gemma state a hidden_act that nothing reads beside the hidden_activation that counts.
        const bool read = std::string_view(key) != "hidden_act" || !config.has("hidden_activation");
        if (read && config.text(key).value_or(usual) != usual) {
            config.refuse(key, "“" + usual + "”");
        }
    }
}

void readBiases(const HfValues& config, const Family& family, ModelConfig& c) {
    const bool always = family.qkv_bias == Presence::Always && family.output_bias == Presence::Always;
    const bool stated = config.flag("attention_bias").value_or(always);
    // Qwen2 has biases of Q, K and V alone, whatever is stated.
    const bool some = family.qkv_bias == Presence::Always && !always;
    if ((always && !stated) || (family.qkv_bias == Presence::Never && stated)) {
        config.refuse("attention_bias", always ? "true" : "false");
    }
    c.qkv_bias = some || stated;
    c.output_bias = stated && !some;
}

/** “sliding_window” and the layers that have it, in each of the spellings. */
void readWindow(const HfValues& config, const Family& family, const HfClass& known, ModelConfig& c) {
    constexpr const char* key = "sliding_window";
    if (known.window == StatedWindow::Refused && config.has(key)) {
        config.refuse(key, "null");
    }
    if (known.window == StatedWindow::NumberOrNull && !config.states(key)) {
        config.refuse(key, "a number, or null for no window,");
    }
    if (known.window == StatedWindow::Number) {
        c.sliding_window = config.count(key, 1, bounds::context);
    } else if (known.window != StatedWindow::Unread) {
        c.sliding_window = config.optionalCount(key, 1, bounds::context).value_or(known.defaults.window);
    }
    c.window_pattern = c.sliding_window > 0 ? family.window : WindowPattern::None;
    for (const char* pattern : {"sliding_window_pattern", "_sliding_window_pattern"}) {
        if (family.window == WindowPattern::FiveOfSix && config.has(pattern) &&
            config.count(pattern, 1, bounds::layers) != 6) {
            config.refuse(pattern, "6");
        }
    }
    const Json* types = config.find("layer_types");
    if (types == nullptr) {
        return;
    }
    bool fits = types->is_array() && types->size() == c.block_count;
    for (uint32_t i = 0; fits && i < c.block_count; ++i) {
        fits = (*types)[i] == (c.window(i) > 0 ? "sliding_attention" : "full_attention");
    }
    if (!fits) {
        config.refuse("layer_types",
                      family.window == WindowPattern::FiveOfSix ? "a list with full attention in each sixth layer alone"
                      : family.window == WindowPattern::Even    ? "a list of windows and full attention in turn"
                                                                : "a list with one kind of attention for all layers");
    }
}

void readScales(const HfValues& config, const Family& family, ModelConfig& c) {
    constexpr double most = 1e6;
    const auto stated = [&](const char* key, double fallback) {
        const double value = config.number(key, 0, most).value_or(fallback);
        if (value <= 0) {
            config.refuse(key, "a positive number");
        }
        return static_cast<float>(value);
    };
    if (family.stated_scales) {
        c.embedding_scale = stated("embedding_multiplier", 1);
        c.residual_scale = stated("residual_multiplier", 1);
        c.logit_scale = stated("logits_scaling", 1);
        c.attention_scale = stated("attention_multiplier", 1);
    } else if (family.embedding_scale == EmbeddingScale::SqrtWidth) {
        c.embedding_scale = std::sqrt(static_cast<float>(c.embedding_length));
        c.attention_scale = 1 / std::sqrt(stated("query_pre_attn_scalar", 256));
    }
}

void readExperts(const HfValues& config, const Family& family, const HfClass& known, ModelConfig& c) {
    // Where no layer is dense and the experts have a width of their own, nothing has this one.
    c.feed_forward_length = known.own_expert_width
                                ? config.optionalCount("intermediate_size", 1, bounds::ffn_width).value_or(0)
                                : config.count("intermediate_size", 1, bounds::ffn_width);
    if (!known.has_experts) {
        return;
    }
    const char* key = config.has("num_local_experts") ? "num_local_experts" : "num_experts";
    c.expert_count = config.count(key, 2, bounds::experts);
    c.expert_used_count = config.count("num_experts_per_tok", 1, bounds::experts);
    if (c.expert_used_count > c.expert_count) {
        config.refuse("num_experts_per_tok",
                      "at most “" + std::string(key) + "” (" + std::to_string(c.expert_count) + ")");
    }
    c.expert_feed_forward_length =
        known.own_expert_width ? config.count("moe_intermediate_size", 1, bounds::ffn_width) : c.feed_forward_length;
    c.expert_weights_norm = known.norm_stated ? config.flag("norm_topk_prob").value_or(false) : true;
    c.expert_bias = family.expert_bias;
    if (family.shared_gate) {
        c.expert_shared_count = 1;
        c.expert_shared_feed_forward_length = config.count("shared_expert_intermediate_size", 1, bounds::ffn_width);
        c.shared_gate = true;
    }
}

} // namespace

HfModel readHfFamily(const HfValues& config, const WeightFolder* weights, const HfClass& known) {
    const Family& family = *findFamily(known.architecture);
    const HfDefaults& defaults = known.defaults;
    HfModel model;
    ModelConfig& c = model.config;
    c.architecture = known.architecture;
    c.fused = family.fused;
    c.post_norms = family.post_norms;
    c.ffn_norm = family.ffn_norm;
    c.activation = family.activation;
    c.rope_style = family.rope;
    c.qk_norm = family.has_qk_norm == Presence::Always ? family.qk_norm : QkNorm::None;
    c.attention_sinks = family.sinks;
    checkSwitches(config, c);
    readHfSizes(config, c, defaults);
    constexpr double leastEpsilon = 1e-12;
    const std::optional<double> epsilon = config.number("rms_norm_eps", leastEpsilon, 1);
    if (!epsilon && defaults.epsilon == 0) {
        config.refuse("rms_norm_eps", "a positive number");
    }
    c.layer_norm_rms_epsilon = static_cast<float>(epsilon.value_or(defaults.epsilon));
    readHfHeads(config, c, defaults);
    readBiases(config, family, c);
    readWindow(config, family, known, c);
    readScales(config, family, c);
    readExperts(config, family, known, c);
    readHfRope(config,
               {.base = defaults.rope_base,
                .partial = family.fused,
                .truncates = family.yarn_truncates,
                .of_window = family.rope_of_window},
               model);
    readHfVocabulary(config, weights, c, defaults);
    return model;
}

} // namespace moescope::model
