// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace moescope::trace {

/** How a tensor type occurs in a model file. */
struct TypeUse {
    uint64_t tensors = 0;
    uint64_t bytes = 0;
};

/** Defaults for sampling that came with a model; see CLI.md for those of a model that brings none. */
struct SamplingDefaults {
    float temperature = 0.8F;
    uint32_t top_k = 40;
    float top_p = 0.95F;
    float repetition_penalty = 1.0F;
};

/** What a model file holds. Field names are GGUF's. */
struct ModelInfo {
    std::string path;
    std::string file_name;
    std::string architecture;
    std::string name;
    std::string license;
    uint64_t parameters = 0;
    uint64_t active_parameters = 0; ///< that work on one token, output matrix included
    uint32_t block_count = 0;
    uint32_t leading_dense_block_count = 0;
    uint32_t embedding_length = 0;
    uint32_t head_count = 0;
    uint32_t head_count_kv = 0;
    uint32_t head_dim = 0;
    uint32_t expert_count = 0; ///< routed experts; 0 in a dense model
    uint32_t expert_used_count = 0;
    uint32_t expert_shared_count = 0;
    uint32_t expert_feed_forward_length = 0;
    uint32_t cla_share_factor = 1;
    uint32_t context_length = 0;
    uint32_t vocab_size = 0;
    std::string tokenizer;
    std::string chat_template;
    std::map<std::string, TypeUse> quantization;
    std::string main_type; ///< type of most bytes: what the model's label shows
    uint64_t file_bytes = 0;
    bool synthetic = false; ///< random weights
    SamplingDefaults sampling;

    uint32_t moeLayers() const { return expert_count > 1 ? block_count - leading_dense_block_count : 0; }
    /** Layers that own a KV cache; the others read their owner's. */
    uint32_t kvOwners() const { return (block_count + cla_share_factor - 1) / cla_share_factor; }
};

struct DeviceInfo {
    uint32_t index = 0;
    std::string name;
    std::string type; ///< "discrete", "integrated", "virtual", "software", "other"
    std::string driver;
    std::string api_version;
    uint64_t memory_bytes = 0; ///< device-local heaps
    uint64_t free_bytes = 0;   ///< what the driver says can still be had
    bool usable = false;
    std::string reason; ///< a sentence; empty when usable
};

struct MemoryInfo {
    uint64_t weights_bytes = 0;
    uint64_t kv_bytes = 0;
    uint64_t kv_bytes_per_token = 0;
    uint64_t workspace_bytes = 0;
    uint32_t context = 0; ///< tokens that the KV cache was made for
    std::string kv_type;  ///< "f32", "f16" or "q8_0"
};

struct StepTimings {
    double load_ms = 0;
    double prefill_ms = 0;
    uint32_t prefill_tokens = 0; ///< computed; reused ones are not counted
    uint32_t reused_tokens = 0;  ///< already in the KV cache
    double first_token_ms = 0;
    double decode_ms = 0;
    uint32_t decode_tokens = 0;
};

/** GPU time of one barrier interval of a decode step. */
struct IntervalTiming {
    std::string kernels; ///< what runs in it, e.g. "norm + QKV"
    int32_t layer = -1;  ///< −1: before the first or after the last layer
    double ms = 0;
};

struct PrefillProgress {
    uint32_t done = 0; ///< tokens read so far, reused ones included
    uint32_t reused = 0;
    uint32_t total = 0;
    double elapsed_ms = 0;
    /** Expected for the rest, which takes longer the more stands before it; unset: nothing was read yet. */
    std::optional<double> left_ms = {};
};

enum class StopReason { Eos, Stop, Length, Context, Cancelled };

/** "eos", "stop", "length", "context", "cancelled". */
const char* stopReasonName(StopReason reason);

} // namespace moescope::trace
