// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"
#include "tests/support/matvec.h"
#include "tests/support/rms_norm.h"

namespace moescope::test {

class MatvecTest : public KernelsTest {
protected:
    /** A matrix and two rows of x, of which the second is taken. */
    struct Inputs {
        TestMatrix w;
        std::vector<float> x;

        [[nodiscard]] std::span<const float> second() const { return std::span(x).subspan(x.size() / 2); }
    };

    Inputs inputs(const MatrixCase& shape) {
        return {.w = matrix(shape.type, 1, shape.rows, shape.width, 1), .x = random(size_t{2} * shape.width, 2)};
    }
};

TEST_F(MatvecTest, matvec) {
    for (const MatrixCase& shape : matrixCases()) {
        const Inputs made = inputs(shape);
        const auto in = rows(made.x, shape.width);
        const auto plain = zeroRows(1, shape.rows);
        const auto twice = zeroRows(1, 2 * shape.rows);
        run([&](auto& recorder) {
            kernels().matvec(recorder, made.w.matrix, *in, *plain, {.x_row = 1});
            kernels().matvec(recorder, made.w.matrix, *in, *twice, {.x_row = 1});
            kernels().matvec(recorder, made.w.matrix, *in, *twice, {.x_row = 1, .y_first = shape.rows});
        });
        const std::vector<float> want = twins::matvec(made.w.decoded, made.second());
        expectNear(readRows(*plain, 1, shape.rows), want, 1e-4F, 1e-5F, describe(shape));
        const std::vector<float> both = readRows(*twice, 1, 2 * shape.rows);
        expectNear(std::span(both).first(shape.rows), want, 1e-4F, 1e-5F, describe(shape) + ", first of two");
        expectNear(std::span(both).subspan(shape.rows), want, 1e-4F, 1e-5F, describe(shape) + ", second of two");
    }
}

TEST_F(MatvecTest, options) {
    for (const MatrixCase& shape : optionCases()) {
        const Inputs made = inputs(shape);
        const std::vector<float> before = random(shape.rows, 3);
        const std::vector<float> norm = random(shape.width, 4);
        const std::vector<float> bias = random(shape.rows, 5);
        const auto in = rows(made.x, shape.width);
        const auto norm_weights = rows(norm, shape.width);
        const auto bias_weights = rows(bias, shape.rows);
        const auto accumulated = rows(before, shape.rows);
        const auto biased = rows(before, shape.rows);
        const auto normed = zeroRows(1, shape.rows);
        run([&](auto& recorder) {
            kernels().matvec(recorder, made.w.matrix, *in, *accumulated, {.accumulate = true, .x_row = 1});
            kernels().matvec(recorder, made.w.matrix, *in, *normed,
                             {.norm = norm_weights.get(), .epsilon = 1e-5F, .x_row = 1});
            kernels().matvec(recorder, made.w.matrix, *in, *biased,
                             {.bias = bias_weights.get(), .scale = 0.25F, .accumulate = true, .x_row = 1});
        });
        const std::vector<float> product = twins::matvec(made.w.decoded, made.second());
        std::vector<float> want_accumulated = before;
        std::vector<float> want_biased = before;
        for (size_t i = 0; i < product.size(); ++i) {
            want_accumulated[i] += product[i];
            want_biased[i] += 0.25F * (product[i] + bias[i]);
        }
        expectNear(readRows(*accumulated, 1, shape.rows), want_accumulated, 1e-4F, 1e-5F,
                   describe(shape) + ", accumulated");
        expectNear(readRows(*biased, 1, shape.rows), want_biased, 1e-4F, 1e-5F, describe(shape) + ", biased");
        expectNear(readRows(*normed, 1, shape.rows),
                   twins::matvec(made.w.decoded, twins::rmsNorm(made.second(), norm, 1e-5F)), 2e-4F, 1e-5F,
                   describe(shape) + ", normed");
    }
}

TEST_F(MatvecTest, every_cut_that_can_be_measured) {
    if (kernels().texels()) {
        GTEST_SKIP() << "Kernels that read texels are cut one way.";
    }
    for (const inference::MatvecCut& cut : inference::possibleCuts(device().limits(), 4096)) {
        kernels().cutMatvec(cut);
        for (const MatrixCase& shape :
             {MatrixCase{gguf::TensorType::Q8_0, 544, 9}, {gguf::TensorType::F32, 100, 300}}) {
            const Inputs made = inputs(shape);
            const auto in = rows(made.x, shape.width);
            const auto out = zeroRows(1, shape.rows);
            run([&](auto& recorder) { kernels().matvec(recorder, made.w.matrix, *in, *out, {.x_row = 1}); });
            expectNear(readRows(*out, 1, shape.rows), twins::matvec(made.w.decoded, made.second()), 1e-4F, 1e-5F,
                       describe(shape) + ", workgroup " + std::to_string(cut.workgroup) + ", lanes " +
                           std::to_string(cut.lanes) + ", rows " + std::to_string(cut.rows));
        }
    }
}

} // namespace moescope::test
