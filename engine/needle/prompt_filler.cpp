// SPDX-License-Identifier: Apache-2.0
#include "engine/needle/prompt_filler.h"

#include "engine/trace/error.h"
#include "engine/trace/random.h"

#include <algorithm>

namespace moescope::needle {

using trace::Random;

namespace {

constexpr std::string_view lead = "Read the text and answer the question.\n\n";
constexpr uint32_t roundsOfFilling = 12;
constexpr uint32_t patientRounds = 8;

/** Draws of one prompt are independent of each other and of how many the others take. */
enum class Draw : uint64_t { Start, Places, Paragraphs };

Random randomFor(const Filling& filling, Draw what) { return Random(filling.seed, static_cast<uint64_t>(what)); }

[[noreturn]] void throwNoSentences(uint32_t length, const std::string& name) {
    throw trace::Error("needle.sentences",
                       "“{name}” has no whole sentences that fill a prompt of {length} tokens to within 3 %: its "
                       "sentences are too long, or too few of them are short.",
                       {{"name", name}, {"length", trace::grouped(length)}});
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

struct Body {
    std::string text;
    size_t passage = 0; ///< byte where it begins
};

/** Four to nine sentences a paragraph. `passage`: which part it is. */
Body paragraphs(const std::vector<Part>& parts, size_t passage, Random random) {
    Body body;
    std::string& text = body.text;
    uint64_t left = random.between(4, 9);
    for (const Part& part : parts) {
        if (left == 0) {
            text += '\n';
            left = random.between(4, 9);
        } else if (!text.empty()) {
            text += ' ';
        }
        if (&part == parts.data() + passage) {
            body.passage = text.size();
        }
        text += part.text;
        --left;
    }
    return body;
}

/** What is to be hidden, among `sentences`. */
Body bodyOf(const Haystack& haystack, const std::vector<size_t>& sentences, const std::vector<Part>& scattered,
            const Filling& filling) {
    std::vector<Part> parts;
    parts.reserve(sentences.size() + scattered.size() + 1);
    for (const size_t index : sentences) {
        parts.push_back({haystack.sentence(index), haystack.tokens(index)});
    }
    Random random = randomFor(filling, Draw::Places);
    std::vector<size_t> places(scattered.size());
    for (size_t& place : places) {
        place = random.below(parts.size() + 1);
    }
    std::sort(places.begin(), places.end());
    for (size_t i = places.size(); i-- > 0;) { // from the end, so that the places before stay
        parts.insert(parts.begin() + static_cast<ptrdiff_t>(places[i]), scattered[i]);
    }
    size_t passage = parts.size() + 1;
    if (!filling.passage.empty()) {
        passage = placeAt(parts, filling.depth);
        parts.insert(parts.begin() + static_cast<ptrdiff_t>(passage), {filling.passage});
    }
    return paragraphs(parts, passage, randomFor(filling, Draw::Paragraphs));
}

/** The text of a prompt's tokens, and where in it each ends. */
struct DecodedPrompt {
    std::string text;
    std::vector<size_t> ends;

    DecodedPrompt(const model::Tokenizer& tokenizer, std::span<const int32_t> prompt) {
        ends.reserve(prompt.size());
        for (const int32_t token : prompt) {
            text += tokenizer.decode(token);
            ends.push_back(text.size());
        }
    }

    TokenSpan spanOf(size_t begin, size_t bytes) const {
        const auto tokenOf = [this](size_t byte) {
            return static_cast<uint32_t>(std::upper_bound(ends.begin(), ends.end(), byte) - ends.begin());
        };
        const uint32_t first = tokenOf(begin);
        return {first, tokenOf(begin + bytes - 1) + 1 - first};
    }
};

} // namespace

void throwTooShort(uint32_t length, size_t needed) {
    throw trace::Error(
        "needle.too_short",
        "This prompt needs {needed} tokens with its question and the room for the answer, so it does not fit "
        "{length}.",
        {{"needed", trace::grouped(needed)}, {"length", trace::grouped(length)}});
}

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

std::string PromptFiller::messageOf(const std::string& body, const std::string& question) {
    std::string message(lead);
    message.append(body).append("\n\n").append(question);
    return message;
}

FilledPrompt PromptFiller::fill(const Filling& filling, trace::CancelFlag cancel) const {
    const size_t start = randomFor(filling, Draw::Start).below(m_haystack.size());
    std::vector<Part> scattered;
    for (const std::string& one : filling.scattered) {
        scattered.push_back({one, static_cast<uint32_t>(m_tokenizer.encode(one).size())});
    }
    FilledPrompt filled;
    size_t passage = 0;
    const auto take = [&](const std::vector<size_t>& sentences) {
        const Body body = bodyOf(m_haystack, sentences, scattered, filling);
        passage = lead.size() + body.passage;
        filled.text = messageOf(body.text, filling.question);
        filled.tokens = m_render(filled.text, cancel);
        return filled.tokens.size() + filling.answer_tokens;
    };
    const size_t bare = take({});
    const uint32_t least = leastTokens(filling.length);
    if (bare > filling.length) {
        throwTooShort(filling.length, bare);
    }
    if (bare >= least) {
        markPassage(filled, filling.passage, passage);
        return filled;
    }
    // Tokens of sentences do not quite add up: line breaks and the space before each change some.
    auto budget = static_cast<uint32_t>(filling.length - bare);
    for (uint32_t round = 0; round < roundsOfFilling; ++round) {
        const uint32_t room = filling.length - least;
        const bool late = round >= patientRounds; // then with all the room there is
        const auto sentences = sentencesFor(m_haystack, start, budget, late ? room : room / 2);
        if (!sentences) {
            round = std::max(round, patientRounds - 1);
            continue;
        }
        const size_t all = take(*sentences);
        if (all > filling.length) {
            budget -= static_cast<uint32_t>(std::min<size_t>(budget, all - filling.length));
        } else if (all < least) {
            budget += static_cast<uint32_t>(least - all);
        } else {
            markPassage(filled, filling.passage, passage);
            return filled;
        }
    }
    throwNoSentences(filling.length, m_haystack.name());
}

void PromptFiller::markPassage(FilledPrompt& filled, const std::string& passage, size_t begin) const {
    if (passage.empty()) {
        return;
    }
    const DecodedPrompt decoded(m_tokenizer, filled.tokens);
    if (const size_t message = decoded.text.find(filled.text); message != std::string::npos) {
        const TokenSpan span = decoded.spanOf(message + begin, passage.size());
        filled.passage_first = span.first;
        filled.passage_tokens = span.count;
    } // else a tokenizer or a template that does not give its text back
}

TokenSpan spanOf(const model::Tokenizer& tokenizer, std::span<const int32_t> prompt, std::string_view text) {
    const DecodedPrompt decoded(tokenizer, prompt);
    const size_t begin = text.empty() ? std::string::npos : decoded.text.find(text);
    return begin == std::string::npos ? TokenSpan() : decoded.spanOf(begin, text.size());
}

} // namespace moescope::needle
