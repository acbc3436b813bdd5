// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/memory_plan.h"

#include "engine/inference/activations.h"
#include "engine/inference/device_weights.h"
#include "engine/inference/kv_cache.h"
#include "engine/inference/weight_layout.h"
#include "engine/model/hugging_face.h"
#include "engine/trace/error.h"

namespace moescope::inference {

namespace {

template <typename TypeOf>
MemoryPlan plan(const model::ModelConfig& config, uint32_t context, KvType kv, TypeOf typeOf) {
    MemoryPlan plan;
    for (const model::ExpectedTensor& tensor : model::expectedTensors(config)) {
        plan.weights_bytes += deviceBytes(tensor, typeOf(tensor));
    }
    if (!config.qk_norm) {
        plan.weights_bytes += uint64_t{config.block_count} * stride(config.head_dim) * sizeof(float);
    }
    plan.kv_bytes_per_token = kvBytesPerOwnerToken(config, kv) * config.kvOwnerCount();
    plan.kv_bytes = plan.kv_bytes_per_token * context;
    const uint64_t exactHead = uint64_t{2} * config.head_dim * kvElementBytes(kv) * config.block_count;
    plan.kv_bytes_mha = exactHead * config.head_count * context;
    plan.kv_bytes_gqa = exactHead * config.head_count_kv * context;
    // The larger micro-batch: what a GPU would take. A software driver stays below it.
    plan.workspace_bytes = ActivationSizes(config, context, microBatch(false)).total();
    return plan;
}

} // namespace

MemoryPlan planMemory(const model::ModelConfig& config, const gguf::Reader& file, uint32_t context, KvType kv) {
    return plan(config, context, kv, [&](const model::ExpectedTensor& expected) {
        const gguf::TensorInfo* tensor = file.find(expected.name);
        if (tensor == nullptr) {
            throw trace::Error("weights.missing", "The file “{file}” has no tensor “{tensor}”.",
                               {{"file", file.path().filename().string()}, {"tensor", expected.name}});
        }
        return tensor->type;
    });
}

MemoryPlan planMemory(const model::ModelConfig& config, gguf::TensorType type, uint32_t context, KvType kv) {
    return plan(config, context, kv,
                [&](const model::ExpectedTensor& expected) { return model::storedType(expected, type); });
}

} // namespace moescope::inference
