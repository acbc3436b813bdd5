// SPDX-License-Identifier: Apache-2.0
#include "engine/needle/scoring.h"

#include <algorithm>
#include <cmath>

namespace moescope::needle {

namespace {

bool isWordByte(char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); }

constexpr double z = 1.959963984540054; // 97.5 % of the normal distribution lie below

} // namespace

uint32_t countWords(std::string_view text, std::string_view word) {
    uint32_t count = 0;
    for (size_t at = text.find(word); at != std::string_view::npos && !word.empty(); at = text.find(word, at + 1)) {
        const size_t end = at + word.size();
        count += (at == 0 || !isWordByte(text[at - 1])) && (end == text.size() || !isWordByte(text[end])) ? 1 : 0;
    }
    return count;
}

bool isFound(std::string_view answer, const std::vector<std::string>& expected) {
    return std::all_of(expected.begin(), expected.end(),
                       [&](const std::string& word) { return countWords(answer, word) > 0; });
}

Interval wilson(uint32_t found, uint32_t n) {
    if (n == 0) {
        return {};
    }
    const double share = static_cast<double>(found) / n;
    const double scale = 1 + z * z / n;
    const double middle = (share + z * z / (2.0 * n)) / scale;
    const double half = z / scale * std::sqrt(share * (1 - share) / n + z * z / (4.0 * n * n));
    // At the ends rounding must not leave what a share can be.
    return {found == 0 ? 0 : std::max(0.0, middle - half), found == n ? 1 : std::min(1.0, middle + half)};
}

} // namespace moescope::needle
