// SPDX-License-Identifier: Apache-2.0
#include "tests/fuzz/input.h"

/** What libFuzzer calls with each input that it makes. */
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    moescope::fuzz::run({reinterpret_cast<const char*>(data), size});
    return 0;
}
