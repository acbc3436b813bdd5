// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"
#include "tests/support/fma_speed.h"

namespace moescope::test {

TEST_F(KernelsTest, fma_speed) {
    for (const uint32_t rounds : {0U, 1U, 9U, 200U}) {
        constexpr uint32_t groups = 3;
        const uint32_t each = kernels().fmaSpeedInvocations();
        const auto out = zeroWords(groups * each);
        run([&](auto& recorder) { kernels().fmaSpeed(recorder, *out, groups, rounds, 0.5F); });
        std::vector<float> want;
        for (uint32_t i = 0; i < groups * each; ++i) {
            want.push_back(twins::fmaSpeed(i % each, rounds, 0.5F));
        }
        expectNear(readFloats(*out, groups * each), want, 1e-5F, 1e-5F, std::to_string(rounds) + " rounds");
    }
}

} // namespace moescope::test
