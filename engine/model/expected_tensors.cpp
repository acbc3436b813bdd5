// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hugging_face.h"

namespace moescope::model {

namespace {

enum class Precision { plain, fine, f32 };

/** An error of an early layer passes every later router, one of the last layers hardly any. */
Precision precisionOfAllTokens(const ModelConfig& c, uint32_t layer) {
    return c.expert_count > 1 && layer < c.block_count * 2 / 3 ? Precision::fine : Precision::plain;
}

gguf::TensorType finer(gguf::TensorType type) {
    switch (type) {
    case gguf::TensorType::Q4_K:
    case gguf::TensorType::Q5_K: return gguf::TensorType::Q6_K;
    case gguf::TensorType::Q6_K: return gguf::TensorType::Q8_0;
    case gguf::TensorType::Q8_0: return gguf::TensorType::F16;
    default: return type;
    }
}

} // namespace

std::vector<ExpectedTensor> expectedTensors(const ModelConfig& c) {
    std::vector<ExpectedTensor> out;
    const auto add = [&out](std::string name, std::vector<uint64_t> shape, Precision precision = Precision::plain) {
        const bool f32 = precision == Precision::f32 || shape.size() == 1;
        out.push_back({std::move(name) + ".weight", std::move(shape), f32, !f32 && precision == Precision::fine});
    };
    const uint64_t width = c.embedding_length;
    const uint64_t queries = uint64_t{c.head_count} * c.head_dim;
    const uint64_t keys = uint64_t{c.head_count_kv} * c.head_dim;

    add("token_embd", {width, c.vocab_size}, Precision::fine);
    for (uint32_t i = 0; i < c.block_count; ++i) {
        const std::string block = "blk." + std::to_string(i) + ".";
        const Precision ofAll = precisionOfAllTokens(c, i);
        add(block + "attn_norm", {width});
        add(block + "attn_q", {width, queries}, ofAll);
        if (c.ownsKv(i)) {
            add(block + "attn_k", {width, keys}, ofAll);
            add(block + "attn_v", {width, keys}, ofAll);
        }
        add(block + "attn_output", {queries, width}, ofAll);
        if (c.qk_norm) {
            add(block + "attn_q_norm", {c.head_dim});
            add(block + "attn_k_norm", {c.head_dim});
        }
        add(block + "ffn_norm", {width});
        if (!c.isMoe(i)) {
            add(block + "ffn_gate", {width, c.feed_forward_length});
            add(block + "ffn_up", {width, c.feed_forward_length});
            add(block + "ffn_down", {c.feed_forward_length, width});
            continue;
        }
        add(block + "ffn_gate_inp", {width, c.expert_count}, Precision::f32);
        add(block + "ffn_gate_exps", {width, c.expert_feed_forward_length, c.expert_count});
        add(block + "ffn_up_exps", {width, c.expert_feed_forward_length, c.expert_count});
        add(block + "ffn_down_exps", {c.expert_feed_forward_length, width, c.expert_count});
        if (c.expert_shared_count > 0) {
            add(block + "ffn_gate_shexp", {width, c.expert_shared_feed_forward_length}, ofAll);
            add(block + "ffn_up_shexp", {width, c.expert_shared_feed_forward_length}, ofAll);
            add(block + "ffn_down_shexp", {c.expert_shared_feed_forward_length, width}, ofAll);
        }
    }
    add("output_norm", {width});
    if (!c.tied_embeddings) {
        add("output", {width, c.vocab_size}, Precision::fine);
    }
    return out;
}

gguf::TensorType storedType(const ExpectedTensor& tensor, gguf::TensorType type) {
    if (tensor.always_f32) {
        return gguf::TensorType::F32;
    }
    if (tensor.fine) {
        type = finer(type);
    }
    return tensor.shape[0] % gguf::blockShape(type).weights == 0 ? type : gguf::TensorType::F16;
}

} // namespace moescope::model
