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
        run([&](auto& recorder) {
            kernels().ffnGateUp(recorder, gate.matrix, up.matrix, ids.get(), *in, *routed, 3);
            kernels().ffnGateUp(recorder, gate.matrix, up.matrix, nullptr, *in, *shared, 1);
        });
        const auto expert = [&](uint32_t e) {
            return twins::ffnGateUp(std::span(gate.decoded).subspan(e * size, size),
                                    std::span(up.decoded).subspan(e * size, size), x);
        };
        std::vector<float> want;
        for (const uint32_t e : experts) {
            const std::vector<float> h = expert(e);
            want.insert(want.end(), h.begin(), h.end());
        }
        expectNear(readRows(*routed, 3, shape.rows), want, 1e-3F, 1e-4F, describe(shape));
        expectNear(readRows(*shared, 1, shape.rows), expert(0), 1e-3F, 1e-4F, describe(shape) + ", shared");
    }
}

} // namespace moescope::test
