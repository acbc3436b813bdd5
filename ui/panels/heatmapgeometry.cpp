// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/heatmapgeometry.h"

#include <algorithm>

namespace moescope::ui {

HeatmapGeometry HeatmapGeometry::of(const QSize& view, int layers, int experts, bool hasShared, double scale) {
    HeatmapGeometry geometry;
    geometry.layers = layers;
    geometry.experts = experts;
    geometry.has_shared = hasShared;
    geometry.scale = scale;
    const auto px = [scale](int value) { return int(value * scale + 0.5); };

    const int left = px(46);
    const int top = px(46);
    const int foot = px(38);
    const int right = px(12);
    const int sharedGap = px(10);
    const int sharedWidth = hasShared ? sharedGap + px(29) : px(4);
    const int cvWidth = px(41);
    const int idleWidth = px(38);
    const int width = std::max(0, view.width() - left - sharedWidth - cvWidth - idleWidth - right);
    const int height = std::max(0, view.height() - top - foot);

    geometry.merged = 1;
    while (experts > 0 && (experts + geometry.merged - 1) / geometry.merged * 4 > std::max(width, 4)) {
        ++geometry.merged;
    }
    geometry.columns = experts > 0 ? (experts + geometry.merged - 1) / geometry.merged : 0;
    geometry.cell_width = geometry.columns > 0 ? std::clamp(width / geometry.columns, 4, px(36)) : 0;
    geometry.cell_height = layers > 0 ? std::clamp(height / layers, 4, px(24)) : 0;
    geometry.gap_x = geometry.cell_width >= 6 ? 1 : 0;
    geometry.gap_y = geometry.cell_height >= 6 ? 1 : 0;

    geometry.map = QRect(left, top, geometry.columns * geometry.cell_width, layers * geometry.cell_height);
    // Whole rows: none is cut above the legend.
    const int shown = geometry.cell_height > 0 ? std::max(1, height / geometry.cell_height) : 0;
    geometry.window = QRect(0, top, view.width(), std::min(layers, shown) * geometry.cell_height);
    geometry.scroll_max = std::max(0, layers - shown) * geometry.cell_height;
    const int mapEnd = left + geometry.map.width();
    if (hasShared) {
        geometry.shared = QRect(mapEnd + sharedGap, top, px(29), geometry.map.height());
    }
    geometry.cv_right = mapEnd + sharedWidth + cvWidth;
    geometry.idle_right = geometry.cv_right + idleWidth;
    geometry.row_labels = QRect(px(12), top, px(28), geometry.map.height());
    geometry.heading = QRect(left, px(10), std::max(0, view.width() - left), px(16));
    geometry.numbers = QRect(left, px(27), geometry.map.width(), px(16));
    const int spare = height - geometry.window.height(); // the legend keeps clear of the edge and its focus frame
    const int gap = px(8) + std::clamp(spare, 0, px(3));
    geometry.legend = QRect(px(12), geometry.window.bottom() + 1 + gap, std::max(0, view.width() - px(24)), px(27));
    return geometry;
}

QRect HeatmapGeometry::cell(int layer, int column, int scroll) const {
    return {map.left() + column * cell_width, map.top() + layer * cell_height - scroll, cell_width - gap_x,
            cell_height - gap_y};
}

std::optional<HeatmapGeometry::Cell> HeatmapGeometry::cellAt(const QPoint& at, int scroll) const {
    if (!window.contains(at) || cell_width == 0 || cell_height == 0) {
        return std::nullopt;
    }
    const QPoint inside = at - map.topLeft() + QPoint(0, scroll);
    if (inside.x() < 0 || inside.y() < 0 || inside.x() >= map.width() || inside.y() >= map.height()) {
        return std::nullopt;
    }
    return Cell{inside.y() / cell_height, inside.x() / cell_width};
}

int HeatmapGeometry::columnLabelStep(int labelWidth) const {
    if (cell_width == 0) {
        return 1;
    }
    int step = experts < 32 ? 1 : std::max(1, 8 / merged);
    while (step * cell_width < labelWidth + int(4 * scale)) {
        step *= 2;
    }
    return step;
}

int HeatmapGeometry::scrollTo(int layer, int scroll) const {
    const int top = layer * cell_height;
    return std::clamp(scroll, std::clamp(top + cell_height - window.height(), 0, scroll_max),
                      std::clamp(top, 0, scroll_max));
}

} // namespace moescope::ui
