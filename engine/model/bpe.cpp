// SPDX-License-Identifier: Apache-2.0
#include "engine/model/bpe.h"

#include "engine/trace/error.h"

#include <algorithm>
#include <array>
#include <functional>
#include <limits>

namespace moescope::model {
namespace {

constexpr size_t shortPiece = 128; // symbols

} // namespace

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

/** Looks for the best pair anew after each merge: quadratic, but faster than the heap while there are few symbols. */
void BpeMerger::appendShort(std::vector<int32_t>& out) {
    constexpr uint32_t none = std::numeric_limits<uint32_t>::max();
    std::array<uint32_t, shortPiece> ranks; // of symbol i with the next one
    std::array<int32_t, shortPiece> wholes; // what they make
    size_t count = m_start.size();
    const auto look = [&](size_t i) {
        const Merge* merge = i + 1 < count ? m_vocabulary.merge(m_start[i], m_start[i + 1]) : nullptr;
        ranks[i] = merge != nullptr ? merge->rank : none;
        wholes[i] = merge != nullptr ? merge->token : -1;
    };
    for (size_t i = 0; i < count; ++i) {
        look(i);
    }
    while (count > 1) {
        const auto best = static_cast<size_t>(
            std::min_element(ranks.begin(), ranks.begin() + static_cast<ptrdiff_t>(count)) - ranks.begin());
        if (ranks[best] == none) {
            break;
        }
        m_start[best] = wholes[best];
        --count;
        const size_t behind = count - best - 1; // what lies behind the pair moves up
        std::copy_n(&m_start[best] + 2, behind, &m_start[best] + 1);
        std::copy_n(&ranks[best] + 2, behind, &ranks[best] + 1);
        std::copy_n(&wholes[best] + 2, behind, &wholes[best] + 1);
        look(best);
        if (best > 0) {
            look(best - 1);
        }
    }
    out.insert(out.end(), m_start.begin(), m_start.begin() + static_cast<ptrdiff_t>(count));
}

void BpeMerger::append(std::string_view piece, std::vector<int32_t>& out) {
    if (piece.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
        throw trace::Error("tokenizer.piece", "The text holds one word of {bytes}; at most 2 GiB are supported.",
                           {{"bytes", trace::bytesText(piece.size())}});
    }
    m_start.clear();
    m_vocabulary.appendStart(piece, m_start);
    if (m_start.size() <= shortPiece) {
        appendShort(out);
        return;
    }
    trace::stopIfCancelled(m_cancel);
    constexpr int32_t checkEvery = 1 << 14; // symbols: well under a millisecond
    const auto count = static_cast<int32_t>(m_start.size());
    m_symbols.clear();
    m_heap.clear();
    m_symbols.reserve(m_start.size());
    for (int32_t i = 0; i < count; ++i) {
        if (i % checkEvery == 0) {
            trace::stopIfCancelled(m_cancel);
        }
        m_symbols.push_back({m_start[static_cast<size_t>(i)], i - 1, i + 1 < count ? i + 1 : -1});
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
