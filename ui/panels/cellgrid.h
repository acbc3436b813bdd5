// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QRect>
#include <QSize>

#include <optional>

namespace moescope::ui {

/** Where cells in rows and columns lie, in logical px of a view of the given size: row labels at the left, a header
 *  above, a legend below. Rows scroll when they do not fit; header and legend stay. */
struct CellGrid {
    /** A column as drawn; more than one of the data's where they would be narrower than 4 px. */
    struct Cell {
        int row = 0;
        int place = 0;
        bool operator==(const Cell&) const = default;
    };
    /** What is around the cells, in px at the font scale. */
    struct Sides {
        int left = 0; ///< of the view, to the cells
        int label_left = 0;
        int label_width = 0;
        int right = 0;        ///< beside the cells
        int least_row = 4;    ///< height
        int least_label = 16; ///< height; rows below it are labelled now and then
        int sparse_step = 4;  ///< rows from label to label there
    };

    int rows = 0;
    int columns = 0;  ///< of the data
    double scale = 1; ///< of fonts

    int merged = 1; ///< columns of the data in one place
    int places = 0; ///< ceil(columns ÷ merged)
    int cell_width = 0;
    int cell_height = 0;
    int gap_x = 1; ///< of a cell's width, to its right
    int gap_y = 1;
    int label_step = 1;   ///< rows from label to label
    int label_height = 0; ///< of the label of a lower row
    QRect map;            ///< all cells, before scrolling
    QRect window;         ///< where the rows are seen
    QRect row_labels;     ///< before scrolling
    int side_right = 0;   ///< right edge of what is beside the cells
    QRect heading;        ///< line of the columns' name
    QRect numbers;        ///< line of their numbers
    QRect legend;
    int scroll_max = 0;

    static CellGrid of(const QSize& view, int rows, int columns, const Sides& sides, double scale);

    bool hasNumbers() const { return cell_width >= int(22 * scale) && cell_height >= int(16 * scale); }
    /** An edge around a cell can be told from what is in it. */
    bool hasOutlines() const { return cell_width > 10 && cell_height > 10; }
    QRect cell(int row, int place, int scroll) const;
    QRect cellOf(int row, int column, int scroll) const { return cell(row, column / merged, scroll); }
    std::optional<Cell> cellAt(const QPoint& at, int scroll) const;
    /** Every column; from 32 on every 8th, and rarer where `labelWidth` does not fit. */
    int columnLabelStep(int labelWidth) const;
    /** Scroll position that brings a row into view, `scroll` if it is. */
    int scrollTo(int row, int scroll) const;
};

} // namespace moescope::ui
