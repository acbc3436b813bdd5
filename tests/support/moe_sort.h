// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** A run of pairs of one expert. */
struct Tile {
    uint32_t expert = 0;
    uint32_t first = 0;
    uint32_t count = 0;
};

struct SortedPairs {
    std::vector<uint32_t> order; ///< sorted place → pair, stable
    std::vector<Tile> tiles;
};

SortedPairs moeSort(std::span<const uint32_t> experts, uint32_t expert_count, uint32_t tile_tokens);

} // namespace moescope::twins
