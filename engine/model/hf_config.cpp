// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_config.h"

#include "engine/model/bounds.h"
#include "engine/model/hf_values.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <array>
#include <cmath>

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

/** "Refuse rather than guess": families with similar names need graphs of their own. */
void checkFamily(const HfValues& config) {
    constexpr std::array types{"hunyuan", "hunyuan_v1_moe", "hunyuan_v1_dense"};
    constexpr std::array classes{"HunYuanForCausalLM", "HunYuanMoEV1ForCausalLM", "HunYuanDenseV1ForCausalLM"};
    const std::optional<std::string> type = config.text("model_type");
    std::string shown = type.value_or("");
    bool known = type && std::find(types.begin(), types.end(), *type) != types.end();
    if (const Json* list = config.find("architectures")) {
        if (!list->is_array() || list->empty() || !list->front().is_string()) {
            config.refuse("architectures", "a list of names");
        }
        const auto name = list->front().get<std::string>();
        const bool knownClass = std::find(classes.begin(), classes.end(), name) != classes.end();
        shown = knownClass ? shown : name;
        known = knownClass && (known || !type);
    }
    if (shown.empty()) {
        throw Error("hf.no_architecture",
                    "“{file}” names no architecture: neither “architectures” nor “model_type” says one.",
                    {{"file", fileName}});
    }
    if (!known) {
        throw Error("hf.architecture",
                    "The architecture “{name}” is not supported; models of the Hunyuan-Large family "
                    "(“HunYuanForCausalLM”, “HunYuanMoEV1ForCausalLM”, “HunYuanDenseV1ForCausalLM”) are.",
                    {{"name", shortened(shown)}});
    }
}

void checkSwitches(const HfValues& config) {
    if (config.has("quantization_config")) {
        const HfValues quantization(*config.find("quantization_config"), "quantization_config");
        const std::string method = quantization.text("quant_method").value_or("");
        if (method == "fp8" || method == "compressed-tensors") {
            refuseFp8("quantization_config");
        }
        throw Error("hf.quantised",
                    "The weights are quantised already (“{method}”); convert the folder with BF16 weights instead.",
                    {{"method", shortened(method)}});
    }
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
    c.head_count = config.count("num_attention_heads", 1, bounds::heads);
    c.head_count_kv = config.optionalCount("num_key_value_heads", 1, bounds::heads).value_or(c.head_count);
    if (c.head_count % c.head_count_kv != 0) {
        throw Error(
            "hf.indivisible",
            "“num_attention_heads” ({heads}) in “{file}” is no multiple of “num_key_value_heads” ({kv}).",
            {{"heads", std::to_string(c.head_count)}, {"kv", std::to_string(c.head_count_kv)}, {"file", fileName}});
    }
    std::optional<uint32_t> width = config.optionalCount("head_dim", 1, bounds::head_dim);
    if (!width) {
        width = config.optionalCount("attention_head_dim", 1, bounds::head_dim);
    }
    if (!width && c.embedding_length % c.head_count != 0) {
        throw Error("hf.indivisible",
                    "“hidden_size” ({hidden}) in “{file}” is no multiple of “num_attention_heads” ({heads}).",
                    {{"hidden", std::to_string(c.embedding_length)},
                     {"heads", std::to_string(c.head_count)},
                     {"file", fileName}});
    }
    c.head_dim = width.value_or(c.embedding_length / c.head_count);
    if (c.head_dim % 2 != 0 || c.head_dim > bounds::head_dim) {
        throw Error(
            "hf.head_dim", "“head_dim” from “{file}” is {value}; an even number of 2 to {most} is needed.",
            {{"value", std::to_string(c.head_dim)}, {"most", std::to_string(bounds::head_dim)}, {"file", fileName}});
    }
    c.attention_scale = 1.0F / std::sqrt(static_cast<float>(c.head_dim));
    c.rope_dimension_count = c.head_dim;
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

void readRope(const HfValues& config, ModelConfig& c) {
    constexpr double huge = 1e30;
    double theta = config.number("rope_theta", 1, huge).value_or(10000.0);
    const char* key = config.has("rope_scaling") ? "rope_scaling" : "rope_parameters";
    const Json* object = config.find(key);
    if (object != nullptr) {
        if (!object->is_object()) {
            config.refuse(key, "an object or null");
        }
        const HfValues scaling(*object, std::string(key) + "” of “" + fileName);
        theta = scaling.number("rope_theta", 1, huge).value_or(theta);
        const std::string type = scaling.text("type").value_or(scaling.text("rope_type").value_or(""));
        const double factor = scaling.number("factor", 0, 1e6).value_or(1);
        const double alpha = scaling.number("alpha", 0, 1e12).value_or(0);
        if (type == "linear") {
            if (factor <= 0) {
                scaling.refuse("factor", "a positive number");
            }
            c.rope_scaling = RopeScaling::Linear;
            c.rope_scaling_factor = static_cast<float>(factor);
        } else if (type == "dynamic") {
            // Without alpha the base stays as it is up to max_position_embeddings, which is the limit of the context.
            if (alpha > 0 && c.head_dim <= 2) {
                scaling.refuse("alpha", "a “head_dim” above 2 with it");
            }
            if (alpha > 0) {
                theta *= std::pow(alpha, static_cast<double>(c.head_dim) / (c.head_dim - 2.0));
            }
        } else if (type != "default") {
            scaling.refuse(scaling.has("type") || !scaling.has("rope_type") ? "type" : "rope_type",
                           "“linear” or “dynamic”");
        }
    }
    c.rope_freq_base = static_cast<float>(theta);
    if (!std::isfinite(c.rope_freq_base)) {
        config.refuse("rope_theta", "a base that fits a 32-bit number after scaling");
    }
}

void readVocabulary(const HfValues& config, const WeightFolder* weights, ModelConfig& c) {
    const SafeTensor* embedding = weights == nullptr ? nullptr : weights->find("model.embed_tokens.weight");
    if (embedding != nullptr && embedding->shape.size() == 2 && embedding->shape[0] >= 1 &&
        embedding->shape[0] <= bounds::vocabulary) {
        config.optionalCount("vocab_size", 1, bounds::vocabulary);
        c.vocab_size = static_cast<uint32_t>(embedding->shape[0]);
    } else {
        c.vocab_size = config.count("vocab_size", 1, bounds::vocabulary);
    }
    c.token_count = c.vocab_size;
    const bool head = weights != nullptr && weights->find("lm_head.weight") != nullptr;
    c.tied_embeddings = config.flag("tie_word_embeddings").value_or(!head);
}

} // namespace

ModelConfig parseHuggingFaceConfig(const Json& json, const WeightFolder* weights) {
    const HfValues config(json, fileName);
    checkFamily(config);
    checkSwitches(config);
    ModelConfig c;
    c.block_count = config.count("num_hidden_layers", 1, bounds::layers);
    c.embedding_length = config.count("hidden_size", 1, bounds::width);
    c.context_length = config.count("max_position_embeddings", 1, bounds::context);
    c.layer_norm_rms_epsilon = static_cast<float>(config.number("rms_norm_eps", 1e-12, 1).value_or(1e-5));
    bool sharing = false;
    readAttention(config, weights, c);
    readSharing(config, weights, c, sharing);
    readExperts(config, weights, c);
    readRope(config, c);
    readVocabulary(config, weights, c);
    if (sharing || (c.expert_count > 1 && c.expert_used_count == 1)) {
        c.architecture = "hunyuan-large";
    } else {
        c.architecture = c.expert_count > 1 ? "hunyuan-moe" : "hunyuan-dense";
    }
    return c;
}

ModelConfig readHuggingFaceConfig(const std::filesystem::path& config_json) {
    return parseHuggingFaceConfig(readJson(config_json, smallJson), nullptr);
}

} // namespace moescope::model
