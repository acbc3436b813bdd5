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
        const auto biased = zeroRows(pairs, shape.rows);
        const auto weighed = zeroRows(routing.tokens, shape.rows);
        const std::vector<float> gate_bias = random(size_t{routing.expert_count} * shape.rows, 5, 8);
        const std::vector<float> up_bias = random(size_t{routing.expert_count} * shape.rows, 6, 8);
        const std::vector<float> weights = random(routing.tokens, 7);
        const auto gate_biases = floats(gate_bias);
        const auto up_biases = floats(up_bias);
        const auto shared_weights = floats(weights);
        inference::ExpertsShape gelu = made.shape;
        gelu.activation = model::Activation::GeluTanh;
        inference::ExpertsShape oai = made.shape;
        oai.activation = model::Activation::SwigluOai;
        const auto sort = made.outputs();
        run([&](auto& recorder) {
            kernels().moeSort(recorder, made.shape, *made.ids, sort, routing.tokens, shape.rows, shape.rows);
            recorder.barrier();
            const inference::Kernels::GateUp plain{.gate = gate.matrix, .up = up.matrix};
            kernels().ffnGateUpTiles(recorder, plain, &sort, made.shape, *in, *routed, routing.tokens);
            kernels().ffnGateUpTiles(recorder, plain, nullptr, made.shape, *in, *shared, routing.tokens);
            kernels().ffnGateUpTiles(
                recorder,
                {.gate = gate.matrix, .up = up.matrix, .gate_bias = gate_biases.get(), .up_bias = up_biases.get()},
                &sort, oai, *in, *biased, routing.tokens);
            kernels().ffnGateUpTiles(recorder,
                                     {.gate = gate.matrix, .up = up.matrix, .shared_weights = shared_weights.get()},
                                     nullptr, gelu, *in, *weighed, routing.tokens);
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
        expectNear(readRows(*biased, pairs, shape.rows),
                   twins::ffnGateUpTiles(gate.decoded, up.decoded, shape.rows, shape.width, made.experts,
                                         made.sorted.order, routing.used, x, model::Activation::SwigluOai,
                                         {gate_bias, up_bias}),
                   1e-3F, 1e-4F, describe(shape) + ", biased");
        std::vector<float> want = twins::ffnGateUpTiles(gate.decoded, up.decoded, shape.rows, shape.width, first,
                                                        tokens, 1, x, model::Activation::GeluTanh);
        for (size_t i = 0; i < want.size(); ++i) {
            want[i] *= weights[i / shape.rows];
        }
        expectNear(readRows(*weighed, routing.tokens, shape.rows), want, 1e-3F, 1e-4F, describe(shape) + ", weighed");
    }
}

} // namespace moescope::test
