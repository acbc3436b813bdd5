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
    : GridChart(trace, selection, parent), m_table(table) {}

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
    CellGrid::Sides sides;
    sides.label_left = scaledPx(12);
    sides.label_width = labelWidth();
    sides.left = sides.label_left + sides.label_width + scaledPx(8);
    sides.right = scaledPx(52);
    sides.least_row = scaledPx(leastRow());
    sides.least_label = scaledPx(12);
    sides.sparse_step = 8;
    m_geometry = CellGrid::of(viewport()->size(), matrix().rows(), matrix().columns(), sides, theme().fontScale());
    m_outside = 0;
    m_told = 0;
    syncGrid();
}

std::pair<bool, double> MatrixChart::rank(int row, int column) const {
    return {matrix().matched(row, column) > 0, matrix().observed(row, column)};
}

void MatrixChart::paintCell(QPainter& painter, const QRect& cell, int row, int column) {
    if (!isCell(row, column)) {
        if (isIdle(row, column) && cell.width() >= 8 && cell.height() >= 8) { // as an idle expert in Experts
            paintFrame(painter, cell, theme().color(Color::Border));
            paintDash(painter, cell, theme().color(Color::Text));
        }
        return;
    }
    // What chance alone gives has no colour: of so many cells some always look as if they stood out.
    const bool outside = matrix().isOutsideChance(row, column);
    if (!isRepeated(row, column)) {
        ++m_told;
        m_outside += int(outside);
    }
    if (matrix().isFilteredOut(row, column)) {
        paintFilteredOut(painter, cell);
        return;
    }
    const double lift = matrix().lift(row, column);
    const QColor color = theme().diverging(outside ? lift : 1);
    painter.fillRect(cell, color);
    if (matrix().observed(row, column) == 0) {
        paintZero(painter, cell, outside ? Theme::textOn(color) : theme().color(Color::TextMuted));
    } else if (outside && m_geometry.hasNumbers()) {
        painter.setPen(Theme::textOn(color));
        painter.drawText(cell, Qt::AlignCenter | Qt::TextDontClip, ratioText(lift));
    }
}

void MatrixChart::paintZero(QPainter& painter, const QRect& cell, const QColor& color) const {
    if (m_geometry.hasNumbers()) {
        painter.setPen(color);
        painter.setFont(axisMonoFont());
        painter.drawText(cell, Qt::AlignCenter | Qt::TextDontClip, QStringLiteral("0"));
    }
}

QColor MatrixChart::rowColor(int row) const {
    return theme().color(matrix().rowTotal(row) > 0 ? Color::TextSecondary : Color::TextMuted);
}

void MatrixChart::paintSideHeader(QPainter& painter) const {
    const QColor muted = theme().color(Color::TextMuted);
    const QRect line = m_geometry.numbers;
    paintText(painter, QRect(m_geometry.row_labels.left(), line.top(), 200, line.height()),
              Qt::AlignLeft | Qt::AlignVCenter, rowsHeading(), axisFont(), muted);
    paintText(painter, QRect(m_geometry.side_right - 80, line.top(), 80, line.height()),
              Qt::AlignRight | Qt::AlignVCenter, tr("Tokens"), axisFont(), muted);
}

void MatrixChart::paintRowEnd(QPainter& painter, int row, const QRect& line) const {
    const int total = matrix().rowTotal(row);
    paintText(painter, QRect(m_geometry.side_right - 60, line.top(), 60, line.height()),
              Qt::AlignRight | Qt::AlignVCenter, groupedText(total), axisMonoFont(),
              theme().color(Color::TextSecondary));
}

void MatrixChart::paintMarks(QPainter& painter) const {
    const Cell at = cursor();
    const QRect mark = at.isWhole() ? m_geometry.cellOf(at.row, at.column, scroll()) : selectionMark();
    const QRect seen = mark.intersected(m_geometry.window);
    if ((at.isWhole() || expertOf(at) >= 0) && !seen.isEmpty()) {
        paintSelection(painter, seen);
    }
    if (hovered()) {
        paintFrame(painter, m_geometry.cell(hovered()->row, hovered()->place, scroll()), theme().color(Color::Text));
    }
}

void MatrixChart::paintLegend(QPainter& painter) const {
    const QRect bar = legendBar();
    paintLegendBar(painter, bar, divergingAt);
    paintLegendTicks(
        painter, bar,
        {QStringLiteral("≤ ¼"), QStringLiteral("½"), QStringLiteral("1"), QStringLiteral("2"), QStringLiteral("≥ 4")});
    const QString outside = groupedText(m_outside);
    const QString told = groupedText(m_told);
    const QString chance = groupedText(std::lround(m_told * 0.05));
    const QStringList colours =
        m_geometry.merged > 1
            ? QStringList{tr("Colour: outside chance at 95 %. %1 columns share a place: the one with most tokens.")
                              .arg(m_geometry.merged),
                          tr("%1 columns a place: most tokens.").arg(m_geometry.merged)}
            : QStringList{tr("Colour: outside chance at 95 %, %1 of %2; by chance %3.").arg(outside, told, chance),
                          tr("Outside chance %1 of %2; by chance %3.").arg(outside, told, chance),
                          tr("Outside chance: %1 of %2.").arg(outside, told), tr("Outside: %1.").arg(outside)};
    const QString n = groupedText(matrix().n());
    QStringList signs{tr("idle")};
    if (m_geometry.hasNumbers()) {
        signs.append(tr("no token"));
    }
    int room = 0;
    for (const QString& sign : signs) {
        room += scaledPx(16) + signWidth(sign);
    }
    const int words = QFontMetrics(axisFont()).horizontalAdvance(colours.last());
    const bool fits = m_geometry.cell_width >= 8 && m_geometry.cell_height >= 8 &&
                      bar.right() + scaledPx(17) + words + room <= m_geometry.legend.right();
    paintLegendWords(painter, {legendText(), tr("Observed ÷ expected, n = %1.").arg(n), tr("n = %1.").arg(n)}, colours,
                     fits ? room : 0);
    if (fits) {
        paintSigns(painter, signs);
    }
}

/** At the end of the legend's second line: what was not observed, and where nothing could be. */
void MatrixChart::paintSigns(QPainter& painter, const QStringList& names) const {
    int right = m_geometry.legend.right() + 1;
    for (qsizetype i = 0; i < names.size(); ++i) {
        const QRect sign = paintSignWords(painter, right - signWidth(names.at(i)), 1, names.at(i));
        if (i == 0) {
            paintIdleSign(painter, sign);
        } else {
            painter.fillRect(sign, theme().diverging(1));
            paintZero(painter, sign, theme().color(Color::TextMuted));
        }
        right = sign.left() - scaledPx(16);
    }
}

Readout MatrixChart::markReadout() const {
    if (matrix().rows() == 0) {
        return {{tr("Nothing counted")}};
    }
    Cell at = cursor();
    if (hovered()) {
        at = {hovered()->row, columnAt(*hovered())};
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
    if (const QString merged = mergedWords(tr("most of columns %1–%2")); !merged.isEmpty()) {
        readout.append({merged});
    }
    return readout;
}

QString MatrixChart::tipAt(const QPoint& at) const {
    const auto cell = m_geometry.cellAt(at, scroll());
    if (!cell) {
        return {};
    }
    const int column = columnAt(*cell);
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

void MatrixChart::click(const QPoint& at) {
    if (const auto cell = m_geometry.cellAt(at, scroll())) {
        chooseCell({cell->row, columnAt(*cell)});
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

} // namespace moescope::ui
