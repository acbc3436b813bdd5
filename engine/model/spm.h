// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/vocabulary.h"
#include "engine/trace/cancel.h"

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace moescope::model {

/** Merges the characters of one piece as SentencePiece's BPE does: the neighbours that make the token of the highest
 *  score first, the leftmost of equals. Characters that are no token become bytes. O(n log n). */
class SpmMerger {
public:
    explicit SpmMerger(const Vocabulary& vocabulary, trace::CancelFlag cancel = nullptr)
        : m_vocabulary(vocabulary), m_cancel(cancel) {}

    /** Appends the tokens of `piece`, whose spaces are spaces, to `out`. Cancelled: trace::Error{work.cancelled}. */
    void append(std::string_view piece, std::vector<int32_t>& out);

private:
    struct Symbol {
        uint32_t begin = 0;
        uint32_t size = 0; ///< bytes; 0 when it was merged into its left neighbour
        int32_t previous = 0;
        int32_t next = 0;
    };
    struct Candidate {
        float score = 0;
        int32_t left = 0;
        uint32_t size = 0; ///< of both, as they were when the pair was seen: the pair is stale if it changed
        bool operator<(const Candidate& other) const {
            return score != other.score ? score < other.score : left > other.left;
        }
    };

    void push(int32_t left);
    void emit(std::string_view text, std::vector<int32_t>& out);

    const Vocabulary& m_vocabulary;
    trace::CancelFlag m_cancel;
    std::string_view m_piece;
    std::vector<Symbol> m_symbols;
    std::vector<Candidate> m_heap;
    std::unordered_map<std::string_view, size_t> m_leftSize; ///< of unused tokens: where they are taken apart again
    std::vector<std::string_view> m_parts;
};

} // namespace moescope::model
