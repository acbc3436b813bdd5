// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/expertschart.h"

#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>

#include <cmath>

namespace moescope::ui {

namespace {

QString layerName(int layer) { return QStringLiteral("L%1").arg(layer); }

} // namespace

ExpertsChart::ExpertsChart(TraceModel* trace, Selection* selection, QWidget* parent)
    : ChartView(trace, selection, parent) {
    setAccessibleName(tr("Map of layers and experts"));
    connect(trace, &TraceModel::chatChanged, this, [this] {
        if (m_scope == Scope::Chat || m_baseline >= 0) {
            invalidate();
        }
    });
    connect(trace, &TraceModel::windowChanged, this, [this] {
        if (m_scope == Scope::Window) {
            invalidate();
        }
    });
}

void ExpertsChart::setScope(Scope scope) {
    if (scope != m_scope) {
        m_scope = scope;
        invalidate();
    }
}

void ExpertsChart::setBaseline(qint64 run) {
    if (run != m_baseline) {
        m_baseline = run;
        invalidate();
    }
}

Measure ExpertsChart::measure() const {
    const bool measured = m_mode == HeatmapMode::Deviation;
    return Measure::of(*trace(), m_scope, selection()->state().token, measured ? m_baseline : -1);
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
    m_matched = trace()->matched(m_scope, selection()->state().token);
    m_geometry =
        HeatmapGeometry::of(viewport()->size(), shape.layers, shape.experts, shape.shared > 0, theme().fontScale());
    m_most = m_mode == HeatmapMode::GateMass ? m_counts.maxGateMass() : m_counts.maxTokens();
    setScrollRange(m_geometry.scroll_max, m_geometry.window.height(), m_geometry.cell_height);
    if (m_hovered && (m_hovered->layer >= shape.layers || m_hovered->column >= m_geometry.columns)) {
        m_hovered.reset();
    }
    paintCells();
}

int ExpertsChart::expertOf(int layer, int column) const {
    const auto busy = [&](int expert) {
        const double most =
            m_mode == HeatmapMode::GateMass ? m_counts.gateMass(layer, expert) : m_counts.tokens(layer, expert);
        return std::pair(m_matched.tokens(layer, expert) > 0, most);
    };
    const int first = column * m_geometry.merged;
    int best = first;
    for (int expert = first + 1; expert < std::min(first + m_geometry.merged, m_geometry.experts); ++expert) {
        best = busy(expert) > busy(best) ? expert : best;
    }
    return best;
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

void ExpertsChart::paintCells() {
    if (m_geometry.map.isEmpty()) {
        m_cells = QImage();
        return;
    }
    const qreal ratio = devicePixelRatioF();
    m_cells = QImage(QSizeF(QSizeF(m_geometry.map.size()) * ratio).toSize(), QImage::Format_RGB32);
    m_cells.setDevicePixelRatio(ratio);
    m_cells.fill(theme().color(Color::Panel));
    QPainter painter(&m_cells);
    painter.translate(-m_geometry.map.topLeft());
    painter.setFont(axisMonoFont());
    for (int layer = 0; layer < m_geometry.layers; ++layer) {
        for (int column = 0; column < m_geometry.columns; ++column) {
            paintCell(painter, layer, column);
        }
    }
}

void ExpertsChart::paintCell(QPainter& painter, int layer, int column) {
    const QRect cell = m_geometry.cell(layer, column, 0);
    const int expert = expertOf(layer, column);
    if (m_counts.tokens(layer, expert) > 0 && m_matched.tokens(layer, expert) == 0) {
        painter.fillRect(cell, theme().color(Color::Window)); // filtered out
        return;
    }
    if (m_counts.tokens(layer, expert) == 0) {
        // Idle is its own mark, unlike any value of a map: outline and dash.
        painter.fillRect(cell, theme().color(Color::Panel));
        const bool outlined = cell.width() >= 10 && cell.height() >= 10;
        if (outlined) {
            paintFrame(painter, cell, theme().color(Color::Border));
        }
        const int dash = std::clamp(cell.width() / 3, 1, 8);
        painter.fillRect(QRect(cell.center().x() - (dash - 1) / 2, cell.center().y(), dash, 1),
                         theme().color(Color::Text));
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

void ExpertsChart::paintChart(QPainter& painter) {
    paintHeader(painter);
    painter.save();
    painter.setClipRect(m_geometry.window);
    painter.drawImage(m_geometry.map.topLeft() - QPoint(0, scroll()), m_cells);
    paintShared(painter);
    // Labels of low rows and the selection's line reach beyond their row.
    painter.setClipRect(m_geometry.window.adjusted(0, -4, 0, 4));
    paintRowLabels(painter);
    paintMarks(painter);
    painter.restore();
    paintLegend(painter);
}

void ExpertsChart::paintHeader(QPainter& painter) const {
    const QColor muted = theme().color(Color::TextMuted);
    paintText(painter, m_geometry.heading, Qt::AlignLeft | Qt::AlignVCenter, tr("Routed expert"), axisFont(), muted);
    const QRect line = m_geometry.numbers;
    const auto rightAt = [&](int right, const QString& text) {
        paintText(painter, QRect(right - 80, line.top(), 80, line.height()), Qt::AlignRight | Qt::AlignVCenter, text,
                  axisFont(), muted);
    };
    if (m_geometry.has_shared) {
        const int middle = m_geometry.shared.center().x();
        paintText(painter, QRect(middle - 50, m_geometry.heading.top(), 100, m_geometry.heading.height()),
                  Qt::AlignCenter, tr("Shared"), axisFont(), muted);
        paintText(painter, QRect(m_geometry.shared.left(), line.top(), m_geometry.shared.width(), line.height()),
                  Qt::AlignCenter, tr("S", "short for the shared expert"), axisMonoFont(), muted);
    }
    rightAt(m_geometry.cv_right, tr("CV"));
    rightAt(m_geometry.idle_right, tr("Idle"));

    const QFont font = axisMonoFont();
    const int labelWidth = QFontMetrics(font).horizontalAdvance(QString::number(m_geometry.experts - 1));
    const int step = m_geometry.columnLabelStep(labelWidth);
    const int selected = step > 1 ? selection()->state().expert / m_geometry.merged : -1;
    for (int column = 0; column < m_geometry.columns; ++column) {
        const bool marked = column == selected && selection()->state().expert >= 0;
        const bool hidden =
            column % step != 0 || (selected >= 0 && selection()->state().expert >= 0 &&
                                   std::abs(column - selected) * m_geometry.cell_width < labelWidth + 4);
        if (!marked && hidden) {
            continue;
        }
        const QRect cell = m_geometry.cell(0, column, 0);
        const int expert = marked ? selection()->state().expert : column * m_geometry.merged;
        paintText(painter, QRect(cell.center().x() - 20, line.top(), 41, line.height()), Qt::AlignCenter,
                  QString::number(expert), marked ? bold(font) : font,
                  marked ? theme().color(Color::Text) : theme().color(Color::TextSecondary));
    }
}

void ExpertsChart::paintRowLabels(QPainter& painter) const {
    const QFont font = axisMonoFont();
    const int step = m_geometry.rowLabelStep();
    const int selected = selection()->state().layer;
    const int lineHeight = scaledPx(16);
    for (int layer = 0; layer < m_geometry.layers; ++layer) {
        const bool marked = layer == selected;
        const bool close = selected >= 0 && std::abs(layer - selected) * m_geometry.cell_height < lineHeight - 2;
        if (!marked && (layer % step != 0 || (step > 1 && close))) {
            continue;
        }
        const QRect cell = m_geometry.cell(layer, 0, scroll());
        if (!m_geometry.window.contains(cell.center().x(), cell.center().y())) {
            continue;
        }
        const int height = std::max(lineHeight, cell.height());
        const QRect line(m_geometry.row_labels.left(), cell.center().y() - height / 2, m_geometry.row_labels.width(),
                         height);
        if (marked) {
            painter.fillRect(line, theme().color(Color::AccentTintStrong));
        }
        paintText(painter, line, Qt::AlignCenter, layerName(layer), marked ? bold(font) : font,
                  theme().color(marked ? Color::Text : Color::TextMuted));
        const auto numberAt = [&](int right, const QString& text, bool warn) {
            paintText(painter, QRect(right - 60, line.top(), 60, line.height()), Qt::AlignRight | Qt::AlignVCenter,
                      text, warn ? bold(font) : font, theme().color(warn ? Color::Warn : Color::TextSecondary));
        };
        if (m_counts.n() > 0) {
            const int idle = m_counts.idle(layer);
            numberAt(m_geometry.cv_right, QString::number(m_counts.variation(layer), 'f', 2), false);
            numberAt(m_geometry.idle_right, idle > 0 ? QString::number(idle) : QStringLiteral("–"), idle > 0);
        }
    }
}

void ExpertsChart::paintShared(QPainter& painter) const {
    if (!m_geometry.has_shared) {
        return;
    }
    const QColor tint = theme().color(Color::SharedTint);
    const QColor text = theme().color(Color::Text);
    const bool words = m_geometry.cell_height >= scaledPx(16);
    for (int layer = 0; layer < m_geometry.layers; ++layer) {
        const QRect cell = m_geometry.cell(layer, 0, scroll());
        const QRect mark(m_geometry.shared.left(), cell.top(), m_geometry.shared.width(), cell.height());
        painter.fillRect(mark, tint);
        if (words) {
            paintText(painter, mark, Qt::AlignCenter, tr("all"), axisFont(), text);
        }
    }
    if (!words) {
        paintText(painter, m_geometry.shared.translated(0, -scroll()), Qt::AlignCenter, tr("all"), axisFont(), text);
    }
}

/** A cross for what is banned, a full corner for what is forced, an open one for a bias; each with a halo, on any colour
 *  of the map. */
void ExpertsChart::paintWhatIf(QPainter& painter) const {
    if (whatIf() == nullptr || !whatIf()->hasMarks() || !whatIf()->isAbout(trace()->shape())) {
        return;
    }
    painter.save();
    painter.setRenderHint(QPainter::Antialiasing);
    const QPen line(theme().color(Color::Text), 1.5);
    const QPen halo(theme().color(Color::Panel), 3.5);
    for (int layer = 0; layer < m_geometry.layers; ++layer) {
        for (int expert = 0; expert < m_geometry.experts; ++expert) {
            const WhatIf::Mark mark = whatIf()->mark(layer, expert);
            const QRectF cell = m_geometry.expertCell(layer, expert, scroll());
            if (mark == WhatIf::Mark::None || !cell.intersects(m_geometry.window)) {
                continue;
            }
            painter.setClipRect(m_geometry.window.intersected(cell.toAlignedRect()));
            const QRectF inner = cell.adjusted(1, 1, -1, -1);
            if (mark == WhatIf::Mark::Banned) {
                for (const QPen& pen : {halo, line}) {
                    painter.setPen(pen);
                    painter.drawLine(inner.topLeft(), inner.bottomRight());
                    painter.drawLine(inner.bottomLeft(), inner.topRight());
                }
                continue;
            }
            const double side = std::min({inner.width(), inner.height(), double(scaledPx(11))});
            const QPointF corner = inner.topRight();
            const QPolygonF triangle({corner - QPointF(side, 0), corner, corner + QPointF(0, side)});
            painter.setBrush(theme().color(mark == WhatIf::Mark::Forced ? Color::Text : Color::Panel));
            for (const QPen& pen : {QPen(halo.color(), 2.5), QPen(line.color(), 1)}) {
                painter.setPen(pen);
                painter.drawPolygon(triangle);
            }
        }
    }
    painter.restore();
}

void ExpertsChart::paintMarks(QPainter& painter) const {
    const QColor text = theme().color(Color::Text);
    paintWhatIf(painter);
    if (const trace::RouterTrace* newest = trace()->router(newestToken()); newest != nullptr) {
        size_t entry = 0;
        for (int layer = 0; layer < m_geometry.layers; ++layer) {
            for (int k = 0; k < trace()->shape().used; ++k, ++entry) {
                paintFrame(painter, m_geometry.expertCell(layer, newest->experts[entry], scroll()), text);
            }
        }
    }
    if (m_hovered) {
        paintFrame(painter, m_geometry.cell(m_hovered->layer, m_hovered->column, scroll()), text);
    }
    const SelectionState& state = selection()->state();
    if (state.layer >= 0 && state.expert >= 0 && state.layer < m_geometry.layers && state.expert < m_geometry.experts) {
        const QRect cell = m_geometry.expertCell(state.layer, state.expert, scroll());
        if (cell.intersects(m_geometry.window)) {
            paintSelection(painter, cell);
        }
    }
}

bool ExpertsChart::hover(const QPoint* at) {
    const auto next = at != nullptr ? m_geometry.cellAt(*at, scroll()) : std::nullopt;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void ExpertsChart::click(const QPoint& at) {
    if (const auto cell = m_geometry.cellAt(at, scroll())) {
        SelectionState next = selection()->state();
        next.layer = cell->layer;
        next.expert = expertOf(cell->layer, cell->column);
        choose(next);
    }
}

bool ExpertsChart::useKey(QKeyEvent* event) {
    if (m_geometry.layers == 0 || event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    SelectionState next = selection()->state();
    next.layer = std::max(0, next.layer);
    const bool none = next.expert < 0;
    next.expert = std::max(0, next.expert);
    const int lastExpert = m_geometry.experts - 1;
    switch (event->key()) {
    case Qt::Key_Left: next.expert = std::max(0, next.expert - 1); break;
    case Qt::Key_Right: next.expert = none ? 0 : std::min(lastExpert, next.expert + 1); break;
    case Qt::Key_Up: next.layer = std::max(0, next.layer - 1); break;
    case Qt::Key_Down: next.layer = none ? next.layer : std::min(m_geometry.layers - 1, next.layer + 1); break;
    case Qt::Key_Home: next.expert = 0; break;
    case Qt::Key_End: next.expert = lastExpert; break;
    default: return false;
    }
    choose(next);
    return true;
}

void ExpertsChart::revealSelection() {
    const int layer = selection()->state().layer;
    if (layer >= 0 && layer < m_geometry.layers) {
        setScroll(m_geometry.scrollTo(layer, scroll()));
    }
}

} // namespace moescope::ui
