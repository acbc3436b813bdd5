// SPDX-License-Identifier: Apache-2.0
#include "engine/model/token_strip.h"

#include <algorithm>
#include <array>

namespace moescope::model {

namespace {

/** Unicode's White_Space. */
constexpr std::array<std::string_view, 25> spaces{" ",      "\n",     "\t",     "\r",     "\v",     "\f",     "\u0085",
                                                  "\u00A0", "\u1680", "\u2000", "\u2001", "\u2002", "\u2003", "\u2004",
                                                  "\u2005", "\u2006", "\u2007", "\u2008", "\u2009", "\u200A", "\u2028",
                                                  "\u2029", "\u202F", "\u205F", "\u3000"};

/** Bytes of the character of `spaces` for which `isAtEdge` holds; 0 if it holds for none. */
template <typename IsAtEdge>
size_t spaceAtEdge(const IsAtEdge& isAtEdge) {
    const auto* const found = std::find_if(spaces.begin(), spaces.end(), isAtEdge);
    return found == spaces.end() ? 0 : found->size();
}

} // namespace

size_t TokenStrip::behind(int32_t token, std::string_view rest) const {
    size_t taken = 0;
    for (size_t bytes = m_behind.contains(token) ? 1 : 0; bytes > 0; taken += bytes) {
        bytes = spaceAtEdge([&](std::string_view space) { return rest.substr(taken).starts_with(space); });
    }
    return taken;
}

size_t TokenStrip::before(int32_t token, std::string_view text) const {
    size_t left = text.size();
    for (size_t bytes = m_before.contains(token) ? 1 : 0; bytes > 0; left -= bytes) {
        bytes = spaceAtEdge([&](std::string_view space) { return text.substr(0, left).ends_with(space); });
    }
    return text.size() - left;
}

} // namespace moescope::model
