// SPDX-License-Identifier: Apache-2.0
#include "engine/needle/needle_case.h"

#include "engine/needle/passages.h"
#include "engine/needle/scoring.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <ctime>

namespace moescope::needle {

namespace {

constexpr uint64_t attempts = 20; ///< draws until nothing of a case stands in the haystack by chance

/** Draws of one case are independent of each other and of how many the others take. */
enum class Draw : uint64_t { Passages, Words, Text };

Random randomFor(const CaseId& id, uint64_t attempt, Draw what) {
    return Random(id.seed, static_cast<uint64_t>(id.kind), id.length, hasDepth(id.kind) ? id.depth : 0, id.index,
                  attempt, static_cast<uint64_t>(what));
}

uint32_t occurrences(std::string_view text, std::string_view word) {
    uint32_t count = 0;
    for (size_t at = text.find(word); at != std::string_view::npos; at = text.find(word, at + 1)) {
        ++count;
    }
    return count;
}

/** As whole words and as parts of others. */
bool occursAsPlanned(const NeedleCase& made) {
    for (size_t i = 0; i < made.expected.size(); ++i) {
        if (occurrences(made.text, made.expected[i]) != made.planned[i] ||
            countWords(made.text, made.expected[i]) != made.planned[i]) {
            return false;
        }
    }
    return made.passage.empty() || occurrences(made.text, made.passage) == 1;
}

} // namespace

CaseMaker::CaseMaker(const Haystack& haystack, const model::Tokenizer& tokenizer, const model::ChatTemplate& chat)
    : m_filler(haystack, tokenizer, [&chat](const std::string& message, trace::CancelFlag cancel) {
          return chat.render({{"user", message}}, cancel, {.now = timeOfCases}).tokens;
      }) {}

NeedleCase CaseMaker::make(const CaseId& id, trace::CancelFlag cancel) const {
    for (uint64_t attempt = 0; attempt < attempts; ++attempt) {
        NeedleCase made = id.kind == NeedleKind::FreqWords ? coded(id, attempt, cancel) : hidden(id, attempt, cancel);
        if (occursAsPlanned(made)) {
            return made;
        }
    }
    throw trace::Error(
        "needle.occurs",
        "In “{name}” stands by chance what a needle of the kind {kind} is looked for by, so the answer could "
        "come from there.",
        {{"name", m_filler.haystack().name()}, {"kind", std::string(kindName(id.kind))}});
}

NeedleCase CaseMaker::hidden(const CaseId& id, uint64_t attempt, trace::CancelFlag cancel) const {
    Random random = randomFor(id, attempt, Draw::Passages);
    Passages passages = passagesOf(id.kind, random);
    const FilledPrompt filled = m_filler.fill({.passage = passages.passage,
                                               .scattered = passages.scattered,
                                               .question = passages.question,
                                               .length = id.length,
                                               .depth = id.depth,
                                               .answer_tokens = answerTokens(id.kind),
                                               .seed = randomFor(id, attempt, Draw::Text).next()},
                                              cancel);
    return {.text = filled.text,
            .passage = passages.passage,
            .question = passages.question,
            .expected = std::move(passages.expected),
            .planned = std::move(passages.planned),
            .prompt = filled.tokens,
            .passage_first = filled.passage_first,
            .passage_tokens = filled.passage_tokens,
            .answer_tokens = answerTokens(id.kind)};
}

NeedleCase CaseMaker::coded(const CaseId& id, uint64_t attempt, trace::CancelFlag cancel) const {
    NeedleCase made;
    made.question = codedQuestion;
    made.answer_tokens = answerTokens(id.kind);
    const auto take = [&](uint32_t words) {
        CodedText text = codedText(words, randomFor(id, attempt, Draw::Words));
        made.text = PromptFiller::messageOf(text.text, made.question);
        made.expected = std::move(text.expected);
        made.planned = std::move(text.planned);
        made.prompt = m_filler.render(made.text, cancel);
        return made.prompt.size() + made.answer_tokens;
    };
    uint32_t fits = leastCodedWords;
    if (const size_t least = take(fits); least > id.length) {
        throwTooShort(id.length, least);
    }
    uint32_t beyond = std::max(id.length, fits + 1); // a word takes a token at least
    while (fits + 1 < beyond) {
        const uint32_t words = fits + (beyond - fits) / 2;
        (take(words) <= id.length ? fits : beyond) = words;
    }
    // Each number of words is another order of them, which takes a few tokens more or less.
    constexpr uint32_t near = 8;
    for (uint32_t words = fits + near; words >= std::max(leastCodedWords, fits - near); --words) {
        if (const size_t all = take(words); all <= id.length && all >= leastTokens(id.length)) {
            return made;
        }
    }
    throw trace::Error("needle.words", "No number of made-up words fills a prompt of {length} tokens to within 3 %.",
                       {{"length", trace::grouped(id.length)}});
}

} // namespace moescope::needle
