// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/vocabulary.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::model {

/** Finds the longest of a set of tokens whose text begins at a place of a text: some log₂(tokens) comparisons a place,
 *  whatever the tokens are. */
class TokenFinder {
public:
    /** `vocabulary` must outlive this. */
    void add(const Vocabulary& vocabulary, const std::vector<int32_t>& tokens);
    /** Texts that are not empty, each with its token; what they show must outlive this. The first of equals counts. */
    void add(const std::vector<std::pair<std::string_view, int32_t>>& tokens);

    bool empty() const { return m_tokens.empty(); }

    struct Found {
        int32_t token = -1; ///< −1 if none of them begins here
        size_t size = 0;    ///< bytes
    };
    /** `rest` is not empty. */
    Found find(std::string_view rest) const;
    int32_t at(std::string_view rest) const { return find(rest).token; }

private:
    struct Entry {
        std::string_view text;
        int32_t token = 0;
        int32_t shorter = -1; ///< index of the longest other text that this one begins with
        int32_t jump = -1;    ///< index of one that is shorter by many such steps
        uint32_t steps = 0;   ///< to the shortest
    };
    void link();

    std::vector<Entry> m_tokens;                            ///< in the order of their bytes
    std::array<std::pair<size_t, size_t>, 256> m_byFirst{}; ///< where those are that begin with a byte
};

} // namespace moescope::model
