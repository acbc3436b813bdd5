// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/tensor_type.h"
#include "engine/inference/engine.h"
#include "engine/model/model_config.h"

#include <cstdint>

namespace moescope::inference {

/** Bytes that a model needs before anything is loaded: the sums of the buffers that the engine would allocate. */
struct MemoryPlan {
    uint64_t weights_bytes = 0;
    uint64_t kv_bytes = 0;
    uint64_t kv_bytes_per_token = 0;
    uint64_t kv_bytes_mha = 0; ///< whole context, every head and layer its own cache
    uint64_t kv_bytes_gqa = 0; ///< whole context, every layer its own cache
    uint64_t workspace_bytes = 0;

    uint64_t total() const { return weights_bytes + kv_bytes + workspace_bytes; }
};

/** From a file: types as they are in it. */
MemoryPlan planMemory(const model::ModelConfig& config, const gguf::Reader& file, uint32_t context, KvType kv);
/** From a configuration alone: matrices in `type`, with the rules of convert (1-D tensors and routers F32, …). */
MemoryPlan planMemory(const model::ModelConfig& config, gguf::TensorType type, uint32_t context, KvType kv);

} // namespace moescope::inference
