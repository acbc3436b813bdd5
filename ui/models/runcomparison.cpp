// SPDX-License-Identifier: Apache-2.0
#include "ui/models/runcomparison.h"

#include <algorithm>
#include <unordered_map>

namespace moescope::ui {

namespace {

bool isSpace(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

std::vector<int> idsOf(const RunTrace& run) {
    std::vector<int> ids;
    for (int token = 0; token < run.size(); ++token) {
        ids.push_back(run.id(token));
    }
    return ids;
}

/** Numbers of the words' texts, equal for equal ones. */
std::vector<int> numbersOf(const RunTrace& run, const std::vector<AnswerWord>& words,
                           std::unordered_map<std::string, int>& numbers) {
    std::vector<int> ids;
    for (const AnswerWord& word : words) {
        const std::string text = run.bytes().substr(size_t(word.begin), size_t(word.text_end - word.begin));
        ids.push_back(numbers.try_emplace(text, static_cast<int>(numbers.size())).first->second);
    }
    return ids;
}

bool haveSameSizes(const TraceShape& a, const TraceShape& b) {
    return a.layers == b.layers && a.experts == b.experts && a.used == b.used;
}

void findFirstDifference(RunComparison& made) {
    const RunTrace& a = *made.a;
    const RunTrace& b = *made.b;
    const auto common =
        std::mismatch(a.bytes().begin(), a.bytes().end(), b.bytes().begin(), b.bytes().end()).first - a.bytes().begin();
    const int byte = static_cast<int>(common);
    const bool endsA = byte == static_cast<int>(a.bytes().size());
    const bool endsB = byte == static_cast<int>(b.bytes().size());
    if (!endsA && !endsB) {
        made.first_difference = {a.tokenAt(byte), b.tokenAt(byte)};
    }
}

void findRouting(RunComparison& made, trace::CancelFlag cancel) {
    const TraceShape& shape = made.a->shape();
    std::vector<TokenPair> recorded;
    made.others.assign(made.pairs.size() * size_t(shape.layers), false);
    for (int pair = 0; pair < static_cast<int>(made.pairs.size()); ++pair) {
        if (!made.isRecorded(pair)) {
            continue;
        }
        recorded.push_back(made.pairs[size_t(pair)]);
        trace::stopIfCancelled(cancel);
        for (int layer = 0; layer < shape.layers; ++layer) {
            if (made.agree(pair, layer)) {
                continue;
            }
            made.others[size_t(pair) * size_t(shape.layers) + size_t(layer)] = true;
            if (made.routing_pair < 0) {
                made.routing_pair = pair;
                made.routing_layer = layer;
            }
        }
    }
    made.routing = !recorded.empty();
    if (made.routing) {
        made.distance = routingDistance(made.a->routing(), made.b->routing(), recorded, 1, cancel);
    }
}

} // namespace

std::vector<AnswerWord> wordsOf(const RunTrace& run) {
    const std::string& bytes = run.bytes();
    std::vector<AnswerWord> words;
    for (size_t at = 0; at < bytes.size();) {
        size_t end = at;
        while (end < bytes.size() && !isSpace(bytes[end])) {
            ++end;
        }
        size_t next = end;
        while (next < bytes.size() && isSpace(bytes[next])) {
            ++next;
        }
        words.push_back({static_cast<int>(at), static_cast<int>(next), static_cast<int>(end)});
        at = next;
    }
    return words;
}

bool RunComparison::agree(int pair, int layer) const {
    const TokenPair& tokens_of = pairs[size_t(pair)];
    const int used = a->shape().used;
    for (int one = 0; one < used; ++one) {
        const int expert = a->expert(tokens_of.a, layer, one);
        bool found = false;
        for (int other = 0; other < used && !found; ++other) {
            found = b->expert(tokens_of.b, layer, other) == expert;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

RunComparison compareRuns(std::shared_ptr<const RunTrace> a, std::shared_ptr<const RunTrace> b,
                          trace::CancelFlag cancel) {
    // Of another file the ids may mean something else.
    const bool file = a->shape().file == b->shape().file && a->shape().model == b->shape().model;
    return compareRuns(std::move(a), std::move(b), {file, file}, cancel);
}

RunComparison compareRuns(std::shared_ptr<const RunTrace> a, std::shared_ptr<const RunTrace> b, SharedParts shared,
                          trace::CancelFlag cancel) {
    RunComparison made;
    made.a = std::move(a);
    made.b = std::move(b);
    made.words_a = wordsOf(*made.a);
    made.words_b = wordsOf(*made.b);
    std::unordered_map<std::string, int> numbers;
    const std::vector<int> ofA = numbersOf(*made.a, made.words_a, numbers);
    made.words = alignRuns(ofA, numbersOf(*made.b, made.words_b, numbers), cancel);
    if (shared.tokens) {
        made.tokens = alignRuns(idsOf(*made.a), idsOf(*made.b), cancel);
        for (int token = 0; token < made.a->size(); ++token) {
            if (const int partner = made.tokens.partner[size_t(token)]; partner >= 0) {
                made.pairs.push_back({token, partner});
            }
        }
    } else {
        for (size_t word = 0; word < made.words_a.size(); ++word) {
            if (const int partner = made.words.partner[word]; partner >= 0) {
                made.pairs.push_back(
                    {made.a->tokenAt(made.words_a[word].begin), made.b->tokenAt(made.words_b[size_t(partner)].begin)});
            }
        }
    }
    findFirstDifference(made);
    if (shared.routers && !made.a->shape().isDense() && haveSameSizes(made.a->shape(), made.b->shape())) {
        findRouting(made, cancel);
    }
    return made;
}

} // namespace moescope::ui
