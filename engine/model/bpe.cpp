// SPDX-License-Identifier: Apache-2.0
#include "engine/model/bpe.h"

#include "engine/trace/error.h"

#include <algorithm>
#include <functional>
#include <limits>

namespace moescope::model {

void BpeMerger::push(int32_t left) {
    const Symbol& symbol = m_symbols[static_cast<size_t>(left)];
    if (symbol.next < 0) {
        return;
    }
    const int32_t right = m_symbols[static_cast<size_t>(symbol.next)].token;
    if (const Merge* merge = m_vocabulary.merge(symbol.token, right)) {
        m_heap.push_back({merge->rank, left, symbol.token, right});
        std::push_heap(m_heap.begin(), m_heap.end(), std::greater<>());
    }
}

void BpeMerger::append(std::string_view piece, std::vector<int32_t>& out) {
    if (piece.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
        throw trace::Error("tokenizer.piece", "The text holds one word of {bytes}; at most 2 GiB are supported.",
                           {{"bytes", trace::bytesText(piece.size())}});
    }
    trace::stopIfCancelled(m_cancel);
    constexpr int32_t checkEvery = 1 << 14; // symbols: well under a millisecond
    const auto count = static_cast<int32_t>(piece.size());
    m_symbols.clear();
    m_heap.clear();
    m_symbols.reserve(piece.size());
    for (int32_t i = 0; i < count; ++i) {
        if (i % checkEvery == 0) {
            trace::stopIfCancelled(m_cancel);
        }
        const auto byte = static_cast<uint8_t>(piece[static_cast<size_t>(i)]);
        m_symbols.push_back({m_vocabulary.byteToken(byte), i - 1, i + 1 < count ? i + 1 : -1});
    }
    for (int32_t i = 0; i + 1 < count; ++i) {
        if (i % checkEvery == 0) {
            trace::stopIfCancelled(m_cancel);
        }
        push(i);
    }
    for (int32_t seen = 0; !m_heap.empty(); seen = (seen + 1) % checkEvery) {
        if (seen == 0) {
            trace::stopIfCancelled(m_cancel);
        }
        std::pop_heap(m_heap.begin(), m_heap.end(), std::greater<>());
        const Candidate best = m_heap.back();
        m_heap.pop_back();
        Symbol& left = m_symbols[static_cast<size_t>(best.left)];
        if (left.token != best.leftToken || left.next < 0) {
            continue;
        }
        Symbol& right = m_symbols[static_cast<size_t>(left.next)];
        if (right.token != best.rightToken) {
            continue;
        }
        left.token = m_vocabulary.merge(left.token, right.token)->token;
        left.next = right.next;
        right.token = -1;
        if (left.next >= 0) {
            m_symbols[static_cast<size_t>(left.next)].previous = best.left;
        }
        push(best.left);
        if (left.previous >= 0) {
            push(left.previous);
        }
    }
    for (int32_t i = 0; i >= 0 && i < count; i = m_symbols[static_cast<size_t>(i)].next) {
        out.push_back(m_symbols[static_cast<size_t>(i)].token);
    }
}

} // namespace moescope::model
