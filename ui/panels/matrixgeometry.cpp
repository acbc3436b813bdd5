// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/matrixgeometry.h"

#include <algorithm>

namespace moescope::ui {

MatrixGeometry MatrixGeometry::of(const QSize& view, int rows, int columns, int labels, int least, double scale) {
    MatrixGeometry geometry;
    geometry.rows = rows;
    geometry.columns = columns;
    geometry.scale = scale;
    const auto px = [scale](int value) { return int(value * scale + 0.5); };

    const int left = px(12) + labels + px(8);
    const int top = px(46);
    const int foot = px(38);
    const int total = px(52);
    const int width = std::max(0, view.width() - left - total - px(12));
    const int height = std::max(0, view.height() - top - foot);

    while (columns > 0 && (columns + geometry.merged - 1) / geometry.merged * 4 > std::max(width, 4)) {
        ++geometry.merged;
    }
    geometry.places = columns > 0 ? (columns + geometry.merged - 1) / geometry.merged : 0;
    geometry.cell_width = geometry.places > 0 ? std::clamp(width / geometry.places, 4, px(36)) : 0;
    geometry.cell_height = rows > 0 ? std::clamp(height / rows, px(least), px(24)) : 0;
    geometry.gap_x = geometry.cell_width >= 6 ? 1 : 0;
    geometry.gap_y = geometry.cell_height >= 6 ? 1 : 0;

    geometry.map = QRect(left, top, geometry.places * geometry.cell_width, rows * geometry.cell_height);
    // Whole rows: none is cut above the legend.
    const int shown = geometry.cell_height > 0 ? std::max(1, height / geometry.cell_height) : 0;
    geometry.window = QRect(0, top, view.width(), std::min(rows, shown) * geometry.cell_height);
    geometry.scroll_max = std::max(0, rows - shown) * geometry.cell_height;
    geometry.row_labels = QRect(px(12), top, labels, geometry.map.height());
    geometry.total_right = left + geometry.map.width() + total;
    geometry.heading = QRect(left, px(10), std::max(0, view.width() - left), px(16));
    geometry.numbers = QRect(left, px(27), geometry.map.width(), px(16));
    const int spare = height - geometry.window.height(); // the legend keeps clear of the edge and its focus frame
    const int gap = px(8) + std::clamp(spare, 0, px(3));
    geometry.legend = QRect(px(12), geometry.window.bottom() + 1 + gap, std::max(0, view.width() - px(24)), px(27));
    return geometry;
}

QRect MatrixGeometry::cell(int row, int place, int scroll) const {
    return {map.left() + place * cell_width, map.top() + row * cell_height - scroll, cell_width - gap_x,
            cell_height - gap_y};
}

std::optional<MatrixGeometry::Cell> MatrixGeometry::cellAt(const QPoint& at, int scroll) const {
    if (!window.contains(at) || cell_width == 0 || cell_height == 0) {
        return std::nullopt;
    }
    const QPoint inside = at - map.topLeft() + QPoint(0, scroll);
    if (inside.x() < 0 || inside.y() < 0 || inside.x() >= map.width() || inside.y() >= map.height()) {
        return std::nullopt;
    }
    return Cell{inside.y() / cell_height, inside.x() / cell_width};
}

int MatrixGeometry::columnLabelStep(int labelWidth) const {
    if (cell_width == 0) {
        return 1;
    }
    int step = columns < 32 ? 1 : std::max(1, 8 / merged);
    while (step * cell_width < labelWidth + int(4 * scale)) {
        step *= 2;
    }
    return step;
}

int MatrixGeometry::scrollTo(int row, int scroll) const {
    const int top = row * cell_height;
    return std::clamp(scroll, std::clamp(top + cell_height - window.height(), 0, scroll_max),
                      std::clamp(top, 0, scroll_max));
}

} // namespace moescope::ui
