// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/error.h"

#include <atomic>

namespace moescope::trace {

/** Set to true from any thread: the work that was given it ends soon. */
using CancelFlag = const std::atomic<bool>*;

[[noreturn]] inline void throwCancelled() { throw Error("work.cancelled", "The work was cancelled."); }

/** Throws trace::Error{work.cancelled} if `cancel` is there and set. */
inline void stopIfCancelled(CancelFlag cancel) {
    if (cancel != nullptr && cancel->load(std::memory_order_relaxed)) {
        throwCancelled();
    }
}

} // namespace moescope::trace
