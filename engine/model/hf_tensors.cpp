// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_tensors.h"

#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <array>
#include <set>

namespace moescope::model {

using trace::Error;

namespace {

struct Renaming {
    std::string_view gguf; ///< without "blk.N." and ".weight"
    std::string_view hf;   ///< without "model.layers.N." and ".weight"
};

constexpr std::array plainTensors{
    Renaming{"attn_norm", "input_layernorm"},
    Renaming{"attn_output", "self_attn.o_proj"},
    Renaming{"attn_q_norm", "self_attn.query_layernorm"},
    Renaming{"attn_k_norm", "self_attn.key_layernorm"},
    Renaming{"ffn_norm", "post_attention_layernorm"},
    Renaming{"ffn_down", "mlp.down_proj"},
    Renaming{"ffn_down_shexp", "mlp.shared_mlp.down_proj"},
};

bool isIgnorable(std::string_view name, const ModelConfig& config) {
    return name.ends_with("rotary_emb.inv_freq") || name.ends_with("cos_cached") || name.ends_with("sin_cached") ||
           (name == "lm_head.weight" && config.tied_embeddings);
}

class Mapper {
public:
    Mapper(const ModelConfig& config, const WeightFolder& weights) : m_config(config), m_weights(weights) {}

    TensorSource map(const ExpectedTensor& expected) {
        TensorSource source{expected, {}};
        m_target = &source;
        std::string_view name = expected.name;
        name.remove_suffix(std::string_view(".weight").size());
        if (name == "token_embd") {
            whole("model.embed_tokens");
        } else if (name == "output_norm") {
            whole("model.norm");
        } else if (name == "output") {
            whole("lm_head");
        } else {
            name.remove_prefix(std::string_view("blk.").size());
            const size_t dot = name.find('.');
            m_layer = "model.layers." + std::string(name.substr(0, dot)) + ".";
            mapInLayer(name.substr(dot + 1));
        }
        return source;
    }

    void refuseLeftOver() const {
        for (const auto& [name, tensor] : m_weights.tensors()) {
            if (!m_used.contains(tensor) && !isIgnorable(name, m_config)) {
                throw Error("hf.tensor_unknown",
                            "The tensor “{tensor}” has no place in a model of this config.json, so the "
                            "model would not compute what it was trained to.",
                            {{"tensor", shortened(name)}});
            }
        }
    }

private:
    void mapInLayer(std::string_view name) {
        for (const Renaming& renaming : plainTensors) {
            if (renaming.gguf == name) {
                whole(m_layer + std::string(renaming.hf));
                return;
            }
        }
        if (name == "attn_q" || name == "attn_k" || name == "attn_v") {
            mapAttention(name.back());
        } else if (name == "ffn_gate_inp") {
            const std::string legacy = m_layer + "mlp.gate";
            whole(m_weights.find(legacy + ".weight") != nullptr ? legacy : m_layer + "mlp.gate.wg");
        } else if (name.ends_with("_exps")) {
            for (uint32_t expert = 0; expert < m_config.expert_count; ++expert) {
                mapFfn(m_layer + "mlp.experts." + std::to_string(expert) + ".", name);
            }
        } else {
            mapFfn(m_layer + (name.ends_with("_shexp") ? "mlp.shared_mlp." : "mlp."), name);
        }
    }

    void mapAttention(char which) {
        const std::string own = m_layer + "self_attn." + which + "_proj";
        const std::string fused = m_layer + "self_attn.qkv_proj";
        if (m_weights.find(own + ".weight") != nullptr || m_weights.find(fused + ".weight") == nullptr) {
            whole(own);
            return;
        }
        const uint64_t group = m_config.head_count / m_config.head_count_kv;
        const uint64_t d = m_config.head_dim;
        const uint64_t stride = (group + 2) * d;
        const SafeTensor& tensor = use(fused, {stride * m_config.head_count_kv, m_target->expected.shape[0]});
        const uint64_t begin = which == 'q' ? 0 : which == 'k' ? group * d : (group + 1) * d;
        for (uint64_t kv = 0; kv < m_config.head_count_kv; ++kv) {
            m_target->runs.push_back({&tensor, kv * stride + begin, which == 'q' ? group * d : d});
        }
    }

    /** gate, up or down of the feed-forward network under `prefix`. */
    void mapFfn(const std::string& prefix, std::string_view name) {
        const bool up = name.starts_with("ffn_up");
        const bool down = name.starts_with("ffn_down");
        const std::string own = prefix + (up ? "up_proj" : down ? "down_proj" : "gate_proj");
        const std::string fused = prefix + "gate_and_up_proj";
        if (down || m_weights.find(own + ".weight") != nullptr || m_weights.find(fused + ".weight") == nullptr) {
            part(own, m_target->expected.shape[1]);
            return;
        }
        const uint64_t rows = m_target->expected.shape[1];
        const SafeTensor& tensor = use(fused, {2 * rows, m_target->expected.shape[0]});
        m_target->runs.push_back({&tensor, up ? 0 : rows, rows});
    }

    void whole(const std::string& name) {
        const std::vector<uint64_t>& shape = m_target->expected.shape;
        part(name, shape.size() == 1 ? 0 : shape[1]);
    }

    /** All `rows` rows of a tensor; 0 for one with a single dimension. */
    void part(const std::string& name, uint64_t rows) {
        const uint64_t width = m_target->expected.shape[0];
        const SafeTensor& tensor = rows == 0 ? use(name, {width}) : use(name, {rows, width});
        m_target->runs.push_back({&tensor, 0, std::max<uint64_t>(rows, 1)});
    }

    const SafeTensor& use(const std::string& name, const std::vector<uint64_t>& shape) {
        const SafeTensor* tensor = m_weights.find(name + ".weight");
        if (tensor == nullptr) {
            throw Error("hf.tensor_missing", "The folder has no tensor “{tensor}”.", {{"tensor", name + ".weight"}});
        }
        if (tensor->shape != shape) {
            throw Error(
                "hf.tensor_shape", "The tensor “{tensor}” is {found}, but config.json asks for {expected}.",
                {{"tensor", tensor->name}, {"found", shapeText(tensor->shape)}, {"expected", shapeText(shape)}});
        }
        if (tensor->type == SafeType::Other) {
            throw Error("hf.tensor_type",
                        "The tensor “{tensor}” is of type {type}; F32, F16 and BF16 can be converted.",
                        {{"tensor", tensor->name}, {"type", tensor->type_name}});
        }
        m_used.insert(tensor);
        return *tensor;
    }

    const ModelConfig& m_config;
    const WeightFolder& m_weights;
    TensorSource* m_target = nullptr;
    std::string m_layer; ///< "model.layers.N."
    std::set<const SafeTensor*> m_used;
};

} // namespace

std::vector<TensorSource> mapTensors(const ModelConfig& config, const WeightFolder& weights) {
    Mapper mapper(config, weights);
    std::vector<TensorSource> sources;
    for (const ExpectedTensor& expected : expectedTensors(config)) {
        sources.push_back(mapper.map(expected));
    }
    mapper.refuseLeftOver();
    return sources;
}

} // namespace moescope::model
