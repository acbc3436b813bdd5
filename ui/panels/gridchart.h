// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/cellgrid.h"
#include "ui/panels/scopedchart.h"

#include <QImage>

#include <utility>

namespace moescope::ui {

/** Cells in rows and columns with numbers above and labels beside them. The cells are painted once for what they show,
 *  and blitted where a selection or the pointer alone moves. */
class GridChart : public ScopedChart {
    Q_OBJECT
protected:
    using ScopedChart::ScopedChart;

    virtual const CellGrid& grid() const = 0;
    /** Which of the columns that share a place is shown there: the one that ranks highest. */
    virtual std::pair<bool, double> rank(int row, int column) const = 0;
    /** Of a column, with the pen's font the axis' fixed one. */
    virtual void paintCell(QPainter& painter, const QRect& cell, int row, int column) = 0;
    /** −1: none. */
    virtual int markedRow() const = 0;
    /** Whose number stands out, where every `step`th has one; −1: none. */
    virtual int markedColumn(int step) const = 0;
    virtual QString rowLabel(int row) const = 0;
    virtual QFont rowFont() const = 0;
    virtual QColor rowColor(int row) const = 0;
    virtual Qt::Alignment rowAlignment() const { return Qt::AlignCenter; }
    virtual QString columnsHeading() const = 0;
    /** Headings of what is beside the cells. */
    virtual void paintSideHeader(QPainter& painter) const = 0;
    /** What is beside the cells and scrolls with them. */
    virtual void paintSide(QPainter&) const {}
    /** The row's numbers, on the line of its label. */
    virtual void paintRowEnd(QPainter& painter, int row, const QRect& line) const = 0;
    virtual void paintMarks(QPainter& painter) const = 0;
    virtual void paintLegend(QPainter& painter) const = 0;

    /** Where the colours are explained. */
    QRect legendBar() const;
    /** Two lines beside it, in the longest of their wordings that fits, the second with `room` px behind it; where the
     *  first ends, in px. Under a filter it says there what a cell is that does not match. */
    int paintLegendWords(QPainter& painter, const QStringList& first, const QStringList& second, int room = 0) const;
    /** The words of a sign of the legend, at x = `left` in its first line or its second; the sign, to be painted. */
    QRect paintSignWords(QPainter& painter, int left, int line, const QString& words) const;
    /** px of such a sign and its words. */
    static int signWidth(const QString& words);
    bool isFiltered() const { return !trace()->filter().isEmpty(); }
    int columnAt(const CellGrid::Cell& cell) const;
    const std::optional<CellGrid::Cell>& hovered() const { return m_hovered; }
    /** "most of experts 4–7", `words` with both ends to fill in; empty where a place has one column. */
    QString mergedWords(const QString& words) const;
    /** Scroll range, hovered cell and cells, once the grid is another. */
    void syncGrid();
    void paintChart(QPainter& painter) override;
    bool hover(const QPoint* at) override;
    void revealSelection() override;

private:
    void paintHeader(QPainter& painter) const;
    void paintRowLabels(QPainter& painter) const;

    QImage m_cells; ///< all rows, in device pixels
    std::optional<CellGrid::Cell> m_hovered;
};

} // namespace moescope::ui
