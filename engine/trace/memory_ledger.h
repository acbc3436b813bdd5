// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/model_card.h"

namespace moescope::trace {

/** Bytes that a driver set aside, by where they lie. */
struct PlacedBytes {
    uint64_t device = 0; ///< the device's own memory, which the host does not see
    uint64_t mapped = 0; ///< the device's own memory, which the host sees as well
    uint64_t host = 0;   ///< the host's memory, which the device reads

    uint64_t total() const { return device + mapped + host; }
    PlacedBytes& operator+=(const PlacedBytes& more) {
        device += more.device;
        mapped += more.mapped;
        host += more.host;
        return *this;
    }
    bool operator==(const PlacedBytes&) const = default;
};

/** Buffers of one purpose. */
struct MemoryUse {
    uint64_t bytes = 0;    ///< that the engine asked for
    PlacedBytes allocated; ///< that the driver gave

    uint64_t padding() const { return allocated.total() - bytes; }
    MemoryUse& operator+=(const MemoryUse& more) {
        bytes += more.bytes;
        allocated += more.allocated;
        return *this;
    }
    bool operator==(const MemoryUse&) const = default;
};

/** What a loaded model was to take of its device, and what it took. */
struct MemoryLedger {
    MemoryNeeds planned; ///< with the micro-batch of this device
    uint32_t context = 0;
    KvType kv_type = KvType::F16;
    MemoryUse routed;
    MemoryUse shared;
    MemoryUse rest;
    MemoryUse kv;
    MemoryUse workspace;
    MemoryUse staging;     ///< copies between host and device go through it; no part of the plan
    PlacedBytes allocated; ///< of all buffers of the device, by its own account
    uint64_t device_bytes = 0;
    bool driver_counts = false; ///< the next two are the driver's account; else the device's memory less ours
    /** What could still be had, before anything was allocated and after the load. */
    uint64_t free_before_bytes = 0;
    uint64_t free_after_bytes = 0;
};

} // namespace moescope::trace
