// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"
#include "tests/support/ffn_down.h"

namespace moescope::test {

class FfnDownTest : public KernelsTest {
protected:
    /** Three routed experts and a shared one, rows of h for two of the routed and for the shared, x to add to. */
    struct Inputs {
        TestMatrix down;
        TestMatrix shared;
        std::vector<float> h;
        std::vector<float> h_shared;
        std::vector<float> x;
    };

    Inputs inputs(const MatrixCase& shape) {
        return {.down = matrix(shape.type, 3, shape.rows, shape.width, 1),
                .shared = matrix(shape.type, 1, shape.rows, shape.width, 2),
                .h = random(size_t{2} * shape.width, 3),
                .h_shared = random(shape.width, 4),
                .x = random(shape.rows, 5)};
    }

    [[nodiscard]] std::vector<float> routedSum(const Inputs& made, const MatrixCase& shape,
                                               std::span<const float> bias = {}) const {
        return twins::ffnDown(made.down.decoded, shape.rows, shape.width, experts, weights, made.h, bias);
    }
    static std::vector<float> sharedSum(const Inputs& made, const MatrixCase& shape, float weight = 1) {
        return twins::ffnDown(made.shared.decoded, shape.rows, shape.width, std::vector<uint32_t>{0},
                              std::vector<float>{weight}, made.h_shared);
    }

    const std::vector<uint32_t> experts{2, 0};
    const std::vector<float> weights{0.75F, 0.25F};
};

TEST_F(FfnDownTest, ffn_down) {
    for (const MatrixCase& shape : matrixCases()) {
        const Inputs made = inputs(shape);
        const auto ids = words(experts);
        const auto expert_weights = floats(weights);
        const auto routed_in = rows(made.h, shape.width);
        const auto shared_in = rows(made.h_shared, shape.width);
        const auto both = rows(made.x, shape.rows);
        const auto only_routed = rows(made.x, shape.rows);
        const auto only_shared = rows(made.x, shape.rows);
        const inference::Matrix& down = made.down.matrix;
        const inference::Matrix& shared = made.shared.matrix;
        run([&](auto& recorder) {
            kernels().ffnDown(recorder, &down, nullptr, &shared, *ids, *expert_weights, *routed_in, *shared_in, *both,
                              2, 1);
            kernels().ffnDown(recorder, &down, nullptr, nullptr, *ids, *expert_weights, *routed_in, *shared_in,
                              *only_routed, 2, 1);
            kernels().ffnDown(recorder, nullptr, nullptr, &shared, *ids, *expert_weights, *routed_in, *shared_in,
                              *only_shared, 2, 1);
        });
        const std::vector<float> routed_sum = routedSum(made, shape);
        const std::vector<float> shared_sum = sharedSum(made, shape);
        std::vector<float> want_both = made.x;
        std::vector<float> want_routed = made.x;
        std::vector<float> want_shared = made.x;
        for (size_t i = 0; i < made.x.size(); ++i) {
            want_both[i] += routed_sum[i] + shared_sum[i];
            want_routed[i] += routed_sum[i];
            want_shared[i] += shared_sum[i];
        }
        expectNear(readRows(*both, 1, shape.rows), want_both, 2e-4F, 1e-5F, describe(shape));
        expectNear(readRows(*only_routed, 1, shape.rows), want_routed, 2e-4F, 1e-5F, describe(shape) + ", routed");
        expectNear(readRows(*only_shared, 1, shape.rows), want_shared, 2e-4F, 1e-5F, describe(shape) + ", shared");
    }
}

TEST_F(FfnDownTest, options) {
    for (const MatrixCase& shape : optionCases()) {
        const Inputs made = inputs(shape);
        const std::vector<float> bias = random(size_t{3} * shape.rows, 6);
        const auto ids = words(experts);
        const auto expert_weights = floats(weights);
        const auto routed_in = rows(made.h, shape.width);
        const auto shared_in = rows(made.h_shared, shape.width);
        const auto biased = rows(made.x, shape.rows);
        const auto biases = floats(bias);
        const auto weighed = rows(made.x, shape.rows);
        const auto shared_weight = floats(std::vector{0.375F});
        run([&](auto& recorder) {
            kernels().ffnDown(recorder, &made.down.matrix, biases.get(), &made.shared.matrix, *ids, *expert_weights,
                              *routed_in, *shared_in, *biased, 2, 0.25F);
            kernels().ffnDown(recorder, &made.down.matrix, nullptr, &made.shared.matrix, *ids, *expert_weights,
                              *routed_in, *shared_in, *weighed, 2, 1, shared_weight.get());
        });
        const std::vector<float> routed_sum = routedSum(made, shape, bias);
        const std::vector<float> shared_sum = sharedSum(made, shape);
        std::vector<float> want = made.x;
        for (size_t i = 0; i < made.x.size(); ++i) {
            want[i] += 0.25F * (routed_sum[i] + shared_sum[i]);
        }
        expectNear(readRows(*biased, 1, shape.rows), want, 2e-4F, 1e-5F, describe(shape) + ", biased");
        want = made.x;
        const std::vector<float> unbiased_sum = routedSum(made, shape);
        const std::vector<float> weighed_sum = sharedSum(made, shape, 0.375F);
        for (size_t i = 0; i < made.x.size(); ++i) {
            want[i] += unbiased_sum[i] + weighed_sum[i];
        }
        expectNear(readRows(*weighed, 1, shape.rows), want, 2e-4F, 1e-5F, describe(shape) + ", weighed");
    }
}

} // namespace moescope::test
