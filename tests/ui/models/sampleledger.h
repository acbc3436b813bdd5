// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/memoryledger.h"

namespace moescope::test {

/** 7.2 GiB of a card with 16: as planned, padded by 4 KiB a part, some of the workspace and all staging in memory of
 *  the host. */
inline trace::MemoryLedger sampleLedger() {
    constexpr uint64_t mebi = uint64_t{1} << 20;
    trace::MemoryLedger ledger;
    ledger.planned.routed = {5000 * mebi, "Q4_K, Q6_K"};
    ledger.planned.shared = {400 * mebi, "Q8_0"};
    ledger.planned.rest = {900 * mebi, "Q8_0"};
    ledger.planned.kv_bytes_per_token = {131'072, 65'536, 34'816};
    ledger.planned.workspace_bytes = 200 * mebi;
    ledger.planned.workspace_bytes_per_token = 512;
    ledger.context = 8192;
    ledger.kv_type = trace::KvType::F16;
    const auto use = [](uint64_t bytes, uint64_t host) {
        return trace::MemoryUse{bytes, {.device = bytes + 4096 - host, .mapped = 0, .host = host}};
    };
    ledger.routed = use(5000 * mebi, 0);
    ledger.shared = use(400 * mebi, 0);
    ledger.rest = use(900 * mebi, 0);
    ledger.kv = use(512 * mebi, 0);
    ledger.workspace = use(204 * mebi, mebi);
    ledger.staging = {16 * mebi, {.device = 0, .mapped = 0, .host = 16 * mebi}};
    for (const trace::MemoryUse* part :
         {&ledger.routed, &ledger.shared, &ledger.rest, &ledger.kv, &ledger.workspace, &ledger.staging}) {
        ledger.allocated += part->allocated;
    }
    ledger.device_bytes = 16'384 * mebi;
    ledger.driver_counts = true;
    ledger.free_before_bytes = 15'000 * mebi;
    ledger.free_after_bytes = 7'900 * mebi;
    return ledger;
}

} // namespace moescope::test
