// SPDX-License-Identifier: Apache-2.0
#include "engine/model/token_finder.h"

#include <algorithm>

namespace moescope::model {

void TokenFinder::add(const Vocabulary& vocabulary, const std::vector<int32_t>& tokens) {
    std::vector<std::pair<std::string_view, int32_t>> texts;
    texts.reserve(tokens.size());
    for (const int32_t token : tokens) {
        texts.emplace_back(vocabulary.bytes(token), token);
    }
    add(texts);
}

void TokenFinder::add(const std::vector<std::pair<std::string_view, int32_t>>& tokens) {
    for (const auto& [text, token] : tokens) {
        m_tokens.push_back({text, token});
    }
    std::stable_sort(m_tokens.begin(), m_tokens.end(), [](const Entry& a, const Entry& b) { return a.text < b.text; });
    const auto same = [](const Entry& a, const Entry& b) { return a.text == b.text; };
    m_tokens.erase(std::unique(m_tokens.begin(), m_tokens.end(), same), m_tokens.end());
    link();
}

void TokenFinder::link() {
    m_byFirst.fill({});
    for (size_t i = 0; i < m_tokens.size(); ++i) {
        Entry& entry = m_tokens[i];
        auto& [begin, end] = m_byFirst[static_cast<uint8_t>(entry.text[0])];
        begin = end == 0 ? i : begin;
        end = i + 1;
        // What a text begins with stands before it, and so does all that begins with that.
        int32_t before = static_cast<int32_t>(i) - 1;
        while (before >= 0 && !entry.text.starts_with(m_tokens[static_cast<size_t>(before)].text)) {
            before = m_tokens[static_cast<size_t>(before)].shorter;
        }
        entry.shorter = before;
        entry.jump = before;
        entry.steps = 0;
        if (before >= 0) {
            // Jumps of 1, 3, 7… steps: any number of steps is made of a few.
            const Entry& next = m_tokens[static_cast<size_t>(before)];
            entry.steps = next.steps + 1;
            const int32_t far = next.jump < 0 ? -1 : m_tokens[static_cast<size_t>(next.jump)].jump;
            if (far >= 0 &&
                next.steps - m_tokens[static_cast<size_t>(next.jump)].steps ==
                    m_tokens[static_cast<size_t>(next.jump)].steps - m_tokens[static_cast<size_t>(far)].steps) {
                entry.jump = far;
            }
        }
    }
}

TokenFinder::Found TokenFinder::find(std::string_view rest) const {
    const auto& [begin, end] = m_byFirst[static_cast<uint8_t>(rest[0])];
    const auto first = m_tokens.begin() + static_cast<ptrdiff_t>(begin);
    const auto last = m_tokens.begin() + static_cast<ptrdiff_t>(end);
    const auto behind = std::upper_bound(first, last, rest,
                                         [](std::string_view text, const Entry& entry) { return text < entry.text; });
    if (behind == first) {
        return {};
    }
    // All texts that `rest` begins with are this one or what this one begins with.
    const Entry* entry = &*(behind - 1);
    const auto differ = std::mismatch(entry->text.begin(), entry->text.end(), rest.begin(), rest.end());
    const auto equal = static_cast<size_t>(differ.first - entry->text.begin());
    while (entry->text.size() > equal) {
        if (entry->shorter < 0) {
            return {};
        }
        const Entry& far = m_tokens[static_cast<size_t>(entry->jump)];
        entry = far.text.size() > equal ? &far : &m_tokens[static_cast<size_t>(entry->shorter)];
    }
    return {entry->token, entry->text.size()};
}

} // namespace moescope::model
