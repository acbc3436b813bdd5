// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/loadgeometry.h"

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

int scaled(int value, double scale) { return int(value * scale + 0.5); }

} // namespace

LoadGeometry LoadGeometry::of(const QSize& view, int layers, const std::array<int, kColumns>& titles, double scale) {
    constexpr int leastBar = 56;
    constexpr int leastFew = 40; // with fewer of them
    constexpr std::array<int, kColumns> numbers{31, 31, 31, 22, 26};
    LoadGeometry geometry;
    const auto px = [scale](int value) { return scaled(value, scale); };
    geometry.rows = LayerRows::of(view, layers, 40, 26, scale);
    geometry.titles = QRect(0, px(9), view.width(), px(16));
    geometry.scales = QRect(0, px(22), view.width(), px(16));
    geometry.legend = QRect(geometry.rows.label_left, geometry.rows.window.bottom() + 1 + px(4),
                            view.width() - 2 * geometry.rows.label_left, px(16));
    const int gap = px(12);
    const int room = geometry.rows.right - geometry.rows.left;
    const auto barOf = [&](int bars, int columns) {
        int left = room - (columns - 1) * gap;
        for (int column = 0; column < columns; ++column) {
            const int number = px(numbers[size_t(column)]);
            left -= column < bars ? number + px(6) : std::max(number, titles[size_t(column)]);
        }
        return left / bars;
    };
    int columns = kColumns;
    if (barOf(kColumns, kColumns) < px(leastBar)) {
        geometry.bars = 3;
        columns = barOf(geometry.bars, kColumns) < px(leastFew) ? kColumns - 1 : kColumns;
    }
    geometry.bar_width = std::clamp(barOf(geometry.bars, columns), px(8), px(160));
    int x = geometry.rows.left;
    for (int column = 0; column < columns; ++column) {
        const int number = px(numbers[size_t(column)]);
        const int width = geometry.hasBar(column) ? geometry.bar_width + px(6) + number : number;
        geometry.lefts[size_t(column)] = x;
        geometry.widths[size_t(column)] = std::max(width, geometry.hasBar(column) ? 0 : titles[size_t(column)]);
        x += geometry.widths[size_t(column)] + gap;
    }
    return geometry;
}

QRect LoadGeometry::bar(int column, int layer, double share, int scroll) const {
    const QRect line = rows.row(layer, scroll);
    const int height = std::max(scaled(6, rows.scale), rows.row_height * 3 / 7);
    const int width = share > 0 ? std::max(1, int(std::lround(std::min(share, 1.0) * bar_width))) : 0;
    return {left(column), line.top() + (line.height() - height) / 2, width, height};
}

QRect LoadGeometry::tick(int column, int layer, double share, int scroll) const {
    const QRect across = bar(column, layer, share, scroll);
    return {left(column) + int(std::lround(std::clamp(share, 0.0, 1.0) * bar_width)), across.top() - 2, 1,
            across.height() + 4};
}

} // namespace moescope::ui
