// SPDX-License-Identifier: Apache-2.0
#include "ui/text/richlayout.h"

#include <QPainter>

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

constexpr int kCaretWidth = 8;
constexpr int kCaretHeight = 16;
constexpr int kMarkPad = 3;    ///< px from a word to its mark's outer edge, into the space beside it
constexpr int kMarkRise = 2;   ///< px above and below the line
constexpr int kMarkCorner = 3; ///< px of an open side above and below its gap

} // namespace

void RichLayout::layOut(const RichText& text, const QFont& font, int pitch, int width, Qt::Alignment alignment,
                        Color color) {
    m_text = &text;
    m_pitch = pitch;
    const Theme& look = theme();
    QList<QTextLayout::FormatRange> formats;
    for (const TextSpan& span : text.spans) {
        QTextLayout::FormatRange range;
        range.start = span.start;
        range.length = span.length;
        if ((span.flags & TextSpan::Code) != 0) {
            range.format.setFont(look.font(TextStyle::MonoCode), QTextCharFormat::FontPropertiesSpecifiedOnly);
        }
        if ((span.flags & TextSpan::Bold) != 0) {
            range.format.setFontWeight(QFont::DemiBold);
        }
        if ((span.flags & TextSpan::Italic) != 0) {
            range.format.setFontItalic(true);
        }
        if ((span.flags & TextSpan::Strike) != 0) {
            range.format.setFontStrikeOut(true);
        }
        if ((span.flags & TextSpan::Image) != 0) {
            range.format.setForeground(look.color(Color::TextMuted));
        }
        if (span.link >= 0) {
            range.format.setForeground(look.color(Color::AccentText));
            range.format.setFontUnderline(true);
        }
        formats += range;
    }
    QTextCharFormat base;
    base.setForeground(look.color(color));
    QList<QTextLayout::FormatRange> all;
    all += QTextLayout::FormatRange{0, static_cast<int>(text.text.size()), base};
    all += formats;
    m_layout.setText(text.text);
    m_layout.setFont(font);
    m_layout.setFormats(all);
    // Without any alignment a line with a tab is stretched, beyond its width too.
    QTextOption option(alignment == Qt::Alignment() ? Qt::AlignLeft : alignment);
    option.setWrapMode(QTextOption::WrapAtWordBoundaryOrAnywhere);
    option.setTextDirection(text.text.isRightToLeft() ? Qt::RightToLeft : Qt::LeftToRight);
    if (alignment == Qt::Alignment() && text.text.isRightToLeft()) {
        option.setAlignment(Qt::AlignRight);
    }
    m_layout.setTextOption(option);
    m_layout.setCacheEnabled(true);
    int y = 0;
    m_layout.beginLayout();
    for (;;) {
        QTextLine line = m_layout.createLine();
        if (!line.isValid()) {
            break;
        }
        line.setLineWidth(std::max(width, 1));
        // A fallback font may be higher than the pitch of the style.
        const int high = std::max(pitch, static_cast<int>(std::ceil(line.height())) - 4);
        line.setPosition(QPointF(0, y + (high - line.height()) / 2.0));
        y += high;
    }
    m_layout.endLayout();
    m_height = std::max(y, pitch);
}

int RichLayout::widthUsed() const {
    double width = 0;
    for (int i = 0; i < m_layout.lineCount(); ++i) {
        width = std::max(width, m_layout.lineAt(i).naturalTextWidth());
    }
    return static_cast<int>(std::ceil(width));
}

QList<QRect> RichLayout::rectsOfDisplay(int start, int end) const {
    QList<QRect> rects;
    for (int i = 0; i < m_layout.lineCount() && start < end; ++i) {
        const QTextLine line = m_layout.lineAt(i);
        const int from = std::max(start, line.textStart());
        const int to = std::min(end, line.textStart() + line.textLength());
        if (from >= to) {
            if (line.textStart() >= end) {
                break;
            }
            continue;
        }
        const double a = line.cursorToX(from);
        const double b = line.cursorToX(to);
        const int x = static_cast<int>(std::floor(std::min(a, b)));
        const int right = static_cast<int>(std::ceil(std::max(a, b)));
        rects +=
            QRect(x, static_cast<int>(std::lround(line.y())), right - x, static_cast<int>(std::lround(line.height())));
    }
    return rects;
}

QList<QRect> RichLayout::rectsOf(int sourceStart, int sourceEnd) const {
    if (isEmpty() || sourceStart >= sourceEnd) {
        return {};
    }
    return rectsOfDisplay(m_text->displayOf(sourceStart), m_text->displayOf(sourceEnd));
}

QList<WordMark> RichLayout::marksOf(int sourceStart, int sourceEnd) const {
    QList<WordMark> marks;
    if (isEmpty() || sourceStart >= sourceEnd) {
        return marks;
    }
    const int start = m_text->displayOf(sourceStart);
    const int end = m_text->displayOf(sourceEnd);
    for (int i = 0; i < m_layout.lineCount(); ++i) {
        const QTextLine line = m_layout.lineAt(i);
        const int from = std::max(start, line.textStart());
        const int to = std::min(end, line.textStart() + line.textLength());
        if (from < to) {
            WordMark mark = wordMark(m_layout, line, from, to);
            mark.box.translate(0, static_cast<int>(std::lround(line.y())));
            marks += mark;
        }
    }
    return marks;
}

void RichLayout::paint(QPainter& painter, const QPoint& origin, const QRect& clip, const BlockMarks& marks) const {
    if (m_text == nullptr) {
        return;
    }
    const Theme& look = theme();
    for (const QRect& box : rectsOf(marks.selection_start, marks.selection_end)) {
        painter.fillRect(box.translated(origin), look.color(Color::AccentTintStrong));
    }
    for (const TextSpan& span : m_text->spans) {
        if ((span.flags & TextSpan::Code) == 0) {
            continue;
        }
        for (const QRect& box : rectsOfDisplay(span.start, span.start + span.length)) {
            painter.setRenderHint(QPainter::Antialiasing);
            painter.setPen(look.color(Color::BorderSubtle));
            painter.setBrush(look.color(Color::CodeBg));
            painter.drawRoundedRect(QRectF(box.translated(origin)).adjusted(-2.5, -0.5, 2.5, 0.5), 3, 3);
            painter.setRenderHint(QPainter::Antialiasing, false);
        }
    }
    for (const SourceRange* hit = marks.found_begin; hit != marks.found_end; ++hit) {
        for (const QRect& box : rectsOf(hit->start, hit->end)) {
            paintFoundMark(painter, box.translated(origin), hit == marks.found_current);
        }
    }
    QPoint end = origin + endPoint();
    for (WordMark& mark : marksOf(marks.mark_start, marks.mark_end)) {
        mark.box.translate(origin);
        paintWordMark(painter, mark, look.color(Color::AccentTint));
        if (mark.box.contains(end)) { // the caret stands beside it
            end.setX(mark.box.right() + 3);
        }
    }
    for (int i = 0; i < m_layout.lineCount(); ++i) {
        const QTextLine line = m_layout.lineAt(i);
        const double top = origin.y() + line.y();
        if (top > clip.bottom() + 1) {
            break;
        }
        if (top + line.height() >= clip.top()) {
            line.draw(&painter, origin);
        }
    }
    if (marks.focused_link >= 0) {
        for (const TextSpan& span : m_text->spans) {
            if (span.link == marks.focused_link) {
                for (const QRect& box : rectsOfDisplay(span.start, span.start + span.length)) {
                    painter.setRenderHint(QPainter::Antialiasing);
                    painter.setPen(QPen(look.color(Color::AccentText), 2));
                    painter.setBrush(Qt::NoBrush);
                    painter.drawRoundedRect(QRectF(box.translated(origin)).adjusted(-2, 0, 2, 0), 3, 3);
                }
            }
        }
    }
    if (marks.caret) {
        paintCaretBlock(painter, end, m_pitch);
    }
}

int RichLayout::sourceAt(const QPoint& point, bool nearest) const {
    if (isEmpty()) {
        return -1;
    }
    for (int i = 0; i < m_layout.lineCount(); ++i) {
        const QTextLine line = m_layout.lineAt(i);
        const bool last = i + 1 == m_layout.lineCount();
        if (point.y() >= line.y() + line.height() + 2 && !(last && nearest)) {
            continue;
        }
        const QRectF used = line.naturalTextRect();
        if (!nearest && (point.x() < used.left() || point.x() > used.right() || point.y() < line.y() - 2)) {
            return -1;
        }
        const int place =
            line.xToCursor(point.x(), nearest ? QTextLine::CursorBetweenCharacters : QTextLine::CursorOnCharacter);
        return m_text->sourceOf(place);
    }
    return -1;
}

int RichLayout::linkAt(const QPoint& point) const {
    if (isEmpty()) {
        return -1;
    }
    for (const TextSpan& span : m_text->spans) {
        if (span.link >= 0) {
            for (const QRect& box : rectsOfDisplay(span.start, span.start + span.length)) {
                if (box.contains(point)) {
                    return span.link;
                }
            }
        }
    }
    return -1;
}

QRect RichLayout::linkRect(int link) const {
    QRect all;
    if (m_text != nullptr) {
        for (const TextSpan& span : m_text->spans) {
            if (span.link == link) {
                for (const QRect& box : rectsOfDisplay(span.start, span.start + span.length)) {
                    all |= box;
                }
            }
        }
    }
    return all;
}

QPoint RichLayout::endPoint() const {
    if (m_layout.lineCount() == 0) {
        return {};
    }
    const QTextLine line = m_layout.lineAt(m_layout.lineCount() - 1);
    const double x = line.cursorToX(static_cast<int>(m_layout.text().size()));
    return {static_cast<int>(std::ceil(x)), static_cast<int>(std::lround(line.y() + (line.height() - m_pitch) / 2.0))};
}

WordMark wordMark(const QTextLayout& layout, const QTextLine& line, int from, int to) {
    const QString text = layout.text();
    const int end = std::min(line.textStart() + line.textLength(), static_cast<int>(text.size()));
    double a = line.cursorToX(from);
    double b = line.cursorToX(to);
    WordMark mark;
    mark.open_left = from > line.textStart() && !text[from - 1].isSpace();
    mark.open_right = to < end && !text[to].isSpace();
    // At the line's start the view's own edge is near: the mark stands inside.
    int left = from <= line.textStart() ? 0 : mark.open_left ? 1 : kMarkPad;
    int right = mark.open_right ? 1 : kMarkPad;
    if (b < a) {
        std::swap(a, b);
        std::swap(left, right);
        std::swap(mark.open_left, mark.open_right);
    }
    const int x = static_cast<int>(std::lround(a)) - left;
    const int after = static_cast<int>(std::lround(b)) + right;
    mark.box = QRect(x, -kMarkRise, after - x, static_cast<int>(std::lround(line.height())) + 2 * kMarkRise);
    return mark;
}

void paintWordMark(QPainter& painter, const WordMark& mark, const QColor& ground) {
    const QRect& box = mark.box;
    // The ground ends where the line's middle would be.
    const QRect inside = box.adjusted(1, 1, -1, -1);
    painter.fillRect(inside, ground);
    QRegion line(box);
    const QRect gap = box.adjusted(0, kMarkCorner, 0, -kMarkCorner);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    // A side that touches a letter is a thin line under it.
    const auto hairAt = [&](int x) {
        painter.fillRect(QRectF(x + 0.1, gap.top(), 0.8, gap.height()), theme().color(Color::AccentText));
    };
    if (mark.open_left) {
        line -= QRect(gap.left(), gap.top(), 2, gap.height());
        hairAt(gap.left() + 1);
    }
    if (mark.open_right) {
        line -= QRect(gap.right() - 1, gap.top(), 2, gap.height());
        hairAt(gap.right());
    }
    painter.setClipRegion(line, Qt::IntersectClip);
    painter.setPen(QPen(theme().color(Color::AccentText), 2));
    painter.setBrush(Qt::NoBrush);
    painter.drawRoundedRect(QRectF(inside), 2, 2);
    painter.restore();
}

void paintFoundMark(QPainter& painter, const QRect& box, bool current) {
    const Theme& look = theme();
    painter.fillRect(box, look.color(Color::WarnTint));
    // In the dark scheme the tint alone is hardly seen in your message.
    painter.fillRect(QRect(box.left(), box.bottom(), box.width(), 1), look.color(Color::Warn));
    if (current) {
        painter.setPen(look.color(Color::Warn));
        painter.setBrush(Qt::NoBrush);
        painter.drawRect(box.adjusted(-1, 0, 0, -1));
    }
}

void paintCaretBlock(QPainter& painter, const QPoint& lineTop, int pitch) {
    const int high = std::min(kCaretHeight * pitch / 22 + 1, pitch);
    painter.fillRect(QRect(lineTop.x() + 1, lineTop.y() + (pitch - high) / 2, kCaretWidth, high),
                     theme().color(Color::Text));
}

} // namespace moescope::ui
