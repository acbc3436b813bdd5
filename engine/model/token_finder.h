// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/vocabulary.h"

#include <array>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace moescope::model {

/** Finds the longest of a set of tokens whose text begins at a place of a text. */
class TokenFinder {
public:
    /** `vocabulary` must outlive this. */
    void add(const Vocabulary& vocabulary, const std::vector<int32_t>& tokens);

    bool empty() const { return m_tokens.empty(); }

    /** −1 if none of them begins here. `rest` is not empty. */
    int32_t at(std::string_view rest) const;

private:
    std::unordered_map<std::string_view, int32_t> m_tokens;
    std::array<std::vector<size_t>, 256> m_sizes; ///< of the texts that begin with a byte, the longest first
};

} // namespace moescope::model
