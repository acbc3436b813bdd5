// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/sorted_batch.h"
#include "tests/support/ffn_down_tiles.h"

namespace moescope::test {

class FfnDownTilesTest : public SortedBatchTest {
protected:
    /** A batch of the shape, without a bias or with one, against the twin. */
    void compare(const MatrixCase& shape, bool with_bias) {
        const BatchCase routing = batchCases()[(shape.width + shape.rows) % 5];
        const SortedBatch made = batch(routing.tokens, routing.expert_count, routing.used, routing.skew, 1);
        const TestMatrix down = matrix(shape.type, routing.expert_count, shape.rows, shape.width, 2);
        const auto pairs = static_cast<uint32_t>(made.experts.size());
        const std::vector<float> h = random(size_t{pairs} * shape.width, 3);
        const std::vector<float> bias =
            with_bias ? random(size_t{routing.expert_count} * shape.rows, 4) : std::vector<float>{};
        const auto in = rows(h, shape.width);
        const auto out = zeroRows(pairs, shape.rows);
        const auto biases = with_bias ? floats(bias) : nullptr;
        const auto sort = made.outputs();
        run([&](auto& recorder) {
            kernels().moeSort(recorder, made.shape, *made.ids, sort, routing.tokens, shape.rows, shape.rows);
            recorder.barrier();
            kernels().ffnDownTiles(recorder, down.matrix, biases.get(), sort, made.shape, *in, *out, routing.tokens);
        });
        const std::vector<uint32_t>& order = made.sorted.order;
        expectProducts(shape.type, readRows(*out, pairs, shape.rows),
                       twins::ffnDownTiles(down.decoded, shape.rows, shape.width, made.experts, order,
                                           multiplied(shape.type, h, shape.width), bias),
                       twins::ffnDownTilesHalfBound(down.decoded, shape.rows, shape.width, made.experts, order, h),
                       1e-4F, 1e-5F, describe(shape));
    }
};

TEST_F(FfnDownTilesTest, ffn_down_tiles) {
    for (const MatrixCase& shape : matrixCases()) {
        compare(shape, false);
    }
}

TEST_F(FfnDownTilesTest, options) {
    for (const MatrixCase& shape : optionCases()) {
        compare(shape, true);
    }
}

} // namespace moescope::test
