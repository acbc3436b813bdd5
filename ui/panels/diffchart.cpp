// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/diffchart.h"

#include "ui/models/conversation.h"
#include "ui/models/tokenprobabilities.h"
#include "ui/models/tokentext.h"
#include "ui/panels/chartpaint.h"
#include "ui/text/richlayout.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>

#include <algorithm>

namespace moescope::ui {

namespace {

/** As it is read: spaces are spaces. */
QString readable(const std::string& bytes) {
    QString label = tokenLabel(bytes);
    for (qsizetype i = 0; i < label.size() && label.at(i) == QChar(0x00B7); ++i) {
        label[i] = QLatin1Char(' ');
    }
    return label;
}

} // namespace

DiffChart::DiffChart(TraceModel* trace, Selection* selection, WhatIfDiff* diff, QWidget* parent)
    : ChartView(trace, selection, parent), m_diff(diff) {
    setAccessibleName(tr("Untouched answer and answer with the what-if"));
    connect(diff, &WhatIfDiff::changed, this, [this] {
        m_stale = true;
        m_row = -1;
        invalidate();
    });
    connect(diff, &WhatIfDiff::divergenceChanged, this, &DiffChart::invalidate);
}

int DiffChart::row() const {
    const SelectionState& state = selection()->state();
    const int row = m_row >= 0 && m_chosenAt == state ? m_row : m_diff->rowOf(state.run, state.token);
    return row < m_diff->rows().size() ? row : -1;
}

void DiffChart::setRow(int row) {
    if (row < 0 || row >= m_diff->rows().size()) {
        return;
    }
    // The token of the answer in view; a word of the other one alone has none there.
    for (const int which : {kA, kB}) {
        if (side(which).run == trace()->current() && tokenOf(row, which) >= 0) {
            chooseToken(tokenOf(row, which));
        }
    }
    m_row = row;
    m_chosenAt = selection()->state();
    revealSelection();
    viewport()->update();
    emit readoutChanged();
}

void DiffChart::showParting() {
    const int inView = m_diff->rowOf(trace()->current(), m_diff->prefix());
    setRow(inView >= 0 ? inView : m_diff->firstDifference());
}

bool DiffChart::isParting(int row) const {
    const DiffRow& at = m_diff->rows().at(row);
    return m_diff->firstDifference() >= 0 && !at.isPair() && std::max(at.a, at.b) == m_diff->prefix();
}

int DiffChart::tokenOf(int row, int which) const {
    const DiffRow& at = m_diff->rows().at(row);
    return which == kA ? at.a : at.b;
}

void DiffChart::sync() {
    m_geometry = DiffGeometry::of(viewport()->size(), static_cast<int>(m_diff->untouched().tokens.size()),
                                  m_diff->hasDivergence(), theme().fontScale());
    layOut();
    const int line = theme().lineHeight(TextStyle::Body);
    m_geometry.window.setHeight(std::max(1, m_geometry.window.height() / line) * line); // no line is cut
    const int height = std::max(m_flows[kA].height(), m_flows[kB].height());
    setScrollRange(std::max(0, height - m_geometry.window.height()), m_geometry.window.height(), line);
    m_hovered = m_hovered < m_diff->rows().size() ? m_hovered : -1;
}

void DiffChart::layOut() {
    const QFont font = theme().font(TextStyle::Body);
    const QFontMetrics metrics(font);
    const QSize key(m_geometry.column, metrics.height());
    if (!m_stale && key == m_laidOut) {
        return;
    }
    m_stale = false;
    m_laidOut = key;
    for (const int which : {kA, kB}) {
        m_flows[which] =
            TokenFlow(m_geometry.column, theme().lineHeight(TextStyle::Body), metrics.horizontalAdvance(u' '));
        m_labels[which].clear();
        std::vector<TokenFlow::Piece> word;
        for (const trace::TokenTracePtr& token : side(which).tokens) {
            const QString label = readable(token->text);
            const bool leads = label.startsWith(QLatin1Char(' '));
            if (leads && !word.empty()) {
                m_flows[which].append(word);
                word.clear();
            }
            m_labels[which].append(label);
            word.push_back({metrics.horizontalAdvance(label), leads, breaksLine(token->text)});
            if (word.back().breaks) {
                m_flows[which].append(word);
                word.clear();
            }
        }
        m_flows[which].append(word);
    }
}

QRect DiffChart::tokenRect(int which, int token) const {
    return m_flows[which].rect(token).translated(m_geometry.left[which], m_geometry.window.top() - scroll());
}

void DiffChart::paintChart(QPainter& painter) {
    if (m_diff->isEmpty()) {
        return;
    }
    paintBars(painter);
    paintHeads(painter);
    painter.save();
    painter.setClipRect(m_geometry.window.adjusted(-4, -4, 4, 4)); // lines are whole: only the selection goes beyond
    for (const int which : {kA, kB}) {
        paintSide(painter, which);
    }
    painter.restore();
}

void DiffChart::paintBars(QPainter& painter) const {
    const QRect band = m_geometry.band;
    const QColor muted = theme().color(Color::TextMuted);
    const int all = m_geometry.tokens;
    const QRect heading = m_geometry.heading;
    const QString title = QFontMetrics(axisFont()).elidedText(barsTitle(), Qt::ElideRight, heading.width());
    paintText(painter, heading, Qt::AlignLeft | Qt::AlignVCenter, title, axisFont(), muted);
    const int room = heading.width() - QFontMetrics(axisFont()).horizontalAdvance(title) - scaledPx(12);
    paintText(painter, heading, Qt::AlignRight | Qt::AlignVCenter,
              fittingText(barsFigures(), axisFont(), std::max(0, room)), axisFont(), muted);
    if (m_diff->hasDivergence()) {
        painter.fillRect(QRect(band.left(), band.top(), band.width(), 1), theme().color(Color::Grid));
    }
    painter.fillRect(QRect(band.left(), band.bottom() + 1, band.width(), 1), theme().color(Color::BorderStrong));
    const double most = m_diff->mostKl();
    for (int bar = 0; bar < m_geometry.bars; ++bar) {
        double kl = -1;
        for (int token = bar * m_geometry.merged; token < std::min(all, (bar + 1) * m_geometry.merged); ++token) {
            kl = std::max(kl, m_diff->kl(token));
        }
        if (kl > 0 && most > 0) {
            painter.fillRect(m_geometry.bar(bar, kl / most), theme().sequential(0.55));
        }
    }
    const int hovered = m_hovered >= 0 ? tokenOf(m_hovered, kA) : -1;
    if (hovered >= 0) {
        paintFrame(painter, m_geometry.slot(m_geometry.barOf(hovered)), theme().color(Color::Text));
    }
    if (const int shown = row(); shown >= 0 && tokenOf(shown, kA) >= 0) {
        paintSelection(painter, m_geometry.slot(m_geometry.barOf(tokenOf(shown, kA))));
    }
    paintAxis(painter);
    paintMarks(painter);
}

/** Both ends of the bars' height. */
void DiffChart::paintAxis(QPainter& painter) const {
    if (m_geometry.axis.isEmpty() || m_diff->mostKl() <= 0) {
        return;
    }
    const QColor muted = theme().color(Color::TextMuted);
    const QRect axis = m_geometry.axis.adjusted(scaledPx(6), 0, 0, 0);
    const QRect line(axis.left(), axis.top(), axis.width(), scaledPx(12));
    paintText(painter, line, Qt::AlignLeft | Qt::AlignVCenter, tr("%1 bits").arg(bitsText(m_diff->mostKl())),
              axisFont(), muted);
    paintText(painter, line.translated(0, axis.height() - line.height()), Qt::AlignLeft | Qt::AlignVCenter,
              QStringLiteral("0"), axisFont(), muted);
}

/** Below the bars of the first other routing and of the first other word a tick and a triangle, below them which is
 *  which. */
void DiffChart::paintMarks(QPainter& painter) const {
    struct Mark {
        int row = -1;
        QString where;
        QString name;
        QColor color;
        bool is_triangle = false;
    };
    const QString first = tokenNumber(m_diff->firstDifference());
    const int routing = m_diff->firstRoutingDifference().row;
    QList<Mark> marks{{m_diff->firstDifference(), tr("text parts at token %1").arg(first), tr("text parts"),
                       theme().color(Color::AccentText), true},
                      {routing, tr("routing parts at token %1").arg(tokenNumber(routing)), tr("routing parts"),
                       theme().color(Color::Text), false}};
    marks.removeIf([this](const Mark& mark) { return mark.row < 0 || m_geometry.tokens == 0; });
    const auto paint = [&painter](const Mark& mark, int x, const QRect& within) {
        if (!mark.is_triangle) {
            painter.fillRect(QRect(x, within.top(), 2, within.height()), mark.color);
            return;
        }
        const double half = within.height() * 0.8;
        painter.save();
        painter.setRenderHint(QPainter::Antialiasing);
        painter.setPen(Qt::NoPen);
        painter.setBrush(mark.color);
        painter.drawPolygon(QPolygonF({QPointF(x + 1, within.top()), QPointF(x + 1 + half, within.bottom() + 1),
                                       QPointF(x + 1 - half, within.bottom() + 1)}));
        painter.restore();
    };
    for (const Mark& mark : std::as_const(marks)) { // both at one token: the tick stands in the triangle
        // Where the untouched answer ends before it, the mark stands at its end.
        const int token =
            std::min(tokenOf(mark.row, kA) >= 0 ? tokenOf(mark.row, kA) : mark.row, m_geometry.tokens - 1);
        paint(mark, m_geometry.slot(m_geometry.barOf(token)).center().x(), m_geometry.ticks);
    }
    std::reverse(marks.begin(), marks.end()); // the routing parts first
    const QFontMetrics metrics(axisFont());
    const int sign = scaledPx(12);
    const int gap = scaledPx(16);
    int whole = -gap;
    for (const Mark& mark : std::as_const(marks)) {
        whole += sign + metrics.horizontalAdvance(mark.where) + gap;
    }
    int left = m_geometry.marks.left();
    for (const Mark& mark : std::as_const(marks)) {
        const QString& words = whole <= m_geometry.marks.width() ? mark.where : mark.name;
        QRect within = m_geometry.ticks;
        within.moveTop(m_geometry.marks.center().y() - within.height() / 2);
        paint(mark, left + scaledPx(3), within);
        paintText(painter, m_geometry.marks.adjusted(left + sign - m_geometry.marks.left(), 0, 0, 0),
                  Qt::AlignLeft | Qt::AlignVCenter, words, axisFont(), theme().color(Color::TextSecondary));
        left += sign + metrics.horizontalAdvance(words) + gap;
    }
}

void DiffChart::paintHeads(QPainter& painter) const {
    const QFont font = bold(theme().font(TextStyle::Small));
    for (const int which : {kA, kB}) {
        const QColor color = theme().color(which == kA ? Color::RunA : Color::RunB);
        const QRect head(m_geometry.left[which], m_geometry.heads.top(), m_geometry.column, m_geometry.heads.height());
        painter.setPen(QPen(color, 2, which == kA ? Qt::SolidLine : Qt::DashLine));
        painter.drawLine(head.left(), head.top() + 1, head.right(), head.top() + 1);
        paintText(painter, head.adjusted(0, 3, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, headText(which, head.width()),
                  font, color);
    }
}

QString DiffChart::shownLabel(int which, int token) const {
    return m_labels[which].at(token).mid(m_flows[which].isTrimmed(token) ? 1 : 0);
}

QRect DiffChart::wordRect(int which, int token) const {
    const bool spaced = shownLabel(which, token).startsWith(QLatin1Char(' '));
    const int space = spaced ? QFontMetrics(theme().font(TextStyle::Body)).horizontalAdvance(u' ') : 0;
    return tokenRect(which, token).adjusted(space, 1, 0, -1);
}

bool DiffChart::isAttached(int which, int token) const {
    const TokenFlow& flow = m_flows[which];
    return token > 0 && token < flow.count() && flow.rect(token).top() == flow.rect(token - 1).top() &&
           !m_labels[which].at(token).startsWith(QLatin1Char(' '));
}

void DiffChart::paintWordSelection(QPainter& painter, int which, int token) const {
    WordMark mark;
    mark.open_left = isAttached(which, token);
    mark.open_right = isAttached(which, token + 1);
    mark.box = wordRect(which, token).adjusted(mark.open_left ? -1 : -3, -3, mark.open_right ? 1 : 3, 3);
    paintWordMark(painter, mark, Qt::transparent);
}

void DiffChart::paintSide(QPainter& painter, int which) const {
    const QFont font = theme().font(TextStyle::Body);
    const QColor text = theme().color(Color::Text);
    const QColor strong = theme().color(which == kA ? Color::RunA : Color::RunB);
    const QColor tint = theme().color(which == kA ? Color::RunATint : Color::RunBTint);
    const int selected = row();
    std::vector<int> seen;
    for (int token = 0; token < m_flows[which].count(); ++token) {
        const QRect rect = tokenRect(which, token);
        if (!rect.intersects(m_geometry.window)) {
            continue;
        }
        seen.push_back(token);
        const int row = m_diff->rowOf(side(which).run, token);
        if (row >= 0 && !m_diff->rows().at(row).isPair()) {
            // Only here: tint and line, solid for A and dashed for B, also under the space within a stretch of them.
            const bool joined = row > 0 && !m_diff->rows().at(row - 1).isPair() && tokenOf(row - 1, which) >= 0;
            const QRect mark = joined ? rect.adjusted(0, 1, 0, -1) : wordRect(which, token);
            painter.fillRect(mark, tint);
            painter.setPen(QPen(strong, 2, which == kA ? Qt::SolidLine : Qt::DashLine));
            painter.drawLine(mark.left(), mark.bottom(), mark.right(), mark.bottom());
        }
    }
    // Below the text, so that no line hides a letter.
    for (const int token : seen) {
        const int row = m_diff->rowOf(side(which).run, token);
        if (row < 0) {
            continue;
        }
        const QRect frame = wordRect(which, token).adjusted(-1, 0, 1, 0);
        // Where the answers part is one place: the words of both sides are selected.
        const bool parting = isParting(row);
        if (selected >= 0 && (row == selected || (parting && isParting(selected)))) {
            paintWordSelection(painter, which, token);
        } else if (parting) {
            paintFrame(painter, frame, theme().color(Color::AccentText));
        }
        if (row == m_hovered) {
            paintFrame(painter, frame, text);
        }
    }
    for (const int token : seen) {
        const QString label = shownLabel(which, token);
        const bool isBreak = label.contains(QChar(0x21B5));
        paintText(painter, tokenRect(which, token), Qt::AlignLeft | Qt::AlignVCenter, label, font,
                  isBreak ? theme().color(Color::TextMuted) : text);
    }
}

int DiffChart::rowAt(const QPoint& at) const { return markAt(at).first; }

std::pair<int, int> DiffChart::markAt(const QPoint& at) const {
    if (const int bar = m_geometry.barAt(at); bar >= 0) {
        int best = bar * m_geometry.merged;
        for (int token = best; token < std::min(m_geometry.tokens, (bar + 1) * m_geometry.merged); ++token) {
            best = m_diff->kl(token) > m_diff->kl(best) ? token : best;
        }
        return {m_diff->rowOf(m_diff->untouched().run, best), kA};
    }
    if (m_geometry.window.contains(at)) {
        for (const int which : {kA, kB}) {
            const QPoint inside = at - QPoint(m_geometry.left[which], m_geometry.window.top() - scroll());
            if (const int token = m_flows[which].tokenAt(inside); token >= 0) {
                return {m_diff->rowOf(side(which).run, token), which};
            }
        }
    }
    return {-1, kA};
}

bool DiffChart::hover(const QPoint* at) {
    const int next = at != nullptr ? rowAt(*at) : -1;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void DiffChart::click(const QPoint& at) {
    const auto [row, which] = markAt(at);
    setRow(row);
    // A word of the other answer alone: that one comes into view, so that every panel shows the same token.
    const bool shown = side(which).run == trace()->current() || (row >= 0 && m_diff->rows().at(row).isPair());
    if (row >= 0 && !shown) {
        emit tokenWanted(side(which).run, tokenOf(row, which));
    }
}

bool DiffChart::useKey(QKeyEvent* event) {
    const int last = static_cast<int>(m_diff->rows().size()) - 1;
    if (last < 0 || event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    const int from = row();
    switch (event->key()) {
    case Qt::Key_Left: setRow(std::max(0, from - 1)); return true;
    case Qt::Key_Right: setRow(std::min(last, from + 1)); return true;
    case Qt::Key_Home: setRow(0); return true;
    case Qt::Key_End: setRow(last); return true;
    case Qt::Key_Up: setScroll(scroll() - theme().lineHeight(TextStyle::Body)); return true;
    case Qt::Key_Down: setScroll(scroll() + theme().lineHeight(TextStyle::Body)); return true;
    default: return false;
    }
}

void DiffChart::revealSelection() {
    const int shown = row();
    for (const int which : {kA, kB}) {
        if (shown >= 0 && tokenOf(shown, which) >= 0 && tokenOf(shown, which) < m_flows[which].count()) {
            const QRect rect = m_flows[which].rect(tokenOf(shown, which));
            const int height = m_geometry.window.height();
            if (rect.top() < scroll() || rect.bottom() >= scroll() + height) {
                setScroll(rect.center().y() - height / 2);
            }
            return;
        }
    }
}

} // namespace moescope::ui
