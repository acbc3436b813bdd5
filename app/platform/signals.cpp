// SPDX-License-Identifier: Apache-2.0
#include "app/platform/signals.h"

#include <array>
#include <csignal>

#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#endif

namespace moescope::platform {
namespace {

std::atomic<bool> interrupted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may touch lock-free atomics only");

#ifdef _WIN32

BOOL WINAPI onControl(DWORD event) {
    // FALSE passes the second one on to the default handler, which ends the process.
    return event == CTRL_C_EVENT && !interrupted.exchange(true) ? TRUE : FALSE;
}

#else

constexpr std::array endings{SIGINT, SIGTERM, SIGHUP};
std::array<struct sigaction, endings.size()> previousActions{};

extern "C" void onInterrupt(int) {
    interrupted.store(true);
    // The next one takes the default way out.
    for (const int ending : endings) {
        std::signal(ending, SIG_DFL);
    }
}

#endif

} // namespace

InterruptScope::InterruptScope() {
    interrupted.store(false);
#ifdef _WIN32
    SetConsoleCtrlHandler(onControl, TRUE);
#else
    struct sigaction action {};
    action.sa_handler = onInterrupt;
    sigemptyset(&action.sa_mask);
    action.sa_flags = SA_RESTART;
    for (size_t i = 0; i < endings.size(); ++i) {
        sigaction(endings[i], &action, &previousActions[i]);
        if (previousActions[i].sa_handler == SIG_IGN) { // as nohup has it
            sigaction(endings[i], &previousActions[i], nullptr);
        }
    }
#endif
}

InterruptScope::~InterruptScope() {
#ifdef _WIN32
    SetConsoleCtrlHandler(onControl, FALSE);
#else
    for (size_t i = 0; i < endings.size(); ++i) {
        sigaction(endings[i], &previousActions[i], nullptr);
    }
#endif
}

const std::atomic<bool>& InterruptScope::flag() { return interrupted; }

} // namespace moescope::platform
