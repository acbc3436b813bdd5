// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/sorted_batch.h"

namespace moescope::test {

class MoeSortTest : public SortedBatchTest {
protected:
    std::vector<twins::Tile> tilesFrom(const SortedBatch& made, size_t first, size_t count) {
        const std::vector<uint32_t> words = readWords(*made.tiles, (first + count) * 4);
        std::vector<twins::Tile> tiles;
        for (size_t at = first * 4; at < words.size(); at += 4) {
            tiles.push_back({words[at], words[at + 1], words[at + 2]});
        }
        return tiles;
    }
};

TEST_F(MoeSortTest, moe_sort) {
    for (const BatchCase& shape : batchCases()) {
        const SortedBatch made = batch(shape.tokens, shape.expert_count, shape.used, shape.skew, 1);
        // Twice over the same buffers: nothing of the first run may be left in the second.
        for (int round = 0; round < 2; ++round) {
            run([&](auto& recorder) {
                kernels().moeSort(recorder, made.shape, *made.ids, made.outputs(), shape.tokens, 300, 64);
            });
        }
        EXPECT_EQ(readWords(*made.order, made.experts.size()), made.sorted.order) << shape.tokens << " tokens";
        const auto pairs = static_cast<uint32_t>(made.experts.size());
        const uint32_t tall = kernels().tileHeights().tall;
        const uint32_t low_first = tall == 0 ? 0 : 2 * pairs / tall;
        EXPECT_LE(made.sorted.tall.size(), low_first) << shape.tokens << " tokens";
        EXPECT_EQ(tilesFrom(made, 0, made.sorted.tall.size()), made.sorted.tall) << shape.tokens << " tokens, tall";
        EXPECT_EQ(tilesFrom(made, low_first, made.sorted.low.size()), made.sorted.low)
            << shape.tokens << " tokens, low";
        const auto lowCount = static_cast<uint32_t>(made.sorted.low.size());
        const auto tallCount = static_cast<uint32_t>(made.sorted.tall.size());
        const uint32_t gateUp = kernels().tileGroups(300, 2);
        const uint32_t down = kernels().tileGroups(64);
        EXPECT_EQ(
            readWords(*made.grids, inference::Kernels::sortGridWords),
            (std::vector<uint32_t>{gateUp, lowCount, 1, down, lowCount, 1, gateUp, tallCount, 1, down, tallCount, 1}));
    }
}

} // namespace moescope::test
