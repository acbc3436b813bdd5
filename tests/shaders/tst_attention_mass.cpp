// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"
#include "tests/support/attention_mass.h"

namespace moescope::test {

TEST_F(KernelsTest, attention_mass) {
    struct Case {
        uint32_t heads, stride, first, count;
    };
    for (const Case& c : {Case{1, 1, 0, 1},
                          {4, 9, 0, 9},
                          {4, 9, 8, 1},
                          {8, 300, 17, 1},
                          {3, 300, 0, 300},
                          {10, 1'001, 64, 63},
                          {64, 130, 65, 65},
                          {2, 5'000, 1, 4'998},
                          {5, 40, 7, 0}}) {
        const std::string what =
            std::to_string(c.heads) + " heads, " + std::to_string(c.count) + " from " + std::to_string(c.first);
        const std::vector<float> weights = random(size_t{c.heads} * c.stride, 1, 1);
        const auto in = floats(weights);
        const uint32_t before = 3; // what lies before and behind stays as it is
        const auto out = floats(std::vector<float>(size_t{before} + c.heads + 1, -7.0F));
        run([&](auto& recorder) {
            kernels().attentionMass(recorder, *in, c.heads, c.stride, c.first, c.count, *out, before);
        });
        const std::vector<float> got = readFloats(*out, size_t{before} + c.heads + 1);
        const auto want = twins::attentionMass(weights, c.stride, c.first, c.count);
        expectNear({got.begin() + before, got.begin() + before + c.heads}, want, 1e-5F, 1e-5F, what);
        EXPECT_EQ(got[before - 1], -7.0F) << what;
        EXPECT_EQ(got.back(), -7.0F) << what;
    }
}

} // namespace moescope::test
