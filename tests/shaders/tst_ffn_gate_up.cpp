// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"
#include "tests/support/ffn_gate_up.h"
#include "tests/support/rms_norm.h"

namespace moescope::test {

using inference::ExpertsShape;
using model::Activation;

class FfnGateUpTest : public KernelsTest {
protected:
    static constexpr uint32_t expertCount = 5;

    /** Three chosen experts' weights of a shape, one row of x, and their biases. */
    struct Inputs {
        TestMatrix gate;
        TestMatrix up;
        std::vector<float> x;
        std::vector<float> gate_bias;
        std::vector<float> up_bias;
        size_t rows;
        size_t size; ///< of one expert's matrix

        [[nodiscard]] std::vector<float> expert(uint32_t e, Activation activation,
                                                const twins::GateUpBias& bias = {}) const {
            return twins::ffnGateUp(std::span(gate.decoded).subspan(e * size, size),
                                    std::span(up.decoded).subspan(e * size, size), x, activation, bias);
        }
    };

    Inputs inputs(const MatrixCase& shape) {
        const size_t rows = shape.rows;
        return {.gate = matrix(shape.type, expertCount, shape.rows, shape.width, 1),
                .up = matrix(shape.type, expertCount, shape.rows, shape.width, 2),
                .x = random(shape.width, 3),
                .gate_bias = random(expertCount * rows, 4, 8),
                .up_bias = random(expertCount * rows, 5, 8),
                .rows = rows,
                .size = rows * shape.width};
    }

    const std::vector<uint32_t> experts{3, 0, 4};
};

TEST_F(FfnGateUpTest, ffn_gate_up) {
    for (const MatrixCase& shape : matrixCases()) {
        const Inputs made = inputs(shape);
        const auto in = rows(made.x, shape.width);
        const auto ids = words(experts);
        const auto routed = zeroRows(3, shape.rows);
        run([&](auto& recorder) {
            kernels().ffnGateUp(recorder, {.gate = made.gate.matrix, .up = made.up.matrix},
                                {expertCount, 3, true, Activation::Silu}, ids.get(), *in, *routed, 3);
        });
        std::vector<float> want;
        for (const uint32_t e : experts) {
            const std::vector<float> h = made.expert(e, Activation::Silu);
            want.insert(want.end(), h.begin(), h.end());
        }
        expectNear(readRows(*routed, 3, shape.rows), want, 1e-3F, 1e-4F, describe(shape));
    }
}

TEST_F(FfnGateUpTest, options) {
    for (const MatrixCase& shape : optionCases()) {
        const Inputs made = inputs(shape);
        const auto in = rows(made.x, shape.width);
        const auto ids = words(experts);
        const auto shared = zeroRows(1, shape.rows);
        const auto biased = zeroRows(3, shape.rows);
        const auto normed = zeroRows(1, shape.rows);
        const auto gate_biases = floats(made.gate_bias);
        const auto up_biases = floats(made.up_bias);
        const std::vector<float> norm = random(shape.width, 6);
        const auto norm_weights = rows(norm, shape.width);
        const ExpertsShape silu{expertCount, 3, true, Activation::Silu};
        const ExpertsShape gelu{expertCount, 3, true, Activation::GeluTanh};
        const ExpertsShape oai{expertCount, 3, true, Activation::SwigluOai};
        run([&](auto& recorder) {
            using GateUp = inference::Kernels::GateUp;
            const inference::Matrix& gate = made.gate.matrix;
            const inference::Matrix& up = made.up.matrix;
            kernels().ffnGateUp(recorder, GateUp{.gate = gate, .up = up}, silu, nullptr, *in, *shared, 1);
            kernels().ffnGateUp(recorder, GateUp{.gate = gate, .up = up}, gelu, nullptr, *in, *normed, 1,
                                norm_weights.get(), 1e-5F);
            kernels().ffnGateUp(
                recorder, GateUp{.gate = gate, .up = up, .gate_bias = gate_biases.get(), .up_bias = up_biases.get()},
                oai, ids.get(), *in, *biased, 3);
        });
        expectNear(readRows(*shared, 1, shape.rows), made.expert(0, Activation::Silu), 1e-3F, 1e-4F,
                   describe(shape) + ", shared");
        const std::span first_gate = std::span(made.gate.decoded).first(made.size);
        const std::span first_up = std::span(made.up.decoded).first(made.size);
        expectNear(readRows(*normed, 1, shape.rows),
                   twins::ffnGateUp(first_gate, first_up, twins::rmsNorm(made.x, norm, 1e-5F), Activation::GeluTanh),
                   1e-3F, 1e-4F, describe(shape) + ", normed");
        std::vector<float> want;
        for (const uint32_t e : experts) {
            const size_t first = e * made.rows;
            const std::vector<float> h = made.expert(e, Activation::SwigluOai,
                                                     {std::span(made.gate_bias).subspan(first, made.rows),
                                                      std::span(made.up_bias).subspan(first, made.rows)});
            want.insert(want.end(), h.begin(), h.end());
        }
        expectNear(readRows(*biased, 3, shape.rows), want, 1e-3F, 1e-4F, describe(shape) + ", biased");
    }
}

} // namespace moescope::test
