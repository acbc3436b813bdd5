// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace moescope::model {

/** Tokens of pieces that were merged before, for one call of Tokenizer::encode(). */
class PieceCache {
public:
    static constexpr size_t longest = 64;
    static constexpr size_t capacity = size_t{1} << 16;

    /** Appends the tokens of `piece` and says true if it is known. */
    bool append(std::string_view piece, std::vector<int32_t>& out) const {
        const auto at = m_pieces.find(piece);
        if (at == m_pieces.end()) {
            return false;
        }
        const auto begin = m_tokens.begin() + static_cast<ptrdiff_t>(at->second.begin);
        out.insert(out.end(), begin, begin + static_cast<ptrdiff_t>(at->second.count));
        return true;
    }

    /** `piece` must stay where it is while the cache lives. */
    void remember(std::string_view piece, const int32_t* tokens, size_t count) {
        if (piece.size() > longest) {
            return;
        }
        if (m_pieces.size() == capacity) {
            m_pieces.clear();
            m_tokens.clear();
        }
        m_pieces.emplace(piece, Span{m_tokens.size(), count});
        m_tokens.insert(m_tokens.end(), tokens, tokens + count);
    }

private:
    struct Span {
        size_t begin = 0;
        size_t count = 0;
    };
    std::unordered_map<std::string_view, Span> m_pieces;
    std::vector<int32_t> m_tokens;
};

} // namespace moescope::model
