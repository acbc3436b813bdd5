// SPDX-License-Identifier: Apache-2.0
// One token: recorded once, submitted again and again.
#include "engine/inference/transformer.h"

#include <algorithm>
#include <chrono>
#include <stdexcept>

namespace moescope::inference {

using trace::StepPart;

namespace {

constexpr double longStepMs = 50; ///< a step that takes as long hears a cancel between its layers

} // namespace

void Transformer::recordToken(StepSlot& slot, const StepShape& shape) {
    slot.clear();
    StepSlot::Part* part = nullptr;
    const auto begin = [&] {
        part = &slot.beginPart();
        if (shape.timed) {
            part->recorder.timestamp();
        }
    };
    const Mark mark = [&](StepPart kind, int32_t layer) {
        if (shape.timed) {
            part->recorder.timestamp();
            part->marks.push_back({kind, layer});
        }
    };
    begin();
    if (!shape.samples) {
        recordInputs(part->recorder, 1);
    }
    recordTokenEmbedding(part->recorder, mark);
    for (uint32_t i = 0; i < m_config.block_count; ++i) {
        if (i > 0 && shape.layers_each != 0 && i % shape.layers_each == 0) {
            part->recorder.end();
            begin();
        }
        vulkan::CommandRecorder& r = part->recorder;
        recordTokenQkv(r, i, mark);
        recordTokenAttention(r, i, m_config.ownsKv(i), mark);
        recordTokenFfn(r, i, mark);
    }
    vulkan::CommandRecorder& r = part->recorder;
    recordTokenLogits(r, mark);
    if (shape.samples) {
        recordSampling(r, slot);
        mark(StepPart::NextToken, -1);
    }
    if (shape.logits) {
        r.copy(m_act.logits, 0, slot.logits, 0, m_act.logits.size());
    }
    copyBack(r, 1, shape.router ? &slot.router_log : nullptr, shape.router_probs ? &slot.router_probs : nullptr);
    r.barrier();
    mark(StepPart::ReadBack, -1);
    r.end();
    slot.recorded = shape;
}

void Transformer::recordTokenEmbedding(vulkan::CommandRecorder& r, const Mark& mark) {
    m_kernels.embed(r, m_weights.token_embd, m_act.token_ids, m_act.x, 1, m_config.embedding_scale);
    r.barrier();
    mark(StepPart::Embed, -1);
}

void Transformer::recordTokenLogits(vulkan::CommandRecorder& r, const Mark& mark) {
    m_kernels.matvec(r, m_weights.output(), m_act.x, m_act.logits,
                     {.norm = m_weights.output_norm.get(),
                      .epsilon = m_config.layer_norm_rms_epsilon,
                      .scale = 1 / m_config.logit_scale});
    r.barrier();
    mark(StepPart::Logits, -1);
}

void Transformer::recordTokenQkv(vulkan::CommandRecorder& r, uint32_t i, const Mark& mark) {
    const LayerWeights& layer = m_weights.layers[i];
    const float epsilon = m_config.layer_norm_rms_epsilon;
    uint32_t firstRow = 0; // each part writes floats of its own, so there is no barrier between them
    for (const Matrix& part : layer.attn_qkv) {
        m_kernels.matvec(r, part, m_act.x, m_act.qkv,
                         {.norm = layer.attn_norm.get(), .epsilon = epsilon, .y_first = firstRow});
        firstRow += part.rows;
    }
    r.barrier();
    mark(StepPart::Qkv, static_cast<int32_t>(i));
}

void Transformer::recordTokenAttention(vulkan::CommandRecorder& r, uint32_t i, bool store, const Mark& mark) {
    const auto index = static_cast<int32_t>(i);
    const LayerWeights& layer = m_weights.layers[i];
    for (const KvCache::Part& kv : m_kv.parts(i)) { // each writes heads of its own, so there is no barrier between them
        const AttentionShape shape = shapeOf(i, kv);
        if (m_kernels.hasAttentionToken(shape)) {
            m_kernels.attentionToken(r, shape, m_act.qkv, layer.attn_qkv_bias.get(), store, m_act.rope,
                                     layer.attn_qk_norm.get(), m_act.step, m_act.q_roped, *kv.keys, *kv.values,
                                     layer.attn_sinks.get(), m_act.attn_out, m_act.attn_partial);
        } else {
            m_kernels.attentionSplit(r, shape, m_act.qkv, layer.attn_qkv_bias.get(), store, m_act.rope,
                                     layer.attn_qk_norm.get(), m_act.step, *kv.keys, *kv.values, layer.attn_sinks.get(),
                                     m_act.attn_partial, m_act.counters, m_act.attn_out, m_splits);
        }
    }
    r.barrier();
    mark(StepPart::RopeAttention, index);
    const bool normed = layer.attn_post_norm != nullptr;
    m_kernels.matvec(r, layer.attn_output, m_act.attn_out, normed ? m_act.normed : m_act.x,
                     {.bias = layer.attn_output_bias.get(), .scale = m_config.residual_scale, .accumulate = !normed});
    r.barrier();
    if (normed) {
        addNormed(r, *layer.attn_post_norm, 1);
        r.barrier();
    }
    mark(StepPart::Output, index);
}

// Where weights are no texels, an interval costs more than a norm does: what needs x normed norms it itself. The shared
// expert then fills the device while the router, whose end is the work of a single workgroup, chooses.
void Transformer::recordTokenGateUp(vulkan::CommandRecorder& r, uint32_t i, const Mark& mark) {
    const auto index = static_cast<int32_t>(i);
    const LayerWeights& layer = m_weights.layers[i];
    const bool moe = m_config.isMoe(i);
    const bool early = !m_kernels.texels();
    const float epsilon = m_config.layer_norm_rms_epsilon;
    const auto unrouted = [&] {
        if (hasUnrouted(i)) {
            m_kernels.ffnGateUp(r, sharedGateUp(layer), m_experts, nullptr, early ? m_act.x : m_act.normed,
                                m_act.h_shared, 1, early ? layer.ffn_norm.get() : nullptr, epsilon);
        }
    };
    if (!moe && early) {
        unrouted();
        r.barrier();
        mark(StepPart::NormGateUp, index);
        return;
    }
    if (moe) {
        recordRouter(r, i, 1);
    } else {
        m_kernels.rmsNorm(r, m_act.x, *layer.ffn_norm, m_act.normed, m_config.embedding_length, epsilon, 1);
    }
    if (early) {
        unrouted();
    }
    r.barrier();
    mark(!moe ? StepPart::Norm : early && hasUnrouted(i) ? StepPart::RouterGateUp : StepPart::Router, index);
    if (moe) {
        m_kernels.ffnGateUp(r, routedGateUp(layer), m_experts, &m_act.routed->experts, m_act.normed, m_act.routed->h,
                            m_experts.expert_used_count);
    }
    if (!early) {
        unrouted();
    }
    r.barrier();
    mark(StepPart::GateUp, index);
}

void Transformer::recordTokenFfn(vulkan::CommandRecorder& r, uint32_t i, const Mark& mark) {
    const auto index = static_cast<int32_t>(i);
    const LayerWeights& layer = m_weights.layers[i];
    recordTokenGateUp(r, i, mark);
    if (layer.ffn_post_norm) {
        m_kernels.matvec(r, layer.ffn_down, m_act.h_shared, m_act.normed, {});
        r.barrier();
        addNormed(r, *layer.ffn_post_norm, 1);
    } else {
        recordTokenDown(r, i);
    }
    r.barrier();
    mark(StepPart::Down, index);
}

void Transformer::recordTokenDown(vulkan::CommandRecorder& r, uint32_t i) {
    const LayerWeights& layer = m_weights.layers[i];
    const Matrix* routed = m_config.isMoe(i) ? &layer.ffn_down_exps : nullptr;
    const Matrix* shared = hasUnrouted(i) ? &layer.ffn_down : nullptr;
    const auto add = [&](const Matrix* experts, const Matrix* one) {
        m_kernels.ffnDown(r, experts, layer.ffn_down_exps_bias.get(), one, m_act.routed->experts,
                          m_act.routed->expert_weights, m_act.routed->h, m_act.h_shared, m_act.x,
                          m_experts.expert_used_count, m_config.residual_scale, sharedWeights(i));
    };
    // Routed and shared experts of two types cannot be decoded by one kernel: two dispatches, one after the other.
    if (routed != nullptr && shared != nullptr && routed->type != shared->type) {
        add(routed, nullptr);
        r.barrier();
        routed = nullptr;
    }
    add(routed, shared);
}

StepShape Transformer::shapeFor(const PassOptions& options, bool samples) const {
    return {.router = options.router,
            .router_probs = options.router_probs,
            .logits = options.logits != LogitRows::None,
            .timed = options.clock != nullptr,
            .samples = samples,
            .layers_each = m_layersEach};
}

void Transformer::prepare(StepSlot& slot, const StepShape& wanted, StepClock* clock, bool exactly) {
    if (slot.recorded && (exactly ? *slot.recorded == wanted : slot.recorded->covers(wanted))) {
        return;
    }
    host(clock, StepPart::Record);
    recordToken(slot, wanted);
}

void Transformer::prepareDecode(const PassOptions& options) {
    prepare(*m_slots.front(), shapeFor(options, false), options.clock, true);
}

void Transformer::submit(StepSlot& slot, StepClock* clock) {
    host(clock, StepPart::Submit);
    if (!m_inFlight.empty()) { // its parts go before
        StepSlot& before = *m_inFlight.back();
        for (; before.submitted < before.parts().size(); ++before.submitted) {
            before.parts()[before.submitted]->recorder.submit();
        }
    }
    slot.alone = m_inFlight.empty();
    slot.since = std::chrono::steady_clock::now();
    slot.parts().front()->recorder.submit();
    slot.submitted = 1;
    m_inFlight.push_back(&slot);
}

void Transformer::submitToken(int32_t token, uint32_t position, const PassOptions& options) {
    if (!m_inFlight.empty()) {
        throw std::logic_error("transformer: a token is given while a step is in flight");
    }
    StepSlot& slot = *m_slots.front();
    prepare(slot, shapeFor(options, false), options.clock, false);
    setStep(std::span(&token, 1), position, options);
    submit(slot, options.clock);
}

bool Transformer::finishParts(StepSlot& slot, const PassOptions& options) {
    for (size_t i = 0; i < slot.parts().size(); ++i) {
        StepSlot::Part& part = *slot.parts()[i];
        if (i == slot.submitted) {
            if (options.cancel != nullptr && options.cancel->load(std::memory_order_relaxed)) {
                return false;
            }
            host(options.clock, StepPart::Submit);
            part.recorder.submit();
            ++slot.submitted;
        }
        host(options.clock, StepPart::Wait);
        part.recorder.wait();
        host(options.clock, StepPart::Collect);
        if (options.clock != nullptr) {
            options.clock->device(part.marks, part.recorder.timestampsMs(), part.recorder.dispatchCount());
        }
    }
    return true;
}

std::optional<StepSample> Transformer::finishStep(const PassOptions& options) {
    StepSlot& slot = *m_inFlight.front();
    const bool finished = finishParts(slot, options);
    m_inFlight.pop_front();
    if (!finished) {
        return std::nullopt;
    }
    if (slot.alone) {
        cutSteps(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - slot.since).count());
    }
    if (options.logits != LogitRows::None) {
        m_logits.assign(slot.logits.mapped<float>(), slot.logits.mapped<float>() + m_config.vocab_size);
    }
    readBackFrom(slot.router_log, slot.router_probs, 1, options.router_probs);
    return slot.recorded->samples ? *slot.sample.mapped<StepSample>() : StepSample();
}

void Transformer::cutSteps(double ms) {
    if (m_wholeSteps) {
        return;
    }
    m_stepMs = m_stepMs == 0 ? ms : 0.8 * m_stepMs + 0.2 * ms;
    if (m_stepMs < (m_layersEach == 0 ? longStepMs : longStepMs / 2)) {
        m_layersEach = 0;
        return;
    }
    const auto fitting = static_cast<uint32_t>(std::max(0.8 * longStepMs / m_stepMs * m_config.block_count, 1.0));
    m_layersEach = m_layersEach == 0 ? fitting : std::min(m_layersEach, fitting);
}

void Transformer::decode(int32_t token, uint32_t position, const PassOptions& options) {
    submitToken(token, position, options);
    try {
        finishStep(options);
    } catch (...) {
        m_inFlight.clear(); // what failed is not waited for again
        throw;
    }
}

} // namespace moescope::inference
