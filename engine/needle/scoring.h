// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::needle {

/** Places where `word` stands in `text` with no letter or digit of ASCII right before or behind it: what is looked for are
 *  such words, and Chinese puts no space beside them. */
uint32_t countWords(std::string_view text, std::string_view word);

/** Whether every string of `expected` stands in the answer as a whole word. */
bool isFound(std::string_view answer, const std::vector<std::string>& expected);

/** Bounds of a share, 0 … 1. */
struct Interval {
    double low = 0;
    double high = 1;
};

/** Wilson's 95 % interval of `found` of `n`; n = 0: all that can be. */
Interval wilson(uint32_t found, uint32_t n);

} // namespace moescope::needle
