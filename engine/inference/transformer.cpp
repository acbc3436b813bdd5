// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/transformer.h"

#include "engine/inference/weight_layout.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

namespace moescope::inference {

namespace {

AttentionShape attentionShape(const model::ModelConfig& config, uint32_t context, KvType kv) {
    return {.head_count = config.head_count,
            .head_count_kv = config.head_count_kv,
            .head_dim = config.head_dim,
            .head_stride = kvHeadStride(kv, config.head_dim),
            .context = context,
            .epsilon = config.layer_norm_rms_epsilon,
            .qk_norm = config.qk_norm,
            .kv = kv,
            .rope_style = config.rope_style,
            .rope_dimension_count = config.rope_dimension_count,
            .scale = config.attention_scale};
}

std::span<const float> ropeFactors(const model::ModelConfig& config, const DeviceWeights& weights, uint32_t context) {
    const bool beyond =
        config.rope_scaling == model::RopeScaling::LongFactors && context > config.rope_original_context_length;
    return beyond ? weights.rope_factors_long : weights.rope_factors;
}

// Bounds that the kernels' shared memory sets: attention.comp, moe_router.comp.
const model::ModelConfig& checked(const model::ModelConfig& config) {
    const auto refuse = [](const char* key, uint32_t value, uint32_t most) {
        throw trace::Error("model.too_wide",
                           "This model has {key} {value}, and this version computes with at most {most}.",
                           {{"key", key}, {"value", trace::grouped(value)}, {"most", trace::grouped(most)}});
    };
    if (config.head_dim > 256) {
        refuse("attention.key_length", config.head_dim, 256);
    }
    if (config.expert_count > 1024) {
        refuse("expert_count", config.expert_count, 1024);
    }
    if (config.expert_used_count > 64) {
        refuse("expert_used_count", config.expert_used_count, 64);
    }
    return config;
}

} // namespace

Transformer::Transformer(vulkan::Device& device, const model::ModelConfig& config, const gguf::Reader& file,
                         uint32_t context, KvType kv, const std::function<bool(uint64_t, uint64_t)>& progress)
    : m_device(device), m_config(checked(config)), m_batch(microBatch(device.limits().software)),
      m_splits(attentionSplits(device.limits().software, context)),
      m_shape(attentionShape(config, context, kv)), m_experts{config.expert_count, config.expert_used_count,
                                                              config.expert_weights_norm, config.activation},
      m_weights(device, config, file, progress), m_kv(device, config, context, kv),
      m_act(device, config, context, m_batch, ropeFactors(config, m_weights, context)),
      m_kernels(device), m_sort{m_act.sort_counts, m_act.sort_order, m_act.sort_tiles, m_act.sort_grids},
      m_pacer(device), m_token(device, "token") {}

void Transformer::setStep(uint32_t position, const PassOptions& options) {
    const shaders::StepState state{
        .position = position, .log_router = options.router, .log_probs = options.router_probs, .reserved = 0};
    *m_act.step.mapped<shaders::StepState>() = state;
}

void Transformer::warmUp() {
    const std::array<int32_t, 2> tokens{};
    if (context() >= tokens.size()) {
        prefill(tokens, 0, {});
    }
    decode(0, 0, {});
    m_pacer.forget();
}

AttentionShape Transformer::shapeOf(uint32_t layer) const {
    AttentionShape shape = m_shape;
    shape.window = m_config.window(layer);
    shape.rope_first = m_config.usesWindowRope(layer) ? m_shape.context : 0;
    return shape;
}

// ---- one token ----------------------------------------------------------------------------------------------------

void Transformer::recordToken(vulkan::CommandRecorder& r, const PassOptions& options, const Mark& mark) {
    r.begin();
    mark("", -1);
    m_kernels.embed(r, m_weights.token_embd, m_act.token_ids, m_act.x, 1, m_config.embedding_scale);
    r.barrier();
    mark("embed", -1);
    for (uint32_t i = 0; i < m_config.block_count; ++i) {
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

void Transformer::recordTokenAttention(vulkan::CommandRecorder& r, uint32_t i, const Mark& mark) {
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
    m_kernels.ropeQkNorm(r, shape, m_act.qkv, layer.attn_qkv_bias.get(), m_config.ownsKv(i), m_act.rope,
                         layer.attn_qk_norm.get(), m_act.step, m_act.q_roped, m_kv.keys(i), m_kv.values(i), 1);
    r.barrier();
    mark("RoPE + QK norm + KV store", index);
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
        m_kernels.rmsNorm(r, m_act.normed, *layer.attn_post_norm, m_act.x, m_config.embedding_length, epsilon, 1, true);
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
        m_kernels.moeRouter(r, layer.ffn_gate_inp, layer.ffn_gate_inp_bias.get(), m_experts, m_act.x, *layer.ffn_norm,
                            epsilon, m_act.step,
                            {m_act.normed, m_act.experts, m_act.expert_weights, m_act.shared_weights, m_act.router_log,
                             m_act.router_probs},
                            i - m_config.leading_dense_block_count, 1, 1);
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
        m_kernels.rmsNorm(r, m_act.normed, *layer.ffn_post_norm, m_act.x, m_config.embedding_length, epsilon, 1, true);
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

Kernels::GateUp Transformer::routedGateUp(const LayerWeights& layer) {
    return {.gate = layer.ffn_gate_exps,
            .up = layer.ffn_up_exps,
            .gate_bias = layer.ffn_gate_exps_bias.get(),
            .up_bias = layer.ffn_up_exps_bias.get()};
}

Kernels::GateUp Transformer::sharedGateUp(const LayerWeights& layer) const {
    return {.gate = layer.ffn_gate,
            .up = layer.ffn_up,
            .shared_weights = m_config.shared_gate ? &m_act.shared_weights : nullptr};
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

// ---- a batch of tokens ---------------------------------------------------------------------------------------------

bool Transformer::prefill(std::span<const int32_t> tokens, uint32_t position, const PassOptions& options) {
    const auto count = static_cast<uint32_t>(tokens.size());
    if (options.logits == LogitRows::All && m_allLogits == nullptr) {
        m_allLogits =
            std::make_unique<vulkan::Buffer>(m_device, uint64_t{m_batch} * stride(m_config.vocab_size) * sizeof(float),
                                             vulkan::MemoryKind::HostVisible, "all_logits");
    }
    if (options.hidden && m_hiddenLayers == nullptr) {
        m_hiddenLayers = std::make_unique<vulkan::Buffer>(m_device, (m_config.block_count + 1) * m_act.x.size(),
                                                          vulkan::MemoryKind::HostVisible, "hidden");
    }
    std::memcpy(m_act.token_ids.mapped<int32_t>(), tokens.data(), tokens.size_bytes());
    setStep(position, options);
    m_pacer.begin(count, options.cancel);
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
    m_logBatch = count;
    m_hasProbs = options.router_probs;
    return true;
}

bool Transformer::runBatch(uint32_t tokens, const PassOptions& options) {
    const float epsilon = m_config.layer_norm_rms_epsilon;
    const uint32_t width = m_config.embedding_length;
    const uint64_t rowBytes = uint64_t{stride(width)} * sizeof(float);
    const float logitScale = 1 / m_config.logit_scale;
    const auto keepHidden = [&](uint32_t index) {
        if (options.hidden) {
            m_pacer.recorder().copy(m_act.x, 0, *m_hiddenLayers, index * m_act.x.size(), tokens * rowBytes);
        }
    };
    vulkan::CommandRecorder& r = m_pacer.recorder();

    m_kernels.embed(r, m_weights.token_embd, m_act.token_ids, m_act.x, tokens, m_config.embedding_scale);
    if (!m_pacer.next(Interval::Embed)) {
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
        if (!m_pacer.next(Interval::Logits)) {
            return false;
        }
        r.copy(m_act.logits, 0, m_act.logits_host, 0, m_act.logits.size());
    } else if (options.logits == LogitRows::All) {
        m_kernels.rmsNorm(r, m_act.x, *m_weights.output_norm, m_act.normed, width, epsilon, tokens);
        r.barrier();
        m_kernels.matmul(r, m_weights.output(), m_act.normed, *m_allLogits, tokens, {.scale = logitScale});
        if (!m_pacer.next(Interval::AllLogits)) {
            return false;
        }
    }
    copyBack(r, tokens, options);
    return m_pacer.finish();
}

bool Transformer::batchAttention(uint32_t i, uint32_t tokens) {
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
    if (!m_pacer.next(Interval::Qkv)) {
        return false;
    }
    m_kernels.ropeQkNorm(r, shape, m_act.qkv, layer.attn_qkv_bias.get(), m_config.ownsKv(i), m_act.rope,
                         layer.attn_qk_norm.get(), m_act.step, m_act.q_roped, m_kv.keys(i), m_kv.values(i), tokens);
    if (!m_pacer.next(Interval::Rope)) {
        return false;
    }
    m_kernels.attention(r, shape, m_act.q_roped, m_kv.keys(i), m_kv.values(i), m_act.step, layer.attn_sinks.get(),
                        m_act.attn_out, m_act.attn_partial, tokens, 1);
    if (!m_pacer.next(Interval::Attention)) {
        return false;
    }
    const bool normed = layer.attn_post_norm != nullptr;
    m_kernels.matmul(r, layer.attn_output, m_act.attn_out, normed ? m_act.normed : m_act.x, tokens,
                     {.bias = layer.attn_output_bias.get(), .scale = m_config.residual_scale, .accumulate = !normed});
    if (normed) {
        r.barrier();
        m_kernels.rmsNorm(r, m_act.normed, *layer.attn_post_norm, m_act.x, width, epsilon, tokens, true);
    }
    return m_pacer.next(Interval::Output);
}

bool Transformer::batchFfn(uint32_t i, uint32_t tokens) {
    vulkan::CommandRecorder& r = m_pacer.recorder();
    const LayerWeights& layer = m_weights.layers[i];
    const float epsilon = m_config.layer_norm_rms_epsilon;
    const uint32_t width = m_config.embedding_length;
    const bool moe = m_config.isMoe(i);
    if (moe) {
        m_kernels.moeRouter(r, layer.ffn_gate_inp, layer.ffn_gate_inp_bias.get(), m_experts, m_act.x, *layer.ffn_norm,
                            epsilon, m_act.step,
                            {m_act.normed, m_act.experts, m_act.expert_weights, m_act.shared_weights, m_act.router_log,
                             m_act.router_probs},
                            i - m_config.leading_dense_block_count, tokens, tokens);
        r.barrier();
        m_kernels.moeSort(r, m_experts, m_act.experts, m_sort, tokens, layer.ffn_gate_exps.rows,
                          layer.ffn_down_exps.rows);
    } else {
        m_kernels.rmsNorm(r, m_act.x, *layer.ffn_norm, m_act.normed, width, epsilon, tokens);
    }
    if (!m_pacer.next(Interval::Router)) {
        return false;
    }
    if (moe) {
        m_kernels.ffnGateUpTiles(r, routedGateUp(layer), &m_sort, m_experts, m_act.normed, m_act.h, tokens);
    }
    if (layer.ffn_gate) {
        m_kernels.ffnGateUpTiles(r, sharedGateUp(layer), nullptr, m_experts, m_act.normed, m_act.h_shared, tokens);
    }
    if (!m_pacer.next(Interval::GateUp)) {
        return false;
    }
    if (moe) {
        m_kernels.ffnDownTiles(r, layer.ffn_down_exps, layer.ffn_down_exps_bias.get(), m_sort, m_experts, m_act.h,
                               m_act.pair_out, tokens);
    }
    const bool normed = layer.ffn_post_norm != nullptr;
    if (layer.ffn_down) {
        m_kernels.matmul(r, layer.ffn_down, m_act.h_shared, normed ? m_act.normed : m_act.x, tokens,
                         {.scale = m_config.residual_scale, .accumulate = !normed});
    }
    if (normed) {
        r.barrier();
        m_kernels.rmsNorm(r, m_act.normed, *layer.ffn_post_norm, m_act.x, width, epsilon, tokens, true);
    }
    if (!m_pacer.next(Interval::Down)) {
        return false;
    }
    if (moe) {
        m_kernels.moeCombine(r, m_experts, m_act.expert_weights, m_act.pair_out, m_act.x, width, tokens,
                             m_config.residual_scale);
        return m_pacer.next(Interval::Combine);
    }
    return true;
}

// ---- what the host reads -------------------------------------------------------------------------------------------

void Transformer::copyBack(vulkan::CommandRecorder& recorder, uint32_t batch, const PassOptions& options) {
    const uint64_t layers = m_config.moeLayerCount();
    if (layers == 0) {
        return;
    }
    if (options.router) {
        recorder.copy(m_act.router_log, 0, m_act.router_log_host, 0,
                      layers * batch * Kernels::logEntry(m_experts.expert_used_count) * sizeof(uint32_t));
    }
    if (options.router_probs) {
        recorder.copy(m_act.router_probs, 0, m_act.router_probs_host, 0,
                      layers * batch * m_experts.expert_count * sizeof(float));
    }
}

trace::RouterTrace Transformer::router(uint32_t index) const {
    trace::RouterTrace trace;
    trace.moe_layers = m_config.moeLayerCount();
    if (trace.moe_layers == 0) {
        return trace;
    }
    trace.expert_count = m_experts.expert_count;
    trace.expert_used_count = m_experts.expert_used_count;
    const uint32_t used = trace.expert_used_count;
    for (uint32_t layer = 0; layer < trace.moe_layers; ++layer) {
        const size_t row = size_t{layer} * m_logBatch + index;
        const uint32_t* entry = m_act.router_log_host.mapped<uint32_t>() + row * Kernels::logEntry(used);
        for (uint32_t s = 0; s < used; ++s) {
            trace.experts.push_back(static_cast<uint16_t>(entry[s]));
            trace.chosen_probs.push_back(std::bit_cast<float>(entry[used + 1 + s]));
            trace.weights.push_back(std::bit_cast<float>(entry[2 * used + 2 + s]));
        }
        trace.runner_up.push_back(static_cast<uint16_t>(entry[used]));
        trace.runner_up_prob.push_back(std::bit_cast<float>(entry[2 * used + 1]));
        if (m_hasProbs) {
            const float* probs = m_act.router_probs_host.mapped<float>() + row * trace.expert_count;
            trace.probs.insert(trace.probs.end(), probs, probs + trace.expert_count);
        }
    }
    return trace;
}

void Transformer::readHidden(uint32_t tokens) {
    const uint32_t width = m_config.embedding_length;
    m_hidden.clear();
    for (uint32_t layer = 0; layer <= m_config.block_count; ++layer) {
        for (uint32_t t = 0; t < tokens; ++t) {
            const float* row =
                m_hiddenLayers->mapped<float>() + layer * (m_act.x.size() / sizeof(float)) + size_t{t} * stride(width);
            m_hidden.insert(m_hidden.end(), row, row + width);
        }
    }
}

} // namespace moescope::inference
