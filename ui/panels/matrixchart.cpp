// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/matrixchart.h"

#include "ui/models/conversation.h"
#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QKeyEvent>
#include <QPainter>

#include <cmath>

namespace moescope::ui {

MatrixChart::MatrixChart(TraceModel* trace, Selection* selection, LiftTable* table, QWidget* parent)
    : ChartView(trace, selection, parent), m_table(table) {
    connect(trace, &TraceModel::chatChanged, this, [this] {
        if (m_scope == Scope::Chat) {
            invalidate();
        }
    });
    connect(trace, &TraceModel::windowChanged, this, [this] {
        if (m_scope == Scope::Window) {
            invalidate();
        }
    });
}

void MatrixChart::setScope(Scope scope) {
    if (scope != m_scope) {
        m_scope = scope;
        invalidate();
    }
}

bool MatrixChart::isCell(int row, int column) const { return matrix().expected(row, column) > 0; }

MatrixChart::Cell MatrixChart::cursor() const {
    const SelectionState& state = selection()->state();
    const bool chosen =
        m_otherFor.run == state.run && m_otherFor.token == state.token && m_otherFor.layer == state.layer;
    const Cell cell = cellOf(state.expert, chosen ? m_other : otherOfToken());
    return {cell.row < matrix().rows() ? cell.row : -1, cell.column < matrix().columns() ? cell.column : -1};
}

void MatrixChart::sync() {
    count();
    m_geometry = MatrixGeometry::of(viewport()->size(), matrix().rows(), matrix().columns(), labelWidth(), leastRow(),
                                    theme().fontScale());
    setScrollRange(m_geometry.scroll_max, m_geometry.window.height(), m_geometry.cell_height);
    if (m_hovered && (m_hovered->row >= m_geometry.rows || m_hovered->place >= m_geometry.places)) {
        m_hovered.reset();
    }
    paintCells();
}

int MatrixChart::columnAt(int row, int place) const {
    const int first = place * m_geometry.merged;
    int best = first;
    for (int column = first + 1; column < std::min(first + m_geometry.merged, m_geometry.columns); ++column) {
        best = matrix().observed(row, column) > matrix().observed(row, best) ? column : best;
    }
    return best;
}

void MatrixChart::paintCells() {
    m_outside = 0;
    m_told = 0;
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
    for (int row = 0; row < m_geometry.rows; ++row) {
        for (int place = 0; place < m_geometry.places; ++place) {
            paintCell(painter, row, place);
        }
    }
}

void MatrixChart::paintCell(QPainter& painter, int row, int place) {
    const QRect cell = m_geometry.cell(row, place, 0);
    const int column = columnAt(row, place);
    if (!isCell(row, column)) {
        return;
    }
    // What chance alone gives has no colour: of so many cells some always look as if they stood out.
    const bool outside = matrix().isOutsideChance(row, column);
    if (!isRepeated(row, column)) {
        ++m_told;
        m_outside += int(outside);
    }
    const double lift = matrix().lift(row, column);
    const QColor color = theme().diverging(outside ? lift : 1);
    painter.fillRect(cell, color);
    if (outside && m_geometry.hasNumbers()) {
        painter.setPen(Theme::textOn(color));
        painter.drawText(cell, Qt::AlignCenter | Qt::TextDontClip, lift > 0 ? ratioText(lift) : QStringLiteral("0"));
    } else if (matrix().observed(row, column) == 0 && cell.width() >= 8 && cell.height() >= 8) {
        const int dash = std::clamp(cell.width() / 3, 1, 8);
        painter.fillRect(QRect(cell.center().x() - (dash - 1) / 2, cell.center().y(), dash, 1),
                         outside ? Theme::textOn(color) : theme().color(Color::TextMuted));
    }
}

void MatrixChart::paintChart(QPainter& painter) {
    paintHeader(painter);
    painter.save();
    painter.setClipRect(m_geometry.window);
    painter.drawImage(m_geometry.map.topLeft() - QPoint(0, scroll()), m_cells);
    // Labels of low rows and the selection's line reach beyond their row.
    painter.setClipRect(m_geometry.window.adjusted(0, -4, 0, 4));
    paintRowLabels(painter);
    paintMarks(painter);
    painter.restore();
    paintLegend(painter);
}

void MatrixChart::paintHeader(QPainter& painter) const {
    const QColor muted = theme().color(Color::TextMuted);
    const QRect line = m_geometry.numbers;
    paintText(painter, m_geometry.heading, Qt::AlignLeft | Qt::AlignVCenter, columnsHeading(), axisFont(), muted);
    paintText(painter, QRect(m_geometry.row_labels.left(), line.top(), 200, line.height()),
              Qt::AlignLeft | Qt::AlignVCenter, rowsHeading(), axisFont(), muted);
    paintText(painter, QRect(m_geometry.total_right - 80, line.top(), 80, line.height()),
              Qt::AlignRight | Qt::AlignVCenter, tr("Tokens"), axisFont(), muted);

    const QFont font = axisMonoFont();
    const int labelWidth = QFontMetrics(font).horizontalAdvance(QString::number(m_geometry.columns - 1));
    const int step = m_geometry.columnLabelStep(labelWidth);
    const int chosen = cursor().column;
    const int selected = chosen >= 0 ? chosen / m_geometry.merged : -1;
    for (int place = 0; place < m_geometry.places; ++place) {
        const bool marked = place == selected;
        const bool close =
            step > 1 && selected >= 0 && std::abs(place - selected) * m_geometry.cell_width < labelWidth + scaledPx(4);
        if (!marked && (place % step != 0 || close)) {
            continue;
        }
        const QRect cell = m_geometry.cell(0, place, 0);
        paintText(painter, QRect(cell.center().x() - 20, line.top(), 41, line.height()), Qt::AlignCenter,
                  QString::number(marked ? chosen : place * m_geometry.merged), marked ? bold(font) : font,
                  theme().color(marked ? Color::Text : Color::TextSecondary));
    }
}

void MatrixChart::paintRowLabels(QPainter& painter) const {
    const QFont mono = axisMonoFont();
    const QFont font = rowFont();
    const int step = m_geometry.rowLabelStep();
    const int selected = cursor().row;
    const int lineHeight = std::min(scaledPx(16), std::max(scaledPx(12), m_geometry.cell_height));
    for (int row = 0; row < m_geometry.rows; ++row) {
        const bool marked = row == selected;
        const bool close = selected >= 0 && std::abs(row - selected) * m_geometry.cell_height < lineHeight - 2;
        if (!marked && (row % step != 0 || (step > 1 && close))) {
            continue;
        }
        const QRect cell = m_geometry.cell(row, 0, scroll());
        if (!m_geometry.window.contains(cell.center().x(), cell.center().y())) {
            continue;
        }
        const int height = std::max(lineHeight, cell.height());
        const QRect line(m_geometry.row_labels.left(), cell.center().y() - height / 2, m_geometry.row_labels.width(),
                         height);
        if (marked) {
            painter.fillRect(line, theme().color(Color::AccentTintStrong));
        }
        const int total = matrix().rowTotal(row);
        paintText(painter, line.adjusted(scaledPx(4), 0, -scaledPx(4), 0), int(rowAlignment()), rowLabel(row),
                  marked ? bold(font) : font,
                  theme().color(marked      ? Color::Text
                                : total > 0 ? Color::TextSecondary
                                            : Color::TextMuted));
        paintText(painter, QRect(m_geometry.total_right - 60, line.top(), 60, line.height()),
                  Qt::AlignRight | Qt::AlignVCenter, total > 0 ? groupedText(total) : QStringLiteral("–"), mono,
                  theme().color(Color::TextSecondary));
    }
}

void MatrixChart::paintMarks(QPainter& painter) const {
    const QColor text = theme().color(Color::Text);
    const Cell at = cursor();
    if (expertOf(at) >= 0) {
        paintSelection(painter, selectionMark().intersected(m_geometry.window));
    }
    if (at.isWhole()) {
        paintFrame(painter, m_geometry.cellOf(at.row, at.column, scroll()), text);
    }
    if (m_hovered) {
        paintFrame(painter, m_geometry.cell(m_hovered->row, m_hovered->place, scroll()), text);
    }
}

void MatrixChart::paintLegend(QPainter& painter) const {
    const QRect area = m_geometry.legend;
    const QRect bar(area.left() + 1, area.top() + 1, scaledPx(180), scaledPx(8));
    paintLegendBar(painter, bar, divergingAt);
    paintLegendTicks(
        painter, bar,
        {QStringLiteral("≤ ¼"), QStringLiteral("½"), QStringLiteral("1"), QStringLiteral("2"), QStringLiteral("≥ 4")});
    const QString outside =
        m_geometry.merged > 1
            ? tr("Colour: outside chance at 95 %. %1 columns share a place: the one with most tokens.")
                  .arg(m_geometry.merged)
            : tr("Colour: outside chance at 95 %, %1 of %2; by chance %3.")
                  .arg(groupedText(m_outside), groupedText(m_told), groupedText(std::lround(m_told * 0.05)));
    const QFont font = axisFont();
    const QFontMetrics metrics(font);
    const int left = bar.right() + scaledPx(17);
    const int width = std::max(0, area.right() - left);
    const int lineHeight = scaledPx(14);
    const QRect top(left, area.top() - scaledPx(2), width, lineHeight);
    const QColor color = theme().color(Color::TextSecondary);
    paintText(painter, top, Qt::AlignLeft | Qt::AlignVCenter, metrics.elidedText(legendText(), Qt::ElideRight, width),
              font, color);
    paintText(painter, top.translated(0, lineHeight), Qt::AlignLeft | Qt::AlignVCenter,
              metrics.elidedText(outside, Qt::ElideRight, width), font, color);
}

Readout MatrixChart::readout() const {
    if (matrix().rows() == 0) {
        return {{tr("Nothing counted")}};
    }
    Cell at = cursor();
    if (m_hovered) {
        at = {m_hovered->row, columnAt(m_hovered->row, m_hovered->place)};
    }
    if (!at.isWhole()) {
        return summary();
    }
    Readout readout = {{cellName(at.row, at.column), ReadoutSpan::Strong}};
    if (!isCell(at.row, at.column)) {
        readout.append({tr("nothing to expect")});
        return readout;
    }
    readout.append({observedText(at.row, at.column)});
    readout.append({tr("%1 × expected").arg(liftText(matrix().lift(at.row, at.column)))});
    readout.append({tr("by chance %1").arg(chanceText(matrix().chance(at.row, at.column)))});
    readout.append({matrix().isOutsideChance(at.row, at.column) ? tr("outside chance") : tr("within chance")});
    if (m_hovered && m_geometry.merged > 1) {
        const int first = m_hovered->place * m_geometry.merged;
        readout.append(
            {tr("most of columns %1–%2").arg(first).arg(std::min(first + m_geometry.merged, m_geometry.columns) - 1)});
    }
    return readout;
}

QString MatrixChart::tipAt(const QPoint& at) const {
    const auto cell = m_geometry.cellAt(at, scroll());
    if (!cell) {
        return {};
    }
    const int column = columnAt(cell->row, cell->place);
    if (!isCell(cell->row, column)) {
        return {};
    }
    const ChanceInterval chance = matrix().chance(cell->row, column);
    return tooltipTable(cellName(cell->row, column),
                        {{tr("Observed"), tr("%1 tokens").arg(groupedText(matrix().observed(cell->row, column)))},
                         {tr("Expected"), tr("%1 tokens").arg(figureText(matrix().expected(cell->row, column)))},
                         {tr("Observed ÷ expected"), liftText(matrix().lift(cell->row, column))},
                         {tr("By chance at 95 %"), tr("%1 tokens").arg(chanceText(chance))},
                         {tr("n"), tr("%1 tokens").arg(groupedText(matrix().n()))}});
}

bool MatrixChart::hover(const QPoint* at) {
    const auto next = at != nullptr ? m_geometry.cellAt(*at, scroll()) : std::nullopt;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void MatrixChart::click(const QPoint& at) {
    if (const auto cell = m_geometry.cellAt(at, scroll())) {
        chooseCell({cell->row, columnAt(cell->row, cell->place)});
    }
}

void MatrixChart::chooseCell(const Cell& cell) {
    SelectionState next = selection()->state();
    next.layer = layerInView();
    next.expert = expertOf(cell);
    m_other = otherOf(cell);
    m_otherFor = next;
    if (next == selection()->state()) {
        invalidate();
    } else {
        choose(next);
    }
}

bool MatrixChart::useKey(QKeyEvent* event) {
    if (m_geometry.rows == 0 || event->modifiers().testFlag(Qt::ControlModifier)) {
        return false;
    }
    Cell next = cursor();
    const bool fresh = !next.isWhole();
    next = {std::max(0, next.row), std::max(0, next.column)};
    const auto step = [fresh](int& at, int by, int last) { at = fresh ? at : std::clamp(at + by, 0, last); };
    switch (event->key()) {
    case Qt::Key_Left: step(next.column, -1, m_geometry.columns - 1); break;
    case Qt::Key_Right: step(next.column, 1, m_geometry.columns - 1); break;
    case Qt::Key_Up: step(next.row, -1, m_geometry.rows - 1); break;
    case Qt::Key_Down: step(next.row, 1, m_geometry.rows - 1); break;
    case Qt::Key_Home: next.column = 0; break;
    case Qt::Key_End: next.column = m_geometry.columns - 1; break;
    default: return false;
    }
    chooseCell(next);
    revealSelection();
    return true;
}

void MatrixChart::revealSelection() {
    const int row = cursor().row;
    if (row >= 0 && row < m_geometry.rows) {
        setScroll(m_geometry.scrollTo(row, scroll()));
    }
}

} // namespace moescope::ui
