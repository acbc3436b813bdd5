// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"
#include "tests/support/ffn_down.h"

namespace moescope::test {

TEST_F(KernelsTest, ffn_down) {
    const std::vector<uint32_t> experts{2, 0};
    const std::vector<float> weights{0.75F, 0.25F};
    for (const MatrixCase& shape : matrixCases()) {
        const TestMatrix down = matrix(shape.type, 3, shape.rows, shape.width, 1);
        const TestMatrix shared = matrix(shape.type, 1, shape.rows, shape.width, 2);
        const std::vector<float> h = random(size_t{2} * shape.width, 3);
        const std::vector<float> h_shared = random(shape.width, 4);
        const std::vector<float> x = random(shape.rows, 5);
        const auto ids = words(experts);
        const auto expert_weights = floats(weights);
        const auto routed_in = rows(h, shape.width);
        const auto shared_in = rows(h_shared, shape.width);
        const auto both = rows(x, shape.rows);
        const auto only_routed = rows(x, shape.rows);
        const auto only_shared = rows(x, shape.rows);
        const auto biased = rows(x, shape.rows);
        const std::vector<float> bias = random(size_t{3} * shape.rows, 6);
        const auto biases = floats(bias);
        run([&](auto& recorder) {
            kernels().ffnDown(recorder, &down.matrix, nullptr, &shared.matrix, *ids, *expert_weights, *routed_in,
                              *shared_in, *both, 2, 1);
            kernels().ffnDown(recorder, &down.matrix, nullptr, nullptr, *ids, *expert_weights, *routed_in, *shared_in,
                              *only_routed, 2, 1);
            kernels().ffnDown(recorder, &down.matrix, biases.get(), &shared.matrix, *ids, *expert_weights, *routed_in,
                              *shared_in, *biased, 2, 0.25F);
            kernels().ffnDown(recorder, nullptr, nullptr, &shared.matrix, *ids, *expert_weights, *routed_in, *shared_in,
                              *only_shared, 2, 1);
        });
        const std::vector<float> routed_sum =
            twins::ffnDown(down.decoded, shape.rows, shape.width, experts, weights, h);
        const std::vector<float> shared_sum = twins::ffnDown(shared.decoded, shape.rows, shape.width,
                                                             std::vector<uint32_t>{0}, std::vector<float>{1}, h_shared);
        std::vector<float> want_both = x;
        std::vector<float> want_routed = x;
        std::vector<float> want_shared = x;
        const std::vector<float> biased_sum =
            twins::ffnDown(down.decoded, shape.rows, shape.width, experts, weights, h, bias);
        std::vector<float> want_biased = x;
        for (size_t i = 0; i < x.size(); ++i) {
            want_biased[i] += 0.25F * (biased_sum[i] + shared_sum[i]);
            want_both[i] += routed_sum[i] + shared_sum[i];
            want_routed[i] += routed_sum[i];
            want_shared[i] += shared_sum[i];
        }
        expectNear(readRows(*both, 1, shape.rows), want_both, 2e-4F, 1e-5F, describe(shape));
        expectNear(readRows(*only_routed, 1, shape.rows), want_routed, 2e-4F, 1e-5F, describe(shape) + ", routed");
        expectNear(readRows(*biased, 1, shape.rows), want_biased, 2e-4F, 1e-5F, describe(shape) + ", biased");
        expectNear(readRows(*only_shared, 1, shape.rows), want_shared, 2e-4F, 1e-5F, describe(shape) + ", shared");
    }
}

} // namespace moescope::test
