// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/shaders/kernel_test.h"
#include "tests/support/moe_sort.h"

namespace moescope::test {

/** A batch of tokens with its choices, sorted on the device as prefill does it. */
struct SortedBatch {
    inference::ExpertsShape shape;
    uint32_t tokens = 0;
    std::vector<uint32_t> experts; ///< [tokens][expert_used_count]
    twins::SortedPairs sorted;
    std::unique_ptr<vulkan::Buffer> ids, counts, order, tiles, grids;

    inference::Kernels::SortOutputs outputs() const { return {*counts, *order, *tiles, *grids}; }
};

class SortedBatchTest : public KernelsTest {
protected:
    /** Random distinct choices; `skew` sends every first choice to expert 0. */
    SortedBatch batch(uint32_t tokens, uint32_t expert_count, uint32_t used, bool skew, uint32_t seed);
};

/** tokens, experts, used, skewed: odd counts, one expert only, more experts than pairs. */
struct BatchCase {
    uint32_t tokens, expert_count, used;
    bool skew;
};
std::vector<BatchCase> batchCases();

} // namespace moescope::test
