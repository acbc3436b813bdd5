// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace moescope::vulkan {

/** Whether a driver that computes on the CPU does so with threads of its own. Without, the thread that runs the queue computes:
 *  a dispatch then wakes nobody, which on small models costs more than the computing. */
enum class DriverThreads { Own, None };

/** For main(), before there are other threads: lets DriverThreads::None change the environment later without moving it. */
void prepareDriverThreads();

/** While it lives, drivers that are opened get the wish. One at a time. */
class DriverThreadsScope {
public:
    explicit DriverThreadsScope(DriverThreads threads);
    ~DriverThreadsScope();
    DriverThreadsScope(const DriverThreadsScope&) = delete;
    DriverThreadsScope& operator=(const DriverThreadsScope&) = delete;

private:
    bool m_changed = false;
};

/** The user has said how many threads there shall be: nothing is changed. */
bool driverThreadsAreSet();

} // namespace moescope::vulkan
