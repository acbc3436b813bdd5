// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"
#include "tests/support/matvec.h"
#include "tests/support/rms_norm.h"

namespace moescope::test {

TEST_F(KernelsTest, matvec) {
    for (const MatrixCase& shape : matrixCases()) {
        const TestMatrix w = matrix(shape.type, 1, shape.rows, shape.width, 1);
        const std::vector<float> x = random(size_t{2} * shape.width, 2);
        const std::span<const float> second = std::span(x).subspan(shape.width);
        const std::vector<float> before = random(shape.rows, 3);
        const std::vector<float> norm = random(shape.width, 4);
        const auto in = rows(x, shape.width);
        const auto norm_weights = rows(norm, shape.width);
        const auto plain = zeroRows(1, shape.rows);
        const auto accumulated = rows(before, shape.rows);
        const auto normed = zeroRows(1, shape.rows);
        const auto twice = zeroRows(1, 2 * shape.rows);
        const std::vector<float> bias = random(shape.rows, 5);
        const auto bias_weights = rows(bias, shape.rows);
        const auto biased = rows(before, shape.rows);
        run([&](auto& recorder) {
            kernels().matvec(recorder, w.matrix, *in, *plain, {.x_row = 1});
            kernels().matvec(recorder, w.matrix, *in, *twice, {.x_row = 1});
            kernels().matvec(recorder, w.matrix, *in, *twice, {.x_row = 1, .y_first = shape.rows});
            kernels().matvec(recorder, w.matrix, *in, *accumulated, {.accumulate = true, .x_row = 1});
            kernels().matvec(recorder, w.matrix, *in, *normed,
                             {.norm = norm_weights.get(), .epsilon = 1e-5F, .x_row = 1});
            kernels().matvec(recorder, w.matrix, *in, *biased,
                             {.bias = bias_weights.get(), .scale = 0.25F, .accumulate = true, .x_row = 1});
        });
        std::vector<float> want = twins::matvec(w.decoded, second);
        expectNear(readRows(*plain, 1, shape.rows), want, 1e-4F, 1e-5F, describe(shape));
        const std::vector<float> both = readRows(*twice, 1, 2 * shape.rows);
        expectNear(std::span(both).first(shape.rows), want, 1e-4F, 1e-5F, describe(shape) + ", first of two");
        expectNear(std::span(both).subspan(shape.rows), want, 1e-4F, 1e-5F, describe(shape) + ", second of two");
        std::vector<float> want_biased = before;
        for (size_t i = 0; i < want.size(); ++i) {
            want_biased[i] += 0.25F * (want[i] + bias[i]);
            want[i] += before[i];
        }
        expectNear(readRows(*biased, 1, shape.rows), want_biased, 1e-4F, 1e-5F, describe(shape) + ", biased");
        expectNear(readRows(*accumulated, 1, shape.rows), want, 1e-4F, 1e-5F, describe(shape) + ", accumulated");
        want = twins::matvec(w.decoded, twins::rmsNorm(second, norm, 1e-5F));
        expectNear(readRows(*normed, 1, shape.rows), want, 2e-4F, 1e-5F, describe(shape) + ", normed");
    }
}

} // namespace moescope::test
