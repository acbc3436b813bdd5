// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QRect>
#include <QSize>

#include <optional>

namespace moescope::ui {

/** Where each mark of a matrix lies, in logical px of a view of the given size: row labels, cells, a total at the end of
 *  each row. Rows scroll when they do not fit; header and legend stay. */
struct MatrixGeometry {
    /** A column as drawn; more than one of the matrix where they would be narrower than 4 px. */
    struct Cell {
        int row = 0;
        int place = 0;
        bool operator==(const Cell&) const = default;
    };

    int rows = 0;
    int columns = 0;  ///< of the matrix
    double scale = 1; ///< of fonts

    int merged = 1; ///< columns of the matrix in one place
    int places = 0; ///< ceil(columns ÷ merged)
    int cell_width = 0;
    int cell_height = 0;
    int gap_x = 1; ///< of a cell's width, to its right
    int gap_y = 1;
    QRect map;        ///< all cells, before scrolling
    QRect window;     ///< where the rows are seen
    QRect row_labels; ///< before scrolling
    int total_right = 0;
    QRect heading; ///< line of the columns' name
    QRect numbers; ///< line of their numbers
    QRect legend;
    int scroll_max = 0;

    /** `labels`: width of the row labels in px; `least`: of a row's height, in px before the scale. */
    static MatrixGeometry of(const QSize& view, int rows, int columns, int labels, int least, double scale);

    bool hasNumbers() const { return cell_width >= int(22 * scale) && cell_height >= int(16 * scale); }
    QRect cell(int row, int place, int scroll) const;
    QRect cellOf(int row, int column, int scroll) const { return cell(row, column / merged, scroll); }
    std::optional<Cell> cellAt(const QPoint& at, int scroll) const;
    /** Every row, or every eighth where they are too low for text. */
    int rowLabelStep() const { return cell_height >= int(12 * scale) ? 1 : 8; }
    /** Every column; from 32 on every 8th, and rarer where `labelWidth` does not fit. */
    int columnLabelStep(int labelWidth) const;
    /** Scroll position that brings a row into view, `scroll` if it is. */
    int scrollTo(int row, int scroll) const;
};

} // namespace moescope::ui
