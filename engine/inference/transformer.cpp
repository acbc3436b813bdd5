// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/transformer.h"

#include "engine/inference/weight_layout.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <array>
#include <bit>

namespace moescope::inference {

namespace {

/** Whether the device is to sample. */
bool samplesOnDevice(const Variants& variants, const vulkan::Device& device, uint32_t token_count) {
    const bool can = Kernels::canSample(token_count);
    if (variants.sampling.value_or(false) && !can) {
        throw trace::Error("variant.device", "The variant “sampling” has no room for a vocabulary of {tokens} tokens.",
                           {{"tokens", trace::grouped(token_count)}});
    }
    return can && variants.sampling.value_or(!device.limits().software);
}

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
    if (config.expert_used_count > Kernels::mostExpertsUsed) {
        refuse("expert_used_count", config.expert_used_count, Kernels::mostExpertsUsed);
    }
    return config;
}

/** Bytes of keys, or of values, that all kernels can bind at once. */
uint64_t kvRange(const vulkan::Device& device, bool texels, const Variants& variants) {
    const vulkan::Limits& limits = device.limits();
    const uint64_t most = std::min(limits.largestBuffer(), texels ? limits.max_texel_range : UINT64_MAX);
    return std::min(most, variants.kv_range.value_or(most));
}

/** attention.comp has no spans as the kernels that read texels have: heads of 256 were right up to 38,375 positions. */
uint32_t checkedContext(const vulkan::Device& device, bool texels, uint32_t context) {
    constexpr uint32_t most = 32768;
    if (device.limits().software && !texels && context > most) {
        throw trace::Error(
            "context.driver",
            "{device} ends loops early, so that without the variant “texels” it attends to at most {most} "
            "tokens; a context of {context} is wanted.",
            {{"device", device.info().name}, {"most", trace::grouped(most)}, {"context", trace::grouped(context)}});
    }
    return context;
}

/** Rows of the largest matrix that is multiplied with one token. */
uint32_t mostRows(const DeviceWeights& weights) {
    uint32_t most = weights.output().rows;
    for (const LayerWeights& layer : weights.layers) {
        for (const Matrix& part : layer.attn_qkv) {
            most = std::max(most, part.rows);
        }
        for (const Matrix* matrix :
             {&layer.attn_output, &layer.ffn_gate, &layer.ffn_down, &layer.ffn_gate_exps, &layer.ffn_down_exps}) {
            most = std::max(most, matrix->rows);
        }
    }
    return most;
}

trace::MemoryUse useOf(const std::unique_ptr<vulkan::Buffer>& buffer) {
    return buffer != nullptr ? buffer->use() : trace::MemoryUse();
}

} // namespace

Transformer::Transformer(vulkan::Device& device, const model::ModelConfig& config, const gguf::Reader& file,
                         uint32_t context, uint32_t batch, KvType kv, const Variants& variants,
                         const std::function<bool(uint64_t, uint64_t)>& progress)
    : m_device(device), m_config(checked(config)), m_batch(batch),
      m_logitBatch(readBackBatch(m_batch, config.vocab_size, device.limits().largestBuffer())),
      m_hiddenBatch(readBackBatch(m_batch, (config.block_count + 1) * stride(config.embedding_length),
                                  device.limits().largestBuffer())),
      m_splits(attentionSplits(context)),
      m_shape(attentionShape(config, context, kv)), m_experts{config.expert_count, config.expert_used_count,
                                                              config.expert_weights_norm, config.activation},
      m_kernels(device, variantsFor(variants, kv)), m_weights(device, config, file, m_kernels.rowGroup()),
      m_kv(device, config, checkedContext(device, m_kernels.texels(), context), kv,
           kvRange(device, m_kernels.texels(), variants)),
      m_act(device, config, context, m_batch, ropeFactors(config, m_weights, context)), m_pacer(device),
      m_samples(samplesOnDevice(variants, device, config.token_count)), m_firstSample(device, "first sample"),
      m_wholeSteps(variants.whole_steps) {
    m_slots.push_back(std::make_unique<StepSlot>(device, stepSizes(config.expert_used_count)));
    readBackFrom(m_act.routed->router_log_host, m_act.router_probs_host, 1, false);
    m_pacer.mayPart(trace::StepPart::GateUp);
    m_pacer.mayPart(trace::StepPart::Down);
    m_pacer.mayPart(trace::StepPart::Attention);
    if (!m_kernels.texels() && variants.tuning.value_or(!device.limits().software)) {
        m_kernels.cutMatvec(tunedCut(device, mostBytesType(file), mostRows(m_weights)));
    }
    rehearse();
    m_pipelineMaker.emplace(m_kernels.pipelines());
    m_weights.upload(progress);
}

ActivationSizes Transformer::stepSizes(uint32_t experts_used) const {
    model::ModelConfig config = m_config;
    config.expert_used_count = std::max(experts_used, config.expert_used_count);
    return {config, 1, 1};
}

shaders::StepState Transformer::stepState(uint32_t position, const PassOptions& options) {
    return {.position = position, .log_router = options.router, .log_probs = options.router_probs, .reserved = 0};
}

void Transformer::setStep(std::span<const int32_t> tokens, uint32_t position, const PassOptions& options) {
    std::copy(tokens.begin(), tokens.end(), m_act.token_ids_host.mapped<int32_t>());
    *m_act.step_host.mapped<shaders::StepState>() = stepState(position, options);
}

void Transformer::recordInputs(vulkan::CommandRecorder& recorder, uint32_t tokens) {
    recorder.copy(m_act.token_ids_host, 0, m_act.token_ids, 0, tokens * sizeof(int32_t));
    recorder.copy(m_act.step_host, 0, m_act.step, 0, sizeof(shaders::StepState));
    recorder.barrier();
}

void Transformer::rehearse() {
    const std::array recorders{&m_pacer.recorder(), &m_slots.front()->firstRecorder(), &m_firstSample};
    for (vulkan::CommandRecorder* recorder : recorders) {
        recorder->rehearse(true);
    }
    runAllWays();
    for (vulkan::CommandRecorder* recorder : recorders) {
        recorder->rehearse(false);
    }
    m_slots.front()->recorded.reset();
}

void Transformer::warmUp() {
    runAllWays();
    if (m_pipelineMaker) {
        m_pipelineMaker->finish();
        m_pipelineMaker.reset();
    }
}

void Transformer::runAllWays() {
    const uint32_t most = std::min(context(), m_batch);
    const bool two = most >= 2;
    if (two) {
        prefill(std::array<int32_t, 2>{}, 0, {});
    }
    if (const uint32_t tall = m_kernels.tileHeights().tall; tall != 0 && tall / 2 < most) {
        prefill(std::vector<int32_t>(std::min(tall, most)), 0, {});
    }
    decode(0, 0, {});
    if (m_samples && two) {
        beginSampling({.token_count = m_config.token_count, .top_k = 1, .inverse_temperature = 1}, 1, {});
        submitStep({});
        finishStep({});
    }
    m_pacer.forget();
    m_stepMs = 0; // what a step took says nothing then either
    m_layersEach = m_wholeSteps.value_or(true) ? 0 : 1;
}

trace::MemoryUse Transformer::workspaceUse() const {
    trace::MemoryUse use = m_act.use();
    use += m_slots.front()->use();
    use += useOf(m_rules);
    return use;
}

trace::MemoryUse Transformer::readBackUse() const {
    trace::MemoryUse use = useOf(m_allLogits);
    use += useOf(m_hiddenLayers);
    if (m_mass != nullptr) {
        use += m_mass->weights.use();
        use += m_mass->mass.use();
    }
    for (size_t i = 1; i < m_slots.size(); ++i) {
        use += m_slots[i]->use();
    }
    return use;
}

std::unique_ptr<StepSlot> Transformer::slotFor(uint32_t experts_used) {
    const ActivationSizes sizes = stepSizes(experts_used);
    try {
        return std::make_unique<StepSlot>(m_device, sizes);
    } catch (const trace::Error& error) {
        // The way back from an intervention needs no room of its own: it must not be barred.
        if (sizes.step_router_log > m_slots.front()->router_log.size() || error.id() != "vulkan.memory") {
            throw;
        }
        return nullptr;
    }
}

void Transformer::intervene(const trace::Intervention& intervention) {
    const RouterRules rules = routerRules(intervention, m_config);
    const bool sameShape = rules.experts_used == m_experts.expert_used_count &&
                           rules.norm_weights == m_experts.norm_weights && rules.without_shared == m_withoutShared &&
                           rules.table.empty() == (m_rules == nullptr);
    const std::span bytes(reinterpret_cast<const uint8_t*>(rules.table.data()),
                          rules.table.size() * sizeof(shaders::RouterRule));
    if (!sameShape) {
        std::unique_ptr<vulkan::Buffer> table;
        if (!bytes.empty()) {
            table = std::make_unique<vulkan::Buffer>(m_device, bytes.size(), vulkan::MemoryKind::DeviceLocal,
                                                     "router_rules");
        }
        std::unique_ptr<StepSlot> slot = slotFor(rules.experts_used);
        m_act.resize(rules.experts_used);
        m_slots.resize(1);
        if (slot != nullptr) {
            m_slots.front() = std::move(slot);
        }
        m_slots.front()->clear(); // recorded with buffers and counts that are no longer these
        readBackFrom(m_act.routed->router_log_host, m_act.router_probs_host, 1, false);
        m_rules = std::move(table);
        m_experts.expert_used_count = rules.experts_used;
        m_experts.norm_weights = rules.norm_weights;
        m_withoutShared = rules.without_shared;
        m_pacer.forget();
    }
    if (!bytes.empty()) {
        m_rules->upload(0, bytes);
    }
}

// ---- what both passes record ---------------------------------------------------------------------------------------

AttentionShape Transformer::shapeOf(uint32_t layer) const {
    AttentionShape shape = m_shape;
    shape.window = m_config.window(layer);
    shape.rope_first = m_config.usesWindowRope(layer) ? m_shape.context : 0;
    return shape;
}

AttentionShape Transformer::shapeOf(uint32_t layer, const KvCache::Part& part) const {
    AttentionShape shape = shapeOf(layer);
    shape.kv_first = part.first;
    shape.kv_heads = part.heads;
    return shape;
}

Kernels::GateUp Transformer::routedGateUp(const LayerWeights& layer) {
    return {.gate = layer.ffn_gate_exps,
            .up = layer.ffn_up_exps,
            .gate_bias = layer.ffn_gate_exps_bias.get(),
            .up_bias = layer.ffn_up_exps_bias.get()};
}

Kernels::SortOutputs Transformer::sortOutputs() const {
    return {m_act.sort_counts, m_act.routed->sort_order, m_act.routed->sort_tiles, m_act.sort_grids};
}

void Transformer::recordRouter(vulkan::CommandRecorder& r, uint32_t i, uint32_t tokens, bool given) {
    const LayerWeights& layer = m_weights.layers[i];
    m_kernels.moeRouter(r, layer.ffn_gate_inp, layer.ffn_gate_inp_bias.get(), m_rules.get(), m_experts, m_act.x,
                        *layer.ffn_norm, m_config.layer_norm_rms_epsilon, m_act.step,
                        {m_act.normed, m_act.routed->experts, m_act.routed->expert_weights, m_act.shared_weights,
                         m_act.routed->router_log, m_act.router_probs, m_act.router_logits, m_act.counters},
                        i - m_config.leading_dense_block_count, tokens, tokens, given);
}

void Transformer::addNormed(vulkan::CommandRecorder& r, const vulkan::Buffer& norm, uint32_t tokens) {
    m_kernels.rmsNorm(r, m_act.normed, norm, m_act.x, m_config.embedding_length, m_config.layer_norm_rms_epsilon,
                      tokens, true);
}

void Transformer::copyBack(vulkan::CommandRecorder& recorder, uint32_t batch, const vulkan::Buffer* log,
                           const vulkan::Buffer* probs) {
    const uint64_t layers = m_config.moeLayerCount();
    if (layers == 0) {
        return;
    }
    if (log != nullptr) {
        recorder.copy(m_act.routed->router_log, 0, *log, 0,
                      layers * batch * Kernels::logEntry(m_experts.expert_used_count) * sizeof(uint32_t));
    }
    if (probs != nullptr) {
        recorder.copy(m_act.router_probs, 0, *probs, 0, layers * batch * m_experts.expert_count * sizeof(float));
    }
}

// ---- what the host reads -------------------------------------------------------------------------------------------

void Transformer::readBackFrom(const vulkan::Buffer& log, const vulkan::Buffer& probs, uint32_t tokens,
                               bool has_probs) {
    m_routerLog = &log;
    m_routerProbs = &probs;
    m_logBatch = tokens;
    m_hasProbs = has_probs;
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
        const uint32_t* entry = m_routerLog->mapped<uint32_t>() + row * Kernels::logEntry(used);
        for (uint32_t s = 0; s < used; ++s) {
            trace.experts.push_back(static_cast<uint16_t>(entry[s]));
            trace.chosen_probs.push_back(std::bit_cast<float>(entry[used + 1 + s]));
            trace.weights.push_back(std::bit_cast<float>(entry[2 * used + 2 + s]));
        }
        trace.runner_up.push_back(static_cast<uint16_t>(entry[used]));
        trace.runner_up_prob.push_back(std::bit_cast<float>(entry[2 * used + 1]));
        if (m_hasProbs) {
            const float* probs = m_routerProbs->mapped<float>() + row * trace.expert_count;
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
            const float* row = m_hiddenLayers->mapped<float>() + (size_t{layer} * m_hiddenBatch + t) * stride(width);
            m_hidden.insert(m_hidden.end(), row, row + width);
        }
    }
}

} // namespace moescope::inference
