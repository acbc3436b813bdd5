// SPDX-License-Identifier: Apache-2.0
// What one token's query looks at, in one layer or in all, asked for after the fact.
#include "engine/inference/transformer.h"

#include "engine/inference/open_device.h"
#include "engine/trace/error.h"

#include <algorithm>
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

vulkan::Buffer Transformer::weightsBuffer(uint32_t positions) const {
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
    return {m_device, bytes, vulkan::MemoryKind::HostVisible, "attention_weights"};
}

void Transformer::recordQueries(vulkan::CommandRecorder& recorder, uint32_t layer) {
    const LayerWeights& weights = m_weights.layers[layer];
    for (const KvCache::Part& kv : m_kv.parts(layer)) {
        m_kernels.ropeQkNorm(recorder, shapeOf(layer, kv), m_act.qkv, weights.attn_qkv_bias.get(), false, m_act.rope,
                             weights.attn_qk_norm.get(), m_act.step, m_act.q_roped, *kv.keys, *kv.values, 1);
    }
    recorder.barrier();
}

Transformer::MassPass::MassPass(vulkan::Device& device, const model::ModelConfig& config, uint32_t context)
    : heads(readBackBatch(config.head_count, context + 1, device.limits().largestBuffer())),
      weights(device, uint64_t{heads} * (context + 1) * sizeof(float), vulkan::MemoryKind::DeviceLocal, "mass_weights"),
      mass(device, uint64_t{config.block_count} * config.head_count * sizeof(float), vulkan::MemoryKind::HostVisible,
           "attention_mass"),
      pacer(device, "attention mass") {
    pacer.mayPart(trace::StepPart::Attention);
}

void Transformer::endOfMass(trace::StepPart part, uint32_t layer, uint32_t parts) {
    if (!m_mass->pacer.next(part, static_cast<int32_t>(layer), parts)) {
        trace::throwCancelled();
    }
}

void Transformer::recordMass(uint32_t layer, uint32_t first, uint32_t count) {
    vulkan::CommandRecorder& r = m_mass->pacer.recorder();
    const uint32_t heads = m_config.head_count;
    const uint32_t stride = context() + 1;
    recordQueries(r, layer);
    endOfMass(trace::StepPart::Rope, layer);
    // What one head takes is measured first: all of them could be more than a slice.
    const bool known = m_mass->pacer.isMeasured(trace::StepPart::Attention);
    const uint32_t parts = known ? std::min(m_mass->pacer.parts(trace::StepPart::Attention), heads) : heads;
    const uint32_t each = std::min((heads + parts - 1) / parts, m_mass->heads);
    for (const KvCache::Part& kv : m_kv.parts(layer)) {
        const AttentionShape shape = shapeOf(layer, kv);
        const uint32_t held = kv.heads * shape.queriesEach();
        for (uint32_t skipped = 0; skipped < held; skipped += each) {
            const uint32_t some = std::min(each, held - skipped);
            m_kernels.attentionWeights(r, shape, m_act.q_roped, *kv.keys, m_act.step,
                                       m_weights.layers[layer].attn_sinks.get(), m_mass->weights, stride,
                                       {skipped, some, 0});
            r.barrier();
            m_kernels.attentionMass(r, m_mass->weights, some, stride, first, count, m_mass->mass,
                                    layer * heads + kv.first * shape.queriesEach() + skipped);
            endOfMass(trace::StepPart::Attention, layer, (heads + some - 1) / some);
        }
    }
}

std::vector<float> Transformer::attentionMass(int32_t token, uint32_t position, uint32_t first, uint32_t count,
                                              trace::CancelFlag cancel) {
    if (m_mass == nullptr) {
        m_mass = std::make_unique<MassPass>(m_device, m_config, context());
    }
    const Mark mark = [this](trace::StepPart part, int32_t layer) { endOfMass(part, static_cast<uint32_t>(layer)); };
    setStep(std::span(&token, 1), position, {}); // the host keeps routing and logits of the pass before
    m_mass->pacer.begin(1, position, cancel, nullptr);
    vulkan::CommandRecorder& r = m_mass->pacer.recorder();
    recordInputs(r, 1);
    recordTokenEmbedding(r, mark);
    for (uint32_t layer = 0; layer < m_config.block_count; ++layer) {
        recordTokenQkv(r, layer, mark);
        recordMass(layer, first, count);
        recordTokenAttention(r, layer, false, mark);
        recordTokenFfn(r, layer, mark);
    }
    if (!m_mass->pacer.finish()) {
        trace::throwCancelled();
    }
    const uint32_t heads = m_config.head_count;
    std::vector<float> means;
    for (uint32_t layer = 0; layer < m_config.block_count; ++layer) {
        const float* row = m_mass->mass.mapped<float>() + size_t{layer} * heads;
        means.push_back(static_cast<float>(std::accumulate(row, row + heads, 0.0) / heads));
    }
    return means;
}

void Transformer::recordWeights(vulkan::CommandRecorder& recorder, uint32_t layer, uint32_t positions,
                                const vulkan::Buffer& out) {
    recordQueries(recorder, layer);
    for (const KvCache::Part& kv : m_kv.parts(layer)) {
        const AttentionShape shape = shapeOf(layer, kv);
        m_kernels.attentionWeights(recorder, shape, m_act.q_roped, *kv.keys, m_act.step,
                                   m_weights.layers[layer].attn_sinks.get(), out, positions + 1,
                                   {.out_row = kv.first * shape.queriesEach()});
    }
    recorder.barrier();
}

trace::AttentionWeights Transformer::attentionWeights(int32_t token, uint32_t position, uint32_t layer) {
    const uint32_t heads = m_config.head_count;
    const uint32_t positions = position + 1;
    const vulkan::Buffer out = weightsBuffer(positions);

    vulkan::CommandRecorder r(m_device, "attention weights");
    const Mark unmarked = [](trace::StepPart, int32_t) {};
    r.begin();
    recordInputs(r, 1);
    recordTokenEmbedding(r, unmarked);
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
