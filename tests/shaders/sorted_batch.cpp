// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/sorted_batch.h"

#include <algorithm>
#include <numeric>
#include <random>

namespace moescope::test {

using inference::Kernels;

std::vector<BatchCase> batchCases() {
    return {{1, 2, 1, false},  {5, 16, 1, false},  {64, 16, 1, true}, {33, 8, 2, false},
            {161, 3, 2, true}, {70, 16, 8, false}, {9, 100, 3, true}};
}

SortedBatch SortedBatchTest::batch(uint32_t tokens, uint32_t expert_count, uint32_t used, bool skew, uint32_t seed) {
    SortedBatch made;
    made.shape = {expert_count, used, false};
    made.tokens = tokens;
    std::mt19937 engine(seed);
    for (uint32_t t = 0; t < tokens; ++t) {
        std::vector<uint32_t> all(expert_count);
        std::iota(all.begin(), all.end(), 0U);
        for (uint32_t s = 0; s < used; ++s) {
            const uint32_t pick = skew && s == 0 ? 0 : s + static_cast<uint32_t>(engine() % (expert_count - s));
            std::swap(all[s], all[pick]);
            made.experts.push_back(all[s]);
        }
    }
    const Kernels::TileHeights heights = kernels().tileHeights();
    made.sorted = twins::moeSort(made.experts, expert_count, heights.low, heights.tall);
    made.ids = words(made.experts);
    made.counts = zeroWords(uint64_t{expert_count} * Kernels::sortWorkers);
    made.order = zeroWords(made.experts.size());
    made.tiles = zeroWords(Kernels::mostTiles(made.experts.size(), expert_count) * 4);
    made.grids = zeroWords(Kernels::sortGridWords);
    return made;
}

} // namespace moescope::test
