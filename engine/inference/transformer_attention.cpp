// SPDX-License-Identifier: Apache-2.0
// What one token's query looks at in one layer, asked for after the fact.
#include "engine/inference/transformer.h"

#include "engine/trace/error.h"

namespace moescope::inference {

trace::AttentionWeights Transformer::attentionWeights(int32_t token, uint32_t position, uint32_t layer) {
    const uint32_t heads = m_config.head_count;
    const uint32_t positions = position + 1;
    const uint32_t rowFloats = positions + 1; // the sink's share is the last
    const uint64_t bytes = uint64_t{heads} * rowFloats * sizeof(float);
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
    const vulkan::Buffer out(m_device, bytes, vulkan::MemoryKind::HostVisible, "attention_weights");
    const LayerWeights& weights = m_weights.layers[layer];

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
    const AttentionShape shape = shapeOf(layer);
    m_kernels.ropeQkNorm(r, shape, m_act.qkv, weights.attn_qkv_bias.get(), false, m_act.rope,
                         weights.attn_qk_norm.get(), m_act.step, m_act.q_roped, m_kv.keys(layer), m_kv.values(layer),
                         1);
    r.barrier();
    m_kernels.attentionWeights(r, shape, m_act.q_roped, m_kv.keys(layer), m_act.step, weights.attn_sinks.get(), out,
                               rowFloats);
    r.barrier();
    r.end();
    setStep(std::span(&token, 1), position, {}); // the host keeps routing and logits of the pass before
    r.submitAndWait();

    trace::AttentionWeights found{.position = position, .layer = layer, .heads = heads};
    found.weights.reserve(size_t{heads} * positions);
    for (uint32_t head = 0; head < heads; ++head) {
        const float* row = out.mapped<float>() + size_t{head} * rowFloats;
        found.weights.insert(found.weights.end(), row, row + positions);
        if (weights.attn_sinks != nullptr) {
            found.sinks.push_back(row[positions]);
        }
    }
    return found;
}

} // namespace moescope::inference
