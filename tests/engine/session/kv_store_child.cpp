// SPDX-License-Identifier: Apache-2.0
// kv_store_child FOLDER SEED: saves states that go on and on, and is killed at a place that follows from the seed: within a write,
// or before or after a sync or a rename. Prints how many states it had saved whole before.
#include "tests/engine/session/saved_states.h"

#include <csignal>
#include <cstdio>
#include <cstdlib>

#include <sys/syscall.h>
#include <unistd.h>

namespace {

enum class Place { Write, BeforeSync, AfterSync, BeforeRename, AfterRename };
Place place;
long left = -1; ///< bytes, or calls, until then; negative: never

[[noreturn]] void die() {
    std::fflush(stdout);
    kill(getpid(), SIGKILL);
    for (;;) {
    }
}

bool isIt(Place here) { return place == here && left >= 0 && left-- == 0; }

} // namespace

// In the place of the system's, for all of this program.
extern "C" {
ssize_t write(int file, const void* bytes, size_t count) {
    if (place == Place::Write && file > 2 && left >= 0) {
        if (static_cast<long>(count) > left) {
            syscall(SYS_write, file, bytes, static_cast<size_t>(left));
            die();
        }
        left -= static_cast<long>(count);
    }
    return syscall(SYS_write, file, bytes, count);
}
int fsync(int file) {
    if (isIt(Place::BeforeSync)) {
        die();
    }
    const int code = static_cast<int>(syscall(SYS_fsync, file));
    if (isIt(Place::AfterSync)) {
        die();
    }
    return code;
}
int rename(const char* from, const char* to) {
    if (isIt(Place::BeforeRename)) {
        die();
    }
    const int code = static_cast<int>(syscall(SYS_rename, from, to));
    if (isIt(Place::AfterRename)) {
        die();
    }
    return code;
}
}

int main(int, char** argv) {
    using namespace moescope::session;
    const auto seed = static_cast<uint32_t>(std::atoi(argv[2]));
    std::mt19937 random(seed);
    place = static_cast<Place>(seed % 5);
    KvStore store(argv[1]);
    left = place == Place::Write ? static_cast<long>(random() % 40'000) : static_cast<long>(random() % 12);
    std::vector<int32_t> tokens;
    for (int state = 1; state <= 20; ++state) {
        const std::vector<int32_t> more = testing::someTokens(100, seed * 100 + static_cast<uint32_t>(state));
        tokens.insert(tokens.end(), more.begin(), more.end());
        testing::save(store, testing::keyOf("a"), tokens);
        std::printf("%d\n", state);
    }
}
