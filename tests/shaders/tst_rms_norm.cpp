// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"
#include "tests/support/rms_norm.h"

namespace moescope::test {

TEST_F(KernelsTest, rms_norm) {
    for (const uint32_t width : {1U, 3U, 16U, 63U, 64U, 100U, 257U, 1024U}) {
        for (const float scale : {1.0F, 1e-4F, 1e4F}) {
            const uint32_t tokens = 3;
            const std::vector<float> x = random(size_t{tokens} * width, width, scale);
            const std::vector<float> weight = random(width, 7);
            const auto in = rows(x, width);
            const auto norm = rows(weight, width);
            const auto out = zeroRows(tokens, width);
            const std::vector<float> before = random(size_t{tokens} * width, 8);
            const auto added = rows(before, width);
            run([&](auto& recorder) {
                kernels().rmsNorm(recorder, *in, *norm, *out, width, 1e-5F, tokens);
                kernels().rmsNorm(recorder, *in, *norm, *added, width, 1e-5F, tokens, true);
            });
            std::vector<float> want;
            for (uint32_t t = 0; t < tokens; ++t) {
                const std::vector<float> row =
                    twins::rmsNorm(std::span(x).subspan(size_t{t} * width, width), weight, 1e-5F);
                want.insert(want.end(), row.begin(), row.end());
            }
            expectNear(readRows(*out, tokens, width), want, 1e-6F, 1e-5F, "width " + std::to_string(width));
            std::transform(want.begin(), want.end(), before.begin(), want.begin(), std::plus<>());
            expectNear(readRows(*added, tokens, width), want, 1e-6F, 1e-5F, "added, width " + std::to_string(width));
        }
    }
}

} // namespace moescope::test
