// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QRect>
#include <QSize>

#include <optional>

namespace moescope::ui {

/** Where each mark of the Experts map lies, in logical px of a view of the given size. Layers are rows, experts columns;
 *  then the shared expert, CV and Idle. Rows scroll when they do not fit at 4 px; the header and the legend stay. */
struct HeatmapGeometry {
    /** A column of the map; more than one expert where they would be narrower than 4 px. */
    struct Cell {
        int layer = 0;
        int column = 0;
        bool operator==(const Cell&) const = default;
    };

    int layers = 0;
    int experts = 0;
    bool has_shared = false;
    double scale = 1; ///< of fonts

    int merged = 1;  ///< experts a column
    int columns = 0; ///< ceil(experts ÷ merged)
    int cell_width = 0;
    int cell_height = 0;
    int gap_x = 1; ///< of a cell's width, to its right
    int gap_y = 1;
    QRect map;        ///< all cells, before scrolling
    QRect window;     ///< where the rows are seen
    QRect shared;     ///< column of the shared expert, before scrolling; empty without one
    QRect row_labels; ///< column of "L5"
    int cv_right = 0; ///< right edge of the numbers
    int idle_right = 0;
    QRect heading; ///< line of "Routed expert"
    QRect numbers; ///< line of the experts' numbers
    QRect legend;
    int scroll_max = 0;

    static HeatmapGeometry of(const QSize& view, int layers, int experts, bool hasShared, double scale);

    bool hasNumbers() const { return cell_width >= int(22 * scale) && cell_height >= int(16 * scale); }
    QRect cell(int layer, int column, int scroll) const;
    QRect expertCell(int layer, int expert, int scroll) const { return cell(layer, expert / merged, scroll); }
    std::optional<Cell> cellAt(const QPoint& at, int scroll) const;
    /** Every row, or every fourth where they are too low for text. */
    int rowLabelStep() const { return cell_height >= int(16 * scale) ? 1 : 4; }
    /** Every expert; from 32 experts on every 8th, and rarer where `labelWidth` does not fit. */
    int columnLabelStep(int labelWidth) const;
    /** Scroll position that brings a row into view, `scroll` if it is. */
    int scrollTo(int layer, int scroll) const;
};

} // namespace moescope::ui
