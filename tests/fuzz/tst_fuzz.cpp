// SPDX-License-Identifier: Apache-2.0
// The inputs of tests/data/fuzz through the entry of one fuzzer: good ones, and what fuzzing has found.
#include "tests/fuzz/input.h"

#include <gtest/gtest.h>

#include <fstream>

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    EXPECT_TRUE(file) << path;
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

} // namespace

/** The name begins with “taken” or “refused”: how the input must end. */
TEST(Fuzz, KeptInputsEndAsTheirNamesSay) {
    size_t taken = 0;
    size_t refused = 0;
    for (const auto& entry : fs::directory_iterator(fs::path(MOESCOPE_TEST_DATA) / "fuzz" / MOESCOPE_FUZZ_TARGET)) {
        const std::string name = entry.path().filename().string();
        const bool good = name.starts_with("taken");
        ASSERT_TRUE(good || name.starts_with("refused")) << name;
        EXPECT_EQ(moescope::fuzz::run(read(entry.path())), good) << name;
        ++(good ? taken : refused);
    }
    EXPECT_GT(taken, 0U);
    EXPECT_GT(refused, 0U);
}
