// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/answerschart.h"

#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kMargin = 16; ///< px beside the text of a column
constexpr int kTop = 12;    ///< px above it
constexpr int kFootGap = 6; ///< px below it, before what it says of its tokens

} // namespace

AnswersChart::AnswersChart(Comparison* comparison, AnswersTable* table, TraceModel* silent, QWidget* parent)
    : ComparisonChart(comparison, silent, parent), m_table(table) {
    setAccessibleName(tr("Answers of runs A and B"));
    connect(comparison, &Comparison::viewChanged, this, &AnswersChart::invalidate);
}

bool AnswersChart::hasPassage() const {
    const RunView* a = run(Side::A);
    const RunView* b = run(Side::B);
    return (a != nullptr && !a->passage.isEmpty()) || (b != nullptr && !b->passage.isEmpty());
}

int AnswersChart::columnLeft(Side side) const {
    return side == Side::A ? scaledPx(kMargin) : viewport()->width() / 2 + 1 + scaledPx(kMargin);
}

QPoint AnswersChart::origin(Side side) const { return {columnLeft(side), m_window.top() + scaledPx(kTop) - scroll()}; }

void AnswersChart::sync() {
    m_table->refresh();
    const int pitch = scaledPx(24);
    m_column = std::max(1, viewport()->width() / 2 - 1 - 2 * scaledPx(kMargin));
    layOutPassage(Side::A);
    layOutPassage(Side::B);
    // As many lines as the longer one needs, up to a quarter of the height.
    const int most = std::max(1, (viewport()->height() / 4 - scaledPx(20)) / scaledPx(16));
    const int lines = std::min(std::max(m_passages[0].lineCount(), m_passages[1].lineCount()), std::max(2, most));
    m_strip = QRect(0, 0, viewport()->width(), hasPassage() ? lines * scaledPx(16) + scaledPx(20) : 0);
    m_window = QRect(0, m_strip.bottom() + 1, viewport()->width(), viewport()->height() - m_strip.height());
    int height = 0;
    for (const Side side : {Side::A, Side::B}) {
        const RunView* shown = run(side);
        m_layouts[index(side)].layOut(shown != nullptr ? shown->trace : nullptr, theme().font(TextStyle::Body), pitch,
                                      m_column);
        height = std::max(height, m_layouts[index(side)].height());
    }
    if (comparison()->pair() != m_pair || m_table->unit() != m_unit) {
        m_pair = comparison()->pair();
        m_unit = m_table->unit();
        findDifferences(Side::A);
        findDifferences(Side::B);
    }
    const int whole = scaledPx(kTop) + height + scaledPx(kFootGap + 16 + 8);
    setScrollRange(std::max(0, whole - m_window.height()), m_window.height(), pitch);
    if (m_hovered.token >= 0 && (run(m_hovered.side) == nullptr || !run(m_hovered.side)->hasAnswer() ||
                                 m_hovered.token >= run(m_hovered.side)->trace->size())) {
        m_hovered = {};
    }
}

void AnswersChart::findDifferences(Side side) {
    std::vector<AnswerLayout::Range>& found = m_differences[index(side)];
    found.clear();
    if (m_pair == nullptr) {
        return;
    }
    const AlignedAnswers& rows = m_table->answers();
    const AnswerLayout& layout = m_layouts[index(side)];
    const std::vector<AnswerWord>& words = side == Side::A ? m_pair->words_a : m_pair->words_b;
    bool joins = false;
    for (int element = 0; element < rows.count(side); ++element) {
        if (rows.isSame(side, element)) {
            joins = false;
            continue;
        }
        const AnswerLayout::Range range = m_unit == Comparison::Unit::Tokens
                                              ? layout.tokenRange(element)
                                              : AnswerLayout::Range{layout.unitOf(words[size_t(element)].begin),
                                                                    layout.unitOf(words[size_t(element)].text_end)};
        // Words in a row are one stretch; of tokens each is told from the next.
        if (joins && m_unit == Comparison::Unit::Words) {
            found.back().to = range.to;
        } else {
            found.push_back(range);
        }
        joins = true;
    }
}

void AnswersChart::paintChart(QPainter& painter) {
    paintStrip(painter);
    painter.fillRect(QRect(viewport()->width() / 2, 0, 1, viewport()->height()), theme().color(Color::BorderSubtle));
    painter.save();
    painter.setClipRect(m_window);
    for (const Side side : {Side::A, Side::B}) {
        paintSide(painter, side);
    }
    painter.restore();
}

void AnswersChart::paintStrip(QPainter& painter) const {
    if (m_strip.isEmpty()) {
        return;
    }
    painter.fillRect(m_strip, theme().color(Color::Window));
    painter.fillRect(QRect(m_strip.left(), m_strip.bottom(), m_strip.width(), 1), theme().color(Color::BorderSubtle));
    painter.save();
    painter.setClipRect(m_strip.adjusted(0, 0, 0, -1));
    painter.setPen(theme().color(Color::TextSecondary));
    for (const Side side : {Side::A, Side::B}) {
        m_passages[index(side)].draw(&painter, QPointF(columnLeft(side), scaledPx(9)));
    }
    painter.restore();
}

void AnswersChart::layOutPassage(Side side) {
    const RunView* shown = run(side);
    QTextLayout& layout = m_passages[index(side)];
    layout.clearLayout();
    layout.setFont(theme().font(TextStyle::Small));
    layout.setFormats({});
    // Where it stands in the prompt is known once the run is over.
    const QString passage = shown == nullptr                                  ? QString()
                            : shown->passage.isEmpty() && !shown->hasAnswer() ? shown->draft.passage
                                                                              : shown->passage.passage;
    if (passage.isEmpty()) {
        layout.setText(tr("Prompt without a marked passage"));
    } else {
        const QString lead = tr("Prompt: … “");
        const QString marked = passage.simplified();
        layout.setText(QStringLiteral("%1%2%3 %4").arg(lead, marked, tr("” …"), passagePlace(side)));
        QTextLayout::FormatRange range;
        range.start = static_cast<int>(lead.size());
        range.length = static_cast<int>(marked.size());
        range.format.setFontWeight(QFont::DemiBold);
        range.format.setForeground(theme().color(Color::Text));
        layout.setFormats({range});
    }
    layout.beginLayout();
    for (QTextLine line = layout.createLine(); line.isValid(); line = layout.createLine()) {
        line.setLineWidth(m_column);
        line.setPosition(QPointF(0, (layout.lineCount() - 1) * scaledPx(16)));
    }
    layout.endLayout();
}

void AnswersChart::paintSide(QPainter& painter, Side side) const {
    const RunView* shown = run(side);
    if (shown == nullptr) {
        return;
    }
    const QPoint at = origin(side);
    if (!shown->hasAnswer()) {
        painter.setFont(theme().font(TextStyle::Small));
        painter.setPen(theme().color(shown->phase == RunPhase::Failed ? Color::Error : Color::TextMuted));
        painter.drawText(QRect(at, QSize(m_column, m_window.height())), Qt::AlignLeft | Qt::AlignTop | Qt::TextWordWrap,
                         phaseSentence(*shown));
        return;
    }
    const AnswerLayout& layout = m_layouts[index(side)];
    const int top = m_window.top() - at.y();
    const int bottom = top + m_window.height();
    const AnswerLayout::Range seen = layout.unitsBetween(top, bottom);
    const auto& marks = m_differences[index(side)];
    for (auto mark = std::partition_point(marks.begin(), marks.end(),
                                          [&](const AnswerLayout::Range& range) { return range.to <= seen.from; });
         mark != marks.end() && mark->from < seen.to; ++mark) {
        for (const QRect& rect : layout.rectsOf(*mark)) {
            const QRect box = rect.translated(at).adjusted(0, scaledPx(1), 0, -scaledPx(1));
            painter.fillRect(box, sideTint(side));
            painter.setPen(sidePen(side, 2));
            painter.drawLine(box.left(), box.bottom(), box.right() + 1, box.bottom());
        }
    }
    paintMarks(painter, side);
    painter.setPen(theme().color(Color::Text));
    layout.paint(painter, at, top, bottom);
    paintFilteredOutTokens(painter, side, seen);
    const QRect foot(at.x(), at.y() + layout.height() + scaledPx(kFootGap), m_column, scaledPx(16));
    paintText(painter, foot, Qt::AlignLeft | Qt::AlignVCenter,
              QFontMetrics(axisFont()).elidedText(footWords(side), Qt::ElideRight, m_column), axisFont(),
              theme().color(Color::TextMuted));
}

/** A veil over the tokens that match in no layer, so that the others stand out. */
void AnswersChart::paintFilteredOutTokens(QPainter& painter, Side side, const AnswerLayout::Range& seen) const {
    const auto& mask = comparison()->mask(side);
    if (mask == nullptr) {
        return;
    }
    QColor veil = theme().color(Color::Panel);
    veil.setAlphaF(float(1 - kFilteredOut));
    const AnswerLayout& layout = m_layouts[index(side)];
    for (int token = 0; token < run(side)->trace->size(); ++token) {
        const AnswerLayout::Range range = layout.tokenRange(token);
        if (range.from >= seen.to) {
            break;
        }
        if (mask->matchesToken(token) || range.to <= seen.from) {
            continue;
        }
        for (const QRect& rect : layout.rectsOf(range)) {
            painter.fillRect(rect.translated(origin(side)), veil);
        }
    }
}

void AnswersChart::paintMarks(QPainter& painter, Side side) const {
    const AnswerLayout& layout = m_layouts[index(side)];
    const QPoint at = origin(side);
    const int selected = comparison()->place().token(side);
    const TokenPair first = m_pair != nullptr ? m_pair->first_difference : TokenPair{-1, -1};
    const int parting = side == Side::A ? first.a : first.b;
    const auto frame = [&](int token, Color color) {
        for (const QRect& rect : layout.rectsOf(layout.tokenRange(token))) {
            paintFrame(painter, rect.translated(at).adjusted(-1, 0, 1, 0), theme().color(color));
        }
    };
    if (parting >= 0 && parting != selected && parting < run(side)->trace->size()) {
        frame(parting, Color::AccentText);
    }
    if (selected >= 0) {
        for (WordMark mark : layout.marksOf(layout.tokenRange(selected))) {
            mark.box.translate(at);
            paintWordMark(painter, mark, theme().color(Color::AccentTint));
        }
    }
    if (m_hovered.token >= 0 && m_hovered.side == side) {
        frame(m_hovered.token, Color::Text);
    }
}

QRect AnswersChart::tokenRect(Side side, int token) const {
    const QList<QRect> rects = m_layouts[index(side)].rectsOf(m_layouts[index(side)].tokenRange(token));
    const QRect rect = rects.isEmpty() ? QRect() : rects.first().translated(origin(side));
    return rect.intersects(m_window) ? rect : QRect();
}

AnswersChart::Spot AnswersChart::spotAt(const QPoint& at) const {
    if (m_window.contains(at)) {
        for (const Side side : {Side::A, Side::B}) {
            const RunView* shown = run(side);
            const int token =
                shown != nullptr && shown->hasAnswer() ? m_layouts[index(side)].tokenAt(at - origin(side)) : -1;
            if (token >= 0) {
                return {side, token};
            }
        }
    }
    return {};
}

bool AnswersChart::hover(const QPoint* at) {
    const Spot next = at != nullptr ? spotAt(*at) : Spot();
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void AnswersChart::click(const QPoint& at) {
    const Spot spot = spotAt(at);
    comparison()->select(spot.side, spot.token);
}

bool AnswersChart::useKey(QKeyEvent* event) {
    if (event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    const Side side = sideInView();
    const int token = comparison()->place().token(side);
    const auto line = [this](int step) {
        setScroll(scroll() + step * scaledPx(24));
        viewport()->update();
    };
    switch (event->key()) {
    case Qt::Key_Left: chooseToken(token - 1); return true;
    case Qt::Key_Right: chooseToken(token + 1); return true;
    case Qt::Key_Home: chooseToken(0); return true;
    case Qt::Key_End:
        chooseToken(run(side) != nullptr && run(side)->hasAnswer() ? run(side)->trace->size() - 1 : -1);
        return true;
    case Qt::Key_Up: line(-1); return true;
    case Qt::Key_Down: line(1); return true;
    default: return false;
    }
}

void AnswersChart::revealSelection() {
    const Comparison::Place place = comparison()->place();
    for (const Side side : {Side::A, Side::B}) {
        if (place.token(side) < 0 || run(side) == nullptr || !run(side)->hasAnswer()) {
            continue;
        }
        const QList<QRect> rects = m_layouts[index(side)].rectsOf(m_layouts[index(side)].tokenRange(place.token(side)));
        if (rects.isEmpty()) {
            continue;
        }
        const int top = scaledPx(kTop) + rects.first().top() - 4;
        const int bottom = top + rects.first().height() + 8;
        if (top < scroll() || bottom > scroll() + m_window.height()) {
            setScroll(std::max(0, top - m_window.height() / 3));
        }
        return; // lines of A and B that stand for each other may be far apart: that of A is shown
    }
}

} // namespace moescope::ui
