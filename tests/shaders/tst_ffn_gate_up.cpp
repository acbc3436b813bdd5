// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"
#include "tests/support/ffn_gate_up.h"

namespace moescope::test {

TEST_F(KernelsTest, ffn_gate_up) {
    const std::vector<uint32_t> experts{3, 0, 4};
    for (const MatrixCase& shape : matrixCases()) {
        const TestMatrix gate = matrix(shape.type, 5, shape.rows, shape.width, 1);
        const TestMatrix up = matrix(shape.type, 5, shape.rows, shape.width, 2);
        const size_t size = size_t{shape.rows} * shape.width;
        const std::vector<float> x = random(shape.width, 3);
        const auto in = rows(x, shape.width);
        const auto ids = words(experts);
        const auto routed = zeroRows(3, shape.rows);
        const auto shared = zeroRows(1, shape.rows);
        const auto biased = zeroRows(3, shape.rows);
        const auto weighed = zeroRows(1, shape.rows);
        const std::vector<float> gate_bias = random(size_t{5} * shape.rows, 4, 8);
        const std::vector<float> up_bias = random(size_t{5} * shape.rows, 5, 8);
        const auto gate_biases = floats(gate_bias);
        const auto up_biases = floats(up_bias);
        const auto shared_weights = floats(std::vector{0.375F});
        const inference::ExpertsShape silu{5, 3, true, model::Activation::Silu};
        const inference::ExpertsShape gelu{5, 3, true, model::Activation::GeluTanh};
        const inference::ExpertsShape oai{5, 3, true, model::Activation::SwigluOai};
        run([&](auto& recorder) {
            const inference::Kernels::GateUp plain{.gate = gate.matrix, .up = up.matrix};
            kernels().ffnGateUp(recorder, plain, silu, ids.get(), *in, *routed, 3);
            kernels().ffnGateUp(recorder, plain, silu, nullptr, *in, *shared, 1);
            kernels().ffnGateUp(
                recorder,
                {.gate = gate.matrix, .up = up.matrix, .gate_bias = gate_biases.get(), .up_bias = up_biases.get()}, oai,
                ids.get(), *in, *biased, 3);
            kernels().ffnGateUp(recorder,
                                {.gate = gate.matrix, .up = up.matrix, .shared_weights = shared_weights.get()}, gelu,
                                nullptr, *in, *weighed, 1);
        });
        const auto expert = [&](uint32_t e, model::Activation activation = model::Activation::Silu,
                                const twins::GateUpBias& bias = {}) {
            return twins::ffnGateUp(std::span(gate.decoded).subspan(e * size, size),
                                    std::span(up.decoded).subspan(e * size, size), x, activation, bias);
        };
        std::vector<float> want;
        for (const uint32_t e : experts) {
            const std::vector<float> h = expert(e);
            want.insert(want.end(), h.begin(), h.end());
        }
        expectNear(readRows(*routed, 3, shape.rows), want, 1e-3F, 1e-4F, describe(shape));
        expectNear(readRows(*shared, 1, shape.rows), expert(0), 1e-3F, 1e-4F, describe(shape) + ", shared");
        want.clear();
        for (const uint32_t e : experts) {
            const size_t first = size_t{e} * shape.rows;
            const std::vector<float> h = expert(
                e, model::Activation::SwigluOai,
                {std::span(gate_bias).subspan(first, shape.rows), std::span(up_bias).subspan(first, shape.rows)});
            want.insert(want.end(), h.begin(), h.end());
        }
        expectNear(readRows(*biased, 3, shape.rows), want, 1e-3F, 1e-4F, describe(shape) + ", biased");
        want = expert(0, model::Activation::GeluTanh);
        std::transform(want.begin(), want.end(), want.begin(), [](float value) { return value * 0.375F; });
        expectNear(readRows(*weighed, 1, shape.rows), want, 1e-3F, 1e-4F, describe(shape) + ", weighed");
    }
}

} // namespace moescope::test
