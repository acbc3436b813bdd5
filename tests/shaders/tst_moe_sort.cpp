// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/sorted_batch.h"

namespace moescope::test {

TEST_F(SortedBatchTest, moe_sort) {
    for (const BatchCase& shape : batchCases()) {
        const SortedBatch made = batch(shape.tokens, shape.expert_count, shape.used, shape.skew, 1);
        // Twice over the same buffers: nothing of the first run may be left in the second.
        for (int round = 0; round < 2; ++round) {
            run([&](auto& recorder) {
                kernels().moeSort(recorder, made.shape, *made.ids, made.outputs(), shape.tokens, 300, 64);
            });
        }
        EXPECT_EQ(readWords(*made.order, made.experts.size()), made.sorted.order) << shape.tokens << " tokens";
        const std::vector<uint32_t> tiles = readWords(*made.tiles, made.sorted.tiles.size() * 4);
        for (size_t i = 0; i < made.sorted.tiles.size(); ++i) {
            EXPECT_EQ(tiles[4 * i], made.sorted.tiles[i].expert);
            EXPECT_EQ(tiles[4 * i + 1], made.sorted.tiles[i].first);
            EXPECT_EQ(tiles[4 * i + 2], made.sorted.tiles[i].count);
        }
        const std::vector<uint32_t> grids = readWords(*made.grids, 6);
        const auto tileCount = static_cast<uint32_t>(made.sorted.tiles.size());
        EXPECT_EQ(grids, (std::vector<uint32_t>{kernels().tileGroups(300, 2), tileCount, 1, kernels().tileGroups(64),
                                                tileCount, 1}));
    }
}

} // namespace moescope::test
