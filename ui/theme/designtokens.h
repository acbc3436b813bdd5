// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace moescope::ui {

inline constexpr size_t kColorCount = 40;
inline constexpr size_t kTypeCount = 10;

/** One named colour of resources/theme/tokens.json as 0xRRGGBB in both schemes, in the order of enum Color. */
struct TokenColor {
    const char* name;
    uint32_t light;
    uint32_t dark;
};

/** One type style, in the order of enum TextStyle. Size and line height in px at scale 1. */
struct TokenType {
    const char* name;
    int px;
    int weight;
    int line;
    bool mono;
};

/** Light first, then dark; 0xRRGGBB. */
template <size_t N>
using SchemeTable = std::array<std::array<uint32_t, N>, 2>;

// Equal to resources/theme/tokens.json; a test compares every value.
extern const std::array<TokenColor, kColorCount> kTokenColors;
extern const SchemeTable<16> kExpertStrong;
extern const SchemeTable<16> kExpertTint;
extern const SchemeTable<9> kSequentialStops;
extern const SchemeTable<9> kDivergingStops;
extern const std::array<TokenType, kTypeCount> kTokenTypes;

} // namespace moescope::ui
