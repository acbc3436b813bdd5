// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/alignment.h"
#include "ui/models/routingdistance.h"
#include "ui/models/runtrace.h"

#include <memory>

namespace moescope::ui {

/** A word of an answer, with the signs at it and the white space behind it: bytes of RunTrace::bytes(). */
struct AnswerWord {
    int begin = 0;
    int end = 0;      ///< behind the white space
    int text_end = 0; ///< before it
};
std::vector<AnswerWord> wordsOf(const RunTrace& run);

/** Two runs side by side: all that their views show. Immutable. */
struct RunComparison {
    std::shared_ptr<const RunTrace> a;
    std::shared_ptr<const RunTrace> b;
    std::vector<AnswerWord> words_a;
    std::vector<AnswerWord> words_b;
    Alignment words; ///< of words_a with words_b
    /** Of tokens with tokens; runs of other tokenizers are aligned by words alone, and then it is empty. */
    Alignment tokens;
    /** Tokens that stand for each other: by tokens, or the first of words that do. */
    std::vector<TokenPair> pairs;
    /** The first token of each that the other has not; −1: the answers are the same, or one is the beginning of the other. */
    TokenPair first_difference{-1, -1};

    /** Both have the same routers, and some pair was recorded in both. */
    bool routing = false;
    /** The first pair, and in it the first layer, that was routed otherwise: index of `pairs`; −1: none. */
    int routing_pair = -1;
    int routing_layer = -1;
    std::vector<bool> others; ///< [pairs][layers]: recorded in both, and routed otherwise; empty without routing
    std::vector<LayerDistance> distance; ///< by layer; empty without routing

    /** The same experts were chosen, in whatever order. Of a pair that was recorded in both. */
    bool agree(int pair, int layer) const;
    /** The same as it was found when the runs were compared: nothing is read anew. */
    bool isOther(int pair, int layer) const {
        return routing && others[size_t(pair) * size_t(a->shape().layers) + size_t(layer)];
    }
    bool isRecorded(int pair) const { return a->isRouted(pairs[size_t(pair)].a) && b->isRouted(pairs[size_t(pair)].b); }
};

/** What two runs have in common. */
struct SharedParts {
    bool tokens = false;  ///< the tokenizer: equal ids are equal tokens
    bool routers = false; ///< expert 3 of layer 2 is the same in both
};

/** Throws trace::Error{work.cancelled}. Routers of other sizes are never taken for the same. */
RunComparison compareRuns(std::shared_ptr<const RunTrace> a, std::shared_ptr<const RunTrace> b, SharedParts shared,
                          trace::CancelFlag cancel = nullptr);
/** As far as the traces tell: where the file is the same, tokenizer and routers are. */
RunComparison compareRuns(std::shared_ptr<const RunTrace> a, std::shared_ptr<const RunTrace> b,
                          trace::CancelFlag cancel = nullptr);

} // namespace moescope::ui
