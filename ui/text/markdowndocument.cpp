// SPDX-License-Identifier: Apache-2.0
#include "ui/text/markdowndocument.h"

#include "ui/text/markdownparser.h"

#include <QRegularExpression>

#include <algorithm>
#include <limits>

namespace moescope::ui {

namespace {

constexpr int kLongestPiece = 16384; ///< UTF-16 units; bounds one parse and the layout of one paragraph
constexpr int kAlwaysParsed = 1024;
constexpr int kGrowthPart = 16;
constexpr int kBreakSearch = 1024; ///< how far before the end of a full piece a space is looked for

struct Line {
    int indent = 0; ///< columns, a tab counts as four
    QStringView rest;
};

Line measured(QStringView line) {
    Line result;
    qsizetype i = 0;
    for (; i < line.size() && (line[i] == QLatin1Char(' ') || line[i] == QLatin1Char('\t')); ++i) {
        result.indent += line[i] == QLatin1Char('\t') ? 4 : 1;
    }
    result.rest = line.mid(i);
    while (!result.rest.isEmpty() && result.rest.back().isSpace()) {
        result.rest.chop(1);
    }
    return result;
}

bool isRule(QStringView rest) {
    if (rest.isEmpty() || !QStringLiteral("-*_").contains(rest[0])) {
        return false;
    }
    int marks = 0;
    for (const QChar c : rest) {
        if (c == rest[0]) {
            ++marks;
        } else if (!c.isSpace()) {
            return false;
        }
    }
    return marks >= 3;
}

struct Marker {
    bool found = false;
    bool has_text = false;
    int number = -1; ///< −1: a bullet
    QChar delimiter;
};

Marker markerOf(QStringView rest) {
    Marker marker;
    qsizetype i = 0;
    if (!rest.isEmpty() && QStringLiteral("-+*").contains(rest[0])) {
        if (isRule(rest)) {
            return marker;
        }
        marker.delimiter = rest[0];
        i = 1;
    } else {
        while (i < rest.size() && i < 9 && rest[i] >= QLatin1Char('0') && rest[i] <= QLatin1Char('9')) {
            ++i;
        }
        if (i == 0 || i >= rest.size() || (rest[i] != QLatin1Char('.') && rest[i] != QLatin1Char(')'))) {
            return marker;
        }
        marker.number = rest.left(i).toInt();
        marker.delimiter = rest[i];
        ++i;
    }
    marker.found = i == rest.size() || rest[i].isSpace();
    marker.has_text = marker.found && i < rest.size();
    return marker;
}

/** Length of an opening fence, 0: none. */
int fenceOf(const Line& line) {
    if (line.indent > 3 || line.rest.isEmpty()) {
        return 0;
    }
    const QChar mark = line.rest[0];
    if (mark != QLatin1Char('`') && mark != QLatin1Char('~')) {
        return 0;
    }
    int length = 0;
    while (length < line.rest.size() && line.rest[length] == mark) {
        ++length;
    }
    if (length < 3 || (mark == QLatin1Char('`') && line.rest.mid(length).contains(mark))) {
        return 0;
    }
    return length;
}

} // namespace

void MarkdownDocument::reset() {
    const qint64 parsed = m_parsedLength;
    *this = MarkdownDocument();
    m_parsedLength = parsed;
}

void MarkdownDocument::setSource(const QString& source) {
    reset();
    append(source);
    finish();
}

int MarkdownDocument::append(QStringView text) {
    m_firstChanged = std::numeric_limits<int>::max();
    const bool wasCode = m_inCode;
    const size_t before = m_blocks.size();
    m_source += text;
    for (;;) {
        const int size = static_cast<int>(m_source.size());
        const int newline = static_cast<int>(m_source.indexOf(QLatin1Char('\n'), m_lineStart));
        const int limit = m_pieceStart + kLongestPiece;
        if (!m_inCode && size > limit && (newline < 0 || newline >= limit)) {
            const int cut = overflowCut();
            closePiece(cut);
            m_lineStart = std::max(m_lineStart, cut);
            continue;
        }
        if (newline < 0) {
            break;
        }
        scanLine(m_lineStart, newline);
        m_lineStart = newline + 1;
    }
    const int size = static_cast<int>(m_source.size());
    if (m_inCode) {
        growCode(size);
    } else if (const int length = size - m_pieceStart; length > 0) {
        if (length <= kAlwaysParsed || length - m_pieceParsed >= m_pieceParsed / kGrowthPart) {
            parsePiece(size);
        } else {
            // Shown as it stands until the next parse.
            if (static_cast<int>(m_blocks.size()) == m_pieceFirstBlock ||
                m_blocks.back().kind == MarkdownBlock::Kind::Rule ||
                m_blocks.back().kind == MarkdownBlock::Kind::Table) {
                m_blocks.emplace_back();
                m_blocks.back().source_start = m_pieceStart + m_pieceShown;
            }
            MarkdownBlock& block = m_blocks.back();
            appendMapped(block.content, QStringView(m_source).mid(m_pieceStart + m_pieceShown),
                         m_pieceStart + m_pieceShown, m_tailFilter);
            block.source_end = size;
            m_pieceShown = length;
            touch(static_cast<int>(m_blocks.size()) - 1);
        }
    }
    m_grewCodeOnly = wasCode && m_inCode && m_blocks.size() == before;
    return std::min(m_firstChanged, static_cast<int>(m_blocks.size()));
}

int MarkdownDocument::finish() {
    m_firstChanged = std::numeric_limits<int>::max();
    const int length = static_cast<int>(m_source.size()) - m_pieceStart;
    if (!m_inCode && length > 0 && m_pieceParsed < length) {
        parsePiece(static_cast<int>(m_source.size()));
    }
    return std::min(m_firstChanged, static_cast<int>(m_blocks.size()));
}

int MarkdownDocument::overflowCut() const {
    const int limit = m_pieceStart + kLongestPiece;
    if (m_lineStart > m_pieceStart) {
        return m_lineStart;
    }
    const auto space = static_cast<int>(m_source.lastIndexOf(QLatin1Char(' '), limit));
    if (space > limit - kBreakSearch) {
        return space + 1;
    }
    return m_source[limit].isLowSurrogate() ? limit - 1 : limit;
}

void MarkdownDocument::scanLine(int begin, int end) {
    const QStringView text = QStringView(m_source).mid(begin, end - begin);
    if (m_inCode) {
        if (closesFence(text)) {
            growCode(begin);
            m_blocks.back().source_end = end;
            m_inCode = false;
            m_pieceStart = end + 1;
            m_pieceFirstBlock = static_cast<int>(m_blocks.size());
            m_pieceParsed = m_pieceShown = 0;
            m_pieceIsList = m_previousIndented = false;
            m_previousBlank = false;
        }
        return;
    }
    const Line line = measured(text);
    if (line.rest.isEmpty()) {
        m_previousBlank = true;
        return;
    }
    const Marker marker = line.indent == 0 ? markerOf(line.rest) : Marker();
    if (fenceOf(line) > 0 && (line.indent == 0 || !m_pieceIsList)) {
        openCode(begin, end);
        return;
    }
    const bool first = begin == m_pieceStart;
    // In a paragraph only an item with text, and of numbers only 1, starts a list.
    const bool startsItem = marker.found && (first || m_previousBlank || m_pieceIsList ||
                                             (marker.has_text && (marker.number < 0 || marker.number == 1)));
    const bool goesOn = m_pieceIsList || m_previousIndented; // an item's next paragraph, or more indented code
    const bool startsBlock = m_previousBlank && (line.indent == 0 || !goesOn || (!m_pieceIsList && line.indent < 4));
    if (!first && (startsItem || startsBlock)) {
        closePiece(begin);
    }
    if (begin == m_pieceStart) {
        m_pieceIsList = startsItem;
    }
    m_previousIndented = line.indent >= 4;
    m_previousBlank = false;
}

int MarkdownDocument::firstNumber() const {
    if (m_numbering.next == 0) {
        return 0;
    }
    const qsizetype newline = m_source.indexOf(QLatin1Char('\n'), m_pieceStart);
    const qsizetype end = newline < 0 ? m_source.size() : newline;
    const Line line = measured(QStringView(m_source).mid(m_pieceStart, end - m_pieceStart));
    const Marker marker = markerOf(line.rest);
    return marker.found && marker.number >= 0 && marker.delimiter == m_numbering.delimiter ? m_numbering.next : 0;
}

void MarkdownDocument::closePiece(int end) {
    if (end <= m_pieceStart) {
        return;
    }
    parsePiece(end);
    m_numbering = {};
    if (m_pieceIsList && static_cast<int>(m_blocks.size()) > m_pieceFirstBlock) {
        const QString& marker = m_blocks[static_cast<size_t>(m_pieceFirstBlock)].marker;
        bool isNumber = false;
        const int number = marker.chopped(marker.isEmpty() ? 0 : 1).toInt(&isNumber);
        if (isNumber) {
            m_numbering = {number + 1, marker.back()};
        }
    }
    m_pieceStart = end;
    m_pieceFirstBlock = static_cast<int>(m_blocks.size());
    m_pieceParsed = m_pieceShown = 0;
    m_pieceIsList = m_previousIndented = false;
}

void MarkdownDocument::parsePiece(int end) {
    const int length = end - m_pieceStart;
    std::vector<MarkdownBlock> parsed =
        parseMarkdown(QStringView(m_source).mid(m_pieceStart, length), m_pieceStart, firstNumber());
    m_parsedLength += length;
    m_blocks.resize(static_cast<size_t>(m_pieceFirstBlock));
    m_blocks.insert(m_blocks.end(), std::make_move_iterator(parsed.begin()), std::make_move_iterator(parsed.end()));
    m_pieceParsed = m_pieceShown = length;
    m_tailFilter.reset();
    touch(m_pieceFirstBlock);
}

void MarkdownDocument::openCode(int lineBegin, int lineEnd) {
    // What stood before the fence is final; the piece may have shown the fence itself already.
    if (lineBegin > m_pieceStart) {
        closePiece(lineBegin);
    } else {
        m_blocks.resize(static_cast<size_t>(m_pieceFirstBlock));
    }
    const Line line = measured(QStringView(m_source).mid(lineBegin, lineEnd - lineBegin));
    m_fence = line.rest[0];
    m_fenceLength = fenceOf(line);
    m_inCode = true;
    m_numbering = {};
    m_codeFilter.reset();
    MarkdownBlock block;
    block.kind = MarkdownBlock::Kind::Code;
    static const QRegularExpression spaces(QStringLiteral("\\s"));
    block.language = line.rest.mid(m_fenceLength).trimmed().toString().section(spaces, 0, 0);
    block.source_start = lineBegin;
    block.source_end = lineEnd;
    m_pieceStart = lineBegin;
    m_codeTaken = lineEnd + 1;
    touch(m_pieceFirstBlock);
    m_blocks.push_back(std::move(block));
}

bool MarkdownDocument::closesFence(QStringView text) const {
    const Line line = measured(text);
    return line.indent <= 3 && line.rest.size() >= m_fenceLength &&
           std::all_of(line.rest.begin(), line.rest.end(), [this](QChar c) { return c == m_fence; });
}

void MarkdownDocument::growCode(int end) {
    int stop = end;
    // The last line may be on its way to the closing fence, and the line break before it belongs to the fence.
    const int lastLine = std::max(m_codeTaken, std::min(m_lineStart, end));
    const Line line = measured(QStringView(m_source).mid(lastLine, end - lastLine));
    const bool couldClose = lastLine == m_lineStart && line.indent <= 3 &&
                            std::all_of(line.rest.begin(), line.rest.end(), [this](QChar c) { return c == m_fence; });
    if (couldClose) {
        stop = lastLine;
    }
    if (stop > m_codeTaken && m_source[stop - 1] == QLatin1Char('\n')) {
        --stop;
    }
    MarkdownBlock& block = m_blocks.back();
    if (stop > m_codeTaken) {
        appendMapped(block.content, QStringView(m_source).mid(m_codeTaken, stop - m_codeTaken), m_codeTaken,
                     m_codeFilter);
        m_parsedLength += stop - m_codeTaken;
        m_codeTaken = stop;
    }
    block.source_end = end;
    touch(static_cast<int>(m_blocks.size()) - 1);
}

} // namespace moescope::ui
