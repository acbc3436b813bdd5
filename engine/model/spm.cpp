// SPDX-License-Identifier: Apache-2.0
#include "engine/model/spm.h"

#include "engine/trace/error.h"
#include "engine/trace/utf8.h"

#include <algorithm>
#include <limits>

namespace moescope::model {

void SpmMerger::push(int32_t left) {
    const Symbol& first = m_symbols[static_cast<size_t>(left)];
    if (first.next < 0) {
        return;
    }
    const uint32_t size = first.size + m_symbols[static_cast<size_t>(first.next)].size;
    if (size > m_vocabulary.longest()) {
        return;
    }
    const std::string_view text = m_piece.substr(first.begin, size);
    const int32_t token = m_vocabulary.find(text);
    if (token < 0) {
        return;
    }
    if (m_vocabulary.type(token) == TokenType::Unused) {
        m_leftSize.insert_or_assign(text, first.size);
    }
    m_heap.push_back({m_vocabulary.score(token), left, size});
    std::push_heap(m_heap.begin(), m_heap.end());
}

void SpmMerger::emit(std::string_view text, std::vector<int32_t>& out) {
    m_parts.assign(1, text);
    while (!m_parts.empty()) {
        const std::string_view part = m_parts.back();
        m_parts.pop_back();
        const int32_t token = m_vocabulary.find(part);
        if (token >= 0 && m_vocabulary.type(token) != TokenType::Unused) {
            out.push_back(token);
        } else if (const auto at = m_leftSize.find(part); at != m_leftSize.end()) {
            m_parts.push_back(part.substr(at->second));
            m_parts.push_back(part.substr(0, at->second));
        } else {
            m_vocabulary.appendBytes(part, out);
        }
    }
}

void SpmMerger::append(std::string_view piece, std::vector<int32_t>& out) {
    if (piece.size() > static_cast<size_t>(std::numeric_limits<int32_t>::max())) {
        throw trace::Error("tokenizer.piece", "The text holds one word of {bytes}; at most 2 GiB are supported.",
                           {{"bytes", trace::bytesText(piece.size())}});
    }
    trace::stopIfCancelled(m_cancel);
    constexpr int32_t checkEvery = 1 << 14; // symbols: well under a millisecond
    m_piece = piece;
    m_symbols.clear();
    m_heap.clear();
    m_leftSize.clear();
    for (size_t at = 0; at < piece.size();) {
        const size_t size = trace::utf8At(piece, at).bytes;
        const auto index = static_cast<int32_t>(m_symbols.size());
        m_symbols.push_back({static_cast<uint32_t>(at), static_cast<uint32_t>(size), index - 1, index + 1});
        at += size;
    }
    if (m_symbols.empty()) {
        return;
    }
    m_symbols.back().next = -1;
    const auto count = static_cast<int32_t>(m_symbols.size());
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
        std::pop_heap(m_heap.begin(), m_heap.end());
        const Candidate best = m_heap.back();
        m_heap.pop_back();
        Symbol& left = m_symbols[static_cast<size_t>(best.left)];
        if (left.size == 0 || left.next < 0) {
            continue;
        }
        Symbol& right = m_symbols[static_cast<size_t>(left.next)];
        if (left.size + right.size != best.size) {
            continue;
        }
        left.size = best.size;
        left.next = right.next;
        right.size = 0;
        if (left.next >= 0) {
            m_symbols[static_cast<size_t>(left.next)].previous = best.left;
        }
        push(best.left);
        if (left.previous >= 0) {
            push(left.previous);
        }
    }
    for (int32_t i = 0; i >= 0; i = m_symbols[static_cast<size_t>(i)].next) {
        const Symbol& symbol = m_symbols[static_cast<size_t>(i)];
        emit(piece.substr(symbol.begin, symbol.size), out);
    }
}

} // namespace moescope::model
