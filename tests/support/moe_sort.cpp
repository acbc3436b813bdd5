// SPDX-License-Identifier: Apache-2.0
#include "tests/support/moe_sort.h"

#include <algorithm>
#include <numeric>

namespace moescope::twins {

SortedPairs moeSort(std::span<const uint32_t> experts, uint32_t expert_count, uint32_t low, uint32_t tall) {
    SortedPairs sorted;
    sorted.order.resize(experts.size());
    std::iota(sorted.order.begin(), sorted.order.end(), 0U);
    std::stable_sort(sorted.order.begin(), sorted.order.end(),
                     [&](uint32_t a, uint32_t b) { return experts[a] < experts[b]; });
    uint32_t first = 0;
    for (uint32_t expert = 0; expert < expert_count; ++expert) {
        auto left = static_cast<uint32_t>(std::count(experts.begin(), experts.end(), expert));
        while (left > 0) {
            const bool fills = tall != 0 && 2 * left > tall;
            const uint32_t count = std::min(left, fills ? tall : low);
            (fills ? sorted.tall : sorted.low).push_back({expert, first, count});
            first += count;
            left -= count;
        }
    }
    return sorted;
}

} // namespace moescope::twins
