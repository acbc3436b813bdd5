// SPDX-License-Identifier: Apache-2.0
#include "engine/needle/needle_case.h"

#include "engine/needle/passages.h"
#include "engine/needle/scoring.h"
#include "engine/trace/error.h"

#include <algorithm>

namespace moescope::needle {

namespace {

constexpr std::string_view lead = "Read the text and answer the question.\n\n";
constexpr uint64_t attempts = 20; ///< draws until nothing of a case stands in the haystack by chance
constexpr uint32_t roundsOfFilling = 12;

/** Draws of one case are independent of each other and of how many the others take. */
enum class Draw : uint64_t { Passages, Start, Places, Paragraphs, Words };

Random randomFor(const CaseId& id, uint64_t attempt, Draw what) {
    return Random(id.seed, static_cast<uint64_t>(id.kind), id.length, hasDepth(id.kind) ? id.depth : 0, id.index,
                  attempt, static_cast<uint64_t>(what));
}

uint32_t leastTokens(uint32_t length) { return static_cast<uint32_t>((uint64_t{length} * 97 + 99) / 100); }

[[noreturn]] void throwTooShort(const CaseId& id, size_t needed) {
    throw trace::Error("needle.too_short",
                       "A case of the kind {kind} needs {needed} tokens with its question and the room for the answer, "
                       "so it does not fit {length}.",
                       {{"kind", std::string(kindName(id.kind))},
                        {"needed", trace::grouped(needed)},
                        {"length", trace::grouped(id.length)}});
}

[[noreturn]] void throwNoSentences(const CaseId& id, const std::string& name) {
    throw trace::Error("needle.sentences",
                       "“{name}” has no whole sentences that fill a prompt of {length} tokens to within 3 %: its "
                       "sentences are too long, or too few of them are short.",
                       {{"name", name}, {"length", trace::grouped(id.length)}});
}

/** A sentence of the text, or what is hidden in it. */
struct Part {
    std::string_view text;
    uint32_t tokens = 0;
};

/** Before which of `parts` `percent` of their tokens come, as nearly as sentences allow. */
size_t placeAt(const std::vector<Part>& parts, uint32_t percent) {
    uint64_t all = 0;
    for (const Part& part : parts) {
        all += part.tokens;
    }
    uint64_t before = 0;
    size_t place = 0;
    const auto off = [&](uint64_t tokens) {
        const uint64_t is = tokens * 100;
        const uint64_t wanted = all * percent;
        return is > wanted ? is - wanted : wanted - is;
    };
    while (place < parts.size() && off(before + parts[place].tokens) <= off(before)) {
        before += parts[place++].tokens;
    }
    return place;
}

/** Four to nine sentences a paragraph. */
std::string paragraphs(const std::vector<Part>& parts, Random random) {
    std::string text;
    uint64_t left = random.between(4, 9);
    for (const Part& part : parts) {
        if (left == 0) {
            text += '\n';
            left = random.between(4, 9);
        } else if (!text.empty()) {
            text += ' ';
        }
        text += part.text;
        --left;
    }
    return text;
}

/** `scattered` and `passage` among `sentences`. */
std::string bodyOf(const Haystack& haystack, const std::vector<size_t>& sentences, const std::vector<Part>& scattered,
                   const std::string& passage, const CaseId& id, uint64_t attempt) {
    std::vector<Part> parts;
    parts.reserve(sentences.size() + scattered.size() + 1);
    for (const size_t index : sentences) {
        parts.push_back({haystack.sentence(index), haystack.tokens(index)});
    }
    Random random = randomFor(id, attempt, Draw::Places);
    std::vector<size_t> places(scattered.size());
    for (size_t& place : places) {
        place = random.below(parts.size() + 1);
    }
    std::sort(places.begin(), places.end());
    for (size_t i = places.size(); i-- > 0;) { // from the end, so that the places before stay
        parts.insert(parts.begin() + static_cast<ptrdiff_t>(places[i]), scattered[i]);
    }
    if (!passage.empty()) {
        parts.insert(parts.begin() + static_cast<ptrdiff_t>(placeAt(parts, id.depth)), {passage});
    }
    return paragraphs(parts, randomFor(id, attempt, Draw::Paragraphs));
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

std::optional<std::vector<size_t>> sentencesFor(const Haystack& haystack, size_t start, uint32_t budget,
                                                uint32_t slack) {
    const size_t count = haystack.size();
    const auto at = [&](size_t step) { return (start + step) % count; };
    std::vector<size_t> chosen;
    uint64_t sum = 0;
    while (sum + haystack.tokens(at(chosen.size())) <= budget) {
        sum += haystack.tokens(at(chosen.size()));
        chosen.push_back(at(chosen.size()));
    }
    // What is left is made up by sentences of the right length; more choices with the last ones taken out again.
    constexpr size_t mostTakenOut = 4;
    for (size_t out = 0;; ++out) {
        const uint64_t left = budget - sum;
        if (left <= slack) {
            return chosen;
        }
        const size_t from = chosen.size();
        const auto fits = [&](uint64_t tokens) { return tokens <= left && left - tokens <= slack; };
        std::vector<std::optional<size_t>> first(left + 1); // step of the first sentence of each length
        for (size_t step = from; step < from + count; ++step) {
            const uint64_t tokens = haystack.tokens(at(step));
            if (tokens > left) {
                continue;
            }
            if (fits(tokens)) {
                chosen.push_back(at(step));
                return chosen;
            }
            for (uint64_t other = left - tokens - std::min<uint64_t>(slack, left - tokens); other <= left - tokens;
                 ++other) {
                if (first[other]) {
                    chosen.push_back(at(*first[other]));
                    chosen.push_back(at(step));
                    return chosen;
                }
            }
            if (!first[tokens]) {
                first[tokens] = step;
            }
        }
        if (out == mostTakenOut || chosen.empty()) {
            return std::nullopt;
        }
        sum -= haystack.tokens(chosen.back());
        chosen.pop_back();
    }
}

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
        {{"name", m_haystack.name()}, {"kind", std::string(kindName(id.kind))}});
}

size_t CaseMaker::render(NeedleCase& made, trace::CancelFlag cancel) const {
    made.prompt = m_chat.render({{"user", made.text}}, cancel).tokens;
    return made.prompt.size() + made.answer_tokens;
}

NeedleCase CaseMaker::hidden(const CaseId& id, uint64_t attempt, trace::CancelFlag cancel) const {
    Random random = randomFor(id, attempt, Draw::Passages);
    const Passages passages = passagesOf(id.kind, random);
    const size_t start = randomFor(id, attempt, Draw::Start).below(m_haystack.size());
    NeedleCase made;
    made.passage = passages.passage;
    made.question = passages.question;
    made.expected = passages.expected;
    made.planned = passages.planned;
    made.answer_tokens = answerTokens(id.kind);
    std::vector<Part> scattered;
    for (const std::string& one : passages.scattered) {
        scattered.push_back({one, static_cast<uint32_t>(m_tokenizer.encode(one).size())});
    }
    const auto fill = [&](const std::vector<size_t>& sentences) {
        made.text.assign(lead).append(bodyOf(m_haystack, sentences, scattered, passages.passage, id, attempt));
        made.text.append("\n\n").append(passages.question);
        return render(made, cancel);
    };
    const size_t bare = fill({});
    if (bare >= id.length) {
        throwTooShort(id, bare);
    }
    // Tokens of sentences do not quite add up: line breaks and the space before each change some.
    const uint32_t least = leastTokens(id.length);
    const uint32_t room = id.length - least;
    auto budget = static_cast<uint32_t>(id.length - bare);
    for (uint32_t round = 0; round < roundsOfFilling; ++round) {
        const auto sentences = sentencesFor(m_haystack, start, budget, room / 2);
        if (!sentences) {
            break;
        }
        const size_t all = fill(*sentences);
        if (all > id.length) {
            budget -= static_cast<uint32_t>(std::min<size_t>(budget, all - id.length));
        } else if (all < least) {
            budget += static_cast<uint32_t>(least - all);
        } else {
            markPassage(made);
            return made;
        }
    }
    throwNoSentences(id, m_haystack.name());
}

NeedleCase CaseMaker::coded(const CaseId& id, uint64_t attempt, trace::CancelFlag cancel) const {
    NeedleCase made;
    made.question = codedQuestion;
    made.answer_tokens = answerTokens(id.kind);
    const auto fill = [&](uint32_t words) {
        CodedText coded = codedText(words, randomFor(id, attempt, Draw::Words));
        made.text.assign(lead).append(coded.text).append("\n\n").append(codedQuestion);
        made.expected = std::move(coded.expected);
        made.planned = std::move(coded.planned);
        return render(made, cancel);
    };
    uint32_t fits = leastCodedWords;
    if (const size_t least = fill(fits); least > id.length) {
        throwTooShort(id, least);
    }
    uint32_t beyond = std::max(id.length, fits + 1); // a word takes a token at least
    while (fits + 1 < beyond) {
        const uint32_t words = fits + (beyond - fits) / 2;
        (fill(words) <= id.length ? fits : beyond) = words;
    }
    // Each number of words is another order of them, which takes a few tokens more or less.
    constexpr uint32_t near = 8;
    for (uint32_t words = fits + near; words >= std::max(leastCodedWords, fits - near); --words) {
        if (const size_t all = fill(words); all <= id.length && all >= leastTokens(id.length)) {
            return made;
        }
    }
    throwTooShort(id, fill(leastCodedWords));
}

void CaseMaker::markPassage(NeedleCase& made) const {
    if (made.passage.empty()) {
        return;
    }
    std::string text;
    std::vector<size_t> ends;
    ends.reserve(made.prompt.size());
    for (const int32_t token : made.prompt) {
        text += m_tokenizer.decode(token);
        ends.push_back(text.size());
    }
    const size_t first = text.find(made.passage);
    if (first == std::string::npos) {
        return; // a tokenizer that does not give its text back
    }
    const auto tokenOf = [&](size_t byte) {
        return static_cast<uint32_t>(std::upper_bound(ends.begin(), ends.end(), byte) - ends.begin());
    };
    made.passage_first = tokenOf(first);
    made.passage_tokens = tokenOf(first + made.passage.size() - 1) + 1 - made.passage_first;
}

} // namespace moescope::needle
