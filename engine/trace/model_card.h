// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/error.h"
#include "engine/trace/info.h"

#include <optional>
#include <string>

namespace moescope::trace {

/** Weights of one purpose, as they would lie on a device. */
struct WeightShare {
    uint64_t bytes = 0;
    std::string types; ///< those of its tensors, that of most bytes first: "Q4_K, Q6_K"
};

/** What a device must hold for a model, for any context: the planner's sums, taken apart. */
struct MemoryNeeds {
    WeightShare routed; ///< experts that a router chooses from
    WeightShare shared; ///< experts that answer every token
    WeightShare rest;   ///< attention, norms, embeddings, plain FFNs, routers
    uint64_t kv_bytes_per_token_f16 = 0;
    uint64_t kv_bytes_per_token_f32 = 0;
    uint64_t workspace_bytes = 0; ///< without what grows with the context
    uint64_t workspace_bytes_per_token = 0;

    uint64_t weights() const { return routed.bytes + shared.bytes + rest.bytes; }
    uint64_t kvPerToken(bool f32) const { return f32 ? kv_bytes_per_token_f32 : kv_bytes_per_token_f16; }
    uint64_t kv(uint32_t context, bool f32) const { return kvPerToken(f32) * context; }
    uint64_t workspace(uint32_t context) const { return workspace_bytes + workspace_bytes_per_token * context; }
    uint64_t total(uint32_t context, bool f32) const { return weights() + kv(context, f32) + workspace(context); }
};

/** A model file before anything of it is loaded. */
struct ModelCard {
    ModelInfo info;                   ///< path, file_name and file_bytes always; the rest as far as the file says it
    uint32_t parts = 1;               ///< files that it is split into; info names the first, file_bytes are of all
    int64_t changed_ms = 0;           ///< of the file, since 1970; 0: not known
    bool known = false;               ///< the facts in `info` were read
    std::optional<MemoryNeeds> needs; ///< of a model that can be run
    std::optional<Error> error;       ///< why it cannot

    bool isRunnable() const { return needs.has_value(); }
};

} // namespace moescope::trace
