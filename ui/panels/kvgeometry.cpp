// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/kvgeometry.h"

#include <algorithm>
#include <array>

namespace moescope::ui {

namespace {

int scaled(int value, double scale) { return int(value * scale + 0.5); }

constexpr int kLeastRow = 12; ///< px
constexpr int kRow = 17;      ///< px, where rows scroll
constexpr int kMostRow = 36;  ///< px
constexpr int kLine = 16;     ///< px of a line of text

/** Gaps in px, the roomiest first: rows are hidden only where the tightest leaves too little for them. */
struct Gaps {
    int above;   ///< of the header
    int below;   ///< it
    int legend;  ///< above the legend
    int divider; ///< above the line
    int heading; ///< above the heading
    int bar;     ///< height of a comparison's bar
    int after;   ///< the legend and a comparison; below 0 they overlap where nothing is drawn
};
constexpr std::array<Gaps, 3> kGaps{Gaps{9, 2, 4, 8, 5, 4, 3}, Gaps{3, 1, 2, 4, 3, 3, 1}, Gaps{1, 0, 0, 1, 0, 0, -2}};

} // namespace

KvGeometry KvGeometry::of(const QSize& view, int rows, int comparisons, double scale) {
    KvGeometry geometry;
    geometry.rows = rows;
    geometry.comparisons = comparisons;
    geometry.scale = scale;
    const auto px = [scale](int value) { return scaled(value, scale); };

    geometry.margin = px(12);
    const auto room = [&](const Gaps& gaps) {
        const int compared = gaps.divider + gaps.heading + kLine + comparisons * (kLine + gaps.bar + gaps.after) +
                             std::max(0, -gaps.after);
        return view.height() - px(gaps.above + kLine + gaps.below) - px(gaps.legend + kLine + std::max(0, gaps.after)) -
               (comparisons > 0 ? px(compared) : 0);
    };
    const auto* gaps = std::find_if(kGaps.begin(), kGaps.end() - 1,
                                    [&](const Gaps& wanted) { return room(wanted) >= rows * px(kLeastRow); });
    const bool fits = room(*gaps) >= rows * px(kLeastRow);
    gaps = fits ? gaps : &kGaps[1]; // it scrolls anyhow
    geometry.bar_height = px(gaps->bar);
    geometry.pitch = px(kLine + gaps->bar + gaps->after);
    geometry.row_height = fits && rows > 0 ? std::min(room(*gaps) / rows, px(kMostRow)) : px(kRow);
    const int height = std::max(geometry.row_height, room(*gaps));
    const int shown = height / geometry.row_height;
    geometry.header = QRect(0, px(gaps->above), view.width(), px(kLine));
    const int top = geometry.header.bottom() + 1 + px(gaps->below);
    geometry.window = QRect(0, top, view.width(), std::min(rows, shown) * geometry.row_height);
    geometry.scroll_max = std::max(0, rows - shown) * geometry.row_height;
    geometry.used_right = view.width() - px(13);
    geometry.bars_left = px(56);
    geometry.bars_width = std::max(px(40), geometry.used_right - px(62) - geometry.bars_left);
    const int end = geometry.window.bottom() + 1;
    geometry.legend = QRect(geometry.margin, end + px(gaps->legend), view.width() - 2 * geometry.margin, px(kLine));
    geometry.divider = geometry.legend.bottom() + 1 + px(gaps->divider);
    geometry.heading =
        QRect(geometry.margin, geometry.divider + px(gaps->heading), view.width() - 2 * geometry.margin, px(kLine));
    return geometry;
}

QRect KvGeometry::row(int index, int scroll) const {
    const int outset = scaled(4, scale);
    return {margin - outset, window.top() + index * row_height - scroll, window.width() - 2 * (margin - outset),
            row_height};
}

QRect KvGeometry::bar(int index, int scroll) const {
    const QRect line = row(index, scroll);
    const int height = std::max(scaled(8, scale), row_height * 3 / 5);
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
    return {heading.left(), heading.bottom() + 1 + index * pitch, heading.width(), scaled(kLine, scale)};
}

QRect KvGeometry::comparisonBar(int index) const {
    const QRect text = comparisonText(index);
    return {text.left(), text.bottom() + 1, text.width(), bar_height};
}

int KvGeometry::scrollTo(int index, int scroll) const {
    const int top = index * row_height;
    return std::clamp(scroll, std::clamp(top + row_height - window.height(), 0, scroll_max),
                      std::clamp(top, 0, scroll_max));
}

} // namespace moescope::ui
