// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace moescope::model {

/** The tokens that take the white space beside them along where they are read in a text, so that it becomes no tokens of
 *  its own: “rstrip” and “lstrip” of a tokenizer.json. */
class TokenStrip {
public:
    TokenStrip() = default;
    /** Tokens that take what lies behind them, and those that take what lies before them. */
    TokenStrip(const std::vector<int32_t>& behind, const std::vector<int32_t>& before)
        : m_behind(behind.begin(), behind.end()), m_before(before.begin(), before.end()) {}

    /** Bytes at the beginning of `rest`, the text behind `token`, that go with it. */
    size_t behind(int32_t token, std::string_view rest) const;
    /** Bytes at the end of `text`, the text before `token`, that go with it. */
    size_t before(int32_t token, std::string_view text) const;

private:
    std::unordered_set<int32_t> m_behind;
    std::unordered_set<int32_t> m_before;
};

} // namespace moescope::model
