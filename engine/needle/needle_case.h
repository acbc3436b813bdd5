// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/needle/needle_kind.h"
#include "engine/needle/prompt_filler.h"

#include <ctime>
#include <string>
#include <vector>

namespace moescope::needle {

/** Goes up whenever a case would come out otherwise. */
constexpr uint32_t generatorVersion = 1;

/** Noon of the first of January 2024, a Monday: some templates tell the model what day it is. */
constexpr std::tm timeOfCases{.tm_hour = 12, .tm_mday = 1, .tm_mon = 0, .tm_year = 124, .tm_wday = 1, .tm_yday = 0};

/** What a case follows from, beside the haystack, the tokenizer and the chat template. */
struct CaseId {
    NeedleKind kind = NeedleKind::Single;
    uint32_t length = 0; ///< tokens of the prompt and of the longest answer together
    uint32_t depth = 0;  ///< % of the text's tokens that stand before the passage; nothing to kinds without a depth
    uint64_t seed = 0;
    uint32_t index = 0; ///< among the cases of a cell
};

struct NeedleCase {
    std::string text;                  ///< the user's message
    std::string passage;               ///< what of it the answer is in; empty: of kinds without a depth
    std::string question;              ///< its last line
    std::vector<std::string> expected; ///< in the answer, as whole words
    std::vector<uint32_t> planned;     ///< how often each of them occurs in `text`
    std::vector<int32_t> prompt;       ///< as the model sees it
    uint32_t passage_first = 0;        ///< token of the prompt
    uint32_t passage_tokens = 0;
    uint32_t answer_tokens = 0; ///< at most; prompt.size() + answer_tokens is 97 to 100 % of the length
};

/** Makes cases: the same bytes and tokens on every system. Immutable, thread-safe; what it is made of must outlive it. */
class CaseMaker {
public:
    CaseMaker(const Haystack& haystack, const model::Tokenizer& tokenizer, const model::ChatTemplate& chat);

    /** Throws as PromptFiller::fill() does, and trace::Error{needle.occurs} where what is to be found stands in the haystack
     *  too, {needle.words} where no number of made-up words fits. */
    NeedleCase make(const CaseId& id, trace::CancelFlag cancel = nullptr) const;

private:
    NeedleCase hidden(const CaseId& id, uint64_t attempt, trace::CancelFlag cancel) const;
    NeedleCase coded(const CaseId& id, uint64_t attempt, trace::CancelFlag cancel) const;

    PromptFiller m_filler;
};

} // namespace moescope::needle
