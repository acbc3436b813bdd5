// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/loadgeometry.h"

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

int scaled(int value, double scale) { return int(value * scale + 0.5); }

} // namespace

LoadGeometry LoadGeometry::of(const QSize& view, int layers, double scale) {
    LoadGeometry geometry;
    const auto px = [scale](int value) { return scaled(value, scale); };
    geometry.rows = LayerRows::of(view, layers, 40, 26, scale);
    geometry.titles = QRect(0, px(9), view.width(), px(16));
    geometry.scales = QRect(0, px(22), view.width(), px(16));
    geometry.legend = QRect(geometry.rows.label_left, geometry.rows.window.bottom() + 1 + px(4),
                            view.width() - 2 * geometry.rows.label_left, px(16));
    const int gap = px(10);
    const int room = geometry.rows.right - geometry.rows.left - (kColumns - 1) * gap;
    geometry.column_width = std::max(px(30), room / kColumns);
    geometry.bar_width = std::clamp(geometry.column_width - px(34), px(8), px(120));
    return geometry;
}

int LoadGeometry::left(int column) const { return rows.left + column * (column_width + scaled(10, rows.scale)); }

QRect LoadGeometry::upperBar(int column, int layer, double share, int scroll) const {
    const QRect line = rows.row(layer, scroll);
    const int all = scaled(13, rows.scale);
    const int width = share > 0 ? std::max(1, int(std::lround(std::min(share, 1.0) * bar_width))) : 0;
    return {left(column), line.top() + (line.height() - all) / 2, width, scaled(8, rows.scale)};
}

QRect LoadGeometry::lowerBar(int column, int layer, double share, int scroll) const {
    QRect bar = upperBar(column, layer, share, scroll);
    bar.moveTop(bar.bottom() + 1 + scaled(1, rows.scale));
    bar.setHeight(scaled(4, rows.scale));
    return bar;
}

QRect LoadGeometry::tick(int column, int layer, double share, int scroll) const {
    const QRect bar = upperBar(column, layer, share, scroll);
    return {left(column) + int(std::lround(std::clamp(share, 0.0, 1.0) * bar_width)), bar.top() - 1, 1,
            scaled(15, rows.scale)};
}

} // namespace moescope::ui
