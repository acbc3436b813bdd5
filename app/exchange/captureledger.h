// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/exchange/capturefields.h"
#include "engine/trace/memory_ledger.h"

namespace moescope::exchange {

/** What the model was to take of its device, and took, as the object “ledger” of capture.json. */
QJsonObject ledgerJson(const trace::MemoryLedger& ledger);

/** Throws Error{exchange.value}: sums of what is read stay below 2^64, and no buffer has less than was asked for. */
trace::MemoryLedger ledgerOf(const Fields& fields);

} // namespace moescope::exchange
