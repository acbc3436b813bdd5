// SPDX-License-Identifier: Apache-2.0
// A batch of tokens, grouped by expert.
#include "engine/inference/transformer.h"

#include "engine/inference/weight_layout.h"

#include <algorithm>
#include <cstring>

namespace moescope::inference {

using trace::StepPart;

namespace {

constexpr uint32_t logitRows = 64 * Kernels::rowUnit; ///< of the output matrix in one interval

} // namespace

bool Transformer::prefill(std::span<const int32_t> tokens, uint32_t position, const PassOptions& options) {
    const auto count = static_cast<uint32_t>(tokens.size());
    if (options.logits == LogitRows::All && m_allLogits == nullptr) {
        m_allLogits = std::make_unique<vulkan::Buffer>(
            m_device, uint64_t{m_logitBatch} * stride(m_config.vocab_size) * sizeof(float),
            vulkan::MemoryKind::HostVisible, "all_logits");
    }
    if (options.hidden && m_hiddenLayers == nullptr) {
        m_hiddenLayers = std::make_unique<vulkan::Buffer>(m_device,
                                                          uint64_t{m_config.block_count + 1} * m_hiddenBatch *
                                                              stride(m_config.embedding_length) * sizeof(float),
                                                          vulkan::MemoryKind::HostVisible, "hidden");
    }
    setStep(tokens, position, options);
    m_pacer.begin(count, position, options.cancel, options.clock);
    if (!runBatch(count, options)) {
        return false;
    }

    const uint32_t vocab = m_config.vocab_size;
    if (options.logits == LogitRows::All) {
        m_logits.resize(size_t{count} * vocab);
        for (uint32_t t = 0; t < count; ++t) {
            std::memcpy(m_logits.data() + size_t{t} * vocab, m_allLogits->mapped<float>() + size_t{t} * stride(vocab),
                        vocab * sizeof(float));
        }
    } else if (options.logits == LogitRows::Last) {
        m_logits.assign(m_act.logits_host.mapped<float>(), m_act.logits_host.mapped<float>() + vocab);
    }
    if (options.hidden) {
        readHidden(count);
    }
    readBackFrom(m_act.routed->router_log_host, m_act.router_probs_host, count, options.router_probs);
    return true;
}

bool Transformer::runBatch(uint32_t tokens, const PassOptions& options) {
    const float epsilon = m_config.layer_norm_rms_epsilon;
    const uint32_t width = m_config.embedding_length;
    const uint64_t rowBytes = uint64_t{stride(width)} * sizeof(float);
    const float logitScale = 1 / m_config.logit_scale;
    const auto keepHidden = [&](uint32_t index) {
        if (options.hidden) {
            m_pacer.recorder().copy(m_act.x, 0, *m_hiddenLayers, uint64_t{index} * m_hiddenBatch * rowBytes,
                                    tokens * rowBytes);
        }
    };
    vulkan::CommandRecorder& r = m_pacer.recorder();

    recordInputs(r, tokens);
    m_kernels.embed(r, m_weights.token_embd, m_act.token_ids, m_act.x, tokens, m_config.embedding_scale);
    if (!m_pacer.next(StepPart::Embed)) {
        return false;
    }
    for (uint32_t i = 0; i < m_config.block_count; ++i) {
        keepHidden(i);
        if (!batchAttention(i, tokens) || !batchFfn(i, tokens)) {
            return false;
        }
    }
    keepHidden(m_config.block_count);
    if (options.logits == LogitRows::Last) {
        m_kernels.matvec(
            r, m_weights.output(), m_act.x, m_act.logits,
            {.norm = m_weights.output_norm.get(), .epsilon = epsilon, .scale = logitScale, .x_row = tokens - 1});
        if (!m_pacer.next(StepPart::Logits)) {
            return false;
        }
        r.copy(m_act.logits, 0, m_act.logits_host, 0, m_act.logits.size());
    } else if (options.logits == LogitRows::All) {
        m_kernels.rmsNorm(r, m_act.x, *m_weights.output_norm, m_act.normed, width, epsilon, tokens);
        r.barrier();
        // Some rows at a time: were all of them one interval, it would be the longest by far, batches would be of one or
        // two tokens, and all weights would be read for each of them.
        const uint32_t rows = m_weights.output().rows;
        for (uint32_t first = 0; first < rows; first += logitRows) {
            m_kernels.matmul(r, m_weights.output(), m_act.normed, *m_allLogits, tokens,
                             {.scale = logitScale, .w_first = first, .w_rows = std::min(logitRows, rows - first)});
            if (!m_pacer.next(StepPart::AllLogits)) {
                return false;
            }
        }
    }
    copyBack(r, tokens, options.router ? &m_act.routed->router_log_host : nullptr,
             options.router_probs ? &m_act.router_probs_host : nullptr);
    return m_pacer.finish();
}

bool Transformer::batchAttention(uint32_t i, uint32_t tokens) {
    const auto index = static_cast<int32_t>(i);
    vulkan::CommandRecorder& r = m_pacer.recorder();
    const LayerWeights& layer = m_weights.layers[i];
    const AttentionShape shape = shapeOf(i);
    const float epsilon = m_config.layer_norm_rms_epsilon;
    const uint32_t width = m_config.embedding_length;
    const uint32_t headsStride = qkvStride(shape.head_count, shape.head_count_kv, shape.head_dim);
    m_kernels.rmsNorm(r, m_act.x, *layer.attn_norm, m_act.normed, width, epsilon, tokens);
    r.barrier();
    uint32_t firstRow = 0;
    for (const Matrix& part : layer.attn_qkv) {
        m_kernels.matmul(r, part, m_act.normed, m_act.qkv, tokens, {.y_stride = headsStride, .y_first = firstRow});
        firstRow += part.rows;
    }
    if (!m_pacer.next(StepPart::Qkv, index)) {
        return false;
    }
    const auto rope = m_kernels.hasRopeLanes(shape) ? &Kernels::ropeQkNormLanes : &Kernels::ropeQkNorm;
    for (const KvCache::Part& kv : m_kv.parts(i)) {
        (m_kernels.*rope)(r, shapeOf(i, kv), m_act.qkv, layer.attn_qkv_bias.get(), m_config.ownsKv(i), m_act.rope,
                          layer.attn_qk_norm.get(), m_act.step, m_act.q_roped, *kv.keys, *kv.values, tokens);
    }
    if (!m_pacer.next(StepPart::Rope, index)) {
        return false;
    }
    const uint32_t parts = m_pacer.parts(StepPart::Attention);
    for (uint32_t part = 0; part < parts; ++part) {
        for (const KvCache::Part& kv : m_kv.parts(i)) {
            if (m_kernels.texels()) {
                m_kernels.attentionTiles(r, shapeOf(i, kv), m_act.q_roped, *kv.keys, *kv.values, m_act.step,
                                         layer.attn_sinks.get(), m_act.attn_out, m_act.attn_partial, tokens,
                                         {part, parts});
            } else {
                m_kernels.attention(r, shapeOf(i, kv), m_act.q_roped, *kv.keys, *kv.values, m_act.step,
                                    layer.attn_sinks.get(), m_act.attn_out, tokens, {part, parts});
            }
        }
        if (!m_pacer.next(StepPart::Attention, index, parts)) {
            return false;
        }
    }
    const bool normed = layer.attn_post_norm != nullptr;
    m_kernels.matmul(r, layer.attn_output, m_act.attn_out, normed ? m_act.normed : m_act.x, tokens,
                     {.bias = layer.attn_output_bias.get(), .scale = m_config.residual_scale, .accumulate = !normed});
    if (normed) {
        r.barrier();
        addNormed(r, *layer.attn_post_norm, tokens);
    }
    return m_pacer.next(StepPart::Output, index);
}

bool Transformer::batchFfn(uint32_t i, uint32_t tokens) {
    const auto index = static_cast<int32_t>(i);
    vulkan::CommandRecorder& r = m_pacer.recorder();
    const LayerWeights& layer = m_weights.layers[i];
    const float epsilon = m_config.layer_norm_rms_epsilon;
    const uint32_t width = m_config.embedding_length;
    const bool moe = m_config.isMoe(i);
    const Kernels::SortOutputs sort = sortOutputs();
    const uint32_t gateUpParts = m_pacer.parts(StepPart::GateUp);
    const uint32_t downParts = m_pacer.parts(StepPart::Down);
    m_kernels.rmsNorm(r, m_act.x, *layer.ffn_norm, m_act.normed, width, epsilon, tokens);
    if (moe) {
        r.barrier();
        m_kernels.matmul(r, layer.ffn_gate_inp, m_act.normed, m_act.router_logits, tokens, {});
        r.barrier();
        recordRouter(r, i, tokens, true);
        r.barrier();
        m_kernels.moeSort(r, m_experts, m_act.routed->experts, sort, tokens,
                          m_kernels.rowsOfPart(layer.ffn_gate_exps.rows, gateUpParts),
                          m_kernels.rowsOfPart(layer.ffn_down_exps.rows, downParts));
    }
    if (!m_pacer.next(moe ? StepPart::RouterSort : StepPart::Norm, index)) {
        return false;
    }
    for (uint32_t part = 0; part < gateUpParts; ++part) {
        if (moe) {
            m_kernels.ffnGateUpTiles(r, routedGateUp(layer), &sort, m_experts, m_act.normed, m_act.routed->h, tokens,
                                     {part, gateUpParts});
        }
        if (hasUnrouted(i)) {
            m_kernels.ffnGateUpTiles(r, sharedGateUp(layer), nullptr, m_experts, m_act.normed, m_act.h_shared, tokens,
                                     {part, gateUpParts}, sharedWeights(i));
        }
        if (!m_pacer.next(StepPart::GateUp, index, gateUpParts)) {
            return false;
        }
    }
    const bool normed = layer.ffn_post_norm != nullptr;
    for (uint32_t part = 0; part < downParts; ++part) {
        if (moe) {
            m_kernels.ffnDownTiles(r, layer.ffn_down_exps, layer.ffn_down_exps_bias.get(), sort, m_experts,
                                   m_act.routed->h, m_act.routed->pair_out, tokens, {part, downParts});
        }
        const uint32_t rows = m_kernels.rowsOfPart(width, downParts);
        if (hasUnrouted(i) && part * rows < width) {
            m_kernels.matmul(r, layer.ffn_down, m_act.h_shared, normed ? m_act.normed : m_act.x, tokens,
                             {.scale = m_config.residual_scale,
                              .accumulate = !normed,
                              .w_first = part * rows,
                              .w_rows = std::min(rows, width - part * rows)});
        }
        if (normed && part + 1 == downParts) {
            r.barrier();
            addNormed(r, *layer.ffn_post_norm, tokens);
        }
        if (!m_pacer.next(StepPart::Down, index, downParts)) {
            return false;
        }
    }
    if (moe) {
        m_kernels.moeCombine(r, m_experts, m_act.routed->expert_weights, m_act.routed->pair_out, m_act.x, width, tokens,
                             m_config.residual_scale);
        return m_pacer.next(StepPart::Combine, index);
    }
    return true;
}

} // namespace moescope::inference
