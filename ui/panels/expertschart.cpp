// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/expertschart.h"

#include "ui/models/loadbalance.h"
#include "ui/models/routingtables.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>

#include <cmath>

namespace moescope::ui {

ExpertsChart::ExpertsChart(TraceModel* trace, Selection* selection, QWidget* parent)
    : GridChart(trace, selection, parent) {
    setAccessibleName(tr("Map of layers and experts"));
}

void ExpertsChart::setBaseline(qint64 run) {
    if (run != m_baseline) {
        m_baseline = run;
        invalidate();
    }
}

Measure ExpertsChart::measure() const {
    const bool measured = m_mode == HeatmapMode::Deviation;
    return Measure::of(*trace(), scope(), selection()->state().token, measured ? m_baseline : -1);
}

void ExpertsChart::setMode(HeatmapMode mode) {
    if (mode != m_mode) {
        m_mode = mode;
        invalidate();
    }
}

void ExpertsChart::sync() {
    const TraceShape& shape = trace()->shape();
    m_measure = measure();
    m_counts = m_measure.counts;
    m_matched = trace()->matched(scope(), selection()->state().token);
    m_geometry =
        HeatmapGeometry::of(viewport()->size(), shape.layers, shape.experts, shape.shared > 0, theme().fontScale());
    m_tellsIdle = LoadChance::of(m_counts.shape(), m_counts.n()).tells_idle;
    m_most = m_mode == HeatmapMode::GateMass ? m_counts.maxGateMass() : m_counts.maxTokens();
    syncGrid();
}

std::pair<bool, double> ExpertsChart::rank(int layer, int expert) const {
    const bool mass = m_mode == HeatmapMode::GateMass;
    return {m_matched.tokens(layer, expert) > 0,
            mass ? m_counts.gateMass(layer, expert) : m_counts.tokens(layer, expert)};
}

QColor ExpertsChart::cellColor(int layer, int expert) const {
    switch (m_mode) {
    case HeatmapMode::Deviation: return theme().diverging(m_measure.ratio(layer, expert));
    case HeatmapMode::Count: return theme().sequential(m_most > 0 ? m_counts.tokens(layer, expert) / m_most : 0);
    case HeatmapMode::GateMass: return theme().sequential(m_most > 0 ? m_counts.gateMass(layer, expert) / m_most : 0);
    }
    return {};
}

QString ExpertsChart::cellNumber(int layer, int expert) const {
    switch (m_mode) {
    case HeatmapMode::Deviation:
        if (!m_measure.isOutsideChance(layer, expert)) {
            return {};
        }
        return std::isinf(m_measure.ratio(layer, expert)) ? QStringLiteral("∞")
                                                          : ratioText(m_measure.ratio(layer, expert));
    case HeatmapMode::Count: {
        const int tokens = m_counts.tokens(layer, expert);
        return tokens < 1000 ? QString::number(tokens) : QStringLiteral("%1k").arg(tokens / 1000);
    }
    case HeatmapMode::GateMass: return ratioText(m_counts.gateMass(layer, expert));
    }
    return {};
}

void ExpertsChart::paintCell(QPainter& painter, const QRect& cell, int layer, int expert) {
    const bool idle = m_counts.tokens(layer, expert) == 0;
    if (!idle && m_matched.tokens(layer, expert) == 0) {
        paintFilteredOut(painter, cell);
        return;
    }
    if (idle) {
        // Idle is its own mark, unlike any value of a map: outline and dash. No filter can match it: there it recedes.
        const bool filtered = isFiltered();
        painter.fillRect(cell, theme().color(filtered ? Color::Window : Color::Panel));
        const bool outlined = !filtered && m_geometry.hasOutlines();
        if (outlined) {
            paintFrame(painter, cell, theme().color(Color::Border));
        }
        if (!isMarked() || whatIf()->mark(layer, expert) != WhatIf::Mark::Banned) { // the cross of a ban stands alone
            paintDash(painter, cell, theme().color(filtered ? Color::BorderStrong : Color::Text));
        }
        return;
    }
    const QColor color = cellColor(layer, expert);
    painter.fillRect(cell, color);
    if (m_geometry.hasNumbers()) {
        const QString number = cellNumber(layer, expert);
        if (!number.isEmpty()) {
            painter.setPen(Theme::textOn(color));
            painter.drawText(cell, Qt::AlignCenter | Qt::TextDontClip, number);
        }
    }
}

QString ExpertsChart::rowLabel(int layer) const { return QStringLiteral("L%1").arg(layer); }

QFont ExpertsChart::rowFont() const { return axisMonoFont(); }

QColor ExpertsChart::rowColor(int) const { return theme().color(Color::TextMuted); }

QString ExpertsChart::columnsHeading() const { return tr("Routed expert"); }

void ExpertsChart::paintSideHeader(QPainter& painter) const {
    const QColor muted = theme().color(Color::TextMuted);
    const QRect line = m_geometry.numbers;
    const auto rightAt = [&](int right, const QString& text) {
        paintText(painter, QRect(right - 80, line.top(), 80, line.height()), Qt::AlignRight | Qt::AlignVCenter, text,
                  axisFont(), muted);
    };
    if (m_geometry.hasShared()) {
        const int middle = m_geometry.shared.center().x();
        paintText(painter, QRect(middle - 50, m_geometry.heading.top(), 100, m_geometry.heading.height()),
                  Qt::AlignCenter, tr("Shared"), axisFont(), muted);
        paintText(painter, QRect(m_geometry.shared.left(), line.top(), m_geometry.shared.width(), line.height()),
                  Qt::AlignCenter, tr("S", "short for the shared expert"), axisMonoFont(), muted);
    }
    rightAt(m_geometry.cv_right, tr("CV"));
    rightAt(m_geometry.side_right, tr("Idle"));
}

void ExpertsChart::paintRowEnd(QPainter& painter, int layer, const QRect& line) const {
    if (m_counts.n() == 0) {
        return;
    }
    const QFont font = axisMonoFont();
    const auto numberAt = [&](int right, const QString& text, bool warn) {
        paintText(painter, QRect(right - 60, line.top(), 60, line.height()), Qt::AlignRight | Qt::AlignVCenter, text,
                  warn ? bold(font) : font, theme().color(warn ? Color::Warn : Color::TextSecondary));
    };
    const int idle = m_counts.idle(layer);
    numberAt(m_geometry.cv_right, QString::number(m_counts.variation(layer), 'f', 2), false);
    numberAt(m_geometry.side_right, idle > 0 ? QString::number(idle) : QStringLiteral("–"), m_tellsIdle && idle > 0);
}

void ExpertsChart::paintSide(QPainter& painter) const {
    if (!m_geometry.hasShared()) {
        return;
    }
    const QColor tint = theme().color(Color::SharedTint);
    const QColor text = theme().color(Color::Text);
    const bool words = m_geometry.cell_height >= scaledPx(16);
    const QString share = sharedText(whatIf(), scope());
    for (int layer = 0; layer < m_geometry.rows; ++layer) {
        const QRect cell = m_geometry.cell(layer, 0, scroll());
        const QRect mark(m_geometry.shared.left(), cell.top(), m_geometry.shared.width(), cell.height());
        painter.fillRect(mark, tint);
        if (words) {
            paintText(painter, mark, Qt::AlignCenter, share, axisFont(), text);
        }
    }
    if (!words) {
        paintText(painter, m_geometry.shared.translated(0, -scroll()), Qt::AlignCenter, share, axisFont(), text);
    }
}

bool ExpertsChart::isMarked() const {
    return whatIf() != nullptr && whatIf()->hasMarks() && whatIf()->marks(trace()->shape());
}

void ExpertsChart::paintWhatIf(QPainter& painter) const {
    if (!isMarked()) {
        return;
    }
    for (int layer = 0; layer < m_geometry.rows; ++layer) {
        for (int expert = 0; expert < m_geometry.columns; ++expert) {
            const WhatIf::Mark mark = whatIf()->mark(layer, expert);
            const QRect cell = m_geometry.cellOf(layer, expert, scroll());
            if (mark != WhatIf::Mark::None && cell.intersects(m_geometry.window)) {
                painter.save();
                painter.setClipRect(m_geometry.window);
                paintMark(painter, cell, mark);
                painter.restore();
            }
        }
    }
}

/** A cross for what is banned, a full corner for what is forced, an open one for a bias; each with a halo, on any colour
 *  of the map. */
void ExpertsChart::paintMark(QPainter& painter, const QRect& cell, WhatIf::Mark mark) const {
    const QPen line(theme().color(Color::Text), 1.5);
    const QPen halo(theme().color(Color::Panel), 3.5);
    const QRectF inner = QRectF(cell).adjusted(1, 1, -1, -1);
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    painter.setClipRect(cell, Qt::IntersectClip);
    if (mark == WhatIf::Mark::Banned) {
        for (const QPen& pen : {halo, line}) {
            painter.setPen(pen);
            painter.drawLine(inner.topLeft(), inner.bottomRight());
            painter.drawLine(inner.bottomLeft(), inner.topRight());
        }
    } else {
        const double side = std::min({inner.width(), inner.height(), double(scaledPx(11))});
        const QPointF corner = inner.topRight();
        const QPolygonF triangle({corner - QPointF(side, 0), corner, corner + QPointF(0, side)});
        painter.setBrush(theme().color(mark == WhatIf::Mark::Forced ? Color::Text : Color::Panel));
        for (const QPen& pen : {QPen(halo.color(), 2.5), QPen(line.color(), 1)}) {
            painter.setPen(pen);
            painter.drawPolygon(triangle);
        }
    }
    painter.restore();
}

void ExpertsChart::paintMarks(QPainter& painter) const {
    const QColor text = theme().color(Color::Text);
    paintWhatIf(painter);
    if (const trace::RouterTrace* newest = trace()->router(newestToken()); newest != nullptr) {
        size_t entry = 0;
        for (int layer = 0; layer < m_geometry.rows; ++layer) {
            for (int k = 0; k < trace()->shape().used; ++k, ++entry) {
                paintFrame(painter, m_geometry.cellOf(layer, newest->experts[entry], scroll()), text);
            }
        }
    }
    if (hovered()) {
        paintFrame(painter, m_geometry.cell(hovered()->row, hovered()->place, scroll()), text);
    }
    const SelectionState& state = selection()->state();
    if (state.layer >= 0 && state.expert >= 0 && state.layer < m_geometry.rows && state.expert < m_geometry.columns) {
        const QRect cell = m_geometry.cellOf(state.layer, state.expert, scroll());
        if (cell.intersects(m_geometry.window)) {
            paintSelection(painter, cell);
        }
    }
}

void ExpertsChart::click(const QPoint& at) {
    if (const auto cell = m_geometry.cellAt(at, scroll())) {
        SelectionState next = selection()->state();
        next.layer = cell->row;
        next.expert = columnAt(*cell);
        choose(next);
    }
}

bool ExpertsChart::useKey(QKeyEvent* event) {
    if (m_geometry.rows == 0 || event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    SelectionState next = selection()->state();
    next.layer = std::max(0, next.layer);
    const bool none = next.expert < 0;
    next.expert = std::max(0, next.expert);
    const int lastExpert = m_geometry.columns - 1;
    switch (event->key()) {
    case Qt::Key_Left: next.expert = std::max(0, next.expert - 1); break;
    case Qt::Key_Right: next.expert = none ? 0 : std::min(lastExpert, next.expert + 1); break;
    case Qt::Key_Up: next.layer = std::max(0, next.layer - 1); break;
    case Qt::Key_Down: next.layer = none ? next.layer : std::min(m_geometry.rows - 1, next.layer + 1); break;
    case Qt::Key_Home: next.expert = 0; break;
    case Qt::Key_End: next.expert = lastExpert; break;
    default: return false;
    }
    choose(next);
    return true;
}

} // namespace moescope::ui
