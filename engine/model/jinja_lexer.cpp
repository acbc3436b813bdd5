// SPDX-License-Identifier: Apache-2.0
#include "engine/model/jinja_lexer.h"

#include "engine/model/jinja_run.h"
#include "engine/model/jinja_text.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"
#include "engine/trace/utf8.h"

#include <algorithm>
#include <array>

namespace moescope::model::jinja {

using trace::Error;

void refuseSyntax(uint32_t line, const std::string& reason) {
    throw Error("template.syntax", "The chat template cannot be read: in line {line}, {reason}.",
                {{"line", std::to_string(line)}, {"reason", reason}});
}

void refuseConstruct(uint32_t line, const std::string& construct) {
    throw Error("template.unsupported", "The chat template uses {construct} in line {line}, which is not supported.",
                {{"construct", construct}, {"line", std::to_string(line)}});
}

namespace {

/** With \n alone at the ends of lines, and without the last of them. */
std::string normalised(std::string_view source) {
    std::string out;
    out.reserve(source.size());
    for (size_t i = 0; i < source.size(); ++i) {
        if (source[i] == '\r') {
            out += '\n';
            i += i + 1 < source.size() && source[i + 1] == '\n' ? 1 : 0;
        } else {
            out += source[i];
        }
    }
    if (out.ends_with('\n')) {
        out.pop_back();
    }
    return out;
}

bool isNameStart(char c) { return c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool isDecimal(char c) { return c >= '0' && c <= '9'; }

class Scanner {
public:
    explicit Scanner(std::string_view source) : m_source(normalised(source)) {}

    std::vector<Token> run() {
        while (m_at < m_source.size()) {
            const size_t begin = nextTag();
            if (begin == std::string::npos) {
                data(m_source.substr(m_at));
                break;
            }
            const char kind = m_source[begin + 1];
            const char sign = begin + 2 < m_source.size() ? m_source[begin + 2] : '\0';
            data(trimmedBefore(m_source.substr(m_at, begin - m_at), kind, sign));
            m_at = begin + (sign == '-' || sign == '+' ? 3 : 2);
            if (kind == '#') {
                comment();
            } else if (kind == '%' && !raw()) {
                add(TokenKind::BlockBegin, {});
                inside('%', TokenKind::BlockEnd);
            } else if (kind == '{') {
                add(TokenKind::PrintBegin, {});
                inside('}', TokenKind::PrintEnd);
            }
        }
        add(TokenKind::End, {});
        return std::move(m_tokens);
    }

private:
    size_t nextTag() const {
        for (size_t at = m_source.find('{', m_at); at != std::string::npos; at = m_source.find('{', at + 1)) {
            const char next = at + 1 < m_source.size() ? m_source[at + 1] : '\0';
            if (next == '{' || next == '%' || next == '#') {
                return at;
            }
        }
        return std::string::npos;
    }

    /** Text before a tag, without what the tag takes from it; its lines are counted here. */
    std::string trimmedBefore(std::string text, char kind, char sign) {
        m_pendingLines = static_cast<uint32_t>(std::count(text.begin(), text.end(), '\n'));
        if (sign == '-') {
            return text.substr(0, strip(text, Ends::Right).second);
        }
        if (sign != '+' && kind != '{') {
            const size_t lineBegin = text.rfind('\n') + 1;
            const bool startsLine = lineBegin > 0 || m_lineStarting;
            if (startsLine && strip(text, Ends::Right).second <= lineBegin) {
                text.resize(lineBegin);
            }
        }
        return text;
    }

    void data(std::string text) {
        if (!text.empty()) {
            add(TokenKind::Data, std::move(text));
        }
        m_line += m_pendingLines;
        m_pendingLines = 0;
    }

    void add(TokenKind kind, std::string text) { m_tokens.push_back({kind, std::move(text), m_line}); }

    std::string_view rest() const { return std::string_view(m_source).substr(m_at); }

    void skip(size_t count) {
        m_line += static_cast<uint32_t>(std::count(m_source.begin() + static_cast<ptrdiff_t>(m_at),
                                                   m_source.begin() + static_cast<ptrdiff_t>(m_at + count), '\n'));
        m_at += count;
    }

    void skipBlanks() {
        while (m_at < m_source.size()) {
            const Character character = characterAt(m_source, m_at);
            if (!isSpace(character.code)) {
                return;
            }
            skip(character.end - m_at);
        }
    }

    /** Passes the end of a tag if it is here: `end`, with - or + before it. */
    bool closes(std::string_view end, bool takesNewline) {
        const std::string_view here = rest();
        const char sign = here.empty() ? '\0' : here[0];
        const bool plus = takesNewline && sign == '+';
        const bool signedEnd = (sign == '-' || plus) && here.substr(1).starts_with(end);
        if (!signedEnd && !here.starts_with(end)) {
            return false;
        }
        skip(end.size() + (signedEnd ? 1 : 0));
        if (signedEnd && sign == '-') {
            skipBlanks();
        } else if (!signedEnd && takesNewline && rest().starts_with('\n')) {
            skip(1);
        }
        m_lineStarting = m_source[m_at - 1] == '\n';
        return true;
    }

    void comment() {
        const uint32_t line = m_line;
        while (m_at < m_source.size()) {
            if (closes("#}", true)) {
                return;
            }
            skip(1);
        }
        refuseSyntax(line, "a comment does not end");
    }

    /** Behind “{%”: true if it was a raw block, which is passed. */
    bool raw() {
        const size_t before = m_at;
        const uint32_t line = m_line;
        const auto word = [&](std::string_view name) {
            skipBlanks();
            if (!rest().starts_with(name)) {
                return false;
            }
            skip(name.size());
            skipBlanks();
            return true;
        };
        if (!word("raw") || !(rest().starts_with("%}") || rest().starts_with("-%}"))) {
            m_at = before;
            m_line = line;
            return false;
        }
        closes("%}", false);
        m_lineStarting = false;
        const size_t begin = m_at;
        for (size_t at = m_source.find("{%", begin); at != std::string::npos; at = m_source.find("{%", at + 2)) {
            const char sign = at + 2 < m_source.size() ? m_source[at + 2] : '\0';
            m_at = at + (sign == '-' || sign == '+' ? 3 : 2);
            const uint32_t here = m_line;
            if (word("endraw")) {
                m_line = here;
                if (rest().starts_with("%}") || rest().starts_with("-%}") || rest().starts_with("+%}")) {
                    data(trimmedBefore(m_source.substr(begin, at - begin), '%', sign));
                    closes("%}", true);
                    return true;
                }
            }
            m_line = here;
        }
        refuseSyntax(line, "a raw block does not end");
    }

    /** The inner of a tag, to its end. */
    void inside(char closing, TokenKind end) {
        const uint32_t line = m_line;
        const std::string mark = closing == '%' ? "%}" : "}}";
        for (;;) {
            if (m_brackets.empty() && closes(mark, closing == '%')) {
                if (closing == '}') {
                    m_lineStarting = false;
                }
                m_tokens.push_back({end, {}, line});
                return;
            }
            if (m_at >= m_source.size()) {
                refuseSyntax(line, "a tag does not end");
            }
            const char c = m_source[m_at];
            const Character character = characterAt(m_source, m_at);
            if (isSpace(character.code)) {
                skip(character.end - m_at);
            } else if (isNameStart(c)) {
                size_t to = m_at;
                while (to < m_source.size() && (isNameStart(m_source[to]) || isDecimal(m_source[to]))) {
                    ++to;
                }
                if (to - m_at > longestName) {
                    refuseSyntax(m_line, "a name is longer than " + std::to_string(longestName) + " bytes");
                }
                add(TokenKind::Name, m_source.substr(m_at, to - m_at));
                m_at = to;
            } else if (isDecimal(c)) {
                number();
            } else if (c == '\'' || c == '"') {
                string(c);
            } else {
                symbol();
            }
        }
    }

    void number() {
        const bool afterDot = m_at > 0 && m_source[m_at - 1] == '.';
        size_t to = m_at;
        const auto digits = [&] {
            while (to < m_source.size() && (isDecimal(m_source[to]) || m_source[to] == '_')) {
                ++to;
            }
        };
        const auto digitAt = [&](size_t at) { return at < m_source.size() && isDecimal(m_source[at]); };
        digits();
        bool whole = true;
        if (!afterDot && to < m_source.size() && m_source[to] == '.' && digitAt(to + 1)) {
            whole = false;
            ++to;
            digits();
        }
        if (!afterDot && to < m_source.size() && (m_source[to] == 'e' || m_source[to] == 'E')) {
            const size_t sign =
                to + 1 < m_source.size() && (m_source[to + 1] == '+' || m_source[to + 1] == '-') ? 1 : 0;
            if (digitAt(to + 1 + sign)) {
                whole = false;
                to += 1 + sign;
                digits();
            }
        }
        std::string text = m_source.substr(m_at, to - m_at);
        std::erase(text, '_');
        if (to < m_source.size() && isNameStart(m_source[to])) {
            refuseSyntax(m_line, "“" + shortened(m_source.substr(m_at, to + 1 - m_at)) + "” is no number");
        }
        add(whole ? TokenKind::Int : TokenKind::Float, std::move(text));
        m_at = to;
    }

    void string(char quote) {
        const uint32_t line = m_line;
        size_t to = m_at + 1;
        while (to < m_source.size() && m_source[to] != quote) {
            to += m_source[to] == '\\' ? 2 : 1;
        }
        if (to >= m_source.size()) {
            refuseSyntax(line, "a string does not end");
        }
        const std::string inner = m_source.substr(m_at + 1, to - m_at - 1);
        add(TokenKind::String, unescaped(inner));
        skip(to + 1 - m_at);
    }

    /** As Python reads the inner of a string. */
    std::string unescaped(std::string_view inner) const {
        std::string out;
        for (size_t i = 0; i < inner.size(); ++i) {
            if (inner[i] != '\\' || i + 1 == inner.size()) {
                out += inner[i];
                continue;
            }
            const char c = inner[++i];
            constexpr std::string_view codes = "abfnrtv\\'\"";
            constexpr std::string_view means = "\a\b\f\n\r\t\v\\'\"";
            const size_t digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
            if (const size_t known = codes.find(c); known != std::string_view::npos) {
                out += means[known];
            } else if (digits > 0) {
                out += coded(inner.substr(i + 1, digits), digits, 16);
                i += digits;
            } else if (c >= '0' && c <= '7') {
                size_t count = 1;
                while (count < 3 && i + count < inner.size() && inner[i + count] >= '0' && inner[i + count] <= '7') {
                    ++count;
                }
                out += coded(inner.substr(i, count), count, 8);
                i += count - 1;
            } else if (c == 'N') {
                refuseConstruct(m_line, "a character by its name");
            } else if (c != '\n') {
                out += '\\';
                out += c;
            }
        }
        return out;
    }

    std::string coded(std::string_view digits, size_t wanted, int base) const {
        const auto isHex = [](char c) { return isDecimal(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
        if (digits.size() != wanted || !std::all_of(digits.begin(), digits.end(), isHex)) {
            refuseSyntax(m_line, "a string holds an escape that cannot be read");
        }
        const auto code = static_cast<int64_t>(std::stoull(std::string(digits), nullptr, base));
        if (code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
            refuseSyntax(m_line, "a string holds an escape for what is no character");
        }
        return utf8Of(static_cast<int32_t>(code));
    }

    void symbol() {
        constexpr std::array<std::string_view, 25> symbols{"//", "**", "==", "!=", ">=", "<=", "+", "-", "/",
                                                           "*",  "%",  "~",  "[",  "]",  "(",  ")", "{", "}",
                                                           ">",  "<",  "=",  ".",  ":",  "|",  ","};
        for (const std::string_view symbol : symbols) {
            if (!rest().starts_with(symbol)) {
                continue;
            }
            const char c = symbol[0];
            if (c == '(' || c == '[' || c == '{') {
                m_brackets += c == '(' ? ')' : c == '[' ? ']' : '}';
            } else if (c == ')' || c == ']' || c == '}') {
                if (m_brackets.empty() || m_brackets.back() != c) {
                    refuseSyntax(m_line, "“" + std::string(symbol) + "” closes nothing");
                }
                m_brackets.pop_back();
            }
            add(TokenKind::Operator, std::string(symbol));
            m_at += symbol.size();
            return;
        }
        const Character character = characterAt(m_source, m_at);
        refuseSyntax(m_line,
                     "“" + shortened(m_source.substr(m_at, character.end - m_at)) + "” has no meaning within a tag");
    }

    std::string m_source;
    size_t m_at = 0;
    uint32_t m_line = 1;
    uint32_t m_pendingLines = 0;
    bool m_lineStarting = true; ///< only the line's begin lies before m_at
    std::string m_brackets;     ///< closing ones that are due
    std::vector<Token> m_tokens;
};

} // namespace

std::vector<Token> scan(std::string_view source) {
    if (source.size() > largestSource) {
        throw Error("template.size", "The chat template has {bytes}; at most {most} are read.",
                    {{"bytes", trace::bytesText(source.size())}, {"most", trace::bytesText(largestSource)}});
    }
    if (const auto bad = trace::firstInvalidUtf8(source)) {
        throw Error("template.utf8", "The chat template is not valid UTF-8: byte {offset} fits no character.",
                    {{"offset", trace::grouped(*bad)}});
    }
    return Scanner(source).run();
}

} // namespace moescope::model::jinja
