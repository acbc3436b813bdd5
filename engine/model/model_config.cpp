// SPDX-License-Identifier: Apache-2.0
#include "engine/model/model_config.h"

#include "engine/model/bounds.h"
#include "engine/model/config_keys.h"
#include "engine/model/family.h"
#include "engine/model/hugging_face.h"
#include "engine/model/rope_config.h"
#include "engine/model/safetensors.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace moescope::model {

using trace::Error;

namespace {

/** One number, or one a layer: 0 on layers that share their owner's cache, the same on all owners. */
uint32_t readKvHeads(const ConfigKeys& keys, const ModelConfig& c) {
    constexpr std::string_view key = "attention.head_count_kv";
    if (!keys.isList(key)) {
        return keys.countOr(key, c.head_count, 1, c.head_count);
    }
    const std::vector<uint32_t> values = keys.file().u32s(keys.full(key)).value();
    const uint32_t first = values.empty() ? 0 : values.front();
    bool fits = values.size() == c.block_count;
    for (uint32_t i = 0; fits && i < c.block_count; ++i) {
        fits = values[i] == first || (values[i] == 0 && !c.ownsKv(i));
    }
    if (!fits) {
        throw Error("config.list", "The values of “{key}” differ between layers in a way that is not supported.",
                    {{"key", keys.full(key)}});
    }
    return keys.bounded(key, first, 1, c.head_count);
}

/** Whether a part of the model is there that its family may have: by a tensor of the first layer. */
bool hasPart(const ConfigKeys& keys, Presence presence, const char* tensor) {
    return presence == Presence::Always ||
           (presence == Presence::Optional && keys.file().find("blk.0." + std::string(tensor)) != nullptr);
}

/** Which layers have a window is a trait of the family: a file that says so too must say the same. */
void checkWindowPattern(const ConfigKeys& keys, const ModelConfig& c) {
    constexpr std::string_view key = "attention.sliding_window_pattern";
    if (!keys.has(key) || c.sliding_window == 0) {
        return;
    }
    const gguf::Value& value = keys.file().metadata().at(keys.full(key));
    const auto* list = std::get_if<std::vector<bool>>(&value);
    // A number p: the last of each p layers has none; 0: each has one.
    const uint32_t period = list == nullptr ? keys.count(key, 0, bounds::layers) : 0;
    bool fits = list == nullptr || list->size() == c.block_count;
    for (uint32_t i = 0; fits && i < c.block_count; ++i) {
        const bool windowed = list != nullptr ? (*list)[i] : period == 0 || i % period + 1 < period;
        fits = windowed == (c.window(i) > 0);
    }
    if (!fits) {
        throw Error("config.window",
                    "“{key}” gives the sliding window to other layers than models of “{architecture}” are known to "
                    "have it in.",
                    {{"key", keys.full(key)}, {"architecture", c.architecture}});
    }
}

void readAttention(const ConfigKeys& keys, const Family& family, ModelConfig& c) {
    c.head_count = keys.count("attention.head_count", 1, bounds::heads);
    c.cla_share_factor = keys.countOr("attention.cla_share_factor", 1, 1, bounds::layers);
    if (c.cla_share_factor > 1 && !family.shares_kv) {
        throw Error("config.cla", "“{key}” is {n}, but “{architecture}” shares no KV cache between layers.",
                    {{"key", keys.full("attention.cla_share_factor")},
                     {"n", std::to_string(c.cla_share_factor)},
                     {"architecture", c.architecture}});
    }
    c.head_count_kv = readKvHeads(keys, c);
    if (c.head_count % c.head_count_kv != 0) {
        throw Error("config.heads", "{heads} query heads cannot be shared out among {kv} key heads.",
                    {{"heads", std::to_string(c.head_count)}, {"kv", std::to_string(c.head_count_kv)}});
    }
    const uint32_t guess = c.embedding_length / c.head_count;
    c.head_dim = keys.has("attention.key_length") ? keys.count("attention.key_length", 1, bounds::head_dim)
                                                  : keys.bounded("attention.key_length", guess, 1, bounds::head_dim);
    if (c.head_dim % 2 != 0 || keys.countOr("attention.value_length", c.head_dim, 1, bounds::head_dim) != c.head_dim) {
        throw Error("config.head_dim", "Heads {width} wide with values of another or an odd width are not supported.",
                    {{"width", std::to_string(c.head_dim)}});
    }
    const uint32_t scaledBy = c.block_count == family.layers_scaled_by_width ? guess : c.head_dim;
    c.attention_scale = keys.positive("attention.scale", 1.0F / std::sqrt(static_cast<float>(scaledBy)));
    if (family.window != WindowPattern::None) {
        const bool needed = family.window != WindowPattern::All;
        c.sliding_window = needed ? keys.count("attention.sliding_window", 1, bounds::context)
                                  : keys.countOr("attention.sliding_window", 0, 0, bounds::context);
        c.window_pattern = c.sliding_window > 0 ? family.window : WindowPattern::None;
    }
    checkWindowPattern(keys, c);
    const bool normed = hasPart(keys, family.has_qk_norm, "attn_q_norm.weight") ||
                        hasPart(keys, family.has_qk_norm, "attn_k_norm.weight");
    c.qk_norm = normed ? family.qk_norm : QkNorm::None;
    c.qkv_bias = hasPart(keys, family.qkv_bias, "attn_q.bias");
    c.output_bias = hasPart(keys, family.output_bias, "attn_output.bias");
    c.attention_sinks = family.sinks;
}

/** Width of the layer's feed-forward matrices: what the key says, else what the tensor is. */
uint32_t ffnWidth(const ConfigKeys& keys, std::string_view key, const std::string& down) {
    const gguf::TensorInfo* tensor = keys.file().find(down);
    if (keys.has(key) || tensor == nullptr || tensor->shape[0] > bounds::ffn_width) {
        return keys.count(key, 1, bounds::ffn_width);
    }
    return static_cast<uint32_t>(tensor->shape[0]);
}

void readExperts(const ConfigKeys& keys, const Family& family, ModelConfig& c) {
    const uint32_t experts = keys.countOr("expert_count", 0, 0, bounds::experts);
    c.leading_dense_block_count = keys.countOr("leading_dense_block_count", 0, 0, c.block_count);
    if (experts <= 1 || c.leading_dense_block_count == c.block_count) {
        if (family.has_experts == Presence::Always) {
            throw Error("config.experts", "The model states no experts in “{key}”, but “{architecture}” has some.",
                        {{"key", keys.full("expert_count")}, {"architecture", c.architecture}});
        }
        c.leading_dense_block_count = 0;
        return;
    }
    if (family.has_experts == Presence::Never) {
        throw Error("config.experts", "The model states {n} experts, but “{architecture}” has none.",
                    {{"n", std::to_string(experts)}, {"architecture", c.architecture}});
    }
    const std::string block = "blk." + std::to_string(c.leading_dense_block_count) + ".";
    c.expert_count = experts;
    c.expert_used_count = keys.count("expert_used_count", 1, experts);
    c.expert_feed_forward_length = ffnWidth(keys, "expert_feed_forward_length", block + "ffn_down_exps.weight");
    const bool whenAbsent = family.renormalise == Renormalise::Always ||
                            (family.renormalise == Renormalise::WhenSeveral && c.expert_used_count > 1);
    c.expert_weights_norm = keys.flag("expert_weights_norm").value_or(whenAbsent);
    c.one_keeps_its_probability = family.one_keeps_its_probability;
    c.expert_bias = family.expert_bias;
    const std::string shared = block + "ffn_down_shexp.weight";
    c.expert_shared_count =
        keys.countOr("expert_shared_count", keys.file().find(shared) != nullptr ? 1 : 0, 0, bounds::experts);
    if (c.expert_shared_count > 0) {
        c.expert_shared_feed_forward_length = ffnWidth(keys, "expert_shared_feed_forward_length", shared);
        c.shared_gate = family.shared_gate;
    }
}

void readScales(const ConfigKeys& keys, const Family& family, ModelConfig& c) {
    switch (family.embedding_scale) {
    case EmbeddingScale::One: break;
    case EmbeddingScale::SqrtWidth: c.embedding_scale = std::sqrt(static_cast<float>(c.embedding_length)); break;
    case EmbeddingScale::Stated: c.embedding_scale = keys.positive("embedding_scale", 1.0F); break;
    }
    if (family.stated_scales) {
        c.residual_scale = keys.positive("residual_scale", 1.0F);
        c.logit_scale = keys.positive("logit_scale", 1.0F);
    }
}

/** Keys of other models that change what is computed: one that this family has no place for must not be passed over. */
void refuseUnknownKeys(const ConfigKeys& keys, const Family& family, const ModelConfig& c) {
    struct Neutral {
        const char* key;
        float value;
        bool supported;
    };
    const float gating = keys.number("expert_gating_func").value_or(1);
    const Neutral keysOfOthers[] = {
        {"attention.sliding_window", 0, family.window != WindowPattern::None},
        {"attention.shared_kv_layers", 0, false},
        {"attention.clamp_kqv", 0, false},
        {"attn_logit_softcapping", 0, false},
        {"final_logit_softcapping", 0, false},
        {"attention.max_alibi_bias", 0, false},
        {"embedding_scale", 1, family.embedding_scale == EmbeddingScale::Stated},
        {"residual_scale", 1, family.stated_scales},
        {"logit_scale", 1, family.stated_scales},
        {"expert_weights_scale", 1, false},
        {"expert_group_count", 1, false},
        {"expert_group_used_count", 1, false},
        {"nextn_predict_layers", 0, false},
        // 1: softmax over all experts; 3: over the chosen ones, which is the first with weights that add up to 1.
        {"expert_gating_func", 1, gating == 3 && c.expert_weights_norm},
    };
    for (const Neutral& neutral : keysOfOthers) {
        const std::optional<float> value = keys.number(neutral.key);
        if (value && !neutral.supported && *value != neutral.value && *value != 0) {
            throw Error(
                "config.key", "“{key}” is {value}, which models of “{architecture}” are not known to have.",
                {{"key", keys.full(neutral.key)}, {"value", std::to_string(*value)}, {"architecture", c.architecture}});
        }
    }
    for (const auto& [key, usual] : {std::pair{"attention.causal", true}, std::pair{"use_parallel_residual", false}}) {
        if (keys.flag(key).value_or(usual) != usual) {
            throw Error("config.key",
                        "“{key}” asks for a model of another kind than those that write text token by token.",
                        {{"key", keys.full(key)}});
        }
    }
}

/** Of keys that nothing above has read, those that would change what is computed. */
void refuseUnreadKeys(const ConfigKeys& keys, const ModelConfig& c) {
    // They tell how a model was trained, or belong to a scaling, a norm or a part that it does not have.
    constexpr std::string_view harmless[] = {
        "attention.layer_norm_epsilon", "expert_shared_feed_forward_length",    "rope.freq_base_swa",
        "rope.scaling.finetuned",       "rope.scaling.original_context_length", "rope.scaling.yarn_beta_fast",
        "rope.scaling.yarn_beta_slow",  "rope.scaling.yarn_log_multiplier",
    };
    std::vector<std::string_view> prefixes{"attention.", "rope."};
    if (c.expert_count > 0) {
        prefixes.emplace_back("expert");
    }
    for (const std::string& key : keys.unread(prefixes)) {
        const bool known = std::any_of(std::begin(harmless), std::end(harmless),
                                       [&](std::string_view name) { return key == keys.full(name); });
        if (!known) {
            throw Error("config.key",
                        "The file states “{key}” for “{architecture}”, whose models are not known to have it.",
                        {{"key", shortened(key.substr(keys.full("").size()))}, {"architecture", c.architecture}});
        }
    }
}

void readVocabulary(const ConfigKeys& keys, ModelConfig& c) {
    const gguf::TensorInfo* embedding = keys.file().find("token_embd.weight");
    if (embedding == nullptr || embedding->shape.size() != 2) {
        throw Error("config.tensor_missing",
                    "The model has no tensor “{tensor}” of two dimensions, so it cannot be run.",
                    {{"tensor", "token_embd.weight"}});
    }
    if (embedding->shape[1] < 1 || embedding->shape[1] > bounds::vocabulary) {
        throw Error("config.range", "The model's embedding has {n} rows; 1 to {most} are supported.",
                    {{"n", std::to_string(embedding->shape[1])}, {"most", std::to_string(bounds::vocabulary)}});
    }
    const auto rows = static_cast<uint32_t>(embedding->shape[1]);
    c.vocab_size = keys.countOr("vocab_size", rows, 1, bounds::vocabulary);
    const std::vector<std::string>* tokens = keys.file().texts("tokenizer.ggml.tokens");
    if (tokens != nullptr && tokens->size() != rows) {
        throw Error("config.vocabulary", "The vocabulary has {tokens} tokens, but the embedding {rows} rows.",
                    {{"tokens", trace::grouped(tokens->size())}, {"rows", trace::grouped(rows)}});
    }
    c.token_count = tokens != nullptr ? producibleTokens(keys.file()) : rows;
    if (c.token_count == 0) {
        throw Error("config.vocabulary", "All tokens of the vocabulary are marked as unused.");
    }
    c.tied_embeddings = keys.file().find("output.weight") == nullptr;
}

// What the kernels take for granted: the router is read as f32, with the gate of the shared expert as one more row of
// it, and gate and up are decoded by one kernel.
void checkType(const gguf::Reader& file, const gguf::TensorInfo& tensor) {
    const bool router =
        tensor.name.ends_with("ffn_gate_inp.weight") || tensor.name.ends_with("ffn_gate_inp_shexp.weight");
    if (router && tensor.type != gguf::TensorType::F32) {
        throw Error("config.tensor_type", "The router “{tensor}” is stored as {type}; only F32 can be used.",
                    {{"tensor", tensor.name}, {"type", std::string(gguf::typeName(tensor.type))}});
    }
    const size_t at = tensor.name.find("ffn_up");
    if (at == std::string::npos) {
        return;
    }
    std::string gateName = tensor.name;
    gateName.replace(at, std::string_view("ffn_up").size(), "ffn_gate");
    const gguf::TensorInfo* gate = file.find(gateName);
    if (gate != nullptr && gate->type != tensor.type) {
        throw Error("config.tensor_type",
                    "“{gate}” is stored as {gate_type} and “{up}” as {up_type}; they must be of one type.",
                    {{"gate", gateName},
                     {"gate_type", std::string(gguf::typeName(gate->type))},
                     {"up", tensor.name},
                     {"up_type", std::string(gguf::typeName(tensor.type))}});
    }
}

void checkTensors(const gguf::Reader& file, const ModelConfig& c) {
    std::set<std::string_view> known;
    const std::vector<ExpectedTensor> expected = expectedTensors(c);
    for (const ExpectedTensor& tensor : expected) {
        const gguf::TensorInfo* found = file.find(tensor.name);
        if (found == nullptr) {
            throw Error("config.tensor_missing", "The model has no tensor “{tensor}”, so it cannot be run.",
                        {{"tensor", tensor.name}});
        }
        if (found->shape != tensor.shape) {
            throw Error(
                "config.tensor_shape", "The tensor “{tensor}” is {found}, but the model's sizes ask for {expected}.",
                {{"tensor", tensor.name}, {"found", shapeText(found->shape)}, {"expected", shapeText(tensor.shape)}});
        }
        checkType(file, *found);
        known.insert(tensor.name);
    }
    for (const gguf::TensorInfo& tensor : file.tensors()) {
        if (!known.contains(tensor.name)) {
            throw Error("config.tensor_unknown", "The tensor “{tensor}” has no place in a model of “{architecture}”.",
                        {{"tensor", shortened(tensor.name)}, {"architecture", c.architecture}});
        }
    }
}

} // namespace

uint32_t ModelConfig::window(uint32_t layer) const {
    switch (window_pattern) {
    case WindowPattern::None: return 0;
    case WindowPattern::All: return sliding_window;
    case WindowPattern::Even: return layer % 2 == 0 ? sliding_window : 0;
    case WindowPattern::FiveOfSix: return layer % 6 != 5 ? sliding_window : 0;
    }
    return 0;
}

ModelConfig readConfig(const gguf::Reader& file) {
    ModelConfig c;
    c.architecture = file.text("general.architecture").value_or("");
    const Family* family = findFamily(c.architecture);
    if (family == nullptr) {
        const std::string_view reason = refusalOf(c.architecture);
        throw Error("config.architecture", "The architecture “{name}” is not supported{reason}; {known} are.",
                    {{"name", shortened(c.architecture)},
                     {"reason", reason.empty() ? "" : ": " + std::string(reason)},
                     {"known", familyNames()}});
    }
    const ConfigKeys keys(file, c.architecture);
    c.block_count = keys.count("block_count", 1, bounds::layers);
    c.context_length = keys.count("context_length", 1, bounds::context);
    c.embedding_length = keys.count("embedding_length", 1, bounds::width);
    c.feed_forward_length = keys.countOr("feed_forward_length", 0, 0, bounds::ffn_width);
    c.layer_norm_rms_epsilon = keys.positive("attention.layer_norm_rms_epsilon", std::nullopt);
    c.fused = family->fused;
    c.post_norms = family->post_norms;
    c.ffn_norm = family->ffn_norm;
    c.activation = family->activation;
    readAttention(keys, *family, c);
    readRope(keys, *family, c);
    readExperts(keys, *family, c);
    readScales(keys, *family, c);
    refuseUnknownKeys(keys, *family, c);
    refuseUnreadKeys(keys, c);
    if (c.moeLayerCount() < c.block_count) {
        keys.bounded("feed_forward_length", c.feed_forward_length, 1, bounds::ffn_width);
    }
    readVocabulary(keys, c);
    checkTensors(file, c);
    return c;
}

} // namespace moescope::model
