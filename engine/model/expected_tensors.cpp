// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hugging_face.h"

namespace moescope::model {

std::vector<ExpectedTensor> expectedTensors(const ModelConfig& c) {
    std::vector<ExpectedTensor> out;
    const auto add = [&out](std::string name, std::vector<uint64_t> shape, bool f32 = false) {
        const bool vector = shape.size() == 1;
        out.push_back({std::move(name) + ".weight", std::move(shape), f32 || vector});
    };
    const uint64_t width = c.embedding_length;
    const uint64_t queries = uint64_t{c.head_count} * c.head_dim;
    const uint64_t keys = uint64_t{c.head_count_kv} * c.head_dim;

    add("token_embd", {width, c.vocab_size});
    for (uint32_t i = 0; i < c.block_count; ++i) {
        const std::string block = "blk." + std::to_string(i) + ".";
        add(block + "attn_norm", {width});
        add(block + "attn_q", {width, queries});
        if (c.ownsKv(i)) {
            add(block + "attn_k", {width, keys});
            add(block + "attn_v", {width, keys});
        }
        add(block + "attn_output", {queries, width});
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
        add(block + "ffn_gate_inp", {width, c.expert_count}, true);
        add(block + "ffn_gate_exps", {width, c.expert_feed_forward_length, c.expert_count});
        add(block + "ffn_up_exps", {width, c.expert_feed_forward_length, c.expert_count});
        add(block + "ffn_down_exps", {c.expert_feed_forward_length, width, c.expert_count});
        if (c.expert_shared_count > 0) {
            add(block + "ffn_gate_shexp", {width, c.expert_shared_feed_forward_length});
            add(block + "ffn_up_shexp", {width, c.expert_shared_feed_forward_length});
            add(block + "ffn_down_shexp", {c.expert_shared_feed_forward_length, width});
        }
    }
    add("output_norm", {width});
    if (!c.tied_embeddings) {
        add("output", {width, c.vocab_size});
    }
    return out;
}

gguf::TensorType storedType(const ExpectedTensor& tensor, gguf::TensorType type) {
    if (tensor.always_f32) {
        return gguf::TensorType::F32;
    }
    const bool vocabulary = tensor.name == "token_embd.weight" || tensor.name == "output.weight";
    if (type == gguf::TensorType::Q4_K && vocabulary) {
        type = gguf::TensorType::Q6_K;
    }
    return tensor.shape[0] % gguf::blockShape(type).weights == 0 ? type : gguf::TensorType::F16;
}

} // namespace moescope::model
