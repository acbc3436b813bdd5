// SPDX-License-Identifier: Apache-2.0
#include "engine/model/model_config.h"

#include "engine/model/bounds.h"
#include "engine/model/family.h"
#include "engine/model/hugging_face.h"
#include "engine/model/safetensors.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <cmath>
#include <set>

namespace moescope::model {

using trace::Error;

namespace {

/** Metadata of one architecture: keys are given without their "{a}." prefix. */
class Keys {
public:
    Keys(const gguf::Reader& file, std::string architecture) : m_file(file), m_prefix(std::move(architecture) + ".") {}

    std::string full(std::string_view key) const { return m_prefix + std::string(key); }
    bool has(std::string_view key) const { return m_file.metadata().contains(full(key)); }

    uint32_t count(std::string_view key, uint32_t least, uint32_t most) const {
        const std::optional<uint32_t> value = m_file.u32(full(key));
        if (!value) {
            throw Error("config.missing", "The model does not state “{key}”.", {{"key", full(key)}});
        }
        return bounded(key, *value, least, most);
    }

    uint32_t countOr(std::string_view key, uint32_t fallback, uint32_t least, uint32_t most) const {
        return has(key) ? count(key, least, most) : fallback;
    }

    uint32_t bounded(std::string_view key, uint32_t value, uint32_t least, uint32_t most) const {
        if (value < least || value > most) {
            throw Error("config.range", "The model states {value} as “{key}”; {least} to {most} are supported.",
                        {{"value", std::to_string(value)},
                         {"key", full(key)},
                         {"least", std::to_string(least)},
                         {"most", std::to_string(most)}});
        }
        return value;
    }

    float positive(std::string_view key, std::optional<float> fallback) const {
        const std::optional<float> value = m_file.f32(full(key));
        if (!value && !fallback) {
            throw Error("config.missing", "The model does not state “{key}”.", {{"key", full(key)}});
        }
        const float number = value.value_or(fallback.value_or(0));
        if (!std::isfinite(number) || number <= 0) {
            throw Error("config.range", "The model states {value} as “{key}”; a positive number is needed.",
                        {{"value", std::to_string(number)}, {"key", full(key)}});
        }
        return number;
    }

    const gguf::Reader& file() const { return m_file; }

private:
    const gguf::Reader& m_file;
    std::string m_prefix;
};

/** One number, or one a layer: 0 on layers that share their owner's cache, the same on all owners. */
uint32_t readKvHeads(const Keys& keys, const ModelConfig& c) {
    constexpr std::string_view key = "attention.head_count_kv";
    const auto at = keys.file().metadata().find(keys.full(key));
    const bool list =
        at != keys.file().metadata().end() && (std::holds_alternative<std::vector<uint64_t>>(at->second) ||
                                               std::holds_alternative<std::vector<int64_t>>(at->second));
    if (!list) {
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

void readRope(const Keys& keys, ModelConfig& c) {
    double base = keys.positive("rope.freq_base", 10000.0F);
    if (keys.has("rope.scaling.alpha")) {
        const double alpha = keys.positive("rope.scaling.alpha", std::nullopt);
        if (c.head_dim <= 2) {
            throw Error("config.range", "“{key}” needs heads wider than 2.",
                        {{"key", keys.full("rope.scaling.alpha")}});
        }
        base *= std::pow(alpha, static_cast<double>(c.head_dim) / (c.head_dim - 2.0));
    }
    c.rope_freq_base = static_cast<float>(base);
    if (!std::isfinite(c.rope_freq_base)) {
        throw Error("config.range", "The base of the rotary embedding, “{key}” with its scaling, is too large.",
                    {{"key", keys.full("rope.freq_base")}});
    }
    if (keys.countOr("rope.dimension_count", c.head_dim, 0, bounds::head_dim) != c.head_dim) {
        throw Error("config.rope",
                    "“{key}” is not the width of a head ({head_dim}): partial rotation is not supported.",
                    {{"key", keys.full("rope.dimension_count")}, {"head_dim", std::to_string(c.head_dim)}});
    }
    const std::string type = keys.file().text(keys.full("rope.scaling.type")).value_or("none");
    if (type == "linear") {
        c.rope_scaling = RopeScaling::Linear;
        c.rope_scaling_factor = keys.positive("rope.scaling.factor", 1.0F);
    } else if (type != "none") {
        throw Error("config.rope",
                    "The rotary embedding is scaled as “{type}”; only “none” and “linear” are supported.",
                    {{"type", shortened(type)}});
    }
}

void readExperts(const Keys& keys, const Family& family, ModelConfig& c) {
    const uint32_t experts = keys.countOr("expert_count", 0, 0, bounds::experts);
    c.leading_dense_block_count = keys.countOr("leading_dense_block_count", 0, 0, c.block_count);
    if (experts <= 1 || c.leading_dense_block_count == c.block_count) {
        c.leading_dense_block_count = 0;
        return;
    }
    if (!family.has_experts) {
        throw Error("config.experts", "The model states {n} experts, but “{architecture}” has none.",
                    {{"n", std::to_string(experts)}, {"architecture", c.architecture}});
    }
    c.expert_count = experts;
    c.expert_used_count = keys.count("expert_used_count", 1, experts);
    c.expert_feed_forward_length = keys.count("expert_feed_forward_length", 1, bounds::ffn_width);
    const bool whenAbsent = family.renormalise == Renormalise::Always || c.expert_used_count > 1;
    c.expert_weights_norm = keys.file().boolean(keys.full("expert_weights_norm")).value_or(whenAbsent);
    const std::string shared = "blk." + std::to_string(c.leading_dense_block_count) + ".ffn_down_shexp.weight";
    c.expert_shared_count =
        keys.countOr("expert_shared_count", keys.file().find(shared) != nullptr ? 1 : 0, 0, bounds::experts);
    if (c.expert_shared_count > 0) {
        const uint64_t product = uint64_t{c.expert_feed_forward_length} * c.expert_shared_count;
        const auto guess = static_cast<uint32_t>(std::min<uint64_t>(product, bounds::ffn_width));
        c.expert_shared_feed_forward_length =
            keys.countOr("expert_shared_feed_forward_length", guess, 1, bounds::ffn_width);
    }
}

void readVocabulary(const Keys& keys, ModelConfig& c) {
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

// What the kernels take for granted: the router is read as f32, and gate and up are decoded by one kernel.
void checkType(const gguf::Reader& file, const gguf::TensorInfo& tensor) {
    if (tensor.name.ends_with("ffn_gate_inp.weight") && tensor.type != gguf::TensorType::F32) {
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

ModelConfig readConfig(const gguf::Reader& file) {
    ModelConfig c;
    c.architecture = file.text("general.architecture").value_or("");
    const Family* family = findFamily(c.architecture);
    if (family == nullptr) {
        throw Error("config.architecture", "The architecture “{name}” is not supported; {known} are.",
                    {{"name", shortened(c.architecture)}, {"known", std::string(familyNames())}});
    }
    const Keys keys(file, c.architecture);
    c.block_count = keys.count("block_count", 1, bounds::layers);
    c.context_length = keys.count("context_length", 1, bounds::context);
    c.embedding_length = keys.count("embedding_length", 1, bounds::width);
    c.feed_forward_length = keys.countOr("feed_forward_length", 0, 0, bounds::ffn_width);
    c.head_count = keys.count("attention.head_count", 1, bounds::heads);
    c.cla_share_factor = keys.countOr("attention.cla_share_factor", 1, 1, bounds::layers);
    if (c.cla_share_factor > 1 && !family->shares_kv) {
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
    c.layer_norm_rms_epsilon = keys.positive("attention.layer_norm_rms_epsilon", std::nullopt);
    readRope(keys, c);
    readExperts(keys, *family, c);
    if (c.moeLayerCount() < c.block_count) {
        keys.bounded("feed_forward_length", c.feed_forward_length, 1, bounds::ffn_width);
    }
    c.qk_norm = file.find("blk.0.attn_q_norm.weight") != nullptr || file.find("blk.0.attn_k_norm.weight") != nullptr;
    readVocabulary(keys, c);
    checkTensors(file, c);
    return c;
}

} // namespace moescope::model
