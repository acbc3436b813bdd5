// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/pathgeometry.h"

#include <algorithm>

namespace moescope::ui {

namespace {
int scaled(int value, double scale) { return int(value * scale + 0.5); }
} // namespace

PathGeometry PathGeometry::of(const QSize& view, int layers, int experts, int used, double scale, int head) {
    PathGeometry geometry;
    geometry.layers = layers;
    geometry.experts = experts;
    geometry.used = used;
    geometry.scale = scale;
    const auto px = [scale](int value) { return scaled(value, scale); };

    const int top = px(31);
    const int bottom = px(4);
    const int height = std::max(0, view.height() - top - bottom);
    // Rows share the height as long as they can be read. Beyond the picture's size a part of it stays free.
    const int share = layers > 0 ? height / layers : 0;
    geometry.row_height = share < px(13) ? px(18) : std::clamp(share - px(4), std::min(share, px(22)), px(48));
    geometry.header = QRect(0, 0, view.width(), top);
    const int shown = std::max(1, height / geometry.row_height);
    geometry.window = QRect(0, top, view.width(), std::min(layers, shown) * geometry.row_height);
    geometry.scroll_max = std::max(0, layers - shown) * geometry.row_height;

    geometry.margin = px(12);
    geometry.label_right = px(35);
    geometry.gates_left = px(45);
    // From the right: margin, runner-up and its gate. Their widths are those of "0.97" and three digits.
    geometry.margin_right = view.width() - px(18);
    geometry.runner_gate_right = geometry.margin_right - px(55);
    geometry.runner_right = geometry.runner_gate_right - px(43);
    const int tail = geometry.runner_right - px(28); // bars end here
    geometry.chip_width = px(26);
    // With the chip as wide as their head, clear of the scale beside it.
    const int gateText = used > 1 ? px(33) : std::max(px(38), head - geometry.chip_width + px(6));
    const int chipGap = px(2);
    const int leastBars = px(40);
    const int room = tail - geometry.gates_left - gateText - px(10) - leastBars;
    geometry.chips = std::clamp(room / (geometry.chip_width + chipGap), 1, std::max(1, used));
    const int chipsWidth = geometry.chips * (geometry.chip_width + chipGap) - chipGap;
    const int flexible = tail - geometry.gates_left - chipsWidth - gateText - px(10);
    // The strip takes what the bars leave, in whole columns; below 60 px it is left out.
    const int strip = std::max(0, std::min((flexible - px(13)) * 67 / 100, flexible - px(13) - leastBars));
    if (experts > 0 && strip >= px(60)) {
        geometry.merged = (experts * 2 + strip - 1) / strip;
        geometry.gate_columns = (experts + geometry.merged - 1) / geometry.merged;
        geometry.gate_width = std::min(strip / geometry.gate_columns, std::max(px(18), geometry.row_height * 7 / 11));
    }
    const int stripEnd = geometry.gates_left + geometry.gate_columns * geometry.gate_width;
    geometry.chips_left = geometry.gate_width > 0 ? stripEnd + px(12) : geometry.gates_left;
    geometry.gate_text_right = geometry.chips_left + chipsWidth + gateText;
    geometry.bars_left = geometry.gate_text_right + px(9);
    geometry.bars_width = std::max(px(20), tail - geometry.bars_left);
    return geometry;
}

QRect PathGeometry::row(int layer, int scroll) const {
    return {margin, window.top() + layer * row_height - scroll, window.width() - 2 * margin + scaled(5, scale),
            row_height};
}

QRect PathGeometry::gate(int layer, int column, int scroll) const {
    const QRect line = row(layer, scroll);
    const int height = row_height * 7 / 11;
    return {gates_left + column * gate_width, line.top() + (line.height() - height) / 2,
            gate_width - (gate_width >= 4 ? 1 : 0), height};
}

QRect PathGeometry::chip(int layer, int k, int scroll) const {
    const QRect line = row(layer, scroll);
    const int height = std::max(std::min(scaled(12, scale), row_height), row_height - scaled(4, scale));
    return {chips_left + k * (chip_width + scaled(2, scale)), line.top() + (line.height() - height) / 2, chip_width,
            height};
}

QRect PathGeometry::track(int layer, int scroll) const {
    const QRect line = row(layer, scroll);
    const int height = row_height * 8 / 11;
    return {bars_left, line.top() + (line.height() - height) / 2, bars_width, height};
}

QRect PathGeometry::upperBar(int layer, double value, int scroll) const {
    QRect bar = track(layer, scroll);
    bar.setHeight(bar.height() * 9 / 16);
    bar.setWidth(value > 0 ? std::max(1, int(std::clamp(value, 0.0, 1.0) * bars_width + 0.5)) : 0);
    return bar;
}

QRect PathGeometry::lowerBar(int layer, double value, int scroll) const {
    const QRect whole = track(layer, scroll);
    const int height = whole.height() * 6 / 16;
    const int width = value > 0 ? std::max(1, int(std::clamp(value, 0.0, 1.0) * bars_width + 0.5)) : 0;
    return {whole.left(), whole.bottom() + 1 - height, width, height};
}

int PathGeometry::layerAt(const QPoint& at, int scroll) const {
    if (!window.contains(at) || row_height == 0) {
        return -1;
    }
    const int layer = (at.y() - window.top() + scroll) / row_height;
    return layer < layers ? layer : -1;
}

int PathGeometry::expertAt(const QPoint& at, int scroll) const {
    const int inside = at.x() - gates_left;
    if (layerAt(at, scroll) < 0 || gate_width == 0 || inside < 0 || inside / gate_width >= gate_columns) {
        return -1;
    }
    return inside / gate_width * merged;
}

int PathGeometry::scrollTo(int layer, int scroll) const {
    const int top = layer * row_height;
    return std::clamp(scroll, std::clamp(top + row_height - window.height(), 0, scroll_max),
                      std::clamp(top, 0, scroll_max));
}

} // namespace moescope::ui
