// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/vocabulary.h"
#include "engine/trace/cancel.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace moescope::model {

/** Merges the bytes (under Spelling::SentencePiece: characters) of one piece: the adjacent pair of the lowest rank first,
 *  the leftmost of equals. O(n log n). */
class BpeMerger {
public:
    explicit BpeMerger(const Vocabulary& vocabulary, trace::CancelFlag cancel = nullptr)
        : m_vocabulary(vocabulary), m_cancel(cancel) {}

    /** Appends the tokens of `piece` to `out`. Cancelled: trace::Error{work.cancelled}. */
    void append(std::string_view piece, std::vector<int32_t>& out);

private:
    struct Symbol {
        int32_t token = 0; ///< −1 when it was merged into its left neighbour
        int32_t previous = 0;
        int32_t next = 0;
    };
    struct Candidate {
        uint32_t rank = 0;
        int32_t left = 0;
        int32_t leftToken = 0; ///< as they were when the pair was seen: the pair is stale if they changed
        int32_t rightToken = 0;
        bool operator>(const Candidate& other) const {
            return rank != other.rank ? rank > other.rank : left > other.left;
        }
    };

    void appendShort(std::vector<int32_t>& out);
    void push(int32_t left);

    const Vocabulary& m_vocabulary;
    trace::CancelFlag m_cancel;
    std::vector<int32_t> m_start;
    std::vector<Symbol> m_symbols;
    std::vector<Candidate> m_heap;
};

} // namespace moescope::model
