// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace moescope::model::jinja {

/** Who wrote a byte. Only what the template wrote may become a control token. */
enum class Origin : char { Template = 't', Conversation = 'c' };

/** Text that knows of each byte who wrote it, through every operation of the template language. Places are bytes. */
class Text {
public:
    Text() = default;
    explicit Text(std::string_view bytes, Origin origin = Origin::Template)
        : m_bytes(bytes), m_origins(bytes.size(), static_cast<char>(origin)) {}

    const std::string& bytes() const { return m_bytes; }
    size_t size() const { return m_bytes.size(); }
    bool empty() const { return m_bytes.empty(); }
    Origin origin(size_t at) const { return static_cast<Origin>(m_origins[at]); }

    void append(const Text& other) {
        m_bytes += other.m_bytes;
        m_origins += other.m_origins;
    }
    void append(const Text& other, size_t begin, size_t end) {
        m_bytes.append(other.m_bytes, begin, end - begin);
        m_origins.append(other.m_origins, begin, end - begin);
    }
    void append(std::string_view bytes, Origin origin = Origin::Template) {
        m_bytes += bytes;
        m_origins.append(bytes.size(), static_cast<char>(origin));
    }
    Text slice(size_t begin, size_t end) const;

    /** Already HTML: what is added to it by + is escaped, as Python's Markup has it. */
    bool markup = false;

private:
    std::string m_bytes;
    std::string m_origins; ///< one Origin a byte
};

/** One code point, or one byte that belongs to none. */
struct Character {
    size_t begin = 0;
    size_t end = 0;
    int32_t code = -1; ///< −1: no valid UTF-8
};
Character characterAt(std::string_view text, size_t at);
size_t countCharacters(std::string_view text);
/** Where each character begins, and the text's end. */
std::vector<size_t> characterBorders(std::string_view text);
std::string utf8Of(int32_t code);

/** As Python's str.isspace(). */
bool isSpace(int32_t code);
bool isLineBreak(int32_t code);
/** As Python's str.isprintable(): repr() writes other characters as escapes. */
bool isPrintable(int32_t code);
bool isLetter(int32_t code);
bool isDigit(int32_t code);

enum class Ends { Both, Left, Right };
/** Where a text begins and ends without what stands there: blanks, or any of the characters of `set`. */
std::pair<size_t, size_t> strip(std::string_view text, Ends ends, const std::string* set = nullptr);
enum class Case { Upper, Lower, Title, Capital };
/** Title: a capital behind every character that is no letter, as Python's str.title(). */
Text changeCase(const Text& text, Case to);
/** Told of each part of a text, where it begins and ends. */
using Take = std::function<void(size_t begin, size_t end)>;
/** The last part first if it is cut from the right. At most `most` cuts, any number if it is negative. */
void splitBlanks(std::string_view text, int64_t most, bool fromRight, const Take& take);
void splitLines(std::string_view text, bool keepEnds, const Take& take);
/** & < > " ' as HTML. */
Text escaped(const Text& text);

} // namespace moescope::model::jinja
