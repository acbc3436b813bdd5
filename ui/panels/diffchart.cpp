// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/diffchart.h"

#include "ui/models/conversation.h"
#include "ui/models/tokentext.h"
#include "ui/panels/chartpaint.h"

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
    painter.setClipRect(m_geometry.window.adjusted(-4, 0, 4, 0));
    for (const int which : {kA, kB}) {
        paintSide(painter, which);
    }
    painter.restore();
}

QString DiffChart::barsTitle() const {
    return m_diff->hasDivergence() ? tr("KL(A‖B) by token, n = %1").arg(groupedText(m_geometry.tokens))
                                   : tr("KL(A‖B) by token is not computed");
}

QString DiffChart::barsFigures() const {
    if (!m_diff->hasDivergence() || m_geometry.tokens == 0) {
        return {};
    }
    const double sum = m_diff->sumKl();
    QStringList figures{tr("mean %1 bits").arg(klText(sum / m_geometry.tokens)), tr("sum %1 bits").arg(klText(sum)),
                        tr("highest %1 bits").arg(klText(m_diff->mostKl()))};
    if (m_geometry.merged > 1) {
        figures << tr("a bar is the highest of %1 tokens").arg(m_geometry.merged);
    }
    return figures.join(QStringLiteral(" · "));
}

void DiffChart::paintBars(QPainter& painter) const {
    const QRect band = m_geometry.band;
    const QColor muted = theme().color(Color::TextMuted);
    const int all = m_geometry.tokens;
    const QFontMetrics metrics(axisFont());
    const QString figures = barsFigures();
    const int room = m_geometry.heading.width();
    const int right = std::min(room, metrics.horizontalAdvance(figures) + 1);
    const QRect left = m_geometry.heading.adjusted(0, 0, figures.isEmpty() ? 0 : -right - scaledPx(12), 0);
    paintText(painter, left, Qt::AlignLeft | Qt::AlignVCenter,
              metrics.elidedText(barsTitle(), Qt::ElideRight, left.width()), axisFont(), muted);
    paintText(painter, m_geometry.heading, Qt::AlignRight | Qt::AlignVCenter,
              metrics.elidedText(figures, Qt::ElideRight, room), axisFont(), muted);
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
    paintMarks(painter);
}

/** A tick below the bar of the first other routing and of the first other word, each with its name. */
void DiffChart::paintMarks(QPainter& painter) const {
    struct Mark {
        QString words;
        QColor color;
        int left = 0;
        int width = 0;
    };
    const QFont font = bold(axisFont());
    const QRect line = m_geometry.marks;
    QList<Mark> marks; // from left to right
    const auto add = [&](int row, const QString& words, const QColor& color, bool before) {
        // Where the untouched answer ends before it, the mark stands at its end.
        const int token =
            row < 0 ? -1 : std::min(tokenOf(row, kA) >= 0 ? tokenOf(row, kA) : row, m_geometry.tokens - 1);
        if (token < 0) {
            return;
        }
        const int x = m_geometry.slot(m_geometry.barOf(token)).center().x();
        painter.fillRect(QRect(x, m_geometry.ticks.top(), 2, m_geometry.ticks.height()), color);
        const int width = QFontMetrics(font).horizontalAdvance(words);
        const int left = x - width - scaledPx(4);
        marks.append({words, color, before && left >= line.left() ? left : x + scaledPx(6), width});
    };
    const int routing = m_diff->firstRoutingDifference().row;
    add(routing, tr("routing parts"), theme().color(Color::Text), true);
    add(m_diff->firstDifference(), tr("text parts"), theme().color(Color::AccentText), routing < 0);
    // Each clear of the other, and none beyond the end of the line.
    const int gap = scaledPx(12);
    for (qsizetype i = 1; i < marks.size(); ++i) {
        marks[i].left = std::max(marks[i].left, marks[i - 1].left + marks[i - 1].width + gap);
    }
    int end = line.right() + 1;
    for (auto mark = marks.rbegin(); mark != marks.rend(); ++mark) {
        mark->left = std::min(mark->left, end - mark->width);
        end = mark->left - gap;
    }
    for (const Mark& mark : std::as_const(marks)) {
        paintText(painter, QRect(mark.left, line.top(), mark.width, line.height()), Qt::AlignLeft | Qt::AlignVCenter,
                  mark.words, font, mark.color);
    }
}

QString DiffChart::sideName(int which) const {
    const int version = side(which).version;
    const QString letter = which == kA ? tr("A") : tr("B");
    const QString words = which == kA ? tr("untouched") : m_diff->recipe();
    return version > 0 ? tr("%1 version %2, %3").arg(letter).arg(version).arg(words) : tr("%1 %2").arg(letter, words);
}

void DiffChart::paintHeads(QPainter& painter) const {
    const QFont font = bold(theme().font(TextStyle::Small));
    for (const int which : {kA, kB}) {
        const QColor color = theme().color(which == kA ? Color::RunA : Color::RunB);
        const QRect head(m_geometry.left[which], m_geometry.heads.top(), m_geometry.column, m_geometry.heads.height());
        painter.setPen(QPen(color, 2, which == kA ? Qt::SolidLine : Qt::DashLine));
        painter.drawLine(head.left(), head.top() + 1, head.right(), head.top() + 1);
        const QString shown = QFontMetrics(font).elidedText(sideName(which), Qt::ElideRight, head.width());
        paintText(painter, head.adjusted(0, 3, 0, 0), Qt::AlignLeft | Qt::AlignVCenter, shown, font, color);
    }
}

void DiffChart::paintSide(QPainter& painter, int which) const {
    const QFont font = theme().font(TextStyle::Body);
    const QColor text = theme().color(Color::Text);
    const QColor strong = theme().color(which == kA ? Color::RunA : Color::RunB);
    const QColor tint = theme().color(which == kA ? Color::RunATint : Color::RunBTint);
    QRect firstRect;
    QRect hoveredRect;
    QRect selectedRect;
    for (int token = 0; token < m_flows[which].count(); ++token) {
        const QRect rect = tokenRect(which, token);
        if (!rect.intersects(m_geometry.window)) {
            continue;
        }
        const int row = m_diff->rowOf(side(which).run, token);
        QString label = m_labels[which].at(token);
        if (m_flows[which].isTrimmed(token)) {
            label.remove(0, 1);
        }
        const int space = label.startsWith(QLatin1Char(' ')) ? QFontMetrics(font).horizontalAdvance(u' ') : 0;
        const QRect word = rect.adjusted(space, 1, 0, -1);
        if (row >= 0 && !m_diff->rows().at(row).isPair()) {
            // Only here: tint and line, solid for A and dashed for B, also under the space within a stretch of them.
            const bool joined = row > 0 && !m_diff->rows().at(row - 1).isPair() && tokenOf(row - 1, which) >= 0;
            const QRect mark = joined ? rect.adjusted(0, 1, 0, -1) : word;
            painter.fillRect(mark, tint);
            painter.setPen(QPen(strong, 2, which == kA ? Qt::SolidLine : Qt::DashLine));
            painter.drawLine(mark.left(), mark.bottom(), mark.right(), mark.bottom());
        }
        const bool isBreak = label.contains(QChar(0x21B5));
        paintText(painter, rect, Qt::AlignLeft | Qt::AlignVCenter, label, font,
                  isBreak ? theme().color(Color::TextMuted) : text);
        if (row >= 0 && isParting(row)) {
            firstRect = word;
        }
        if (row >= 0 && row == m_hovered) {
            hoveredRect = word;
        }
        if (row >= 0 && row == this->row()) {
            selectedRect = word;
        }
    }
    const int shown = this->row();
    if (!firstRect.isNull() && shown >= 0 && isParting(shown)) { // one place: the words of both sides are selected
        paintSelection(painter, firstRect);
    } else if (!firstRect.isNull()) {
        paintFrame(painter, firstRect.adjusted(-1, 0, 1, 0), theme().color(Color::AccentText));
    }
    if (!hoveredRect.isNull()) {
        paintFrame(painter, hoveredRect.adjusted(-1, 0, 1, 0), text);
    }
    if (!selectedRect.isNull()) {
        paintSelection(painter, selectedRect);
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
