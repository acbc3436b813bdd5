// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/error.h"
#include "engine/trace/info.h"
#include "engine/trace/kv_type.h"

#include <array>
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
    WeightShare routed;                                        ///< experts that a router chooses from
    WeightShare shared;                                        ///< experts that answer every token
    WeightShare rest;                                          ///< attention, norms, embeddings, plain FFNs, routers
    std::array<uint64_t, kvTypes.size()> kv_bytes_per_token{}; ///< by KvType
    uint64_t workspace_bytes = 0;                              ///< without what grows with the context
    uint64_t workspace_bytes_per_token = 0;

    uint64_t weights() const { return routed.bytes + shared.bytes + rest.bytes; }
    uint64_t kvPerToken(KvType type) const { return kv_bytes_per_token.at(static_cast<size_t>(type)); }
    uint64_t kv(uint32_t context, KvType type) const { return kvPerToken(type) * context; }
    uint64_t workspace(uint32_t context) const { return workspace_bytes + workspace_bytes_per_token * context; }
    uint64_t total(uint32_t context, KvType type) const { return weights() + kv(context, type) + workspace(context); }
};

/** A model file before anything of it is loaded. */
struct ModelCard {
    ModelInfo info;                   ///< path, file_name and file_bytes always; the rest as far as the file says it
    uint32_t parts = 1;               ///< files that it is split into; info names the first, file_bytes are of all
    int64_t changed_ms = 0;           ///< of the file, since 1970; 0: not known
    bool known = false;               ///< the facts in `info` were read
    std::optional<MemoryNeeds> needs; ///< of a model that can be run
    std::optional<MemoryNeeds> software_needs; ///< the same on a software driver, whose micro-batch is smaller
    std::optional<Error> error;                ///< why it cannot

    bool isRunnable() const { return needs.has_value(); }
    const std::optional<MemoryNeeds>& needsOn(bool software) const { return software ? software_needs : needs; }
};

} // namespace moescope::trace
