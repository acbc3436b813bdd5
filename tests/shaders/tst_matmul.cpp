// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"
#include "tests/support/half_bound.h"
#include "tests/support/matmul.h"

#include "engine/inference/weight_layout.h"

#include <algorithm>

namespace moescope::test {

namespace {

const std::vector<uint32_t> batches{1, 7, 8, 19, 70};

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
            const std::vector<float> want =
                twins::matmul(w.decoded, multiplied(shape.type, x, shape.width), shape.width);
            const std::vector<float> bounds = twins::matmulHalfBound(w.decoded, x, shape.width);
            expectProducts(shape.type, readRows(*plain, tokens, shape.rows), want, bounds, 1e-4F, 1e-5F,
                           describe(shape, tokens));
            const std::vector<float> both = readRows(*twice, tokens, 2 * shape.rows);
            for (uint32_t row = 0; row < 2 * tokens; ++row) {
                const size_t from = size_t{row / 2} * shape.rows;
                expectProducts(shape.type, std::span(both).subspan(size_t{row} * shape.rows, shape.rows),
                               std::span(want).subspan(from, shape.rows), std::span(bounds).subspan(from, shape.rows),
                               1e-4F, 1e-5F, describe(shape, tokens) + ", half row " + std::to_string(row));
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
            const std::vector<float> product =
                twins::matmul(w.decoded, multiplied(shape.type, x, shape.width), shape.width);
            const std::vector<float> bounds = twins::matmulHalfBound(w.decoded, x, shape.width);
            std::vector<float> want_accumulated = before;
            std::vector<float> want_biased = before;
            for (size_t i = 0; i < product.size(); ++i) {
                want_accumulated[i] += product[i];
                want_biased[i] += 0.25F * (product[i] + bias[i % shape.rows]);
            }
            expectProducts(shape.type, readRows(*accumulated, tokens, shape.rows), want_accumulated, bounds, 1e-4F,
                           1e-5F, describe(shape, tokens) + ", accumulated");
            expectProducts(shape.type, readRows(*biased, tokens, shape.rows), want_biased, bounds, 1e-4F, 1e-5F,
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
            std::vector<float> want = twins::matmul(w.decoded, multiplied(shape.type, x, shape.width), shape.width);
            const std::vector<float> bounds = twins::matmulHalfBound(w.decoded, x, shape.width);
            std::vector<float> want_rest = want;
            for (size_t i = 0; i < want.size(); ++i) {
                want[i] += bias[i % shape.rows];
                want_rest[i] = i % shape.rows < unit ? 0 : want_rest[i];
            }
            expectProducts(shape.type, readRows(*parts, tokens, shape.rows), want, bounds, 1e-4F, 1e-5F,
                           describe(shape, tokens) + ", parts");
            expectProducts(shape.type, readRows(*rest, tokens, shape.rows), want_rest, bounds, 1e-4F, 1e-5F,
                           describe(shape, tokens) + ", rest");
        }
    }
}

// Of sizes that f16 cannot hold, that grow from one step of the sum to the next, and of tokens far apart.
TEST_F(MatmulTest, sizes) {
    constexpr uint32_t width = 256;
    constexpr uint32_t rows_in_all = 70;
    constexpr uint32_t tokens = 19;
    for (const gguf::TensorType type : {gguf::TensorType::F32, gguf::TensorType::BF16, gguf::TensorType::Q8_0}) {
        const TestMatrix w = matrix(type, 1, rows_in_all, width, 1);
        for (const float scale : {1e-6F, 1.0F, 1e7F}) {
            std::vector<float> x = random(size_t{tokens} * width, 2, scale);
            for (size_t i = 0; i < x.size(); ++i) {
                x[i] *= i / width == 3 ? 1e6F : 1.0F;         // one token above the others
                x[i] *= i % width >= width / 2 ? 1e3F : 1.0F; // larger ones come later
            }
            std::fill_n(x.begin(), width, 0.0F); // and one of nothing
            const auto in = rows(x, width);
            const auto out = zeroRows(tokens, rows_in_all);
            run([&](auto& recorder) { kernels().matmul(recorder, w.matrix, *in, *out, tokens, {}); });
            const float most = twins::largestOf(x);
            expectProducts(type, readRows(*out, tokens, rows_in_all),
                           twins::matmul(w.decoded, multiplied(type, x, width), width),
                           twins::matmulHalfBound(w.decoded, x, width), 1e-6F * most, 1e-5F,
                           std::string(gguf::typeName(type)) + ", scale " + std::to_string(scale));
        }
    }
}

} // namespace moescope::test
