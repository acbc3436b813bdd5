// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/tensor_type.h"
#include "engine/inference/engine.h"
#include "engine/model/model_config.h"
#include "engine/trace/model_card.h"

#include <cstdint>
#include <string>

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

/** Bytes of weights that one decoded token reads: all matrices, of the experts only those that work, of the embedding only one
 *  row unless it is the output matrix too. */
uint64_t bytesPerToken(const model::ModelConfig& config, const gguf::Reader& file);

/** From a file: types as they are in it. `software`, here and below: for a device of that kind, whose micro-batch is
 *  smaller. */
MemoryPlan planMemory(const model::ModelConfig& config, const gguf::Reader& file, uint32_t context, KvType kv,
                      bool software = false);
/** From a configuration alone: matrices in `type`, with the rules of convert (1-D tensors and routers F32, …). */
MemoryPlan planMemory(const model::ModelConfig& config, gguf::TensorType type, uint32_t context, KvType kv,
                      bool software = false);

/** The same by purpose, for any context, with micro-batches of `batch` tokens: types as they are in the file. */
trace::MemoryNeeds memoryNeeds(const model::ModelConfig& config, const gguf::Reader& file, uint32_t batch);

/** What a device has for a model. */
struct MemoryRoom {
    std::string device; ///< its name
    uint64_t free_bytes = 0;
    uint64_t largest_buffer = 0; ///< that can be bound at once
    uint64_t kv_range = 0;       ///< likewise, of the keys or values of some heads; 0: largest_buffer
    bool software = false;       ///< its figure is a guess: the memory is the host's
};

/** From a file, as a load with a context of so many tokens would take it from `room`, the micro-batch too; fit it or not. */
MemoryPlan planLoad(const model::ModelConfig& config, const gguf::Reader& file, uint32_t context, KvType kv,
                    const MemoryRoom& room);

/** The context for a load that asked for `asked` tokens; 0: as much of the model's as fits, a sixteenth of the free
 *  memory left to others, in whole steps of 64 tokens. Throws trace::Error{context.too_long} for more than the
 *  model's limit, {context.memory} where the asked tokens, or with 0 even 128, do not fit, {context.buffer} where
 *  the device cannot bind a buffer for the asked tokens, or with 0 for a single one. A software device refuses by
 *  itself: there, 4,096 tokens are taken to fit whatever its figure says, and what was asked for is tried.
 *  The micro-batch is the least, microBatch(), where no more memory is left: it never shortens a context. */
ContextChoice chooseContext(const model::ModelConfig& config, const gguf::Reader& file, uint32_t asked, KvType kv,
                            const MemoryRoom& room);

} // namespace moescope::inference
