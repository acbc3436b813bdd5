// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/activations.h"

#include "engine/inference/kernels.h"
#include "engine/inference/kv_cache.h"
#include "engine/inference/step_slot.h"
#include "engine/inference/weight_layout.h"
#include "engine/model/rope_config.h"
#include "engine/trace/error.h"
#include "shaders/common/sampling.h"

#include <algorithm>
#include <cmath>
#include <initializer_list>

namespace moescope::inference {

namespace {

constexpr uint64_t word = 4;

using vulkan::MemoryKind;

// The sizes, if the device can bind each of them.
ActivationSizes checkedSizes(const vulkan::Device& device, const model::ModelConfig& config, uint32_t context,
                             uint32_t batch) {
    const ActivationSizes sizes(config, context, batch);
    const uint64_t most = device.limits().max_storage_range;
    const uint64_t largest = sizes.largest();
    if (largest > most) {
        throw trace::Error("workspace.range",
                           "A context of {context} tokens needs a working buffer of {bytes} and {device} can bind at "
                           "most {most} at once.",
                           {{"context", trace::grouped(context)},
                            {"bytes", trace::bytesText(largest)},
                            {"device", device.info().name},
                            {"most", trace::bytesText(most)}});
    }
    return sizes;
}

uint32_t ropeTables(const model::ModelConfig& config) { return config.rope_freq_base_swa > 0 ? 2 : 1; }

// Appends cosine and sine of each position and pair.
void addRopeTable(std::vector<float>& table, const std::vector<float>& frequencies, uint32_t context, double factor) {
    for (uint32_t position = 0; position < context; ++position) {
        for (const float frequency : frequencies) {
            // The angle is rounded to f32 as the reference does; its sine and cosine are then exact to f32.
            const double angle = static_cast<float>(position) * frequency;
            table.push_back(static_cast<float>(std::cos(angle) * factor));
            table.push_back(static_cast<float>(std::sin(angle) * factor));
        }
    }
}

std::vector<float> ropeTable(const model::ModelConfig& config, uint32_t context, std::span<const float> factors) {
    std::vector<float> table;
    table.reserve(size_t{context} * config.rope_dimension_count * ropeTables(config));
    addRopeTable(table, model::ropeFrequencies(config, false, factors), context, config.rope_attn_factor);
    if (ropeTables(config) > 1) {
        addRopeTable(table, model::ropeFrequencies(config, true, {}), context, 1);
    }
    return table;
}

} // namespace

uint32_t microBatch(bool software) { return software ? 256 : 512; }

uint32_t readBackBatch(uint32_t batch, uint32_t floats, uint64_t largest) {
    constexpr uint64_t most = 64ULL << 20; // 2,048 tokens of 150,000 words would be 1.2 GB that no plan counts
    const uint64_t rows = std::min(most, largest) / (uint64_t{stride(floats)} * word);
    return static_cast<uint32_t>(std::clamp<uint64_t>(rows, 1, batch));
}

uint32_t attentionSplits(uint32_t context) {
    constexpr uint32_t leastSpan = 128; // shaders/attention_split.comp
    return std::clamp<uint32_t>(context / leastSpan, 1, Kernels::mostAttentionSplits);
}

ActivationSizes::ActivationSizes(const model::ModelConfig& config, uint32_t context, uint32_t batch) {
    const uint32_t headStride = kvHeadStride(KvType::Q8_0, config.head_dim); // the widest of all types
    const uint64_t pairs = uint64_t{batch} * std::max<uint32_t>(config.expert_used_count, 1);
    const uint64_t experts_in_all = std::max<uint32_t>(config.expert_count, 1);
    const uint64_t moeLayers = std::max<uint32_t>(config.moeLayerCount(), 1);
    const uint64_t width = uint64_t{stride(config.embedding_length)} * word;
    const uint64_t heads = uint64_t{stride(config.head_count * config.head_dim)} * word;
    const bool dense = config.moeLayerCount() < config.block_count;
    const uint32_t shared =
        std::max({config.expert_shared_feed_forward_length, dense ? config.feed_forward_length : 0U, 1U});

    const uint64_t chunks = (config.vocab_size + shaders::SAMPLER_CHUNK - 1) / shaders::SAMPLER_CHUNK;

    token_ids = batch * word;
    token_ids_host = token_ids;
    step = sizeof(shaders::StepState);
    step_host = step;
    rope = uint64_t{context} * config.rope_dimension_count * ropeTables(config) * word;
    x = batch * width;
    normed = batch * width;
    qkv = uint64_t{batch} * qkvStride(config.head_count, config.head_count_kv, config.head_dim) * word;
    q_roped = (uint64_t{batch} * config.head_count + Kernels::spareHeads) * headStride * word;
    attn_out = batch * heads;
    attn_partial = Kernels::attentionPartialFloats(config.head_count, headStride, Kernels::mostAttentionSplits) * word;
    counters = config.head_count * word;
    experts = pairs * word;
    expert_weights = pairs * word;
    shared_weights = batch * word;
    h = pairs * stride(std::max<uint32_t>(config.expert_feed_forward_length, 1)) * word;
    h_shared = uint64_t{batch} * stride(shared) * word;
    pair_out = pairs * width;
    sort_counts = experts_in_all * Kernels::sortWorkers * word;
    sort_order = pairs * word;
    sort_tiles = Kernels::mostTiles(pairs, experts_in_all) * 4 * word;
    sort_grids = Kernels::sortGridWords * word;
    router_log = moeLayers * batch * Kernels::logEntry(std::max<uint32_t>(config.expert_used_count, 1)) * word;
    router_logits = uint64_t{batch} * stride(std::max<uint32_t>(config.expert_count, 1) + 1) * word;
    router_probs = moeLayers * batch * experts_in_all * word;
    logits = uint64_t{stride(config.vocab_size)} * word;
    logits_host = logits;
    router_log_host = router_log;
    router_probs_host = router_probs;
    sampler = sizeof(shaders::SamplerState);
    sample_top = chunks * shaders::SAMPLER_MOST_TOP * 2 * word;
    sample_refused = chunks * word;
    sampled = sizeof(StepSample);
    step_logits = logits;
    step_router_log = router_log / batch;
    step_router_probs = router_probs / batch;
}

uint64_t ActivationSizes::total() const {
    return token_ids + token_ids_host + step + step_host + rope + x + normed + qkv + q_roped + attn_out + attn_partial +
           counters + experts + expert_weights + shared_weights + h + h_shared + pair_out + sort_counts + sort_order +
           sort_tiles + sort_grids + router_log + router_logits + router_probs + logits + logits_host +
           router_log_host + router_probs_host + sampler + sample_top + sample_refused + 2 * sampled + step_logits +
           step_router_log + step_router_probs;
}

uint64_t ActivationSizes::largest() const {
    return std::max({rope, x, qkv, q_roped, attn_partial, h, h_shared, pair_out, router_log, router_probs, logits});
}

RoutedActivations::RoutedActivations(vulkan::Device& device, const ActivationSizes& sizes)
    : experts(device, sizes.experts, MemoryKind::DeviceLocal, "experts"),
      expert_weights(device, sizes.expert_weights, MemoryKind::DeviceLocal, "expert_weights"),
      h(device, sizes.h, MemoryKind::DeviceLocal, "h"),
      pair_out(device, sizes.pair_out, MemoryKind::DeviceLocal, "pair_out"),
      sort_order(device, sizes.sort_order, MemoryKind::DeviceLocal, "sort_order"),
      sort_tiles(device, sizes.sort_tiles, MemoryKind::DeviceLocal, "sort_tiles"),
      router_log(device, sizes.router_log, MemoryKind::DeviceLocal, "router_log"),
      router_log_host(device, sizes.router_log_host, MemoryKind::HostVisible, "router_log_host") {}

Activations::Activations(vulkan::Device& device, const model::ModelConfig& config, uint32_t context, uint32_t batch,
                         std::span<const float> rope_factors)
    : m_device(device), m_config(config), m_context(context), m_batch(batch), m_expertsUsed(config.expert_used_count),
      m_sizes(checkedSizes(device, config, context, batch)),
      routed(std::make_unique<RoutedActivations>(device, m_sizes)),
      token_ids(device, m_sizes.token_ids, MemoryKind::DeviceLocal, "token_ids"),
      token_ids_host(device, m_sizes.token_ids_host, MemoryKind::HostVisible, "token_ids_host"),
      step(device, m_sizes.step, MemoryKind::DeviceLocal, "step"),
      step_host(device, m_sizes.step_host, MemoryKind::HostVisible, "step_host"),
      rope(device, m_sizes.rope, MemoryKind::DeviceLocal, "rope"), x(device, m_sizes.x, MemoryKind::DeviceLocal, "x"),
      normed(device, m_sizes.normed, MemoryKind::DeviceLocal, "normed"),
      qkv(device, m_sizes.qkv, MemoryKind::DeviceLocal, "qkv"),
      q_roped(device, m_sizes.q_roped, MemoryKind::DeviceLocal, "q_roped"),
      attn_out(device, m_sizes.attn_out, MemoryKind::DeviceLocal, "attn_out"),
      attn_partial(device, m_sizes.attn_partial, MemoryKind::DeviceLocal, "attn_partial"),
      counters(device, m_sizes.counters, MemoryKind::DeviceLocal, "counters"),
      shared_weights(device, m_sizes.shared_weights, MemoryKind::DeviceLocal, "shared_weights"),
      h_shared(device, m_sizes.h_shared, MemoryKind::DeviceLocal, "h_shared"),
      sort_counts(device, m_sizes.sort_counts, MemoryKind::DeviceLocal, "sort_counts"),
      sort_grids(device, m_sizes.sort_grids, MemoryKind::DeviceLocal, "sort_grids"),
      router_logits(device, m_sizes.router_logits, MemoryKind::DeviceLocal, "router_logits"),
      router_probs(device, m_sizes.router_probs, MemoryKind::DeviceLocal, "router_probs"),
      logits(device, m_sizes.logits, MemoryKind::DeviceLocal, "logits"),
      logits_host(device, m_sizes.logits_host, MemoryKind::HostVisible, "logits_host"),
      router_probs_host(device, m_sizes.router_probs_host, MemoryKind::HostVisible, "router_probs_host"),
      sampler(device, m_sizes.sampler, MemoryKind::DeviceLocal, "sampler"),
      sample_top(device, m_sizes.sample_top, MemoryKind::DeviceLocal, "sample_top"),
      sample_refused(device, m_sizes.sample_refused, MemoryKind::DeviceLocal, "sample_refused"),
      sampled(device, m_sizes.sampled, MemoryKind::DeviceLocal, "sampled") {
    const std::vector<float> table = ropeTable(config, context, rope_factors);
    rope.upload(0, std::span(reinterpret_cast<const uint8_t*>(table.data()), table.size() * sizeof(float)));
}

trace::MemoryUse Activations::use() const {
    const std::initializer_list<const Buffer*> all = {&token_ids,
                                                      &token_ids_host,
                                                      &step,
                                                      &step_host,
                                                      &rope,
                                                      &x,
                                                      &normed,
                                                      &qkv,
                                                      &q_roped,
                                                      &attn_out,
                                                      &attn_partial,
                                                      &counters,
                                                      &shared_weights,
                                                      &h_shared,
                                                      &sort_counts,
                                                      &sort_grids,
                                                      &router_logits,
                                                      &router_probs,
                                                      &logits,
                                                      &logits_host,
                                                      &router_probs_host,
                                                      &sampler,
                                                      &sample_top,
                                                      &sample_refused,
                                                      &sampled,
                                                      &routed->experts,
                                                      &routed->expert_weights,
                                                      &routed->h,
                                                      &routed->pair_out,
                                                      &routed->sort_order,
                                                      &routed->sort_tiles,
                                                      &routed->router_log,
                                                      &routed->router_log_host};
    trace::MemoryUse use;
    for (const Buffer* buffer : all) {
        use += buffer->use();
    }
    return use;
}

void Activations::resize(uint32_t experts_used) {
    const uint32_t most = std::max(experts_used, m_config.expert_used_count);
    if (most == m_expertsUsed) {
        return;
    }
    model::ModelConfig config = m_config;
    config.expert_used_count = most;
    try {
        const ActivationSizes sizes = checkedSizes(m_device, config, m_context, m_batch);
        routed = std::make_unique<RoutedActivations>(m_device, sizes);
        m_sizes = sizes;
        m_expertsUsed = most;
    } catch (const trace::Error& error) {
        // The way back from an intervention needs both for a moment: it must not be barred.
        if (most > m_expertsUsed || error.id() != "vulkan.memory") {
            throw;
        }
    }
}

} // namespace moescope::inference
