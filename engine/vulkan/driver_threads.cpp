// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/driver_threads.h"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <thread>

namespace moescope::vulkan {

namespace {

constexpr const char* variable = "LP_NUM_THREADS"; // Mesa's lavapipe reads it with each instance that is made
constexpr unsigned mostThreads = 32;               // that lavapipe uses by itself

void setVariable(const std::string& value) {
#ifdef _WIN32
    _putenv_s(variable, value.c_str());
#else
    setenv(variable, value.c_str(), 1);
#endif
}

std::string ownThreads() { return std::to_string(std::clamp(std::thread::hardware_concurrency(), 1U, mostThreads)); }

bool& setByUser() {
    static bool set = std::getenv(variable) != nullptr;
    return set;
}

} // namespace

void prepareDriverThreads() {
    if (!setByUser()) {
        setVariable(ownThreads());
    }
}

bool driverThreadsAreSet() { return setByUser(); }

DriverThreadsScope::DriverThreadsScope(DriverThreads threads)
    : m_changed(threads == DriverThreads::None && !setByUser()) {
    if (m_changed) {
        setVariable("0");
    }
}

DriverThreadsScope::~DriverThreadsScope() {
    if (m_changed) {
        setVariable(ownThreads());
    }
}

} // namespace moescope::vulkan
