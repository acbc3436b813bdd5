// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

namespace moescope::platform {

/** While it lives, the first Ctrl-C sets flag() and the second ends the process. Outside, Ctrl-C ends it at once.
 *  One at a time. */
class InterruptScope {
public:
    InterruptScope();
    ~InterruptScope();
    InterruptScope(const InterruptScope&) = delete;
    InterruptScope& operator=(const InterruptScope&) = delete;

    static const std::atomic<bool>& flag();
};

} // namespace moescope::platform
