// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/sorted_batch.h"
#include "tests/support/ffn_gate_up_tiles.h"

#include <numeric>

namespace moescope::test {

using inference::ExpertsShape;
using model::Activation;

class FfnGateUpTilesTest : public SortedBatchTest {
protected:
    /** A batch of tokens with its experts, and their weights. */
    struct Inputs {
        BatchCase routing;
        SortedBatch batch;
        TestMatrix gate;
        TestMatrix up;
        std::vector<float> x;
    };

    Inputs inputs(const MatrixCase& shape) {
        const BatchCase routing = batchCases()[(shape.width + shape.rows) % 5];
        return {.routing = routing,
                .batch = batch(routing.tokens, routing.expert_count, routing.used, routing.skew, 1),
                .gate = matrix(shape.type, routing.expert_count, shape.rows, shape.width, 2),
                .up = matrix(shape.type, routing.expert_count, shape.rows, shape.width, 3),
                .x = random(size_t{routing.tokens} * shape.width, 4)};
    }

    static std::vector<float> routedBounds(const Inputs& made, const MatrixCase& shape,
                                           const twins::GateUpBias& bias = {}) {
        return twins::ffnGateUpTilesHalfBound(made.gate.decoded, made.up.decoded, shape.rows, shape.width,
                                              made.batch.experts, made.batch.sorted.order, made.routing.used, made.x,
                                              bias);
    }
};

TEST_F(FfnGateUpTilesTest, ffn_gate_up_tiles) {
    for (const MatrixCase& shape : matrixCases()) {
        const Inputs made = inputs(shape);
        const BatchCase& routing = made.routing;
        const auto in = rows(made.x, shape.width);
        const auto pairs = static_cast<uint32_t>(made.batch.experts.size());
        const auto routed = zeroRows(pairs, shape.rows);
        const auto sort = made.batch.outputs();
        run([&](auto& recorder) {
            kernels().moeSort(recorder, made.batch.shape, *made.batch.ids, sort, routing.tokens, shape.rows,
                              shape.rows);
            recorder.barrier();
            kernels().ffnGateUpTiles(recorder, {.gate = made.gate.matrix, .up = made.up.matrix}, &sort,
                                     made.batch.shape, *in, *routed, routing.tokens);
        });
        expectProducts(shape.type, readRows(*routed, pairs, shape.rows),
                       twins::ffnGateUpTiles(made.gate.decoded, made.up.decoded, shape.rows, shape.width,
                                             made.batch.experts, made.batch.sorted.order, routing.used,
                                             multiplied(shape.type, made.x, shape.width)),
                       routedBounds(made, shape), 1e-3F, 1e-4F, describe(shape));
    }
}

TEST_F(FfnGateUpTilesTest, options) {
    for (const MatrixCase& shape : optionCases()) {
        const Inputs made = inputs(shape);
        const BatchCase& routing = made.routing;
        const auto in = rows(made.x, shape.width);
        const auto pairs = static_cast<uint32_t>(made.batch.experts.size());
        const auto shared = zeroRows(routing.tokens, shape.rows);
        const auto biased = zeroRows(pairs, shape.rows);
        const auto weighed = zeroRows(routing.tokens, shape.rows);
        const std::vector<float> gate_bias = random(size_t{routing.expert_count} * shape.rows, 5, 8);
        const std::vector<float> up_bias = random(size_t{routing.expert_count} * shape.rows, 6, 8);
        const std::vector<float> weights = random(routing.tokens, 7);
        const auto gate_biases = floats(gate_bias);
        const auto up_biases = floats(up_bias);
        const auto shared_weights = floats(weights);
        ExpertsShape gelu = made.batch.shape;
        gelu.activation = Activation::GeluTanh;
        ExpertsShape oai = made.batch.shape;
        oai.activation = Activation::SwigluOai;
        const auto sort = made.batch.outputs();
        run([&](auto& recorder) {
            kernels().moeSort(recorder, made.batch.shape, *made.batch.ids, sort, routing.tokens, shape.rows,
                              shape.rows);
            recorder.barrier();
            using GateUp = inference::Kernels::GateUp;
            const inference::Matrix& gate = made.gate.matrix;
            const inference::Matrix& up = made.up.matrix;
            kernels().ffnGateUpTiles(recorder, GateUp{.gate = gate, .up = up}, nullptr, made.batch.shape, *in, *shared,
                                     routing.tokens);
            kernels().ffnGateUpTiles(recorder, GateUp{.gate = gate, .up = up}, nullptr, gelu, *in, *weighed,
                                     routing.tokens, {}, shared_weights.get());
            kernels().ffnGateUpTiles(
                recorder, GateUp{.gate = gate, .up = up, .gate_bias = gate_biases.get(), .up_bias = up_biases.get()},
                &sort, oai, *in, *biased, routing.tokens);
        });
        std::vector<uint32_t> tokens(routing.tokens);
        std::iota(tokens.begin(), tokens.end(), 0U);
        const std::vector<uint32_t> first(routing.tokens, 0);
        const std::vector<float> bounds = twins::ffnGateUpTilesHalfBound(made.gate.decoded, made.up.decoded, shape.rows,
                                                                         shape.width, first, tokens, 1, made.x);
        expectProducts(shape.type, readRows(*shared, routing.tokens, shape.rows),
                       twins::ffnGateUpTiles(made.gate.decoded, made.up.decoded, shape.rows, shape.width, first, tokens,
                                             1, multiplied(shape.type, made.x, shape.width)),
                       bounds, 1e-3F, 1e-4F, describe(shape) + ", shared");
        expectProducts(shape.type, readRows(*biased, pairs, shape.rows),
                       twins::ffnGateUpTiles(made.gate.decoded, made.up.decoded, shape.rows, shape.width,
                                             made.batch.experts, made.batch.sorted.order, routing.used,
                                             multiplied(shape.type, made.x, shape.width), Activation::SwigluOai,
                                             {gate_bias, up_bias}),
                       routedBounds(made, shape, {gate_bias, up_bias}), 1e-3F, 1e-4F, describe(shape) + ", biased");
        std::vector<float> want =
            twins::ffnGateUpTiles(made.gate.decoded, made.up.decoded, shape.rows, shape.width, first, tokens, 1,
                                  multiplied(shape.type, made.x, shape.width), Activation::GeluTanh);
        for (size_t i = 0; i < want.size(); ++i) {
            want[i] *= weights[i / shape.rows];
        }
        // The weights are of magnitudes up to 1.
        expectProducts(shape.type, readRows(*weighed, routing.tokens, shape.rows), want, bounds, 1e-3F, 1e-4F,
                       describe(shape) + ", weighed");
    }
}

} // namespace moescope::test
