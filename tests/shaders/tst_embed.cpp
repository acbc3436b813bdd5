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
        run([&](auto& recorder) { kernels().embed(recorder, table.matrix, *ids, *x, count); });
        expectNear(readRows(*x, count, shape.width), twins::embed(table.decoded, shape.width, tokens), 0, 1e-6F,
                   describe(shape));
        // The padding of a row stays zero: the kernels that read whole chunks rely on it.
        for (const float value : readFloats(*x, inference::stride(shape.width))) {
            EXPECT_TRUE(std::isfinite(value));
        }
    }
}

} // namespace moescope::test
