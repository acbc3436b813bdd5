// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/memory_plan.h"

#include "engine/inference/activations.h"
#include "engine/inference/device_weights.h"
#include "engine/inference/kv_cache.h"
#include "engine/inference/weight_layout.h"
#include "engine/model/hugging_face.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <map>
#include <vector>

namespace moescope::inference {

namespace {

constexpr uint32_t leastContext = 128;          // tokens: shorter ones hold no conversation
constexpr uint32_t leastSoftwareContext = 4096; // tokens
constexpr uint32_t contextStep = 64;            // tokens

template <typename TypeOf>
MemoryPlan plan(const model::ModelConfig& config, uint32_t context, KvType kv, uint32_t batch, TypeOf typeOf) {
    MemoryPlan plan;
    for (const model::ExpectedTensor& tensor : model::expectedTensors(config)) {
        plan.weights_bytes += deviceBytes(config, tensor, typeOf(tensor));
    }
    plan.kv_bytes_per_token = kvBytesPerOwnerToken(config, kv) * config.kvOwnerCount();
    plan.kv_bytes = plan.kv_bytes_per_token * context;
    const uint64_t exactHead = uint64_t{2} * kvExactRowBytes(kv, config.head_dim) * config.block_count;
    plan.kv_bytes_mha = exactHead * config.head_count * context;
    plan.kv_bytes_gqa = exactHead * config.head_count_kv * context;
    plan.workspace_bytes = ActivationSizes(config, context, batch).total();
    return plan;
}

MemoryPlan planOfFile(const model::ModelConfig& config, const gguf::Reader& file, uint32_t context, KvType kv,
                      uint32_t batch) {
    return plan(config, context, kv, batch,
                [&](const model::ExpectedTensor& expected) { return findTensor(file, expected.name).type; });
}

/** All but a sixteenth of what is free. */
uint64_t usableBytes(const MemoryRoom& room) { return room.free_bytes - room.free_bytes / 16; }

/** Bytes by type of the tensors of one purpose. */
class Tally {
public:
    void add(gguf::TensorType type, uint64_t bytes) {
        m_bytes += bytes;
        m_byType[std::string(gguf::typeName(type))] += bytes;
    }
    /** Types of less than a hundredth are not named. */
    trace::WeightShare share() const {
        std::vector<std::pair<std::string, uint64_t>> types(m_byType.begin(), m_byType.end());
        std::stable_sort(types.begin(), types.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
        trace::WeightShare share{m_bytes, {}};
        for (const auto& [type, bytes] : types) {
            if (bytes > m_bytes / 100) {
                share.types += share.types.empty() ? type : ", " + type;
            }
        }
        return share;
    }

private:
    uint64_t m_bytes = 0;
    std::map<std::string, uint64_t> m_byType;
};

[[noreturn]] void throwNoMemory(const gguf::Reader& file, const MemoryPlan& plan, uint32_t context,
                                const MemoryRoom& room) {
    throw trace::Error("context.memory",
                       "“{file}” needs {bytes} with a context of {context} tokens ({weights} of weights, {kv} of KV "
                       "cache) and “{device}” has {free} free. Choose a shorter context, a smaller model or another "
                       "device.",
                       {{"file", file.path().filename().string()},
                        {"bytes", trace::bytesText(plan.total())},
                        {"context", trace::grouped(context)},
                        {"weights", trace::bytesText(plan.weights_bytes)},
                        {"kv", trace::bytesText(plan.kv_bytes)},
                        {"device", room.device},
                        {"free", trace::bytesText(room.free_bytes)}});
}

/** A buffer that grows with the context and cannot be cut. */
struct WidestBuffer {
    uint64_t bytes_per_token = 0;
    uint64_t most = 0; ///< bytes that the device can bind of it

    uint64_t bindable() const { return most / bytes_per_token; } ///< tokens
};

/** Keys or values of one head, of which the device may have several buffers, or the rotations: the one that ends first. */
WidestBuffer widestBuffer(const model::ModelConfig& config, KvType kv, const MemoryRoom& room) {
    const WidestBuffer head{kvBytesPerHeadToken(config, kv), room.kv_range != 0 ? room.kv_range : room.largest_buffer};
    const WidestBuffer rope{ActivationSizes(config, 1, 1).rope, room.largest_buffer};
    return rope.bytes_per_token != 0 && rope.bindable() < head.bindable() ? rope : head;
}

[[noreturn]] void throwNoBuffer(const gguf::Reader& file, const WidestBuffer& widest, uint32_t context,
                                const MemoryRoom& room) {
    throw trace::Error("context.buffer",
                       "“{file}” needs a buffer of {bytes} with a context of {context} tokens and “{device}” can bind "
                       "{largest} at once, enough for {fitting} tokens. Choose a shorter context, a smaller model or "
                       "another device.",
                       {{"file", file.path().filename().string()},
                        {"bytes", trace::bytesText(widest.bytes_per_token * context)},
                        {"context", trace::grouped(context)},
                        {"device", room.device},
                        {"largest", trace::bytesText(widest.most)},
                        {"fitting", trace::grouped(widest.bindable())}});
}

/** The largest micro-batch that a context of `context` tokens leaves room for, and can fill. */
uint32_t fittingBatch(const model::ModelConfig& config, const gguf::Reader& file, uint32_t context, KvType kv,
                      const MemoryRoom& room) {
    const uint32_t least = microBatch(room.software);
    for (uint32_t batch = mostMicroBatch; batch > least && !room.software; batch /= 2) {
        const bool fits = planOfFile(config, file, context, kv, batch).total() <= usableBytes(room) &&
                          ActivationSizes(config, context, batch).largest() <= room.largest_buffer;
        if (fits && context > batch / 2) {
            return batch;
        }
    }
    return least;
}

} // namespace

uint64_t bytesPerToken(const model::ModelConfig& config, const gguf::Reader& file) {
    uint64_t bytes = 0;
    for (const gguf::TensorInfo& tensor : file.tensors()) {
        if (tensor.name == "token_embd.weight" && !config.tied_embeddings) {
            bytes += tensor.bytes / std::max<uint64_t>(tensor.rows(), 1);
        } else if (tensor.name.find("_exps.") != std::string::npos && config.expert_count > 0) {
            bytes += tensor.bytes / config.expert_count * config.expert_used_count;
        } else {
            bytes += tensor.bytes;
        }
    }
    return bytes;
}

MemoryPlan planMemory(const model::ModelConfig& config, const gguf::Reader& file, uint32_t context, KvType kv,
                      bool software) {
    return planOfFile(config, file, context, kv, microBatch(software));
}

MemoryPlan planMemory(const model::ModelConfig& config, gguf::TensorType type, uint32_t context, KvType kv,
                      bool software) {
    return plan(config, context, kv, microBatch(software),
                [&](const model::ExpectedTensor& expected) { return model::storedType(expected, type); });
}

MemoryPlan planLoad(const model::ModelConfig& config, const gguf::Reader& file, uint32_t context, KvType kv,
                    const MemoryRoom& room) {
    return planOfFile(config, file, context, kv, fittingBatch(config, file, context, kv, room));
}

trace::MemoryNeeds memoryNeeds(const model::ModelConfig& config, const gguf::Reader& file, uint32_t batch) {
    std::map<WeightPurpose, Tally> tallies;
    for (const model::ExpectedTensor& tensor : model::expectedTensors(config)) {
        const gguf::TensorType type = findTensor(file, tensor.name).type;
        tallies[purposeOf(tensor.name)].add(type, deviceBytes(config, tensor, type));
    }
    trace::MemoryNeeds needs;
    needs.routed = tallies[WeightPurpose::Routed].share();
    needs.shared = tallies[WeightPurpose::Shared].share();
    needs.rest = tallies[WeightPurpose::Rest].share();
    for (const KvType type : trace::kvTypes) {
        needs.kv_bytes_per_token.at(static_cast<size_t>(type)) =
            kvBytesPerOwnerToken(config, type) * config.kvOwnerCount();
    }
    needs.workspace_bytes = ActivationSizes(config, 0, batch).total();
    needs.workspace_bytes_per_token = ActivationSizes(config, 1, batch).total() - needs.workspace_bytes;
    return needs;
}

ContextChoice chooseContext(const model::ModelConfig& config, const gguf::Reader& file, uint32_t asked, KvType kv,
                            const MemoryRoom& room) {
    const uint32_t limit = config.context_length;
    if (asked > limit) {
        throw trace::Error("context.too_long",
                           "A context of {asked} tokens was asked for, and this model has at most {limit}.",
                           {{"asked", trace::grouped(asked)}, {"limit", trace::grouped(limit)}});
    }
    const uint32_t batch = microBatch(room.software);
    const auto planOf = [&](uint32_t context) { return planOfFile(config, file, context, kv, batch); };
    const WidestBuffer widest = widestBuffer(config, kv, room);
    ContextChoice choice{.tokens = asked != 0 ? asked : limit,
                         .model_tokens = limit,
                         .whole_bytes = planOf(limit).total(),
                         .free_bytes = room.free_bytes,
                         .whole_buffer_bytes = widest.bytes_per_token * limit,
                         .largest_buffer_bytes = widest.most};
    const uint64_t bindable = widest.bindable();
    if (asked > bindable || bindable == 0) {
        const uint32_t needed = std::max(asked, 1U);
        throwNoBuffer(file, widest, needed, room);
    }
    if (asked == 0) {
        const uint64_t usable = usableBytes(room);
        const uint64_t fixed = planOf(0).total();
        const uint64_t each = planOf(1).total() - fixed;
        const uint64_t fitting = usable > fixed ? (usable - fixed) / each : 0;
        const uint64_t storable = std::max<uint64_t>(fitting, room.software ? leastSoftwareContext : leastContext);
        const uint64_t most = std::min(storable, bindable);
        if (most < limit) {
            choice.tokens = static_cast<uint32_t>(most < contextStep ? most : most / contextStep * contextStep);
            choice.shortened = true;
            choice.reason = bindable < storable ? ContextChoice::Reason::Buffer : ContextChoice::Reason::Memory;
        }
    }
    if (!room.software) {
        const MemoryPlan needed = planOf(choice.tokens);
        if (needed.total() > room.free_bytes) {
            throwNoMemory(file, needed, choice.tokens, room);
        }
    }
    choice.batch = fittingBatch(config, file, choice.tokens, kv, room);
    return choice;
}

} // namespace moescope::inference
