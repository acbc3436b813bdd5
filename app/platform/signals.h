// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace moescope::platform {

/** While it lives, the first Ctrl-C (or SIGTERM, or the terminal that closes) sets flag() and the second ends the process.
 *  Outside, it ends it at once. One at a time. */
class InterruptScope {
public:
    InterruptScope();
    ~InterruptScope();
    InterruptScope(const InterruptScope&) = delete;
    InterruptScope& operator=(const InterruptScope&) = delete;

    static const std::atomic<bool>& flag();
};

} // namespace moescope::platform
