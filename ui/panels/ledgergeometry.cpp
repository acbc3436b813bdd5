// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/ledgergeometry.h"

#include <algorithm>

namespace moescope::ui {

namespace {
int scaled(int value, double scale) { return int(value * scale + 0.5); }
} // namespace

LedgerGeometry LedgerGeometry::of(const QSize& view, int rows, int warnings, double scale) {
    LedgerGeometry geometry;
    geometry.rows = rows;
    geometry.scale = scale;
    const auto px = [scale](int value) { return scaled(value, scale); };
    geometry.text_height = px(16);
    geometry.row_height = px(20);
    const int left = px(12);
    const int width = std::max(px(40), view.width() - 2 * left);
    int y = px(8);
    const auto take = [&](int height, int gap) {
        const QRect rect(left, y, width, height);
        y += height + gap;
        return rect;
    };
    geometry.device_title = take(geometry.text_height, px(8));
    geometry.device_bar = take(px(20), px(8));
    geometry.legend = take(geometry.text_height, px(8));
    geometry.parts_title = take(geometry.text_height, px(4));
    geometry.parts_bar = take(px(12), px(8));
    geometry.warnings = take(warnings * geometry.text_height, warnings > 0 ? px(8) : 0);
    geometry.header = take(geometry.text_height, px(4));

    const int shown = std::max(1, (view.height() - y - px(4)) / geometry.row_height);
    geometry.window = QRect(0, y, view.width(), std::min(rows, shown) * geometry.row_height);
    geometry.scroll_max = std::max(0, rows - shown) * geometry.row_height;

    // What can be read off elsewhere goes first: the share, then the difference.
    const int column = px(72);
    const int percent = px(60);
    const int name = px(140);
    int right = left + width;
    if (width >= name + 3 * column + percent) {
        geometry.share = right;
        right -= percent;
    }
    if (width >= name + 3 * column) {
        geometry.difference = right;
        right -= column;
    }
    geometry.allocated = right;
    geometry.planned = right - column;
    geometry.name_left = left + px(16);
    geometry.name_right = right - 2 * column;
    return geometry;
}

QRect LedgerGeometry::row(int index, int scroll) const {
    const int outset = scaled(8, scale);
    return {outset, window.top() + index * row_height - scroll, window.width() - 2 * outset, row_height};
}

QRect LedgerGeometry::swatch(int index, int scroll) const {
    const QRect line = row(index, scroll);
    const int side = scaled(10, scale);
    return {device_bar.left(), line.top() + (line.height() - side) / 2, side, side};
}

int LedgerGeometry::rowAt(const QPoint& at, int scroll) const {
    if (!window.contains(at)) {
        return -1;
    }
    const int index = (at.y() - window.top() + scroll) / row_height;
    return index < rows ? index : -1;
}

int LedgerGeometry::scrollTo(int index, int scroll) const {
    const int top = index * row_height;
    return std::clamp(scroll, std::clamp(top + row_height - window.height(), 0, scroll_max),
                      std::clamp(top, 0, scroll_max));
}

int LedgerGeometry::xOf(const QRect& bar, quint64 bytes, quint64 most) {
    return most == 0 ? bar.left() : bar.left() + qRound(double(std::min(bytes, most)) / double(most) * bar.width());
}

} // namespace moescope::ui
