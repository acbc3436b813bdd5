// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/device_weights.h"

#include "engine/inference/weight_layout.h"
#include "engine/inference/weight_uploader.h"
#include "engine/model/rope_config.h"
#include "engine/trace/error.h"

namespace moescope::inference {

namespace {

Vector qkNorm(WeightUploader& upload, const model::ModelConfig& config, const std::string& block) {
    const std::string name = block + "attn_qk_norm";
    const std::string q = block + "attn_q_norm.weight";
    const std::string k = block + "attn_k_norm.weight";
    return config.qk_norm == model::QkNorm::AfterRope ? upload.product(name, q, k) : upload.vector(name, {q, k});
}

void loadAttention(WeightUploader& upload, const model::ModelConfig& config, uint32_t index, LayerWeights& layer) {
    const std::string block = "blk." + std::to_string(index) + ".";
    layer.attn_norm = upload.vector(block + "attn_norm.weight");
    std::vector<std::string> qkv{block + (config.fused ? "attn_qkv.weight" : "attn_q.weight")};
    if (!config.fused && config.ownsKv(index)) {
        qkv.insert(qkv.end(), {block + "attn_k.weight", block + "attn_v.weight"});
    }
    layer.attn_qkv = upload.stacked(qkv);
    if (config.qkv_bias) {
        const std::vector names{block + "attn_q.bias", block + "attn_k.bias", block + "attn_v.bias"};
        layer.attn_qkv_bias = upload.vector(names.front(), names);
    }
    layer.attn_output = upload.matrix(block + "attn_output.weight");
    if (config.output_bias) {
        layer.attn_output_bias = upload.vector(block + "attn_output.bias");
    }
    if (config.attention_sinks) {
        layer.attn_sinks = upload.vector(block + "attn_sinks.weight");
    }
    if (config.qk_norm != model::QkNorm::None) {
        layer.attn_qk_norm = qkNorm(upload, config, block);
    }
    if (config.post_norms) {
        layer.attn_post_norm = upload.vector(block + "post_attention_norm.weight");
    }
}

void loadExperts(WeightUploader& upload, const model::ModelConfig& config, const std::string& block,
                 LayerWeights& layer) {
    if (config.shared_gate) {
        layer.ffn_gate_inp = upload.joined({block + "ffn_gate_inp.weight", block + "ffn_gate_inp_shexp.weight"});
    } else {
        layer.ffn_gate_inp = upload.matrix(block + "ffn_gate_inp.weight");
    }
    layer.ffn_gate_exps = upload.matrix(block + "ffn_gate_exps.weight");
    layer.ffn_up_exps = upload.matrix(block + "ffn_up_exps.weight");
    layer.ffn_down_exps = upload.matrix(block + "ffn_down_exps.weight");
    if (config.expert_bias) {
        layer.ffn_gate_inp_bias = upload.vector(block + "ffn_gate_inp.bias");
        layer.ffn_gate_exps_bias = upload.vector(block + "ffn_gate_exps.bias");
        layer.ffn_up_exps_bias = upload.vector(block + "ffn_up_exps.bias");
        layer.ffn_down_exps_bias = upload.vector(block + "ffn_down_exps.bias");
    }
    layer.ffn_gate = upload.optionalMatrix(block + "ffn_gate_shexp.weight");
    layer.ffn_up = upload.optionalMatrix(block + "ffn_up_shexp.weight");
    layer.ffn_down = upload.optionalMatrix(block + "ffn_down_shexp.weight");
}

void loadFfn(WeightUploader& upload, const model::ModelConfig& config, uint32_t index, LayerWeights& layer) {
    const std::string block = "blk." + std::to_string(index) + ".";
    layer.ffn_norm = upload.vector(block + config.ffn_norm + ".weight");
    if (config.isMoe(index)) {
        loadExperts(upload, config, block, layer);
    } else {
        const uint64_t rows = config.feed_forward_length;
        const std::string up = block + "ffn_up.weight";
        layer.ffn_gate = config.fused ? upload.rowsOf(up, 0, rows) : upload.matrix(block + "ffn_gate.weight");
        layer.ffn_up = config.fused ? upload.rowsOf(up, rows, rows) : upload.matrix(up);
        layer.ffn_down = upload.matrix(block + "ffn_down.weight");
    }
    if (config.post_norms) {
        layer.ffn_post_norm = upload.vector(block + "post_ffw_norm.weight");
    }
}

} // namespace

DeviceWeights::DeviceWeights(vulkan::Device& device, const model::ModelConfig& config, const gguf::Reader& file,
                             uint32_t group)
    : m_uploader(std::make_unique<WeightUploader>(device, file, group)) {
    WeightUploader& upload = *m_uploader;
    token_embd = upload.matrix("token_embd.weight");
    if (config.rope_scaling == model::RopeScaling::Factors) {
        rope_factors = upload.values("rope_freqs.weight");
    } else if (config.rope_scaling == model::RopeScaling::LongFactors) {
        rope_factors = upload.values("rope_factors_short.weight");
        rope_factors_long = upload.values("rope_factors_long.weight");
        model::checkRopeFactors("rope_factors_long.weight", rope_factors_long);
    }
    model::checkRopeFactors(rope_factors_long.empty() ? "rope_freqs.weight" : "rope_factors_short.weight",
                            rope_factors);
    output_norm = upload.vector("output_norm.weight");
    if (!config.tied_embeddings) {
        m_output = upload.matrix("output.weight");
    }
    for (uint32_t i = 0; i < config.block_count; ++i) {
        LayerWeights layer;
        loadAttention(upload, config, i, layer);
        loadFfn(upload, config, i, layer);
        layers.push_back(std::move(layer));
    }
    m_use = upload.use();
}

DeviceWeights::~DeviceWeights() = default;

void DeviceWeights::upload(const std::function<bool(uint64_t, uint64_t)>& progress) { m_uploader->upload(progress); }

WeightPurpose purposeOf(std::string_view tensor) {
    const auto has = [tensor](std::string_view part) { return tensor.find(part) != std::string_view::npos; };
    if (has("ffn_gate_inp")) { // a router's last row may be the shared expert's
        return WeightPurpose::Rest;
    }
    return has("_exps.") ? WeightPurpose::Routed : has("_shexp.") ? WeightPurpose::Shared : WeightPurpose::Rest;
}

const gguf::TensorInfo& findTensor(const gguf::Reader& file, const std::string& name) {
    const gguf::TensorInfo* tensor = file.find(name);
    if (tensor == nullptr) {
        throw trace::Error("weights.missing", "The file “{file}” has no tensor “{tensor}”.",
                           {{"file", file.path().filename().string()}, {"tensor", name}});
    }
    return *tensor;
}

uint64_t deviceBytes(const model::ModelConfig& config, const model::ExpectedTensor& tensor, gguf::TensorType type) {
    uint64_t rows = 1;
    for (size_t i = 1; i < tensor.shape.size(); ++i) {
        rows *= tensor.shape[i];
    }
    const uint64_t width = tensor.shape[0];
    const auto vectorBytes = [](uint64_t floats) {
        return uint64_t{stride(static_cast<uint32_t>(floats))} * sizeof(float);
    };
    const std::string_view name = tensor.name;
    const uint64_t queries = uint64_t{config.head_count} * config.head_dim;
    const uint64_t keys = uint64_t{config.head_count_kv} * config.head_dim;
    // The norms of queries and keys, and the biases of queries, keys and values, lie in one buffer each.
    if (name.ends_with("attn_k_norm.weight") || name.ends_with("attn_k.bias") || name.ends_with("attn_v.bias") ||
        name.starts_with("rope_f")) {
        return 0;
    }
    if (name.ends_with("attn_q_norm.weight")) {
        const bool whole = config.qk_norm == model::QkNorm::WholeBeforeRope;
        const bool product = config.qk_norm == model::QkNorm::AfterRope;
        return vectorBytes(whole ? queries + keys : product ? width : 2 * width);
    }
    if (name.ends_with("attn_q.bias")) {
        return vectorBytes(queries + 2 * keys);
    }
    if (name.ends_with(".bias")) {
        return vectorBytes(rows * width);
    }
    if (tensor.shape.size() == 1 && !name.ends_with("ffn_gate_inp_shexp.weight")) {
        return vectorBytes(width);
    }
    return layoutBytes(type, static_cast<uint32_t>(width), rows);
}

} // namespace moescope::inference
