// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/needle/needle_kind.h"
#include "engine/trace/random.h"

#include <string>
#include <utility>
#include <vector>

namespace moescope::needle {

using trace::Random;

/** What one case puts into a text, and asks. */
struct Passages {
    std::string passage;                ///< stands together, at the depth; empty: of kinds without one
    std::vector<std::string> scattered; ///< stand anywhere, in this order
    std::string question;
    std::vector<std::string> expected; ///< in the answer, as whole words
    /** How often each of them stands in passages and question together. */
    std::vector<uint32_t> planned;
};

/** Of any kind but FreqWords. */
Passages passagesOf(NeedleKind kind, Random& random);

/** A text of `words` made-up words in random order, the likeliest of which occur about as Zipf's law with exponent 2 says:
 *  the k-th 6/π² ÷ k² of all, and a tail of words that occur once. At least leastCodedWords. */
struct CodedText {
    std::string text;
    std::vector<std::string> expected; ///< the three most frequent, in this order
    std::vector<uint32_t> planned;     ///< how often each occurs
};
constexpr uint32_t leastCodedWords = 32; ///< so that the third occurs more often than any other
CodedText codedText(uint32_t words, Random random);
extern const std::string_view codedQuestion;

} // namespace moescope::needle
