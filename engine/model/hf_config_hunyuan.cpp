// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_config_parts.h"

#include "engine/model/bounds.h"
#include "engine/trace/error.h"

#include <array>

namespace moescope::model {

using trace::Error;

namespace {

constexpr const char* fileName = "config.json";

std::string layerName(uint32_t layer, std::string_view rest) {
    return "model.layers." + std::to_string(layer) + "." + std::string(rest);
}

bool hasRouter(const WeightFolder& weights, uint32_t layer) {
    return weights.find(layerName(layer, "mlp.gate.wg.weight")) != nullptr ||
           weights.find(layerName(layer, "mlp.gate.weight")) != nullptr ||
           weights.find(layerName(layer, "mlp.experts.0.down_proj.weight")) != nullptr;
}

bool hasKeys(const WeightFolder& weights, uint32_t layer) {
    return weights.find(layerName(layer, "self_attn.k_proj.weight")) != nullptr ||
           weights.find(layerName(layer, "self_attn.qkv_proj.weight")) != nullptr;
}

// Of Tencent's own classes, beside the biases.
constexpr std::array switches{
    HfSwitch{"use_rotary_pos_emb", "true"}, HfSwitch{"position_embedding_xdrope", "false"},
    HfSwitch{"use_mla", "false"},           HfSwitch{"group_limited_greedy", "false"},
    HfSwitch{"routed_scaling_factor", "1"},
};

void checkSwitches(const HfValues& config) {
    checkHfSwitches(config, switches);
    for (const char* key : {"attention_bias", "mlp_bias"}) {
        if (config.flag(key).value_or(false)) {
            throw Error("hf.bias", "“{key}” in “{file}” is true; biases are not supported.",
                        {{"key", key}, {"file", fileName}});
        }
    }
    if (config.text("hidden_act").value_or("silu") != "silu") {
        config.refuse("hidden_act", "“silu”");
    }
    const std::string norm = config.text("norm_type").value_or("rms");
    if (norm != "rms" && norm != "hf_rms" && norm != "fused") {
        config.refuse("norm_type", "“rms”");
    }
}

void readAttention(const HfValues& config, const WeightFolder* weights, ModelConfig& c) {
    readHfHeads(config, c);
    const std::optional<bool> norm = config.flag("use_qk_norm");
    const bool found = weights != nullptr && weights->find(layerName(0, "self_attn.query_layernorm.weight")) != nullptr;
    c.qk_norm = norm.value_or(found) ? QkNorm::AfterRope : QkNorm::None;
}

/** A13B states a cla_share_factor that is not used: only `use_cla` counts. */
void readSharing(const HfValues& config, const WeightFolder* weights, ModelConfig& c, bool& sharing) {
    const std::optional<uint32_t> factor = config.optionalCount("cla_share_factor", 1, bounds::layers);
    const std::optional<bool> stated = config.flag("use_cla");
    sharing = stated.value_or(false);
    if (!stated && weights != nullptr && hasKeys(*weights, 0)) {
        uint32_t second = 1;
        while (second < c.block_count && !hasKeys(*weights, second)) {
            ++second;
        }
        sharing = second > 1 && second < c.block_count;
        c.cla_share_factor = sharing ? second : 1;
        return;
    }
    c.cla_share_factor = sharing ? factor.value_or(1) : 1;
}

void readExperts(const HfValues& config, const WeightFolder* weights, ModelConfig& c) {
    uint32_t experts = config.optionalCount("num_experts", 1, bounds::experts).value_or(1);
    uint32_t skipped = config.optionalCount("moe_layer_num_skipped", 0, c.block_count).value_or(0);
    if (weights != nullptr) {
        uint32_t first = 0;
        while (first < c.block_count && !hasRouter(*weights, first)) {
            ++first;
        }
        if (first == c.block_count) {
            experts = 1;
        } else if (!config.has("num_experts")) {
            config.refuse("num_experts", "the number of experts, as the folder has routers,");
        } else if (!config.has("moe_layer_num_skipped")) {
            skipped = first;
        }
    }
    const bool moe = experts > 1 && skipped < c.block_count;
    const std::optional<uint32_t> topk = config.optionalCount("moe_topk", 1, bounds::experts);
    const std::optional<uint32_t> width = config.optionalCount("moe_intermediate_size", 1, bounds::ffn_width);
    const uint32_t shared = config.optionalCount("num_shared_expert", 0, bounds::experts).value_or(0);
    if (!moe || skipped > 0 || !width) {
        c.feed_forward_length = config.count("intermediate_size", 1, bounds::ffn_width);
    } else {
        c.feed_forward_length = config.optionalCount("intermediate_size", 1, bounds::ffn_width).value_or(0);
    }
    if (!moe) {
        return;
    }
    c.leading_dense_block_count = skipped;
    c.expert_count = experts;
    c.expert_used_count = topk.value_or(1);
    if (c.expert_used_count > experts) {
        config.refuse("moe_topk", "at most “num_experts” (" + std::to_string(experts) + ")");
    }
    c.expert_weights_norm = c.expert_used_count > 1;
    c.expert_feed_forward_length = width.value_or(c.feed_forward_length);
    const SafeTensor* down =
        weights == nullptr ? nullptr : weights->find(layerName(skipped, "mlp.shared_mlp.down_proj.weight"));
    const bool mixed = config.flag("use_mixed_mlp_moe").value_or(down != nullptr);
    c.expert_shared_count = mixed ? shared : 0;
    if (c.expert_shared_count == 0) {
        return;
    }
    // Width × count. Where both widths are stated and differ, releases disagree: the tensor decides.
    const uint64_t each = c.feed_forward_length > 0 ? c.feed_forward_length : c.expert_feed_forward_length;
    uint64_t total = each * c.expert_shared_count;
    const uint64_t other = uint64_t{c.expert_feed_forward_length} * c.expert_shared_count;
    if (down != nullptr && down->width() == other) {
        total = other;
    }
    if (total > bounds::ffn_width) {
        config.refuse("num_shared_expert", "a total width of at most " + std::to_string(bounds::ffn_width));
    }
    c.expert_shared_feed_forward_length = static_cast<uint32_t>(total);
}

} // namespace

HfModel readHunyuan(const HfValues& config, const WeightFolder* weights) {
    checkSwitches(config);
    HfModel model;
    ModelConfig& c = model.config;
    readHfSizes(config, c);
    c.layer_norm_rms_epsilon = static_cast<float>(config.number("rms_norm_eps", 1e-12, 1).value_or(1e-5));
    bool sharing = false;
    readAttention(config, weights, c);
    readSharing(config, weights, c, sharing);
    readExperts(config, weights, c);
    if (sharing || (c.expert_count > 1 && c.expert_used_count == 1)) {
        c.architecture = "hunyuan-large";
    } else {
        c.architecture = c.expert_count > 1 ? "hunyuan-moe" : "hunyuan-dense";
    }
    readHfRope(config, {.dynamic = true}, model);
    readHfVocabulary(config, weights, c);
    return model;
}

} // namespace moescope::model
