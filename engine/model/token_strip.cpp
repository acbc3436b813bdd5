// SPDX-License-Identifier: Apache-2.0
#include "engine/model/token_strip.h"

#include "engine/model/utf8.h"

#include <utf8proc.h>

namespace moescope::model {

namespace {

/** Bytes of the white space that begins at byte `at`; 0 if none does. */
size_t spaceAt(std::string_view text, size_t at) {
    utf8proc_int32_t code = -1;
    const utf8proc_ssize_t bytes = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                                                    static_cast<utf8proc_ssize_t>(text.size() - at), &code);
    return bytes > 0 && isWhiteSpace(code) ? static_cast<size_t>(bytes) : 0;
}

/** Where the last character of `text`, which is not empty, begins. */
size_t lastCharacter(std::string_view text) {
    size_t at = text.size() - 1;
    while (at > 0 && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80) {
        --at;
    }
    return at;
}

} // namespace

size_t TokenStrip::behind(int32_t token, std::string_view rest) const {
    size_t taken = 0;
    for (size_t bytes = m_behind.contains(token) ? 1 : 0; bytes > 0; taken += bytes) {
        bytes = taken < rest.size() ? spaceAt(rest, taken) : 0;
    }
    return taken;
}

size_t TokenStrip::before(int32_t token, std::string_view text) const {
    std::string_view left = text;
    for (size_t bytes = m_before.contains(token) ? 1 : 0; bytes > 0; left.remove_suffix(bytes)) {
        bytes = left.empty() ? 0 : spaceAt(left, lastCharacter(left));
    }
    return text.size() - left.size();
}

} // namespace moescope::model
