// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/sorted_batch.h"
#include "tests/support/ffn_gate_up_tiles.h"

#include <numeric>

namespace moescope::test {

TEST_F(SortedBatchTest, ffn_gate_up_tiles) {
    for (const MatrixCase& shape : matrixCases()) {
        const BatchCase routing = batchCases()[(shape.width + shape.rows) % 4];
        const SortedBatch made = batch(routing.tokens, routing.expert_count, routing.used, routing.skew, 1);
        const TestMatrix gate = matrix(shape.type, routing.expert_count, shape.rows, shape.width, 2);
        const TestMatrix up = matrix(shape.type, routing.expert_count, shape.rows, shape.width, 3);
        const std::vector<float> x = random(size_t{routing.tokens} * shape.width, 4);
        const auto in = rows(x, shape.width);
        const auto pairs = static_cast<uint32_t>(made.experts.size());
        const auto routed = zeroRows(pairs, shape.rows);
        const auto shared = zeroRows(routing.tokens, shape.rows);
        const auto sort = made.outputs();
        run([&](auto& recorder) {
            kernels().moeSort(recorder, made.shape, *made.ids, sort, routing.tokens, shape.rows, shape.rows);
            recorder.barrier();
            kernels().ffnGateUpTiles(recorder, gate.matrix, up.matrix, &sort, made.shape, *in, *routed, routing.tokens);
            kernels().ffnGateUpTiles(recorder, gate.matrix, up.matrix, nullptr, made.shape, *in, *shared,
                                     routing.tokens);
        });
        expectNear(readRows(*routed, pairs, shape.rows),
                   twins::ffnGateUpTiles(gate.decoded, up.decoded, shape.rows, shape.width, made.experts,
                                         made.sorted.order, routing.used, x),
                   1e-3F, 1e-4F, describe(shape));
        std::vector<uint32_t> tokens(routing.tokens);
        std::iota(tokens.begin(), tokens.end(), 0U);
        const std::vector<uint32_t> first(routing.tokens, 0);
        expectNear(readRows(*shared, routing.tokens, shape.rows),
                   twins::ffnGateUpTiles(gate.decoded, up.decoded, shape.rows, shape.width, first, tokens, 1, x), 1e-3F,
                   1e-4F, describe(shape) + ", shared");
    }
}

} // namespace moescope::test
