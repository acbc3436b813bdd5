// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_text.h"

#include "engine/model/utf8.h"
#include "engine/trace/utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>

namespace moescope::model::jinja {

Text Text::slice(size_t begin, size_t end) const {
    Text part;
    part.m_bytes = m_bytes.substr(begin, end - begin);
    part.m_origins = m_origins.substr(begin, end - begin);
    part.markup = markup;
    return part;
}

Character characterAt(std::string_view text, size_t at) {
    const trace::Utf8Sequence sequence = trace::utf8At(text, at);
    if (!sequence.valid) {
        return {at, at + 1, -1};
    }
    utf8proc_int32_t code = -1;
    utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                     static_cast<utf8proc_ssize_t>(sequence.bytes), &code);
    return {at, at + sequence.bytes, code};
}

size_t countCharacters(std::string_view text) {
    size_t count = 0;
    for (size_t at = 0; at < text.size(); at = characterAt(text, at).end) {
        ++count;
    }
    return count;
}

std::vector<size_t> characterBorders(std::string_view text) {
    std::vector<size_t> borders;
    borders.reserve(text.size() + 1);
    for (size_t at = 0; at < text.size(); at = characterAt(text, at).end) {
        borders.push_back(at);
    }
    borders.push_back(text.size());
    return borders;
}

std::string utf8Of(int32_t code) {
    std::array<utf8proc_uint8_t, 4> bytes{};
    const utf8proc_ssize_t count = utf8proc_encode_char(code, bytes.data());
    return {reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(count)};
}

bool isSpace(int32_t code) { return isWhiteSpace(code) || (code >= 28 && code <= 31); }

bool isLineBreak(int32_t code) {
    return (code >= 10 && code <= 13) || (code >= 28 && code <= 30) || code == 0x85 || code == 0x2028 || code == 0x2029;
}

bool isPrintable(int32_t code) {
    if (code < 0) {
        return false;
    }
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return false;
    case UTF8PROC_CATEGORY_ZS: return code == ' ';
    default: return true;
    }
}

bool isLetter(int32_t code) {
    if (code < 0) {
        return false;
    }
    const utf8proc_category_t category = utf8proc_category(code);
    return category >= UTF8PROC_CATEGORY_LU && category <= UTF8PROC_CATEGORY_LO;
}

bool isDigit(int32_t code) { return code >= 0 && utf8proc_category(code) == UTF8PROC_CATEGORY_ND; }

namespace {

/** The character that ends at byte `end`. */
Character characterBefore(std::string_view text, size_t end) {
    for (size_t back = 1; back <= 4 && back <= end; ++back) {
        const Character character = characterAt(text.substr(0, end), end - back);
        if (character.code >= 0 && character.end == end) {
            return character;
        }
    }
    return {end - 1, end, -1};
}

} // namespace

std::pair<size_t, size_t> strip(std::string_view text, Ends ends, const std::string* set) {
    std::vector<std::string_view> wanted;
    for (size_t at = 0; set != nullptr && at < set->size();) {
        const Character one = characterAt(*set, at);
        wanted.push_back(std::string_view(*set).substr(at, one.end - at));
        at = one.end;
    }
    std::sort(wanted.begin(), wanted.end());
    const auto goes = [&](const Character& character) {
        return set == nullptr ? isSpace(character.code)
                              : std::binary_search(wanted.begin(), wanted.end(),
                                                   text.substr(character.begin, character.end - character.begin));
    };
    size_t begin = 0;
    size_t end = text.size();
    while (ends != Ends::Right && begin < end) {
        const Character character = characterAt(text, begin);
        if (!goes(character)) {
            break;
        }
        begin = character.end;
    }
    while (ends != Ends::Left && end > begin) {
        const Character character = characterBefore(text, end);
        if (!goes(character)) {
            break;
        }
        end = character.begin;
    }
    return {begin, end};
}

Text changeCase(const Text& text, Case to) {
    Text out;
    out.markup = text.markup;
    bool first = true;
    for (size_t at = 0; at < text.size();) {
        const Character character = characterAt(text.bytes(), at);
        const bool upper = to == Case::Upper || (to != Case::Lower && first);
        const Origin origin = text.origin(at);
        if (character.code < 0) {
            out.append(text, at, character.end);
        } else if (character.code == 0xdf && upper) {
            out.append(to == Case::Upper ? "SS" : "Ss", origin);
        } else {
            out.append(utf8Of(upper ? utf8proc_toupper(character.code) : utf8proc_tolower(character.code)), origin);
        }
        first = to == Case::Title && !isLetter(character.code);
        at = character.end;
    }
    return out;
}

void splitBlanks(std::string_view text, int64_t most, bool fromRight, const Take& take) {
    size_t begin = 0;
    size_t end = text.size();
    // Moves the end that is cut over the characters that are blank, or over those that are not.
    const auto pass = [&](bool blank) {
        while (begin < end) {
            const Character character = fromRight ? characterBefore(text, end) : characterAt(text, begin);
            if (isSpace(character.code) != blank) {
                return;
            }
            (fromRight ? end : begin) = fromRight ? character.begin : character.end;
        }
    };
    int64_t parts = 0;
    for (pass(true); begin < end; pass(true)) {
        if (most >= 0 && parts++ == most) {
            take(begin, end); // keeps its blanks at the other end
            break;
        }
        const size_t from = fromRight ? end : begin;
        pass(false);
        take(fromRight ? end : from, fromRight ? from : begin);
    }
}

void splitLines(std::string_view text, bool keepEnds, const Take& take) {
    size_t begin = 0;
    for (size_t at = 0; at < text.size();) {
        const Character character = characterAt(text, at);
        size_t next = character.end;
        if (isLineBreak(character.code)) {
            if (character.code == '\r' && next < text.size() && text[next] == '\n') {
                ++next;
            }
            take(begin, keepEnds ? next : at);
            begin = next;
        }
        at = next;
    }
    if (begin < text.size()) {
        take(begin, text.size());
    }
}

Text escaped(const Text& text) {
    Text out;
    for (size_t i = 0; i < text.size(); ++i) {
        const char c = text.bytes()[i];
        const std::string_view code = c == '&'    ? "&amp;"
                                      : c == '<'  ? "&lt;"
                                      : c == '>'  ? "&gt;"
                                      : c == '"'  ? "&#34;"
                                      : c == '\'' ? "&#39;"
                                                  : std::string_view(&c, 1);
        out.append(code, text.origin(i));
    }
    out.markup = true;
    return out;
}

} // namespace moescope::model::jinja
