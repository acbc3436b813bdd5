// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hugging_face.h"

#include "engine/trace/error.h"

#include <charconv>
#include <optional>
#include <string_view>

namespace moescope::model {

namespace {

/** Layer of a tensor named "blk.7.…". */
std::optional<uint32_t> layerOf(std::string_view name) {
    constexpr std::string_view head = "blk.";
    uint32_t layer = 0;
    if (!name.starts_with(head)) {
        return std::nullopt;
    }
    const char* begin = name.data() + head.size();
    const auto [end, error] = std::from_chars(begin, name.data() + name.size(), layer);
    return error == std::errc() && end != begin ? std::optional(layer) : std::nullopt;
}

bool contains(std::string_view name, std::string_view part) { return name.find(part) != std::string_view::npos; }

gguf::TensorType finer(gguf::TensorType type) {
    switch (type) {
    case gguf::TensorType::Q2_K:
    case gguf::TensorType::Q3_K:
    case gguf::TensorType::Q4_K:
    case gguf::TensorType::Q5_K:
    case gguf::TensorType::IQ4_XS: return gguf::TensorType::Q6_K;
    // Their blocks of 32 divide rows that super-blocks may not.
    case gguf::TensorType::Q4_0:
    case gguf::TensorType::Q4_1:
    case gguf::TensorType::Q5_0:
    case gguf::TensorType::Q5_1:
    case gguf::TensorType::IQ4_NL:
    case gguf::TensorType::MXFP4:
    case gguf::TensorType::Q6_K: return gguf::TensorType::Q8_0;
    case gguf::TensorType::Q8_0: return gguf::TensorType::F16;
    default: return type;
    }
}

/** What takes a type's place in rows that its blocks do not divide. */
gguf::TensorType ofSmallerBlocks(gguf::TensorType type) {
    switch (type) {
    case gguf::TensorType::Q2_K:
    case gguf::TensorType::Q3_K:
    case gguf::TensorType::IQ4_XS: return gguf::TensorType::IQ4_NL;
    case gguf::TensorType::Q4_K: return gguf::TensorType::Q5_0;
    case gguf::TensorType::Q5_K: return gguf::TensorType::Q5_1;
    case gguf::TensorType::Q6_K: return gguf::TensorType::Q8_0;
    default: return gguf::TensorType::F16;
    }
}

/** Before it is asked whether its blocks divide the rows. */
gguf::TensorType wantedType(const ExpectedTensor& tensor, gguf::TensorType type) {
    return tensor.fine ? finer(type) : type;
}

/** Collects tensors; `block` is the prefix of the layer that is being told. */
struct Collector {
    std::vector<ExpectedTensor> tensors;
    std::string block;

    void weight(std::string_view name, std::vector<uint64_t> shape) {
        tensors.push_back({block + std::string(name) + ".weight", std::move(shape)});
    }
    void bias(std::string_view name, std::vector<uint64_t> shape) {
        tensors.push_back({block + std::string(name) + ".bias", std::move(shape)});
    }
};

void addAttention(Collector& out, const ModelConfig& c, uint32_t layer) {
    const uint64_t width = c.embedding_length;
    const uint64_t queries = uint64_t{c.head_count} * c.head_dim;
    const uint64_t keys = uint64_t{c.head_count_kv} * c.head_dim;
    out.weight("attn_norm", {width});
    if (c.fused) {
        out.weight("attn_qkv", {width, queries + 2 * keys});
    } else {
        out.weight("attn_q", {width, queries});
        if (c.ownsKv(layer)) {
            out.weight("attn_k", {width, keys});
            out.weight("attn_v", {width, keys});
        }
    }
    if (c.qkv_bias) {
        out.bias("attn_q", {queries});
        out.bias("attn_k", {keys});
        out.bias("attn_v", {keys});
    }
    out.weight("attn_output", {queries, width});
    if (c.output_bias) {
        out.bias("attn_output", {width});
    }
    if (c.attention_sinks) {
        out.weight("attn_sinks", {c.head_count});
    }
    if (c.qk_norm != QkNorm::None) {
        const bool whole = c.qk_norm == QkNorm::WholeBeforeRope;
        out.weight("attn_q_norm", {whole ? queries : c.head_dim});
        out.weight("attn_k_norm", {whole ? keys : c.head_dim});
    }
    if (c.post_norms) {
        out.weight("post_attention_norm", {width});
    }
}

void addFfn(Collector& out, const ModelConfig& c, uint32_t layer) {
    const uint64_t width = c.embedding_length;
    out.weight(c.ffn_norm, {width});
    if (!c.isMoe(layer)) {
        const uint64_t ffn = c.feed_forward_length;
        if (c.fused) {
            out.weight("ffn_up", {width, 2 * ffn});
        } else {
            out.weight("ffn_gate", {width, ffn});
            out.weight("ffn_up", {width, ffn});
        }
        out.weight("ffn_down", {ffn, width});
    } else {
        const uint64_t ffn = c.expert_feed_forward_length;
        const uint64_t experts = c.expert_count;
        out.weight("ffn_gate_inp", {width, experts});
        out.weight("ffn_gate_exps", {width, ffn, experts});
        out.weight("ffn_up_exps", {width, ffn, experts});
        out.weight("ffn_down_exps", {ffn, width, experts});
        if (c.expert_bias) {
            out.bias("ffn_gate_inp", {experts});
            out.bias("ffn_gate_exps", {ffn, experts});
            out.bias("ffn_up_exps", {ffn, experts});
            out.bias("ffn_down_exps", {width, experts});
        }
        if (c.expert_shared_count > 0) {
            const uint64_t shared = c.expert_shared_feed_forward_length;
            if (c.shared_gate) {
                out.weight("ffn_gate_inp_shexp", {width});
            }
            out.weight("ffn_gate_shexp", {width, shared});
            out.weight("ffn_up_shexp", {width, shared});
            out.weight("ffn_down_shexp", {shared, width});
        }
    }
    if (c.post_norms) {
        out.weight("post_ffw_norm", {width});
    }
}

} // namespace

std::vector<ExpectedTensor> expectedTensors(const ModelConfig& c) {
    Collector out;
    const uint64_t width = c.embedding_length;
    const uint64_t pairs = c.rope_dimension_count / 2;
    out.weight("token_embd", {width, c.vocab_size});
    if (c.rope_scaling == RopeScaling::Factors) {
        out.weight("rope_freqs", {pairs});
    } else if (c.rope_scaling == RopeScaling::LongFactors) {
        out.weight("rope_factors_long", {pairs});
        out.weight("rope_factors_short", {pairs});
    }
    for (uint32_t i = 0; i < c.block_count; ++i) {
        out.block = "blk." + std::to_string(i) + ".";
        addAttention(out, c, i);
        addFfn(out, c, i);
    }
    out.block.clear();
    out.weight("output_norm", {width});
    if (!c.tied_embeddings) {
        out.weight("output", {width, c.vocab_size});
    }
    for (ExpectedTensor& tensor : out.tensors) {
        setPrecision(tensor, c.expert_count > 1 ? c.block_count : 0);
    }
    return std::move(out.tensors);
}

void setPrecision(ExpectedTensor& tensor, uint32_t routed_layers) {
    const std::string_view name = tensor.name;
    tensor.always_f32 = tensor.shape.size() == 1 || !name.ends_with(".weight") || contains(name, "_norm.") ||
                        name.ends_with("ffn_gate_inp.weight");
    // An error of an early layer passes every later router, one of the last layers hardly any.
    const std::optional<uint32_t> layer = layerOf(name);
    const bool early = layer && *layer < uint64_t{routed_layers} * 2 / 3;
    tensor.fine = !tensor.always_f32 && (name == "token_embd.weight" || name == "output.weight" ||
                                         (early && (contains(name, ".attn_") || contains(name, "_shexp."))));
}

gguf::TensorType storedType(const ExpectedTensor& tensor, gguf::TensorType type) {
    if (tensor.always_f32) {
        return gguf::TensorType::F32;
    }
    type = wantedType(tensor, type);
    while (tensor.shape[0] % gguf::blockShape(type).weights != 0) {
        type = ofSmallerBlocks(type);
    }
    return type;
}

void Fallbacks::add(const ExpectedTensor& tensor) {
    if (tensor.always_f32) {
        return;
    }
    const gguf::TensorType stored = storedType(tensor, m_type);
    if (stored != wantedType(tensor, m_type)) {
        ++m_counts[stored];
    }
}

std::optional<std::string> Fallbacks::warning() const {
    if (m_counts.empty()) {
        return std::nullopt;
    }
    uint64_t all = 0;
    std::string stored;
    for (const auto& [type, count] : m_counts) {
        all += count;
        stored += (stored.empty() ? "" : ", ") + trace::grouped(count) + " as " + std::string(gguf::typeName(type));
    }
    return trace::fillIn(
        "{have} rows that the blocks of {type}, {block} weights each, do not divide; stored instead: {stored}.",
        {{"have", all == 1 ? "1 tensor has" : trace::grouped(all) + " tensors have"},
         {"type", std::string(gguf::typeName(m_type))},
         {"block", std::to_string(gguf::blockShape(m_type).weights)},
         {"stored", stored}});
}

} // namespace moescope::model
