// SPDX-License-Identifier: Apache-2.0
// What one token's query looks at in one layer, asked for after the fact.
#include "engine/inference/transformer.h"

#include "engine/inference/open_device.h"
#include "engine/trace/error.h"

#include <array>
#include <charconv>
#include <numeric>

namespace moescope::inference {

std::string Transformer::variantText() const {
    // Splits of the context are cut by how much it holds, and each sums its own part.
    std::string text = m_kernels.variantText();
    if (!m_kernels.texels()) {
        text.append(", ").append(std::to_string(m_splits)).append(" splits");
    }
    std::array<char, 16> version{};
    const auto end = std::to_chars(version.data(), version.data() + version.size(), shaderHash(), 16).ptr;
    return text.append(", kernels ").append(version.data(), end);
}

vulkan::Buffer Transformer::weightsBuffer(uint32_t positions, vulkan::MemoryKind kind) const {
    const uint32_t heads = m_config.head_count;
    const uint64_t bytes = uint64_t{heads} * (positions + 1) * sizeof(float); // the sink's share is the last
    if (const uint64_t most = m_device.limits().max_storage_range; bytes > most) {
        throw trace::Error("attention.range",
                           "The attention of {heads} heads over {positions} positions needs {bytes} and {device} can "
                           "bind at most {most} at once.",
                           {{"heads", trace::grouped(heads)},
                            {"positions", trace::grouped(positions)},
                            {"bytes", trace::bytesText(bytes)},
                            {"device", m_device.info().name},
                            {"most", trace::bytesText(most)}});
    }
    return {m_device, bytes, kind, "attention_weights"};
}

void Transformer::recordWeights(vulkan::CommandRecorder& recorder, uint32_t layer, uint32_t positions,
                                const vulkan::Buffer& out) {
    const LayerWeights& weights = m_weights.layers[layer];
    for (const KvCache::Part& kv : m_kv.parts(layer)) {
        m_kernels.ropeQkNorm(recorder, shapeOf(layer, kv), m_act.qkv, weights.attn_qkv_bias.get(), false, m_act.rope,
                             weights.attn_qk_norm.get(), m_act.step, m_act.q_roped, *kv.keys, *kv.values, 1);
    }
    recorder.barrier();
    for (const KvCache::Part& kv : m_kv.parts(layer)) {
        const AttentionShape shape = shapeOf(layer, kv);
        m_kernels.attentionWeights(recorder, shape, m_act.q_roped, *kv.keys, m_act.step, weights.attn_sinks.get(), out,
                                   positions + 1, {.out_row = kv.first * shape.queriesEach()});
    }
    recorder.barrier();
}

std::vector<float> Transformer::attentionMass(int32_t token, uint32_t position, uint32_t first, uint32_t count) {
    const uint32_t heads = m_config.head_count;
    const uint32_t positions = position + 1;
    const vulkan::Buffer weights = weightsBuffer(positions, vulkan::MemoryKind::DeviceLocal);
    const vulkan::Buffer mass(m_device, uint64_t{m_config.block_count} * heads * sizeof(float),
                              vulkan::MemoryKind::HostVisible, "attention_mass");
    vulkan::CommandRecorder r(m_device, "attention mass");
    const Mark unmarked = [](trace::StepPart, int32_t) {};
    r.begin();
    recordInputs(r, 1);
    m_kernels.embed(r, m_weights.token_embd, m_act.token_ids, m_act.x, 1, m_config.embedding_scale);
    r.barrier();
    for (uint32_t layer = 0; layer < m_config.block_count; ++layer) {
        recordTokenQkv(r, layer, unmarked);
        recordWeights(r, layer, positions, weights);
        m_kernels.attentionMass(r, weights, heads, positions + 1, first, count, mass, layer * heads);
        r.barrier();
        recordTokenAttention(r, layer, false, unmarked);
        recordTokenFfn(r, layer, unmarked);
    }
    r.end();
    setStep(std::span(&token, 1), position, {}); // the host keeps routing and logits of the pass before
    r.submitAndWait();
    std::vector<float> means;
    for (uint32_t layer = 0; layer < m_config.block_count; ++layer) {
        const float* row = mass.mapped<float>() + size_t{layer} * heads;
        means.push_back(static_cast<float>(std::accumulate(row, row + heads, 0.0) / heads));
    }
    return means;
}

trace::AttentionWeights Transformer::attentionWeights(int32_t token, uint32_t position, uint32_t layer) {
    const uint32_t heads = m_config.head_count;
    const uint32_t positions = position + 1;
    const vulkan::Buffer out = weightsBuffer(positions, vulkan::MemoryKind::HostVisible);

    vulkan::CommandRecorder r(m_device, "attention weights");
    const Mark unmarked = [](trace::StepPart, int32_t) {};
    r.begin();
    recordInputs(r, 1);
    m_kernels.embed(r, m_weights.token_embd, m_act.token_ids, m_act.x, 1, m_config.embedding_scale);
    r.barrier();
    for (uint32_t i = 0; i < layer; ++i) {
        recordTokenQkv(r, i, unmarked);
        recordTokenAttention(r, i, false, unmarked);
        recordTokenFfn(r, i, unmarked);
    }
    recordTokenQkv(r, layer, unmarked);
    recordWeights(r, layer, positions, out);
    r.end();
    setStep(std::span(&token, 1), position, {}); // the host keeps routing and logits of the pass before
    r.submitAndWait();

    trace::AttentionWeights found{.position = position, .layer = layer, .heads = heads};
    found.weights.reserve(size_t{heads} * positions);
    for (uint32_t head = 0; head < heads; ++head) {
        const float* row = out.mapped<float>() + size_t{head} * (positions + 1);
        found.weights.insert(found.weights.end(), row, row + positions);
        if (m_weights.layers[layer].attn_sinks != nullptr) {
            found.sinks.push_back(row[positions]);
        }
    }
    return found;
}

} // namespace moescope::inference
