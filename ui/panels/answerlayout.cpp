// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/answerlayout.h"

#include "engine/trace/utf8.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

constexpr int kParagraphGap = 8; ///< px

} // namespace

void AnswerLayout::readText() {
    const std::string& bytes = m_run->bytes();
    m_text.clear();
    m_units.clear();
    m_units.reserve(bytes.size() + 1);
    for (size_t at = 0; at < bytes.size();) {
        const trace::Utf8Sequence sequence = trace::utf8At(bytes, at);
        m_units.insert(m_units.end(), sequence.bytes, static_cast<int>(m_text.size()));
        m_text += sequence.valid ? QString::fromUtf8(bytes.data() + at, static_cast<qsizetype>(sequence.bytes))
                                 : QString(QChar::ReplacementCharacter);
        at += sequence.bytes;
    }
    m_units.push_back(static_cast<int>(m_text.size()));
}

void AnswerLayout::layOut(const std::shared_ptr<const RunTrace>& run, const QFont& font, int pitch, int width) {
    if (run == m_run && font == m_font && pitch == m_pitch && width == m_width) {
        return;
    }
    if (run != m_run) {
        m_run = run;
        m_text.clear();
        m_units = {0};
        if (run != nullptr) {
            readText();
        }
    }
    m_font = font;
    m_pitch = pitch;
    m_width = width;
    m_paragraphs.clear();
    m_lines.clear();
    m_height = 0;
    const auto size = static_cast<int>(m_text.size());
    for (int start = 0; start < size;) {
        int end = start;
        while (end < size && m_text.at(end) != u'\n') {
            ++end;
        }
        if (end > start) {
            addParagraph(start, end, font, width);
        }
        int breaks = 0;
        for (start = end; start < size && m_text.at(start) == u'\n'; ++start) {
            ++breaks;
        }
        m_height += breaks > 1 ? kParagraphGap : 0;
    }
}

void AnswerLayout::addParagraph(int start, int end, const QFont& font, int width) {
    Paragraph paragraph{std::make_unique<QTextLayout>(m_text.mid(start, end - start), font), start};
    QTextOption option;
    const bool rightToLeft = paragraph.layout->text().isRightToLeft();
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    option.setTextDirection(rightToLeft ? Qt::RightToLeft : Qt::LeftToRight);
    option.setAlignment(rightToLeft ? Qt::AlignRight : Qt::AlignLeft);
    paragraph.layout->setTextOption(option);
    paragraph.layout->setCacheEnabled(true);
    paragraph.layout->beginLayout();
    for (int index = 0;; ++index) {
        QTextLine line = paragraph.layout->createLine();
        if (!line.isValid()) {
            break;
        }
        line.setLineWidth(std::max(width, 1));
        line.setPosition(QPointF(0, m_height + (m_pitch - line.height()) / 2.0));
        const int from = start + line.textStart();
        m_lines.push_back({static_cast<int>(m_paragraphs.size()), index, from, from + line.textLength(), m_height});
        m_height += m_pitch;
    }
    paragraph.layout->endLayout();
    m_paragraphs.push_back(std::move(paragraph));
}

size_t AnswerLayout::lineBelow(int y) const {
    const auto found =
        std::partition_point(m_lines.begin(), m_lines.end(), [&](const Line& line) { return line.y + m_pitch <= y; });
    return static_cast<size_t>(found - m_lines.begin());
}

size_t AnswerLayout::lineBehind(int unit) const {
    const auto found =
        std::partition_point(m_lines.begin(), m_lines.end(), [unit](const Line& line) { return line.end <= unit; });
    return static_cast<size_t>(found - m_lines.begin());
}

AnswerLayout::Range AnswerLayout::tokenRange(int token) const {
    Range range{unitOf(m_run->begin(token)), unitOf(m_run->end(token))};
    // A part of a character stands for the whole of it.
    while (range.to <= range.from && range.to < m_text.size()) {
        ++range.to;
    }
    int from = range.from;
    while (from < range.to && m_text.at(from).isSpace()) {
        ++from;
    }
    range.from = from < range.to ? from : range.from;
    return range;
}

int AnswerLayout::tokenAt(const QPoint& at) const {
    const size_t index = at.y() < 0 ? m_lines.size() : lineBelow(at.y());
    if (index >= m_lines.size() || at.y() < m_lines[index].y) {
        return -1;
    }
    const Line& line = m_lines[index];
    const QTextLine text = layoutOf(line).lineAt(line.index);
    const QRectF used = text.naturalTextRect();
    if (at.x() < used.left() || at.x() >= used.right()) {
        return -1;
    }
    const int unit = startOf(line) + text.xToCursor(at.x(), QTextLine::CursorOnCharacter);
    // The last byte of the character: of a character of several tokens, the last one.
    const auto byte = std::upper_bound(m_units.begin(), m_units.end(), unit) - m_units.begin() - 1;
    return std::min(m_run->tokenAt(static_cast<int>(byte)), m_run->size() - 1);
}

QList<QRect> AnswerLayout::rectsOf(const Range& range) const {
    QList<QRect> rects;
    for (size_t index = lineBehind(range.from); index < m_lines.size() && m_lines[index].start < range.to; ++index) {
        const Line& line = m_lines[index];
        int from = std::max(range.from, line.start);
        int to = std::min(range.to, line.end);
        while (from < to && m_text.at(from).isSpace()) {
            ++from;
        }
        while (to > from && m_text.at(to - 1).isSpace()) {
            --to;
        }
        if (from >= to) {
            continue;
        }
        const QTextLine text = layoutOf(line).lineAt(line.index);
        const double a = text.cursorToX(from - startOf(line));
        const double b = text.cursorToX(to - startOf(line));
        const int left = static_cast<int>(std::floor(std::min(a, b)));
        rects.append({left, line.y + 1, static_cast<int>(std::ceil(std::max(a, b))) - left, m_pitch - 2});
    }
    return rects;
}

QList<WordMark> AnswerLayout::marksOf(const Range& range) const {
    QList<WordMark> marks;
    for (size_t index = lineBehind(range.from); index < m_lines.size() && m_lines[index].start < range.to; ++index) {
        const Line& line = m_lines[index];
        const int from = std::max(range.from, line.start) - startOf(line);
        const int to = std::min(range.to, line.end) - startOf(line);
        if (from < to) {
            const QTextLine text = layoutOf(line).lineAt(line.index);
            WordMark mark = wordMark(layoutOf(line), text, from, to);
            mark.box.translate(0, static_cast<int>(std::lround(text.y())));
            marks.append(mark);
        }
    }
    return marks;
}

AnswerLayout::Range AnswerLayout::unitsBetween(int top, int bottom) const {
    const size_t first = lineBelow(top);
    size_t last = first;
    while (last + 1 < m_lines.size() && m_lines[last + 1].y < bottom) {
        ++last;
    }
    return first < m_lines.size() && m_lines[first].y < bottom ? Range{m_lines[first].start, m_lines[last].end}
                                                               : Range{};
}

void AnswerLayout::paint(QPainter& painter, const QPoint& origin, int top, int bottom) const {
    for (size_t index = lineBelow(top); index < m_lines.size() && m_lines[index].y < bottom; ++index) {
        layoutOf(m_lines[index]).lineAt(m_lines[index].index).draw(&painter, origin);
    }
}

} // namespace moescope::ui
