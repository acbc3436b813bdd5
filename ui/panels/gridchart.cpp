// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/gridchart.h"

#include "ui/panels/chartpaint.h"

#include <QFontMetrics>
#include <QPainter>

namespace moescope::ui {

int GridChart::columnAt(const CellGrid::Cell& cell) const {
    const int first = cell.place * grid().merged;
    int best = first;
    for (int column = first + 1; column < std::min(first + grid().merged, grid().columns); ++column) {
        best = rank(cell.row, column) > rank(cell.row, best) ? column : best;
    }
    return best;
}

QString GridChart::mergedWords(const QString& words) const {
    if (!m_hovered || grid().merged == 1) {
        return {};
    }
    const int first = m_hovered->place * grid().merged;
    return words.arg(first).arg(std::min(first + grid().merged, grid().columns) - 1);
}

void GridChart::syncGrid() {
    const CellGrid& grid = this->grid();
    setScrollRange(grid.scroll_max, grid.window.height(), grid.cell_height);
    if (m_hovered && (m_hovered->row >= grid.rows || m_hovered->place >= grid.places)) {
        m_hovered.reset();
    }
    if (grid.map.isEmpty()) {
        m_cells = QImage();
        return;
    }
    const qreal ratio = devicePixelRatioF();
    m_cells = QImage(QSizeF(QSizeF(grid.map.size()) * ratio).toSize(), QImage::Format_RGB32);
    m_cells.setDevicePixelRatio(ratio);
    m_cells.fill(theme().color(Color::Panel));
    QPainter painter(&m_cells);
    painter.translate(-grid.map.topLeft());
    painter.setFont(axisMonoFont());
    for (int row = 0; row < grid.rows; ++row) {
        for (int place = 0; place < grid.places; ++place) {
            paintCell(painter, grid.cell(row, place, 0), row, columnAt({row, place}));
        }
    }
}

void GridChart::paintChart(QPainter& painter) {
    paintHeader(painter);
    painter.save();
    painter.setClipRect(grid().window);
    painter.drawImage(grid().map.topLeft() - QPoint(0, scroll()), m_cells);
    paintSide(painter);
    // Labels of low rows and the selection's line reach beyond their row.
    painter.setClipRect(grid().window.adjusted(0, -4, 0, 4));
    paintRowLabels(painter);
    paintMarks(painter);
    painter.restore();
    paintLegend(painter);
}

void GridChart::paintHeader(QPainter& painter) const {
    const CellGrid& grid = this->grid();
    const QRect line = grid.numbers;
    paintText(painter, grid.heading, Qt::AlignLeft | Qt::AlignVCenter, columnsHeading(), axisFont(),
              theme().color(Color::TextMuted));
    paintSideHeader(painter);

    const QFont font = axisMonoFont();
    const int labelWidth = QFontMetrics(font).horizontalAdvance(QString::number(grid.columns - 1));
    const int step = grid.columnLabelStep(labelWidth);
    const int chosen = markedColumn(step);
    const int selected = chosen >= 0 ? chosen / grid.merged : -1;
    for (int place = 0; place < grid.places; ++place) {
        const bool marked = place == selected;
        const bool close =
            step > 1 && selected >= 0 && std::abs(place - selected) * grid.cell_width < labelWidth + scaledPx(4);
        if (!marked && (place % step != 0 || close)) {
            continue;
        }
        const QRect cell = grid.cell(0, place, 0);
        paintText(painter, QRect(cell.center().x() - 20, line.top(), 41, line.height()), Qt::AlignCenter,
                  QString::number(marked ? chosen : place * grid.merged), marked ? bold(font) : font,
                  theme().color(marked ? Color::Text : Color::TextSecondary));
    }
}

void GridChart::paintRowLabels(QPainter& painter) const {
    const CellGrid& grid = this->grid();
    const QFont font = rowFont();
    const int selected = markedRow();
    for (int row = 0; row < grid.rows; ++row) {
        const bool marked = row == selected;
        const bool close = selected >= 0 && std::abs(row - selected) * grid.cell_height < grid.label_height - 2;
        if (!marked && (row % grid.label_step != 0 || (grid.label_step > 1 && close))) {
            continue;
        }
        const QRect cell = grid.cell(row, 0, scroll());
        if (!grid.window.contains(cell.center().x(), cell.center().y())) {
            continue;
        }
        const int height = std::max(grid.label_height, cell.height());
        const QRect line(grid.row_labels.left(), cell.center().y() - height / 2, grid.row_labels.width(), height);
        if (marked) {
            painter.fillRect(line, theme().color(Color::AccentTintStrong));
        }
        paintText(painter, line.adjusted(scaledPx(4), 0, -scaledPx(4), 0), int(rowAlignment()), rowLabel(row),
                  marked ? bold(font) : font, marked ? theme().color(Color::Text) : rowColor(row));
        paintRowEnd(painter, row, line);
    }
}

QRect GridChart::legendBar() const {
    const QRect area = grid().legend;
    return {area.left() + 1, area.top() + 1, scaledPx(180), scaledPx(8)};
}

int GridChart::paintLegendWords(QPainter& painter, const QStringList& first, const QStringList& second,
                                int room) const {
    const QRect area = grid().legend;
    const QFont font = axisFont();
    const int left = legendBar().right() + scaledPx(17);
    const int width = std::max(0, area.right() - left);
    const QRect top(left, area.top() - scaledPx(2), width, scaledPx(14));
    const QColor color = theme().color(Color::TextSecondary);
    const QFontMetrics metrics(font);
    const QString filtered = tr("filtered out");
    const int gap = scaledPx(20);
    const int beside = isFiltered() ? gap + signWidth(filtered) : 0;
    const QString words = fittingText(first, font, width - beside);
    int end = left + metrics.horizontalAdvance(words);
    paintText(painter, top, Qt::AlignLeft | Qt::AlignVCenter, words, font, color);
    paintText(painter, top.translated(0, top.height()), Qt::AlignLeft | Qt::AlignVCenter,
              fittingText(second, font, std::max(0, width - room)), font, color);
    if (isFiltered() && end + beside <= area.right() + 1) {
        paintFilteredOut(painter, paintSignWords(painter, end + gap, 0, filtered));
        end += beside;
    }
    return end;
}

QRect GridChart::paintSignWords(QPainter& painter, int left, int line, const QString& words) const {
    const QRect sign(left, grid().legend.top() + line * scaledPx(14), scaledPx(14), scaledPx(11));
    const int width = QFontMetrics(axisFont()).horizontalAdvance(words);
    paintText(painter, QRect(sign.right() + scaledPx(6), sign.center().y() - scaledPx(8), width, scaledPx(16)),
              Qt::AlignLeft | Qt::AlignVCenter, words, axisFont(), theme().color(Color::TextSecondary));
    return sign;
}

int GridChart::signWidth(const QString& words) {
    return scaledPx(20) + QFontMetrics(axisFont()).horizontalAdvance(words);
}

bool GridChart::hover(const QPoint* at) {
    const auto next = at != nullptr ? grid().cellAt(*at, scroll()) : std::nullopt;
    const bool changed = next != m_hovered;
    m_hovered = next;
    return changed;
}

void GridChart::revealSelection() {
    const int row = markedRow();
    if (row >= 0 && row < grid().rows) {
        setScroll(grid().scrollTo(row, scroll()));
    }
}

} // namespace moescope::ui
