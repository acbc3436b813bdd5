// SPDX-License-Identifier: Apache-2.0
#include "engine/needle/haystack.h"

#include "engine/trace/error.h"
#include "engine/trace/utf8.h"

#include <array>

namespace moescope::needle {

namespace {

constexpr size_t longPiece = 400; // bytes

bool isSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool isSmallLetter(char c) { return c >= 'a' && c <= 'z'; }

/** Bytes of one of `marks` that stands at `at`; 0: none does. */
template <size_t N>
size_t lengthOf(const std::array<std::string_view, N>& marks, std::string_view text, size_t at) {
    for (const std::string_view mark : marks) {
        if (text.substr(at, mark.size()) == mark) {
            return mark.size();
        }
    }
    return 0;
}

constexpr std::array<std::string_view, 4> ends = {".", "!", "?", "…"};
constexpr std::array<std::string_view, 3> wideEnds = {"。", "！", "？"};
constexpr std::array<std::string_view, 8> closings = {"\"", "'", ")", "]", "”", "’", "»", "」"};

size_t behindClosings(std::string_view text, size_t at) {
    while (const size_t bytes = lengthOf(closings, text, at)) {
        at += bytes;
    }
    return at;
}

size_t behindSpace(std::string_view text, size_t at) {
    while (at < text.size() && isSpace(text[at])) {
        ++at;
    }
    return at;
}

bool holdsEmptyLine(std::string_view space) {
    const size_t first = space.find('\n');
    return first != std::string_view::npos && space.find('\n', first + 1) != std::string_view::npos;
}

/** Where the sentence that begins at `from` ends, white space behind it left out. */
size_t endOfSentence(std::string_view text, size_t from) {
    for (size_t at = from; at < text.size();) {
        if (const size_t wide = lengthOf(wideEnds, text, at)) {
            return behindClosings(text, at + wide);
        }
        if (const size_t bytes = lengthOf(ends, text, at)) {
            const size_t end = behindClosings(text, at + bytes);
            const size_t next = behindSpace(text, end);
            if (next == text.size() || (next > end && !isSmallLetter(text[next]))) {
                return end;
            }
            at = end;
        } else if (isSpace(text[at])) {
            const size_t next = behindSpace(text, at);
            if (next == text.size() || holdsEmptyLine(text.substr(at, next - at))) {
                return at;
            }
            at = next;
        } else {
            ++at;
        }
    }
    return text.size();
}

void addLines(std::string_view piece, std::vector<std::string_view>& sentences) {
    for (size_t at = 0; at < piece.size();) {
        const size_t end = std::min(piece.find('\n', at), piece.size());
        std::string_view line = piece.substr(at, end - at);
        while (!line.empty() && isSpace(line.back())) {
            line.remove_suffix(1);
        }
        if (!line.empty()) {
            sentences.push_back(line);
        }
        at = behindSpace(piece, end);
    }
}

} // namespace

std::vector<std::string_view> sentencesOf(std::string_view text) {
    std::vector<std::string_view> sentences;
    for (size_t at = behindSpace(text, 0); at < text.size();) {
        const size_t end = endOfSentence(text, at);
        const std::string_view piece = text.substr(at, end - at);
        if (piece.size() > longPiece) {
            addLines(piece, sentences);
        } else {
            sentences.push_back(piece);
        }
        at = behindSpace(text, end);
    }
    return sentences;
}

Haystack::Haystack(std::string name, std::string text, const model::Tokenizer& tokenizer, trace::CancelFlag cancel)
    : m_name(std::move(name)), m_text(std::move(text)) {
    if (const auto bad = trace::firstInvalidUtf8(m_text)) {
        throw trace::Error("needle.utf8", "“{name}” is no UTF-8 text: byte {byte} fits no character.",
                           {{"name", m_name}, {"byte", trace::grouped(*bad)}});
    }
    m_sentences = sentencesOf(m_text);
    if (m_sentences.empty()) {
        throw trace::Error("needle.haystack", "“{name}” holds no sentence to hide a needle among.", {{"name", m_name}});
    }
    m_tokens.reserve(m_sentences.size());
    std::string spaced;
    for (const std::string_view sentence : m_sentences) {
        spaced.assign(" ").append(sentence);
        m_tokens.push_back(static_cast<uint32_t>(tokenizer.encode(spaced, false, cancel).size()));
    }
}

} // namespace moescope::needle
