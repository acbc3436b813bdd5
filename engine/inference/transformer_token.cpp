// SPDX-License-Identifier: Apache-2.0
// One token: recorded once, submitted again and again.
#include "engine/inference/transformer.h"

namespace moescope::inference {

void Transformer::recordToken(vulkan::CommandRecorder& r, const PassOptions& options, const Mark& mark) {
    r.begin();
    mark("", -1);
    m_kernels.embed(r, m_weights.token_embd, m_act.token_ids, m_act.x, 1, m_config.embedding_scale);
    r.barrier();
    mark("embed", -1);
    for (uint32_t i = 0; i < m_config.block_count; ++i) {
        recordTokenQuery(r, i, m_config.ownsKv(i), mark);
        recordTokenAttention(r, i, mark);
        recordTokenFfn(r, i, mark);
    }
    m_kernels.matvec(r, m_weights.output(), m_act.x, m_act.logits,
                     {.norm = m_weights.output_norm.get(),
                      .epsilon = m_config.layer_norm_rms_epsilon,
                      .scale = 1 / m_config.logit_scale});
    r.barrier();
    mark("logits", -1);
    r.copy(m_act.logits, 0, m_act.logits_host, 0, m_act.logits.size());
    copyBack(r, 1, options);
    r.barrier();
    mark("read back", -1);
    r.end();
}

void Transformer::recordTokenQuery(vulkan::CommandRecorder& r, uint32_t i, bool store, const Mark& mark) {
    const auto index = static_cast<int32_t>(i);
    const LayerWeights& layer = m_weights.layers[i];
    const AttentionShape shape = shapeOf(i);
    const float epsilon = m_config.layer_norm_rms_epsilon;
    uint32_t firstRow = 0; // each part writes floats of its own, so there is no barrier between them
    for (const Matrix& part : layer.attn_qkv) {
        m_kernels.matvec(r, part, m_act.x, m_act.qkv,
                         {.norm = layer.attn_norm.get(), .epsilon = epsilon, .y_first = firstRow});
        firstRow += part.rows;
    }
    r.barrier();
    mark("norm + QKV", index);
    m_kernels.ropeQkNorm(r, shape, m_act.qkv, layer.attn_qkv_bias.get(), store, m_act.rope, layer.attn_qk_norm.get(),
                         m_act.step, m_act.q_roped, m_kv.keys(i), m_kv.values(i), 1);
    r.barrier();
    mark("RoPE + QK norm + KV store", index);
}

void Transformer::recordTokenAttention(vulkan::CommandRecorder& r, uint32_t i, const Mark& mark) {
    const auto index = static_cast<int32_t>(i);
    const LayerWeights& layer = m_weights.layers[i];
    const AttentionShape shape = shapeOf(i);
    m_kernels.attention(r, shape, m_act.q_roped, m_kv.keys(i), m_kv.values(i), m_act.step, layer.attn_sinks.get(),
                        m_act.attn_out, m_act.attn_partial, 1, m_splits);
    r.barrier();
    if (m_splits > 1) {
        m_kernels.attentionReduce(r, shape, m_act.attn_partial, layer.attn_sinks.get(), m_act.attn_out, 1, m_splits);
        r.barrier();
    }
    mark("attention", index);
    const bool normed = layer.attn_post_norm != nullptr;
    m_kernels.matvec(r, layer.attn_output, m_act.attn_out, normed ? m_act.normed : m_act.x,
                     {.bias = layer.attn_output_bias.get(), .scale = m_config.residual_scale, .accumulate = !normed});
    r.barrier();
    if (normed) {
        addNormed(r, *layer.attn_post_norm, 1);
        r.barrier();
    }
    mark("output + residual", index);
}

void Transformer::recordTokenFfn(vulkan::CommandRecorder& r, uint32_t i, const Mark& mark) {
    const auto index = static_cast<int32_t>(i);
    const LayerWeights& layer = m_weights.layers[i];
    const bool moe = m_config.isMoe(i);
    const float epsilon = m_config.layer_norm_rms_epsilon;
    if (moe) {
        recordRouter(r, i, 1);
    } else {
        m_kernels.rmsNorm(r, m_act.x, *layer.ffn_norm, m_act.normed, m_config.embedding_length, epsilon, 1);
    }
    r.barrier();
    mark(moe ? "norm + router" : "norm", index);
    if (moe) {
        m_kernels.ffnGateUp(r, routedGateUp(layer), m_experts, &m_act.experts, m_act.normed, m_act.h,
                            m_experts.expert_used_count);
    }
    if (layer.ffn_gate) {
        m_kernels.ffnGateUp(r, sharedGateUp(layer), m_experts, nullptr, m_act.normed, m_act.h_shared, 1);
    }
    r.barrier();
    mark("gate + up", index);
    if (layer.ffn_post_norm) {
        m_kernels.matvec(r, layer.ffn_down, m_act.h_shared, m_act.normed, {});
        r.barrier();
        addNormed(r, *layer.ffn_post_norm, 1);
    } else {
        recordTokenDown(r, i);
    }
    r.barrier();
    mark("down + residual", index);
}

void Transformer::recordTokenDown(vulkan::CommandRecorder& r, uint32_t i) {
    const LayerWeights& layer = m_weights.layers[i];
    const Matrix* routed = m_config.isMoe(i) ? &layer.ffn_down_exps : nullptr;
    const Matrix* shared = layer.ffn_down ? &layer.ffn_down : nullptr;
    const auto add = [&](const Matrix* experts, const Matrix* one) {
        m_kernels.ffnDown(r, experts, layer.ffn_down_exps_bias.get(), one, m_act.experts, m_act.expert_weights, m_act.h,
                          m_act.h_shared, m_act.x, m_experts.expert_used_count, m_config.residual_scale);
    };
    // Routed and shared experts of two types cannot be decoded by one kernel: two dispatches, one after the other.
    if (routed != nullptr && shared != nullptr && routed->type != shared->type) {
        add(routed, nullptr);
        r.barrier();
        routed = nullptr;
    }
    add(routed, shared);
}

void Transformer::prepareDecode(const PassOptions& options) {
    if (m_recorded && m_recorded->router == options.router && m_recorded->router_probs == options.router_probs) {
        return;
    }
    m_recorded.reset();
    recordToken(m_token, options, [](const char*, int32_t) {});
    m_recorded = {.router = options.router, .router_probs = options.router_probs};
}

void Transformer::decode(int32_t token, uint32_t position, const PassOptions& options) {
    if (!m_recorded || (options.router && !m_recorded->router) || (options.router_probs && !m_recorded->router_probs)) {
        prepareDecode(options);
    }
    m_act.token_ids.mapped<int32_t>()[0] = token;
    setStep(position, options);
    m_token.submitAndWait();
    const float* logits = m_act.logits_host.mapped<float>();
    m_logits.assign(logits, logits + m_config.vocab_size);
    m_logBatch = 1;
    m_hasProbs = options.router_probs;
}

std::vector<trace::IntervalTiming> Transformer::profile(int32_t token, uint32_t position) {
    vulkan::CommandRecorder timed(m_device, "profile");
    std::vector<trace::IntervalTiming> timings;
    recordToken(timed, {}, [&](const char* kernels, int32_t layer) {
        timed.timestamp();
        timings.push_back({.kernels = kernels, .layer = layer});
    });
    m_act.token_ids.mapped<int32_t>()[0] = token;
    setStep(position, {});
    timed.submitAndWait();
    const std::vector<double> at = timed.timestampsMs();
    if (at.size() != timings.size()) {
        return {};
    }
    for (size_t i = 1; i < timings.size(); ++i) {
        timings[i].ms = at[i] - at[i - 1];
    }
    timings.erase(timings.begin());
    return timings;
}

} // namespace moescope::inference
