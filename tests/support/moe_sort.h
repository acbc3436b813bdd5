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

    bool operator==(const Tile&) const = default;
};

struct SortedPairs {
    std::vector<uint32_t> order; ///< sorted place → pair, stable
    std::vector<Tile> low;       ///< tiles of at most `low` pairs …
    std::vector<Tile> tall;      ///< … and of at most `tall`
};

/** Tall tiles as long as an expert's pairs fill more than half of one, low ones for the rest; tall 0: low ones alone. */
SortedPairs moeSort(std::span<const uint32_t> experts, uint32_t expert_count, uint32_t low, uint32_t tall);

} // namespace moescope::twins
