// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/cellgrid.h"

#include <algorithm>

namespace moescope::ui {

CellGrid CellGrid::of(const QSize& view, int rows, int columns, const Sides& sides, double scale) {
    CellGrid grid;
    grid.rows = rows;
    grid.columns = columns;
    grid.scale = scale;
    const auto px = [scale](int value) { return int(value * scale + 0.5); };

    const int top = px(46);
    const int foot = px(38);
    const int width = std::max(0, view.width() - sides.left - sides.right - px(12));
    const int height = std::max(0, view.height() - top - foot);

    while (columns > 0 && (columns + grid.merged - 1) / grid.merged * 4 > std::max(width, 4)) {
        ++grid.merged;
    }
    grid.places = columns > 0 ? (columns + grid.merged - 1) / grid.merged : 0;
    const int share = grid.places > 0 ? width / grid.places : 0;
    // Beyond the pictures' 36 × 24 both sides grow, neither far before the other.
    const int highest = std::max(px(24), std::min(px(48), share));
    grid.cell_height = rows > 0 ? std::clamp(height / rows, sides.least_row, std::max(sides.least_row, highest)) : 0;
    grid.cell_width = grid.places > 0 ? std::clamp(share, 4, std::max(px(36), grid.cell_height * 3 / 2)) : 0;
    grid.gap_x = grid.cell_width >= 6 ? 1 : 0;
    grid.gap_y = grid.cell_height >= 6 ? 1 : 0;
    grid.label_step = grid.cell_height >= sides.least_label ? 1 : sides.sparse_step;
    grid.label_height = std::clamp(grid.cell_height, sides.least_label, px(16));

    grid.map = QRect(sides.left, top, grid.places * grid.cell_width, rows * grid.cell_height);
    // Whole rows: none is cut above the legend.
    const int shown = grid.cell_height > 0 ? std::max(1, height / grid.cell_height) : 0;
    grid.window = QRect(0, top, view.width(), std::min(rows, shown) * grid.cell_height);
    grid.scroll_max = std::max(0, rows - shown) * grid.cell_height;
    grid.row_labels = QRect(sides.label_left, top, sides.label_width, grid.map.height());
    grid.side_right = sides.left + grid.map.width() + sides.right;
    grid.heading = QRect(sides.left, px(10), std::max(0, view.width() - sides.left), px(16));
    grid.numbers = QRect(sides.left, px(27), grid.map.width(), px(16));
    const int spare = height - grid.window.height(); // the legend keeps clear of the edge and its focus frame
    const int gap = px(8) + std::clamp(spare, 0, px(3));
    grid.legend = QRect(px(12), grid.window.bottom() + 1 + gap, std::max(0, view.width() - px(24)), px(27));
    return grid;
}

QRect CellGrid::cell(int row, int place, int scroll) const {
    return {map.left() + place * cell_width, map.top() + row * cell_height - scroll, cell_width - gap_x,
            cell_height - gap_y};
}

std::optional<CellGrid::Cell> CellGrid::cellAt(const QPoint& at, int scroll) const {
    if (!window.contains(at) || cell_width == 0 || cell_height == 0) {
        return std::nullopt;
    }
    const QPoint inside = at - map.topLeft() + QPoint(0, scroll);
    if (inside.x() < 0 || inside.y() < 0 || inside.x() >= map.width() || inside.y() >= map.height()) {
        return std::nullopt;
    }
    return Cell{inside.y() / cell_height, inside.x() / cell_width};
}

int CellGrid::columnLabelStep(int labelWidth) const {
    if (cell_width == 0) {
        return 1;
    }
    int step = columns < 32 ? 1 : std::max(1, 8 / merged);
    while (step * cell_width < labelWidth + int(4 * scale)) {
        step *= 2;
    }
    return step;
}

int CellGrid::scrollTo(int row, int scroll) const {
    const int top = row * cell_height;
    return std::clamp(scroll, std::clamp(top + cell_height - window.height(), 0, scroll_max),
                      std::clamp(top, 0, scroll_max));
}

} // namespace moescope::ui
