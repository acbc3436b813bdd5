// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/routergeometry.h"

#include <algorithm>
#include <cmath>

namespace moescope::ui {

RouterGeometry RouterGeometry::of(const QSize& view, int layers, double scale) {
    RouterGeometry geometry;
    const auto px = [scale](int value) { return int(value * scale + 0.5); };
    geometry.rows = LayerRows::of(view, layers, 40, 4, scale);
    geometry.titles = QRect(0, px(9), view.width(), px(16));
    geometry.scales = QRect(0, px(22), view.width(), px(16));
    const int gap = px(18);
    geometry.column_width = std::max(px(20), (geometry.rows.right - geometry.rows.left - gap) / 2);
    geometry.margin_left = geometry.rows.left + geometry.column_width + gap;
    return geometry;
}

int RouterGeometry::xOf(int column, double share) const {
    return left(column) + int(std::lround(std::clamp(share, 0.0, 1.0) * column_width));
}

QRect RouterGeometry::bar(int column, int layer, double from, double to, int scroll) const {
    const QRect line = rows.row(layer, scroll);
    const int height = std::max(int(3 * rows.scale + 0.5), rows.row_height / 4);
    const int first = xOf(column, from);
    return {first, line.top() + (line.height() - height) / 2, std::max(1, xOf(column, to) - first), height};
}

QRect RouterGeometry::box(int column, int layer, double from, double to, int scroll) const {
    const QRect thin = bar(column, layer, from, to, scroll);
    const int more = std::max(1, rows.row_height / 10);
    return thin.adjusted(0, -more, 0, more);
}

QRect RouterGeometry::tick(int column, int layer, double at, int scroll) const {
    const int wide = std::max(2, int(2 * rows.scale + 0.5));
    QRect line = box(column, layer, at, at, scroll).adjusted(0, -2, 0, 2);
    line.setLeft(line.left() - wide / 2);
    line.setWidth(wide);
    return line;
}

RouterTimeGeometry RouterTimeGeometry::of(const QSize& view, int tokens, double scale) {
    RouterTimeGeometry geometry;
    const auto px = [scale](int value) { return int(value * scale + 0.5); };
    geometry.tokens = tokens;
    const int left = px(36);
    const int width = std::max(px(20), view.width() - px(18) - left);
    const int top = px(9);
    const int line = px(16);
    const int gap = px(8);
    geometry.axis = QRect(left, view.height() - px(4) - line, width, line);
    const int height = std::max(px(12), (geometry.axis.top() - px(2) - top - gap - 2 * (line + px(4))) / 2);
    for (int column = 0; column < 2; ++column) {
        const int begin = top + column * (line + px(4) + height + gap);
        geometry.title[column] = QRect(left, begin, width, line);
        geometry.plot[column] = QRect(left, begin + line + px(4), width, height);
    }
    return geometry;
}

int RouterTimeGeometry::xOf(int token) const {
    const int last = std::max(1, tokens - 1);
    return plot[0].left() + int(std::lround(double(std::clamp(token, 0, last)) / last * (plot[0].width() - 1)));
}

int RouterTimeGeometry::yOf(int column, double share) const {
    return plot[column].bottom() - int(std::lround(std::clamp(share, 0.0, 1.0) * (plot[column].height() - 1)));
}

int RouterTimeGeometry::tokenAt(const QPoint& at) const {
    const QRect both = plot[0].united(plot[1]).adjusted(-4, -4, 4, 4);
    if (tokens == 0 || !both.contains(at)) {
        return -1;
    }
    const double share = double(at.x() - plot[0].left()) / std::max(1, plot[0].width() - 1);
    return std::clamp(int(std::lround(share * (tokens - 1))), 0, tokens - 1);
}

int RouterTimeGeometry::firstAt(int x) const {
    const int last = std::max(1, tokens - 1);
    int token = int(std::floor((x - plot[0].left() - 0.5) * last / std::max(1, plot[0].width() - 1)));
    token = std::clamp(token, 0, tokens);
    while (token < tokens && xOf(token) < x) {
        ++token;
    }
    return token;
}

} // namespace moescope::ui
