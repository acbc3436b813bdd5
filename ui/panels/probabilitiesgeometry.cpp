// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/probabilitiesgeometry.h"

#include <algorithm>

namespace moescope::ui {

namespace {
int scaled(int value, double scale) { return int(value * scale + 0.5); }
} // namespace

ProbabilitiesGeometry ProbabilitiesGeometry::of(const QSize& view, int rows, double scale) {
    ProbabilitiesGeometry geometry;
    geometry.rows = rows;
    geometry.scale = scale;
    const auto px = [scale](int value) { return scaled(value, scale); };

    const int top = px(31);
    const int height = std::max(0, view.height() - top - px(4));
    geometry.row_height = rows > 0 && height / rows >= px(18) ? std::min(height / rows, px(24)) : px(22);
    geometry.header = QRect(0, 0, view.width(), top);
    const int shown = std::max(1, height / geometry.row_height);
    geometry.window = QRect(0, top, view.width(), std::min(rows, shown) * geometry.row_height);
    geometry.scroll_max = std::max(0, rows - shown) * geometry.row_height;

    geometry.margin = px(12);
    geometry.rank_right = px(32);
    geometry.check_left = px(38);
    geometry.label_left = px(56);
    // From the right: the columns of numbers are as wide as their heads.
    geometry.sampled_right = view.width() - px(18);
    geometry.raw_right = geometry.sampled_right - px(86);
    const int tail = geometry.raw_right - px(62);
    geometry.label_width = std::clamp((tail - geometry.label_left) * 38 / 100, px(56), px(170));
    geometry.bars_left = geometry.label_left + geometry.label_width + px(10);
    geometry.bars_width = std::max(px(16), tail - geometry.bars_left);
    return geometry;
}

QRect ProbabilitiesGeometry::row(int index, int scroll) const {
    return {margin, window.top() + index * row_height - scroll, window.width() - 2 * margin + scaled(5, scale),
            row_height};
}

QRect ProbabilitiesGeometry::check(int index, int scroll) const {
    const QRect line = row(index, scroll);
    const int side = scaled(14, scale);
    return {check_left, line.top() + (line.height() - side) / 2, side, side};
}

QRect ProbabilitiesGeometry::label(int index, int scroll) const {
    const QRect line = row(index, scroll);
    const int height = std::min(scaled(18, scale), line.height());
    return {label_left, line.top() + (line.height() - height) / 2, label_width, height};
}

QRect ProbabilitiesGeometry::track(int index, int scroll) const {
    const QRect line = row(index, scroll);
    const int height = scaled(16, scale);
    return {bars_left, line.top() + (line.height() - height) / 2, bars_width, height};
}

QRect ProbabilitiesGeometry::rawBar(int index, double share, int scroll) const {
    QRect bar = track(index, scroll);
    bar.setHeight(scaled(9, scale));
    bar.setWidth(share > 0 ? std::max(1, int(std::clamp(share, 0.0, 1.0) * bars_width + 0.5)) : 0);
    return bar;
}

QRect ProbabilitiesGeometry::sampledBar(int index, double share, int scroll) const {
    const QRect whole = track(index, scroll);
    const int height = scaled(6, scale);
    const int width = share > 0 ? std::max(1, int(std::clamp(share, 0.0, 1.0) * bars_width + 0.5)) : 0;
    return {whole.left(), whole.bottom() + 1 - height, width, height};
}

int ProbabilitiesGeometry::rowAt(const QPoint& at, int scroll) const {
    if (!window.contains(at) || row_height == 0) {
        return -1;
    }
    const int index = (at.y() - window.top() + scroll) / row_height;
    return index < rows ? index : -1;
}

int ProbabilitiesGeometry::scrollTo(int index, int scroll) const {
    const int top = index * row_height;
    return std::clamp(scroll, std::clamp(top + row_height - window.height(), 0, scroll_max),
                      std::clamp(top, 0, scroll_max));
}

} // namespace moescope::ui
