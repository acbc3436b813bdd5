// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/attentiongeometry.h"

#include <algorithm>

namespace moescope::ui {

namespace {
int scaled(int value, double scale) { return int(value * scale + 0.5); }
constexpr int kLine = 16; ///< px of a row of text
} // namespace

AttentionGeometry AttentionGeometry::of(const QSize& view, int heads, int positions, int figures, int shares,
                                        bool detail, double scale) {
    AttentionGeometry geometry;
    geometry.heads = heads;
    geometry.positions = positions;
    geometry.figures = figures;
    geometry.scale = scale;
    geometry.detail = detail;
    const auto px = [scale](int value) { return scaled(value, scale); };

    geometry.margin = px(12);
    geometry.header = QRect(0, px(9), view.width(), px(kLine));
    geometry.figure_width = px(66);
    geometry.row_height = px(18);
    geometry.bars_left = px(detail ? 64 : 48);
    const int right = geometry.margin + (detail ? 0 : figures * geometry.figure_width);
    geometry.bars_width = std::max(px(40), view.width() - right - geometry.bars_left);
    geometry.bin = std::max(1, (positions + geometry.bars_width - 1) / geometry.bars_width);
    geometry.bins = (positions + geometry.bin - 1) / geometry.bin;

    // From below: shares, the line above them, the legend.
    const int inner = view.width() - 2 * geometry.margin;
    const int gap = px(20);
    const int listHeight = px(kLine + 2) + shares * px(kLine);
    const int top = px(27);
    const int lists = std::max(top + 3 * geometry.row_height + px(kLine + 16), view.height() - px(8) - listHeight);
    geometry.distances = QRect(geometry.margin, lists, (inner - gap) / 2, listHeight);
    geometry.messages = geometry.distances.translated(geometry.distances.width() + gap, 0);
    geometry.divider = lists - px(6);
    const int height = std::max(geometry.row_height, geometry.divider - px(kLine + 8) - top);
    if (detail) {
        const int plot = std::clamp(height / 3, geometry.row_height, px(96));
        geometry.window = QRect(0, top, view.width(), plot);
        geometry.tops = QRect(geometry.margin, top + plot + px(10), inner, std::max(0, height - plot));
        geometry.top_rows = std::clamp((geometry.tops.height() - px(kLine)) / px(kLine), 0, positions);
        return geometry;
    }
    geometry.row_height = heads > 0 ? std::clamp(height / heads, geometry.row_height, px(26)) : geometry.row_height;
    const int shown = std::max(1, height / geometry.row_height);
    geometry.window = QRect(0, top, view.width(), std::min(heads, shown) * geometry.row_height);
    geometry.scroll_max = std::max(0, heads - shown) * geometry.row_height;
    geometry.legend = QRect(geometry.margin, geometry.window.bottom() + 1 + px(6), inner, px(kLine));
    return geometry;
}

QRect AttentionGeometry::row(int head, int scroll) const {
    const int outset = scaled(4, scale);
    return {margin - outset, window.top() + head * row_height - scroll, window.width() - 2 * (margin - outset),
            row_height};
}

QRect AttentionGeometry::strip(int head, int scroll) const {
    const int height = scaled(12, scale);
    return {bars_left, window.top() + head * row_height - scroll + (row_height - height) / 2, bars_width, height};
}

int AttentionGeometry::headAt(const QPoint& at, int scroll) const {
    if (detail || !window.contains(at)) {
        return -1;
    }
    const int head = (at.y() - window.top() + scroll) / row_height;
    return head < heads ? head : -1;
}

int AttentionGeometry::binAt(int x) const {
    if (x < bars_left || x >= bars_left + bars_width || bins == 0) {
        return -1;
    }
    int index = int(qint64(x - bars_left) * bins / bars_width);
    while (index + 1 < bins && xOf(index + 1) <= x) {
        ++index;
    }
    return index;
}

QRect AttentionGeometry::topRow(int index) const {
    const int line = scaled(kLine, scale);
    return {tops.left(), tops.top() + (index + 1) * line, tops.width(), line};
}

int AttentionGeometry::topAt(const QPoint& at) const {
    const int line = scaled(kLine, scale);
    const int index = detail && tops.contains(at) ? (at.y() - tops.top()) / line - 1 : -1;
    return index < top_rows ? index : -1;
}

QRect AttentionGeometry::share(const QRect& list, int index) const {
    return {list.left(), list.top() + scaled(kLine + 2, scale) + index * scaled(kLine, scale), list.width(),
            scaled(kLine, scale)};
}

int AttentionGeometry::scrollTo(int head, int scroll) const {
    const int top = head * row_height;
    return std::clamp(scroll, std::clamp(top + row_height - window.height(), 0, scroll_max),
                      std::clamp(top, 0, scroll_max));
}

} // namespace moescope::ui
