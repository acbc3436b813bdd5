// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weight_layout.h"
#include "tests/shaders/kernel_test.h"
#include "tests/support/embed.h"

#include <cmath>

namespace moescope::test {

TEST_F(KernelsTest, embed) {
    for (const MatrixCase& shape : matrixCases()) {
        const TestMatrix table = matrix(shape.type, 1, shape.rows, shape.width, 1);
        const std::vector<uint32_t> tokens{0, shape.rows - 1, shape.rows / 2, 0, shape.rows / 3};
        const auto count = static_cast<uint32_t>(tokens.size());
        const auto ids = words(tokens);
        const auto x = zeroRows(count, shape.width);
        const auto scaled = zeroRows(count, shape.width);
        run([&](auto& recorder) {
            kernels().embed(recorder, table.matrix, *ids, *x, count, 1);
            kernels().embed(recorder, table.matrix, *ids, *scaled, count, 12.5F);
        });
        std::vector<float> want = twins::embed(table.decoded, shape.width, tokens);
        expectNear(readRows(*x, count, shape.width), want, 0, 1e-6F, describe(shape));
        std::transform(want.begin(), want.end(), want.begin(), [](float value) { return value * 12.5F; });
        expectNear(readRows(*scaled, count, shape.width), want, 0, 1e-6F, describe(shape) + ", scaled");
        // The padding of a row stays zero: the kernels that read whole chunks rely on it.
        for (const float value : readFloats(*x, inference::stride(shape.width))) {
            EXPECT_TRUE(std::isfinite(value));
        }
    }
}

} // namespace moescope::test
