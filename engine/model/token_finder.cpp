// SPDX-License-Identifier: Apache-2.0
#include "engine/model/token_finder.h"

#include <algorithm>
#include <functional>

namespace moescope::model {

void TokenFinder::add(const Vocabulary& vocabulary, const std::vector<int32_t>& tokens) {
    for (const int32_t token : tokens) {
        const std::string_view text = vocabulary.bytes(token);
        m_tokens.emplace(text, token);
        std::vector<size_t>& sizes = m_sizes[static_cast<uint8_t>(text[0])];
        const auto place = std::lower_bound(sizes.begin(), sizes.end(), text.size(), std::greater<>());
        if (place == sizes.end() || *place != text.size()) {
            sizes.insert(place, text.size());
        }
    }
}

int32_t TokenFinder::at(std::string_view rest) const {
    for (const size_t size : m_sizes[static_cast<uint8_t>(rest[0])]) {
        if (size > rest.size()) {
            continue;
        }
        if (const auto found = m_tokens.find(rest.substr(0, size)); found != m_tokens.end()) {
            return found->second;
        }
    }
    return -1;
}

} // namespace moescope::model
