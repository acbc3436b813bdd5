// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace moescope::trace {

/** A piece of text that claims to be UTF-8. */
struct Utf8Sequence {
    size_t bytes = 1;     ///< of the character; of one that is none, up to the byte that breaks it, and at least 1
    bool valid = false;   ///< well-formed: no overlong form, surrogate or value above U+10FFFF
    bool complete = true; ///< false: the end of the text cuts what is well-formed so far; never valid then
};

/** The sequence at byte `at` of `text`, which must have that byte; after Unicode's table of well-formed UTF-8. */
Utf8Sequence utf8At(std::string_view text, size_t at);

/** Byte offset of the first sequence that is not well-formed and whole, if any. */
std::optional<size_t> firstInvalidUtf8(std::string_view text);

} // namespace moescope::trace
