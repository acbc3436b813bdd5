// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/model_config.h"
#include "engine/vulkan/buffer.h"

#include <memory>
#include <span>

namespace moescope::inference {

/** Bytes of each working buffer, from the configuration alone: the planner adds up what Activations allocates.
 *  `batch`: tokens of a micro-batch; `context`: rows of the RoPE table. */
struct ActivationSizes {
    uint64_t token_ids, token_ids_host, step, step_host, rope, x, normed, qkv, q_roped, attn_out, attn_partial, experts,
        expert_weights, shared_weights, h, h_shared, pair_out, counters;
    uint64_t sort_counts, sort_order, sort_tiles, sort_grids, router_log, router_logits, router_probs, logits,
        logits_host, router_log_host, router_probs_host;
    uint64_t sampler, sample_top, sample_refused, sampled;
    uint64_t step_logits, step_router_log, step_router_probs; ///< read-backs of one decode step: StepSlot

    ActivationSizes(const model::ModelConfig& config, uint32_t context, uint32_t batch);
    uint64_t total() const;
    /** Of the largest buffer. */
    uint64_t largest() const;
};

/** Tokens of a prefill micro-batch, the least that a device is given: fewer on a software driver, where one kernel over more would
 *  hold up a cancel. Other devices take up to mostMicroBatch: the more of a batch an expert answers, the rarer its weights are
 *  read. */
uint32_t microBatch(bool software);
constexpr uint32_t mostMicroBatch = 2048;
/** Tokens of a batch of which all logits, or the states of all layers, are read back: `batch`, or so many that their rows, `floats`
 *  each, take neither more than 64 MiB nor more than `largest`, the bytes of the device's largest buffer; at least one. */
uint32_t readBackBatch(uint32_t batch, uint32_t floats, uint64_t largest);
/** Splits of the positions in decode, for a context of so many tokens: the same for every position, so that the step is
 *  recorded once. */
uint32_t attentionSplits(uint32_t context);

/** The working buffers whose size goes with the number of experts that answer a token. */
struct RoutedActivations {
    RoutedActivations(vulkan::Device& device, const ActivationSizes& sizes);

    using Buffer = vulkan::Buffer;

    Buffer experts;         ///< uint32 [batch][expert_used_count]
    Buffer expert_weights;  ///< [batch][expert_used_count]
    Buffer h;               ///< gate × up of routed experts, [batch · expert_used_count]
    Buffer pair_out;        ///< experts' output by pair
    Buffer sort_order;      ///< uint32 [batch · expert_used_count]
    Buffer sort_tiles;      ///< uvec4
    Buffer router_log;      ///< [moe_layers][batch][logEntry]
    Buffer router_log_host; ///< its read-back
};

/** Everything between the weights and the logits, made once: [tokens of a micro-batch][stride(width)] floats unless said. */
class Activations {
public:
    /** `rope_factors`: of the pairs of dimensions, under RopeScaling::Factors and LongFactors. */
    Activations(vulkan::Device& device, const model::ModelConfig& config, uint32_t context, uint32_t batch,
                std::span<const float> rope_factors);

    /** Makes `routed` anew where another number of experts a token needs more or less than it has, at least what the
     *  model's own needs. Nothing that was recorded may be submitted again then. For more experts it throws
     *  trace::Error{vulkan.memory}, {workspace.range} and leaves all as it was; for fewer there is room already, and it
     *  keeps that where no memory is found. */
    void resize(uint32_t experts_used);

    using Buffer = vulkan::Buffer;

private:
    vulkan::Device& m_device;
    model::ModelConfig m_config;
    uint32_t m_context, m_batch;
    uint32_t m_expertsUsed; ///< for each token, that `routed` has room for
    ActivationSizes m_sizes;

public:
    std::unique_ptr<RoutedActivations> routed;
    // What the host writes goes through copies that are recorded, so that a step can also follow the device's own.
    Buffer token_ids, token_ids_host; ///< uint32 [batch]
    Buffer step, step_host;           ///< shaders::StepState
    /** cos, sin: [context][rope_dimension_count / 2], computed in f64; once more for layers with a window where they turn
     *  otherwise. */
    Buffer rope;
    Buffer x; ///< residual stream
    Buffer normed;
    Buffer qkv;     ///< raw heads, [batch][qkvStride]: queries, keys, values
    Buffer q_roped; ///< [batch][head_count][head stride], after RoPE and norm
    Buffer attn_out;
    Buffer attn_partial;
    Buffer counters;       ///< uint32, 0 between two intervals: shaders/common/last_done.glsl
    Buffer shared_weights; ///< [batch]: of the shared expert, where its router has a row
    Buffer h_shared;       ///< gate × up of the shared expert or the plain FFN
    Buffer sort_counts, sort_grids;
    Buffer router_logits;                  ///< of a batch: [token][stride(rows of the router)]
    Buffer router_probs;                   ///< [moe_layers][batch][expert_count]
    Buffer logits;                         ///< of one token
    Buffer logits_host, router_probs_host; ///< read-backs
    Buffer sampler;                        ///< shaders::SamplerState
    Buffer sample_top;                     ///< uvec2 [chunk of the logits][SAMPLER_MOST_TOP]
    Buffer sample_refused;                 ///< uint32 [chunk]
    Buffer sampled;                        ///< StepSample

    /** Of all these buffers, as they are. */
    trace::MemoryUse use() const;
};

} // namespace moescope::inference
