// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/inference/activations.h"
#include "engine/inference/device_weights.h"
#include "engine/inference/kernels.h"
#include "engine/inference/kv_cache.h"
#include "engine/inference/pacer.h"
#include "engine/inference/pipeline_maker.h"
#include "engine/inference/router_rules.h"
#include "engine/inference/step_slot.h"
#include "engine/inference/variants.h"
#include "engine/trace/attention_weights.h"
#include "engine/trace/cancel.h"
#include "engine/trace/info.h"
#include "engine/trace/token_trace.h"

#include <deque>
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
 *  that was recorded once and is only submitted again, until an answer asks for another part of what it leaves for the host,
 *  its timing begins or ends, or an intervention changes its shape. */
class Transformer {
public:
    /** `batch`: tokens of a prompt that are computed at once, at most. Uploads the weights, while other threads begin to make the
     *  pipelines of warmUp(). Throws trace::Error as DeviceWeights, KvCache, Activations and vulkan::ComputePipeline do,
     *  {model.too_wide}, {context.driver}, and {load.cancelled} where `progress` (bytes of the file read, all of them) returns false. */
    Transformer(vulkan::Device& device, const model::ModelConfig& config, const gguf::Reader& file, uint32_t context,
                uint32_t batch, KvType kv, const Variants& variants,
                const std::function<bool(uint64_t, uint64_t)>& progress);

    /** Runs all ways through the model once, so that the driver compiles every kernel before the first prompt. Takes the
     *  pipelines as they come, and waits for the last. Throws as vulkan::ComputePipeline and CommandRecorder do. */
    void warmUp();
    /** Pipelines that passes needed so far, those first that the constructor foresaw. */
    const std::vector<const vulkan::ComputePipeline*>& pipelines() const { return m_kernels.pipelines(); }

    /** How all passes route from here on. What the KV cache holds was made otherwise. Records nothing where only the table
     *  of rules differs. Throws trace::Error{intervention.experts_used}, {vulkan.memory}, {workspace.range}, and leaves
     *  all as it was. */
    void intervene(const trace::Intervention& intervention);

    uint32_t context() const { return m_shape.context; }
    /** Tokens that prefill() should be given next: by measurement, at most the micro-batch, and of it no more than whose logits or
     *  hidden states can be read back where these are wanted. Cooperative matrices round a token by what else is in its batch, so
     *  with them time has no say in what that is: else no run would repeat another. */
    uint32_t advisedTokens(const PassOptions& options) const {
        const uint32_t most = std::min(options.logits == LogitRows::All ? m_logitBatch : m_batch,
                                       options.hidden ? m_hiddenBatch : m_batch);
        return m_kernels.coopmat() ? most : m_pacer.advisedTokens(most);
    }

    /** Appends `tokens`, at most as many as advisedTokens() would with a fast device, at `position`. False: cancelled; the KV cache is
     *  as it was up to `position`. */
    bool prefill(std::span<const int32_t> tokens, uint32_t position, const PassOptions& options);
    /** Before the first step of an answer: records it to leave for the host what `options` ask for and no more, with
     *  timestamps only if there is a clock, if it was not recorded so. */
    void prepareDecode(const PassOptions& options);
    /** Appends one token through the recorded step: submitToken() and finishStep(). */
    void decode(int32_t token, uint32_t position, const PassOptions& options);
    void submitToken(int32_t token, uint32_t position, const PassOptions& options);

    /** Whether the device is to sample, where the sampler fits it. */
    bool samples() const { return m_samples; }
    /** From here on the device samples. The first token, which will stand at `position`, by the logits of the last pass;
     *  `options` as for the steps. */
    StepSample beginSampling(const shaders::SamplerState& sampler, uint32_t position, const PassOptions& options);
    /** Submits a step for the token that the device sampled last, behind those in flight; it samples the next one. At most
     *  mostStepsInFlight can be in flight; one with a clock must be alone. */
    void submitStep(const PassOptions& options);
    /** Waits for the oldest step in flight; `options` as it was submitted with. From then on logits() and router(0) are its
     *  own. What it sampled, if it did; unset: cancelled, which a step of more than one submission hears in between. */
    std::optional<StepSample> finishStep(const PassOptions& options);
    uint32_t stepsInFlight() const { return static_cast<uint32_t>(m_inFlight.size()); }
    /** Waits for all steps in flight and forgets what they computed. */
    void abandonSteps();

    /** What the query of `token`, which the KV cache holds at `position`, weighs in `layer`. The token goes through the layers
     *  below once more, beside the cache: nothing is written to it, and logits and routing stay those of the last pass.
     *  Throws trace::Error{attention.range} where the device cannot bind that many weights. */
    trace::AttentionWeights attentionWeights(int32_t token, uint32_t position, uint32_t layer);
    /** How much of that query's attention falls on positions [first, first + count), by layer: the mean over heads. One pass
     *  through all layers, in slices. Throws trace::Error{work.cancelled}, {vulkan.memory}. */
    std::vector<float> attentionMass(int32_t token, uint32_t position, uint32_t first, uint32_t count,
                                     trace::CancelFlag cancel = nullptr);

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
    /** No step may be in flight. */
    KvCache& kv() { return m_kv; }
    const KvCache& kv() const { return m_kv; }
    /** What of the kernels' choice the rows of the KV cache depend on, to the bit. */
    std::string variantText() const;
    /** With the table of an intervention, if there is one. */
    trace::MemoryUse workspaceUse() const;
    /** Of what is made when all logits, the states of all layers, attention's mass or more steps in flight are first asked for;
     *  no part of the plan. */
    trace::MemoryUse readBackUse() const;
    uint64_t lastPrefillDispatches() const { return m_pacer.dispatches(); }
    PassCost lastPrefillCost() const { return m_pacer.passCost(); }

private:
    // transformer_attention.cpp
    /** What attentionMass() computes with. */
    struct MassPass {
        MassPass(vulkan::Device& device, const model::ModelConfig& config, uint32_t context);

        uint32_t heads;         ///< whose weights are there at a time, at most
        vulkan::Buffer weights; ///< [head][context + 1]
        vulkan::Buffer mass;    ///< [block_count][head_count]
        Pacer pacer;
    };

    /** [head][positions + 1] floats; the last of a head is the sink's share. */
    vulkan::Buffer weightsBuffer(uint32_t positions) const;
    /** Raw heads → the queries of a layer. */
    void recordQueries(vulkan::CommandRecorder& recorder, uint32_t layer);
    /** Raw heads → the masses of a layer. */
    void recordMass(uint32_t layer, uint32_t first, uint32_t count);
    /** Ends an interval, or one of `parts` alike of it. Throws trace::Error{work.cancelled}. */
    void endOfMass(trace::StepPart part, uint32_t layer, uint32_t parts = 1);
    /** Raw heads → the weights of a layer. */
    void recordWeights(vulkan::CommandRecorder& recorder, uint32_t layer, uint32_t positions,
                       const vulkan::Buffer& out);

    void runAllWays();
    /** runAllWays() without the device: names every pipeline that it needs. */
    void rehearse();

    // transformer_token.cpp
    /** After each interval: what it was and of which layer. */
    using Mark = std::function<void(trace::StepPart part, int32_t layer)>;
    /** What the host wrote, for `tokens` tokens. */
    void recordInputs(vulkan::CommandRecorder& recorder, uint32_t tokens);
    void recordToken(StepSlot& slot, const StepShape& shape);
    void recordTokenEmbedding(vulkan::CommandRecorder& recorder, const Mark& mark);
    /** Records it anew unless it `covers` (or, if `exactly`, is) what is wanted. */
    void prepare(StepSlot& slot, const StepShape& wanted, StepClock* clock, bool exactly);
    StepShape shapeFor(const PassOptions& options, bool samples) const;
    void submit(StepSlot& slot, StepClock* clock);
    /** Waits for it, part by part; false: cancelled before its last one. */
    bool finishParts(StepSlot& slot, const PassOptions& options);
    /** Cuts the steps to come, if one that took so long is a long one. */
    void cutSteps(double ms);
    /** x → its raw heads. */
    void recordTokenQkv(vulkan::CommandRecorder& recorder, uint32_t layer, const Mark& mark);
    /** Raw heads → x, and key and value into the cache if `store`. */
    void recordTokenAttention(vulkan::CommandRecorder& recorder, uint32_t layer, bool store, const Mark& mark);
    void recordTokenFfn(vulkan::CommandRecorder& recorder, uint32_t layer, const Mark& mark);
    /** x → gate × up of the chosen and the shared experts, or of the plain FFN. */
    void recordTokenGateUp(vulkan::CommandRecorder& recorder, uint32_t layer, const Mark& mark);
    void recordTokenDown(vulkan::CommandRecorder& recorder, uint32_t layer);
    void recordTokenLogits(vulkan::CommandRecorder& recorder, const Mark& mark);

    // transformer_sampling.cpp
    void recordSampling(vulkan::CommandRecorder& recorder, StepSlot& slot);
    StepSlot& freeSlot();

    // transformer_batch.cpp
    bool runBatch(uint32_t tokens, const PassOptions& options);
    bool batchAttention(uint32_t layer, uint32_t tokens);
    bool batchFfn(uint32_t layer, uint32_t tokens);

    /** Shape of attention in one layer. */
    AttentionShape shapeOf(uint32_t layer) const;
    AttentionShape shapeOf(uint32_t layer, const KvCache::Part& part) const;
    static Kernels::GateUp routedGateUp(const LayerWeights& layer);
    static Kernels::GateUp sharedGateUp(const LayerWeights& layer) {
        return {.gate = layer.ffn_gate, .up = layer.ffn_up};
    }
    /** What the shared expert of a layer is multiplied by; null: 1. */
    const vulkan::Buffer* sharedWeights(uint32_t layer) const {
        return m_config.shared_gate && m_config.isMoe(layer) ? &m_act.shared_weights : nullptr;
    }
    Kernels::SortOutputs sortOutputs() const;
    /** The one FFN of a dense layer, or the shared expert of another unless it is switched off. */
    bool hasUnrouted(uint32_t layer) const {
        return m_weights.layers[layer].ffn_gate && !(m_config.isMoe(layer) && m_withoutShared);
    }
    /** x, normed, and what the router chooses for it. `given`: the norm and the logits are computed already. */
    void recordRouter(vulkan::CommandRecorder& recorder, uint32_t layer, uint32_t tokens, bool given = false);
    /** x += RMSNorm(the output of attention or feed-forward): families with a post norm. */
    void addNormed(vulkan::CommandRecorder& recorder, const vulkan::Buffer& norm, uint32_t tokens);
    void copyBack(vulkan::CommandRecorder& recorder, uint32_t batch, const vulkan::Buffer* log,
                  const vulkan::Buffer* probs);
    static shaders::StepState stepState(uint32_t position, const PassOptions& options);
    /** What recordInputs() will copy. */
    void setStep(std::span<const int32_t> tokens, uint32_t position, const PassOptions& options);
    void readBackFrom(const vulkan::Buffer& log, const vulkan::Buffer& probs, uint32_t tokens, bool has_probs);
    ActivationSizes stepSizes(uint32_t experts_used) const;
    /** A new first slot for so many experts a token; null: there is no memory for it, and the one that there is has room. */
    std::unique_ptr<StepSlot> slotFor(uint32_t experts_used);
    void readHidden(uint32_t tokens);

    vulkan::Device& m_device;
    model::ModelConfig m_config;
    uint32_t m_batch;
    uint32_t m_logitBatch;  ///< of it, with the logits of all
    uint32_t m_hiddenBatch; ///< of it, with the states of all layers
    uint32_t m_splits;
    AttentionShape m_shape; ///< of layers without a window
    ExpertsShape m_experts; ///< as the intervention has it
    bool m_withoutShared = false;
    std::unique_ptr<vulkan::Buffer> m_rules; ///< shaders::RouterRule [MoE layer][expert]; null: none
    Kernels m_kernels;
    std::optional<PipelineMaker> m_pipelineMaker; ///< of m_kernels, until warmUp()
    DeviceWeights m_weights;
    KvCache m_kv;
    Activations m_act;
    Pacer m_pacer;
    std::vector<std::unique_ptr<StepSlot>> m_slots; ///< at least one; more when more steps are first in flight
    std::deque<StepSlot*> m_inFlight;               ///< in the order of their submission
    bool m_samples;                                 ///< on the device
    vulkan::CommandRecorder m_firstSample;          ///< of an answer
    std::optional<bool> m_wholeSteps; ///< a step is one submission, or one a layer; unset: by what it takes
    uint32_t m_layersEach = 0;        ///< layers of a submission; 0: all
    double m_stepMs = 0;              ///< of the steps that began alone, the later ones more; 0: none yet

    std::unique_ptr<vulkan::Buffer> m_allLogits; ///< [logit batch][stride(vocab_size)], made when first asked for
    std::unique_ptr<vulkan::Buffer>
        m_hiddenLayers;               ///< [block_count + 1][hidden batch][stride(embedding_length)], likewise
    std::unique_ptr<MassPass> m_mass; ///< likewise
    std::vector<float> m_logits;
    std::vector<float> m_hidden;
    // Of the last pass.
    const vulkan::Buffer* m_routerLog = nullptr;
    const vulkan::Buffer* m_routerProbs = nullptr;
    uint32_t m_logBatch = 1; ///< tokens a layer has room for in its log
    bool m_hasProbs = false;
};

} // namespace moescope::inference
