// SPDX-License-Identifier: Apache-2.0
#include "ui/text/codelayout.h"

#include "ui/text/richlayout.h"

#include <QCoreApplication>
#include <QPainter>
#include <QPainterPath>

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

constexpr int kSide = 12;
constexpr int kBar = 8;
constexpr size_t kKeptLayouts = 400;

Color colorOf(CodeToken token) {
    switch (token) {
    case CodeToken::Keyword: return Color::CodeKw;
    case CodeToken::String: return Color::CodeStr;
    case CodeToken::Number: return Color::CodeNum;
    case CodeToken::Comment: return Color::CodeCom;
    default: return Color::CodeFn;
    }
}

bool isWide(QChar c) { return c.unicode() >= 0x1100 && !c.isLowSurrogate(); }

} // namespace

bool CodeLayout::grow() {
    if (m_width >= 0) {
        layOut(m_width);
    }
    return true;
}

int CodeLayout::pitch() const { return theme().lineHeight(TextStyle::MonoCode); }

int CodeLayout::textLeft() const { return left() + kSide - m_scroll; }

void CodeLayout::takeLines() {
    const QString& text = m_block->content.text;
    const auto size = static_cast<int>(text.size());
    if (m_starts.empty()) {
        m_starts.push_back(0);
    }
    const int before = lineCount();
    if (m_taken < size) {
        // The last line grows, so what is known of it is out of date.
        m_layouts.erase(before - 1);
    }
    const int advance =
        std::max(1, QFontMetrics(theme().font(TextStyle::MonoCode)).horizontalAdvance(QLatin1Char('m')));
    for (int i = m_taken; i < size; ++i) {
        const QChar c = text[i];
        if (c == QLatin1Char('\n')) {
            m_starts.push_back(i + 1);
            m_lineWidth = 0;
            continue;
        }
        if (i - m_starts.back() >= kLongestLine && !c.isLowSurrogate()) {
            m_starts.push_back(i);
            m_lineWidth = 0;
        }
        m_lineWidth += c == QLatin1Char('\t') ? 4 * advance : isWide(c) ? 2 * advance : advance;
        m_longest = std::max(m_longest, m_lineWidth);
    }
    m_taken = size;
    m_states.resize(std::min(m_states.size(), static_cast<size_t>(before)));
}

int CodeLayout::lineEnd(int line) const {
    const QString& text = m_block->content.text;
    if (line + 1 >= lineCount()) {
        return m_taken;
    }
    const int next = m_starts[static_cast<size_t>(line) + 1];
    return next > 0 && text[next - 1] == QLatin1Char('\n') ? next - 1 : next;
}

void CodeLayout::layOut(int width) {
    m_width = width;
    takeLines();
    const int bar = m_longest + 2 * kSide > m_width - left() ? kBar : 0;
    m_height = kHead + 2 * kPadding + lineCount() * pitch() + bar;
    setScroll(m_scroll);
}

QList<CodeSpan> CodeLayout::spansOf(int line) const {
    const CodeLanguage* language = codeLanguage(m_block->language);
    if (language == nullptr) {
        return {};
    }
    const QStringView text(m_block->content.text);
    const auto scan = [&](int which, int& state) {
        const int begin = m_starts[static_cast<size_t>(which)];
        return highlightLine(*language, text.mid(begin, lineEnd(which) - begin), state);
    };
    if (m_states.empty()) {
        m_states.push_back(0);
    }
    while (static_cast<int>(m_states.size()) <= line) {
        int state = m_states.back();
        scan(static_cast<int>(m_states.size()) - 1, state);
        m_states.push_back(state);
    }
    int state = m_states[static_cast<size_t>(line)];
    return scan(line, state);
}

QTextLayout& CodeLayout::lineLayout(int line) const {
    std::unique_ptr<QTextLayout>& layout = m_layouts[line];
    if (layout != nullptr) {
        return *layout;
    }
    const Theme& look = theme();
    const int begin = m_starts[static_cast<size_t>(line)];
    const QFont font = look.font(TextStyle::MonoCode);
    layout = std::make_unique<QTextLayout>(m_block->content.text.mid(begin, lineEnd(line) - begin), font);
    QTextCharFormat base;
    base.setForeground(look.color(Color::Text));
    QList<QTextLayout::FormatRange> formats;
    formats += QTextLayout::FormatRange{0, static_cast<int>(layout->text().size()), base};
    for (const CodeSpan& span : spansOf(line)) {
        QTextCharFormat format;
        format.setForeground(look.color(colorOf(span.token)));
        formats += QTextLayout::FormatRange{span.start, span.length, format};
    }
    layout->setFormats(formats);
    QTextOption option;
    option.setWrapMode(QTextOption::NoWrap);
    option.setTextDirection(Qt::LeftToRight);
    option.setTabStopDistance(4.0 * QFontMetricsF(font).horizontalAdvance(QLatin1Char(' ')));
    layout->setTextOption(option);
    layout->setCacheEnabled(true);
    layout->beginLayout();
    QTextLine only = layout->createLine();
    only.setLineWidth(1e6);
    only.setPosition(QPointF(0, (pitch() - only.height()) / 2.0));
    layout->endLayout();
    return *layout;
}

void CodeLayout::paint(QPainter& painter, const QRect& clip, const BlockMarks& marks) {
    paintContainer(painter);
    const Theme& look = theme();
    const QRect box(left(), 0, m_width - left(), m_height);
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setPen(look.color(Color::Border));
    painter.setBrush(look.color(Color::CodeBg));
    painter.drawRoundedRect(QRectF(box).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6);
    painter.setRenderHint(QPainter::Antialiasing, false);
    painter.fillRect(QRect(box.left() + 1, kHead, box.width() - 2, 1), look.color(Color::BorderSubtle));
    painter.setFont(look.font(TextStyle::Small));
    painter.setPen(look.color(Color::TextMuted));
    const QString title = m_block->language.isEmpty() ? QCoreApplication::translate("CodeLayout", "Code")
                                                      : codeLanguageTitle(m_block->language);
    const QRect head(box.left() + kSide, 0, copyArea().left() - box.left() - 2 * kSide, kHead);
    painter.drawText(head, Qt::AlignLeft | Qt::AlignVCenter,
                     QFontMetrics(painter.font()).elidedText(title, Qt::ElideRight, head.width()));

    if (m_layouts.size() > kKeptLayouts) {
        m_layouts.clear();
    }
    painter.save();
    painter.setClipRect(box.adjusted(1, kHead + 1, -1, -1), Qt::IntersectClip);
    const int top = kHead + kPadding;
    const int first = std::clamp((clip.top() - top) / pitch(), 0, lineCount());
    const int last = std::clamp((clip.bottom() - top) / pitch() + 1, 0, lineCount());
    const RichText& content = m_block->content;
    const int selectFrom = marks.selection_start < marks.selection_end ? content.displayOf(marks.selection_start) : 0;
    const int selectTo = marks.selection_start < marks.selection_end ? content.displayOf(marks.selection_end) : 0;
    for (int line = first; line < last; ++line) {
        QTextLayout& layout = lineLayout(line);
        const QPoint origin(textLeft(), top + line * pitch());
        const int begin = m_starts[static_cast<size_t>(line)];
        const int from = std::max(selectFrom, begin) - begin;
        const int to = std::min(selectTo, lineEnd(line)) - begin;
        if (from < to) {
            const double a = layout.lineAt(0).cursorToX(from);
            const double b = layout.lineAt(0).cursorToX(to);
            painter.fillRect(QRectF(origin.x() + a, origin.y(), b - a, pitch()), look.color(Color::AccentTintStrong));
        }
    }
    // All marks lie below the text, so that none covers a letter.
    const int shownFrom = first < last ? m_starts[static_cast<size_t>(first)] : 0;
    const int shownTo = first < last ? lineEnd(last - 1) : 0;
    for (const SourceRange* hit = marks.found_begin; hit != marks.found_end; ++hit) {
        if (content.displayOf(hit->end) < shownFrom || content.displayOf(hit->start) > shownTo) {
            continue;
        }
        for (const QRect& place : rectsOf(hit->start, hit->end)) {
            paintFoundMark(painter, place, hit == marks.found_current);
        }
    }
    const int markFrom = marks.mark_start < marks.mark_end ? content.displayOf(marks.mark_start) : 0;
    const int markTo = marks.mark_start < marks.mark_end ? content.displayOf(marks.mark_end) : 0;
    for (int line = first; line < last; ++line) {
        const int begin = m_starts[static_cast<size_t>(line)];
        const int from = std::max(markFrom, begin) - begin;
        const int to = std::min(markTo, lineEnd(line)) - begin;
        if (from < to) {
            const QTextLayout& layout = lineLayout(line);
            const QTextLine text = layout.lineAt(0);
            const int middle = (pitch() - static_cast<int>(std::lround(text.height()))) / 2;
            WordMark mark = wordMark(layout, text, from, to);
            mark.box.translate(textLeft(), top + line * pitch() + middle);
            paintWordMark(painter, mark, look.color(Color::AccentTint));
        }
    }
    for (int line = first; line < last; ++line) {
        lineLayout(line).draw(&painter, QPoint(textLeft(), top + line * pitch()));
    }
    if (marks.caret && lineCount() > 0) {
        const int line = lineCount() - 1;
        QTextLayout& layout = lineLayout(line);
        const double x = layout.lineAt(0).cursorToX(static_cast<int>(layout.text().size()));
        paintCaretBlock(painter, QPoint(textLeft() + static_cast<int>(std::ceil(x)), top + line * pitch()), pitch());
    }
    painter.restore();
    if (const QRect bar = scrollBar(); !bar.isEmpty()) {
        const int room = bar.width();
        const int wide = std::max(24, room * room / (room + scrollRange()));
        const int x = bar.left() + (room - wide) * m_scroll / std::max(1, scrollRange());
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(look.color(Color::BorderStrong));
        painter.drawRoundedRect(QRectF(x, bar.top() + 1, wide, kBar - 4), 2, 2);
        painter.setRenderHint(QPainter::Antialiasing, false);
    }
}

int CodeLayout::sourceAt(const QPoint& point, bool nearest) const {
    const int top = kHead + kPadding;
    const int line = static_cast<int>(std::floor((point.y() - top) / static_cast<double>(pitch())));
    if (lineCount() == 0 || (!nearest && (line < 0 || line >= lineCount()))) {
        return -1;
    }
    const int shown = std::clamp(line, 0, lineCount() - 1);
    const QTextLine text = lineLayout(shown).lineAt(0);
    const double x = point.x() - textLeft();
    if (!nearest && (x < 0 || x > text.naturalTextWidth())) {
        return -1;
    }
    const int place = text.xToCursor(x, nearest ? QTextLine::CursorBetweenCharacters : QTextLine::CursorOnCharacter);
    const int found = m_block->content.sourceOf(m_starts[static_cast<size_t>(shown)] + place);
    return found < 0 ? m_block->source_start : found;
}

QList<QRect> CodeLayout::rectsOf(int sourceStart, int sourceEnd) const {
    QList<QRect> rects;
    const RichText& content = m_block->content;
    const int from = content.displayOf(sourceStart);
    const int to = content.displayOf(sourceEnd);
    if (sourceStart >= sourceEnd || from >= to || m_starts.empty()) {
        return rects;
    }
    const auto after = std::upper_bound(m_starts.begin(), m_starts.end(), from);
    for (int line = static_cast<int>(after - m_starts.begin()) - 1; line < lineCount(); ++line) {
        const int begin = m_starts[static_cast<size_t>(line)];
        if (begin >= to) {
            break;
        }
        const int a = std::max(from, begin) - begin;
        const int b = std::min(to, lineEnd(line)) - begin;
        if (a < b) {
            const QTextLine text = lineLayout(line).lineAt(0);
            const int x = static_cast<int>(std::floor(text.cursorToX(a)));
            const int right = static_cast<int>(std::ceil(text.cursorToX(b)));
            rects += QRect(textLeft() + x, kHead + kPadding + line * pitch(), right - x, pitch());
        }
    }
    return rects;
}

int CodeLayout::scrollRange() const { return std::max(0, m_longest + 2 * kSide - (m_width - left())); }

QRect CodeLayout::scrollBar() const {
    if (scrollRange() == 0) {
        return {};
    }
    return {left() + 4, m_height - kBar - 1, m_width - left() - 8, kBar};
}

QRect CodeLayout::copyArea() const { return {m_width - 84, 3, 80, 23}; }

} // namespace moescope::ui
