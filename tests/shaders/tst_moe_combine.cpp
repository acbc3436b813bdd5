// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"
#include "tests/support/moe_combine.h"

namespace moescope::test {

TEST_F(KernelsTest, moe_combine) {
    for (const uint32_t width : {1U, 17U, 64U, 100U, 513U}) {
        for (const uint32_t used : {1U, 2U, 8U}) {
            const uint32_t tokens = 5;
            const std::vector<float> weights = random(size_t{tokens} * used, 1);
            const std::vector<float> y = random(size_t{tokens} * used * width, 2);
            const std::vector<float> x = random(size_t{tokens} * width, 3);
            const auto expert_weights = floats(weights);
            const auto pair_out = rows(y, width);
            const auto residual = rows(x, width);
            const auto scaled = rows(x, width);
            run([&](auto& recorder) {
                kernels().moeCombine(recorder, {16, used, false}, *expert_weights, *pair_out, *residual, width, tokens,
                                     1);
                kernels().moeCombine(recorder, {16, used, false}, *expert_weights, *pair_out, *scaled, width, tokens,
                                     0.25F);
            });
            std::vector<float> want;
            std::vector<float> want_scaled;
            for (uint32_t t = 0; t < tokens; ++t) {
                const std::vector<float> sum =
                    twins::moeCombine(std::span(weights).subspan(size_t{t} * used, used),
                                      std::span(y).subspan(size_t{t} * used * width, size_t{used} * width), width);
                for (uint32_t i = 0; i < width; ++i) {
                    want.push_back(x[size_t{t} * width + i] + sum[i]);
                    want_scaled.push_back(x[size_t{t} * width + i] + 0.25F * sum[i]);
                }
            }
            expectNear(readRows(*scaled, tokens, width), want_scaled, 1e-5F, 1e-5F, "scaled");
            expectNear(readRows(*residual, tokens, width), want, 1e-5F, 1e-5F,
                       "width " + std::to_string(width) + ", used " + std::to_string(used));
        }
    }
}

} // namespace moescope::test
