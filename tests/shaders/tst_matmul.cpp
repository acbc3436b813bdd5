// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"
#include "tests/support/matmul.h"

#include "engine/inference/weight_layout.h"

#include <algorithm>

namespace moescope::test {

namespace {

const std::vector<uint32_t> batches{1, 7, 8, 19};

std::string describe(const MatrixCase& shape, uint32_t tokens) {
    return describe(shape) + ", tokens " + std::to_string(tokens);
}

} // namespace

class MatmulTest : public KernelsTest {};

TEST_F(MatmulTest, matmul) {
    for (const MatrixCase& shape : matrixCases()) {
        const TestMatrix w = matrix(shape.type, 1, shape.rows, shape.width, 1);
        for (const uint32_t tokens : batches) {
            const std::vector<float> x = random(size_t{tokens} * shape.width, 2);
            const auto in = rows(x, shape.width);
            const auto plain = zeroRows(tokens, shape.rows);
            const auto twice = zeroRows(tokens, 2 * shape.rows);
            run([&](auto& recorder) {
                kernels().matmul(recorder, w.matrix, *in, *plain, tokens, {});
                // Two matrices beside each other in the rows of one result, as Q, K and V are.
                kernels().matmul(recorder, w.matrix, *in, *twice, tokens,
                                 {.y_stride = inference::stride(2 * shape.rows)});
                kernels().matmul(recorder, w.matrix, *in, *twice, tokens,
                                 {.y_stride = inference::stride(2 * shape.rows), .y_first = shape.rows});
            });
            const std::vector<float> want = twins::matmul(w.decoded, x, shape.width);
            expectNear(readRows(*plain, tokens, shape.rows), want, 1e-4F, 1e-5F, describe(shape, tokens));
            const std::vector<float> both = readRows(*twice, tokens, 2 * shape.rows);
            for (uint32_t row = 0; row < 2 * tokens; ++row) {
                expectNear(std::span(both).subspan(size_t{row} * shape.rows, shape.rows),
                           std::span(want).subspan(size_t{row / 2} * shape.rows, shape.rows), 1e-4F, 1e-5F,
                           describe(shape, tokens) + ", half row " + std::to_string(row));
            }
        }
    }
}

TEST_F(MatmulTest, options) {
    for (const MatrixCase& shape : optionCases()) {
        const TestMatrix w = matrix(shape.type, 1, shape.rows, shape.width, 1);
        const std::vector<float> bias = random(shape.rows, 5);
        const auto bias_weights = rows(bias, shape.rows);
        for (const uint32_t tokens : batches) {
            const std::vector<float> x = random(size_t{tokens} * shape.width, 2);
            const std::vector<float> before = random(size_t{tokens} * shape.rows, 3);
            const auto in = rows(x, shape.width);
            const auto accumulated = rows(before, shape.rows);
            const auto biased = rows(before, shape.rows);
            run([&](auto& recorder) {
                kernels().matmul(recorder, w.matrix, *in, *accumulated, tokens, {.accumulate = true});
                kernels().matmul(recorder, w.matrix, *in, *biased, tokens,
                                 {.bias = bias_weights.get(), .scale = 0.25F, .accumulate = true});
            });
            const std::vector<float> product = twins::matmul(w.decoded, x, shape.width);
            std::vector<float> want_accumulated = before;
            std::vector<float> want_biased = before;
            for (size_t i = 0; i < product.size(); ++i) {
                want_accumulated[i] += product[i];
                want_biased[i] += 0.25F * (product[i] + bias[i % shape.rows]);
            }
            expectNear(readRows(*accumulated, tokens, shape.rows), want_accumulated, 1e-4F, 1e-5F,
                       describe(shape, tokens) + ", accumulated");
            expectNear(readRows(*biased, tokens, shape.rows), want_biased, 1e-4F, 1e-5F,
                       describe(shape, tokens) + ", biased");
        }
    }
}

TEST_F(MatmulTest, rowsOfMatrix) {
    constexpr uint32_t unit = inference::Kernels::rowUnit;
    for (const MatrixCase& shape : matrixCases()) {
        if (shape.rows <= unit) {
            continue;
        }
        const TestMatrix w = matrix(shape.type, 1, shape.rows, shape.width, 1);
        const std::vector<float> bias = random(shape.rows, 5);
        const auto bias_weights = rows(bias, shape.rows);
        for (const uint32_t tokens : batches) {
            const std::vector<float> x = random(size_t{tokens} * shape.width, 2);
            const auto in = rows(x, shape.width);
            const auto parts = zeroRows(tokens, shape.rows);
            const auto rest = zeroRows(tokens, shape.rows);
            run([&](auto& recorder) {
                for (uint32_t first = 0; first < shape.rows; first += unit) {
                    kernels().matmul(
                        recorder, w.matrix, *in, *parts, tokens,
                        {.bias = bias_weights.get(), .w_first = first, .w_rows = std::min(unit, shape.rows - first)});
                }
                kernels().matmul(recorder, w.matrix, *in, *rest, tokens, {.w_first = unit});
            });
            std::vector<float> want = twins::matmul(w.decoded, x, shape.width);
            std::vector<float> want_rest = want;
            for (size_t i = 0; i < want.size(); ++i) {
                want[i] += bias[i % shape.rows];
                want_rest[i] = i % shape.rows < unit ? 0 : want_rest[i];
            }
            expectNear(readRows(*parts, tokens, shape.rows), want, 1e-4F, 1e-5F, describe(shape, tokens) + ", parts");
            expectNear(readRows(*rest, tokens, shape.rows), want_rest, 1e-4F, 1e-5F,
                       describe(shape, tokens) + ", rest");
        }
    }
}

} // namespace moescope::test
