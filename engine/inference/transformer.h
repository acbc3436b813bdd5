// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/activations.h"
#include "engine/inference/device_weights.h"
#include "engine/inference/kernels.h"
#include "engine/inference/kv_cache.h"
#include "engine/inference/pacer.h"
#include "engine/inference/router_rules.h"
#include "engine/inference/variants.h"
#include "engine/trace/attention_weights.h"
#include "engine/trace/info.h"
#include "engine/trace/token_trace.h"

#include <functional>
#include <memory>
#include <optional>
#include <span>

namespace moescope::inference {

/** What a pass leaves for the host beside the KV cache. */
struct PassOptions {
    bool router = false;
    bool router_probs = false;
    bool hidden = false; ///< prefill only
    LogitRows logits = LogitRows::Last;
    const std::atomic<bool>* cancel = nullptr;
    StepClock* clock = nullptr; ///< times the pass; null: nothing is timed
};

/** The forward pass: weights, KV cache and working buffers of one model on one device.
 *
 *  A batch of tokens is grouped by expert and recorded for each micro-batch; one token runs through a command buffer
 *  that was recorded once and is only submitted again, until an answer asks for another part of its routing, its timing
 *  begins or ends, or an intervention changes its shape. */
class Transformer {
public:
    Transformer(vulkan::Device& device, const model::ModelConfig& config, const gguf::Reader& file, uint32_t context,
                KvType kv, const Variants& variants, const std::function<bool(uint64_t, uint64_t)>& progress);

    /** Runs both ways through the model once, so that the driver compiles every kernel before the first prompt. */
    void warmUp();

    /** How all passes route from here on. What the KV cache holds was made otherwise. Records nothing where only the table
     *  of rules differs. Throws trace::Error{intervention.experts_used}, {vulkan.memory}, {workspace.range}, and leaves
     *  all as it was. */
    void intervene(const trace::Intervention& intervention);

    uint32_t context() const { return m_shape.context; }
    /** Tokens that prefill() should be given next: by measurement, at most the micro-batch, and of it no more than whose
     *  logits can be read back where all are wanted. */
    uint32_t advisedTokens(LogitRows logits) const {
        return m_pacer.advisedTokens(logits == LogitRows::All ? m_logitBatch : m_batch);
    }

    /** Appends `tokens` (at most a micro-batch, and as advisedTokens() says with all logits) at `position`. False: cancelled; the KV cache is as it was up to
     *  `position`. */
    bool prefill(std::span<const int32_t> tokens, uint32_t position, const PassOptions& options);
    /** Before the first decode() of an answer: records the step to leave for the host what `options` ask for and no
     *  more, with timestamps only if there is a clock, if it was not recorded so. */
    void prepareDecode(const PassOptions& options);
    /** Appends one token through the recorded step. */
    void decode(int32_t token, uint32_t position, const PassOptions& options);

    /** What the query of `token`, which the KV cache holds at `position`, weighs in `layer`. The token goes through the layers
     *  below once more, beside the cache: nothing is written to it, and logits and routing stay those of the last pass.
     *  Throws trace::Error{attention.range} where the device cannot bind that many weights. */
    trace::AttentionWeights attentionWeights(int32_t token, uint32_t position, uint32_t layer);

    /** Logits of the last pass: [rows][vocab_size] with rows 1 (LogitRows::Last, decode) or the batch's. */
    std::span<const float> logits() const { return m_logits; }
    /** Routing of token `index` of the last pass, if it was asked for. */
    trace::RouterTrace router(uint32_t index) const;
    /** Residual stream of the last prefill: [block_count + 1][tokens][embedding_length]. */
    std::span<const float> hidden() const { return m_hidden; }

    uint64_t weightsBytes() const { return m_weights.bytes(); }
    uint64_t kvBytes() const { return m_kv.bytes(); }
    const WeightUse& weightUse() const { return m_weights.use(); }
    trace::MemoryUse kvUse() const { return m_kv.use(); }
    /** With the table of an intervention, if there is one. */
    trace::MemoryUse workspaceUse() const;
    /** Of what is made when all logits or the states of all layers are first asked for; no part of the plan. */
    trace::MemoryUse readBackUse() const;
    uint64_t lastPrefillDispatches() const { return m_pacer.dispatches(); }

private:
    // transformer_token.cpp
    /** After each interval: what it was and of which layer. */
    using Mark = std::function<void(trace::StepPart part, int32_t layer)>;
    void recordToken(vulkan::CommandRecorder& recorder, const PassOptions& options);
    /** x → its raw heads. */
    void recordTokenQkv(vulkan::CommandRecorder& recorder, uint32_t layer, const Mark& mark);
    /** Raw heads → the query, and key and value of `layer` into the cache if `store`. */
    void recordTokenRope(vulkan::CommandRecorder& recorder, uint32_t layer, bool store, const Mark& mark);
    /** Raw heads → x, and key and value into the cache if `store`. */
    void recordTokenAttention(vulkan::CommandRecorder& recorder, uint32_t layer, bool store, const Mark& mark);
    void recordTokenFfn(vulkan::CommandRecorder& recorder, uint32_t layer, const Mark& mark);
    void recordTokenDown(vulkan::CommandRecorder& recorder, uint32_t layer);

    // transformer_batch.cpp
    bool runBatch(uint32_t tokens, const PassOptions& options);
    bool batchAttention(uint32_t layer, uint32_t tokens);
    bool batchFfn(uint32_t layer, uint32_t tokens);

    /** Shape of attention in one layer. */
    AttentionShape shapeOf(uint32_t layer) const;
    static Kernels::GateUp routedGateUp(const LayerWeights& layer);
    Kernels::GateUp sharedGateUp(const LayerWeights& layer) const;
    Kernels::SortOutputs sortOutputs() const;
    /** The one FFN of a dense layer, or the shared expert of another unless it is switched off. */
    bool hasUnrouted(uint32_t layer) const {
        return m_weights.layers[layer].ffn_gate && !(m_config.isMoe(layer) && m_withoutShared);
    }
    /** x, normed, and what the router chooses for it. `logits`: they and the norm are computed already. */
    void recordRouter(vulkan::CommandRecorder& recorder, uint32_t layer, uint32_t tokens,
                      const vulkan::Buffer* logits = nullptr);
    /** x += RMSNorm(the output of attention or feed-forward): families with a post norm. */
    void addNormed(vulkan::CommandRecorder& recorder, const vulkan::Buffer& norm, uint32_t tokens);
    void copyBack(vulkan::CommandRecorder& recorder, uint32_t batch, const PassOptions& options);
    void setStep(uint32_t position, const PassOptions& options);
    void readHidden(uint32_t tokens);

    vulkan::Device& m_device;
    model::ModelConfig m_config;
    uint32_t m_batch;
    uint32_t m_logitBatch; ///< of it, with the logits of all
    uint32_t m_splits;
    AttentionShape m_shape; ///< of layers without a window
    ExpertsShape m_experts; ///< as the intervention has it
    bool m_withoutShared = false;
    std::unique_ptr<vulkan::Buffer> m_rules; ///< shaders::RouterRule [MoE layer][expert]; null: none
    Kernels m_kernels;
    DeviceWeights m_weights;
    KvCache m_kv;
    Activations m_act;
    Pacer m_pacer;
    vulkan::CommandRecorder m_token;
    /** What of the routing m_token leaves for the host. */
    struct Recorded {
        bool router = false;
        bool router_probs = false;
        bool timed = false;
        bool operator==(const Recorded&) const = default;
    };
    std::optional<Recorded> m_recorded;     ///< unset: m_token is not recorded yet
    std::vector<IntervalMark> m_tokenMarks; ///< intervals of m_token, if it is timed

    std::unique_ptr<vulkan::Buffer> m_allLogits;    ///< [logit batch][stride(vocab_size)], made when first asked for
    std::unique_ptr<vulkan::Buffer> m_hiddenLayers; ///< [block_count + 1][batch][stride(embedding_length)], likewise
    std::vector<float> m_logits;
    std::vector<float> m_hidden;
    uint32_t m_logBatch = 1; ///< tokens a layer has room for in the last pass's log
    bool m_hasProbs = false;
};

} // namespace moescope::inference
