// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/kvgeometry.h"

#include <algorithm>

namespace moescope::ui {

namespace {
int scaled(int value, double scale) { return int(value * scale + 0.5); }
} // namespace

KvGeometry KvGeometry::of(const QSize& view, int rows, int comparisons, double scale) {
    KvGeometry geometry;
    geometry.rows = rows;
    geometry.comparisons = comparisons;
    geometry.scale = scale;
    const auto px = [scale](int value) { return scaled(value, scale); };

    geometry.margin = px(12);
    geometry.row_height = px(20);
    geometry.header = QRect(0, px(9), view.width(), px(16));
    const int top = px(27);
    const int below = px(4) + px(16) + (comparisons > 0 ? px(12) + px(24) + comparisons * px(23) + px(3) : px(8));
    const int height = std::max(geometry.row_height, view.height() - top - below);
    const int shown = height / geometry.row_height;
    geometry.window = QRect(0, top, view.width(), std::min(rows, shown) * geometry.row_height);
    geometry.scroll_max = std::max(0, rows - shown) * geometry.row_height;
    geometry.used_right = view.width() - px(13);
    geometry.bars_left = px(56);
    geometry.bars_width = std::max(px(40), geometry.used_right - px(62) - geometry.bars_left);
    const int end = geometry.window.bottom() + 1;
    geometry.legend = QRect(geometry.margin, end + px(4), view.width() - 2 * geometry.margin, px(16));
    geometry.divider = geometry.legend.bottom() + 1 + px(8);
    geometry.heading = QRect(geometry.margin, geometry.divider + px(5), view.width() - 2 * geometry.margin, px(16));
    return geometry;
}

QRect KvGeometry::row(int index, int scroll) const {
    const int outset = scaled(4, scale);
    return {margin - outset, window.top() + index * row_height - scroll, window.width() - 2 * (margin - outset),
            row_height};
}

QRect KvGeometry::bar(int index, int scroll) const {
    const QRect line = row(index, scroll);
    const int height = scaled(12, scale);
    return {bars_left, line.top() + (line.height() - height) / 2, bars_width, height};
}

int KvGeometry::xOf(quint64 tokens, quint64 limit) const {
    if (limit == 0) {
        return bars_left;
    }
    return bars_left + int(double(std::min(tokens, limit)) / double(limit) * bars_width + 0.5);
}

int KvGeometry::rowAt(const QPoint& at, int scroll) const {
    if (!window.contains(at)) {
        return -1;
    }
    const int index = (at.y() - window.top() + scroll) / row_height;
    return index < rows ? index : -1;
}

QRect KvGeometry::comparisonText(int index) const {
    return {heading.left(), heading.bottom() + 1 + scaled(1, scale) + index * scaled(23, scale), heading.width(),
            scaled(16, scale)};
}

QRect KvGeometry::comparisonBar(int index) const {
    const QRect text = comparisonText(index);
    return {text.left(), text.bottom() + 1, text.width(), scaled(4, scale)};
}

int KvGeometry::scrollTo(int index, int scroll) const {
    const int top = index * row_height;
    return std::clamp(scroll, std::clamp(top + row_height - window.height(), 0, scroll_max),
                      std::clamp(top, 0, scroll_max));
}

} // namespace moescope::ui
