// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/attentiongeometry.h"

#include <algorithm>
#include <array>

namespace moescope::ui {

namespace {

int scaled(int value, double scale) { return int(value * scale + 0.5); }

constexpr int kLine = 16; ///< px of a row of text
constexpr int kRow = 18;  ///< px of a head
constexpr int kLeastRow = 11;
constexpr int kLeastScrolled = 16;
constexpr int kMostRow = 44;
constexpr int kFew = 8;        ///< heads: where fewer were in view, the lists stand beside them
constexpr int kBeside = 440;   ///< px of the panel's width that this takes
constexpr int kListShare = 36; ///< % of the width
constexpr int kLeastPitch = 13;

/** Gaps around the heads in px, the roomiest first: a head is hidden only where the tightest leaves too little. */
struct Gaps {
    int header;        ///< above it
    int legend;        ///< above it
    int legend_height; ///< with or without a line for the numbers below its bar
    int divider;       ///< above the line
    int lists;         ///< below the line
    int bottom;
    int share; ///< from one line of the lists to the next
};
constexpr std::array<Gaps, 3> kGaps{Gaps{9, 8, 28, 8, 6, 8, 16}, Gaps{9, 6, 16, 8, 6, 6, 16},
                                    Gaps{2, 2, 16, 2, 2, 0, 14}};

} // namespace

AttentionGeometry AttentionGeometry::of(const QSize& view, int heads, int positions, int figures, const Shares& shares,
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
    geometry.row_height = px(kRow);
    geometry.bars_left = px(detail ? 64 : 48);
    geometry.window.setWidth(view.width());
    geometry.placeBars();

    const int inner = view.width() - 2 * geometry.margin;
    const int gap = px(20);
    const int rows = std::max(shares.distances, shares.messages);
    const auto listHeight = [&](int pitch) { return px(pitch + 2) + rows * px(pitch); };
    const auto placeLists = [&](int top) {
        const int height = listHeight(geometry.share_pitch);
        geometry.distances = QRect(geometry.margin, top, (inner - gap) / 2, height);
        geometry.messages = geometry.distances.translated(geometry.distances.width() + gap, 0);
    };
    if (detail) { // from below: the shares, the line above them, then as much of the list of tokens as there is room for
        const int top = geometry.header.bottom() + 1 + px(2);
        placeLists(std::max(top + 3 * px(kRow) + px(kLine + 16), view.height() - px(8) - listHeight(kLine)));
        geometry.divider = geometry.distances.top() - px(6);
        const int height = std::max(px(kRow), geometry.divider - px(kLine + 8) - top);
        const int plot = std::clamp(height / 3, px(kRow), px(96));
        geometry.window = QRect(0, top, view.width(), plot);
        geometry.tops = QRect(geometry.margin, top + plot + px(10), inner, std::max(0, height - plot));
        geometry.top_rows = std::clamp((geometry.tops.height() - px(kLine)) / px(kLine), 0, positions);
        return geometry;
    }
    const auto room = [&](const Gaps& gaps) {
        return view.height() - px(gaps.header + kLine + 2) -
               px(gaps.legend + gaps.legend_height + gaps.divider + gaps.lists + gaps.bottom) - listHeight(gaps.share);
    };
    const auto* gaps = std::find_if(kGaps.begin(), kGaps.end() - 1,
                                    [&](const Gaps& wanted) { return room(wanted) >= heads * px(kRow); });
    geometry.share_pitch = gaps->share;
    const int share = heads > 0 ? room(*gaps) / heads : 0;
    geometry.row_height = share < px(kLeastRow) ? px(kLeastScrolled) : std::min(share, px(kMostRow));
    geometry.header.moveTop(px(gaps->header));
    const int top = geometry.header.bottom() + 1 + px(2);
    const int shown = std::max(3, room(*gaps) / geometry.row_height);
    if (shown < std::min(heads, kFew) && geometry.placeBeside(view, shares)) {
        return geometry;
    }
    geometry.window = QRect(0, top, view.width(), std::min(heads, shown) * geometry.row_height);
    geometry.scroll_max = std::max(0, heads - shown) * geometry.row_height;
    geometry.legend =
        QRect(geometry.margin, geometry.window.bottom() + 1 + px(gaps->legend), inner, px(gaps->legend_height));
    geometry.divider = geometry.legend.bottom() + 1 + px(gaps->divider);
    placeLists(geometry.divider + px(gaps->lists));
    return geometry;
}

void AttentionGeometry::placeBars() {
    const int right = margin + (detail ? 0 : figures * figure_width);
    bars_width = std::max(scaled(40, scale), window.width() - right - bars_left);
    bin = std::max(1, (positions + bars_width - 1) / bars_width);
    bins = (positions + bin - 1) / bin;
}

bool AttentionGeometry::placeBeside(const QSize& view, const Shares& shares) {
    const auto px = [this](int value) { return scaled(value, scale); };
    const int edge = px(6);
    const auto heightOf = [&](int rows, int pitch) { return px(pitch + 2) + rows * px(pitch); };
    const auto listsHeight = [&](int pitch) {
        return heightOf(shares.distances, pitch) + edge + heightOf(shares.messages, pitch);
    };
    int pitch = kLine;
    while (pitch > kLeastPitch && listsHeight(pitch) > view.height() - 2 * edge) {
        --pitch;
    }
    if (view.width() < px(kBeside) || listsHeight(pitch) > view.height() - 2 * edge) {
        return false;
    }
    share_pitch = pitch;
    beside = view.width() - view.width() * kListShare / 100;
    header.moveTop(edge);
    const int top = header.bottom() + 1 + px(2);
    const int height = view.height() - top - px(4 + kLine) - edge;
    const int share = height / heads;
    row_height = share < px(kLeastRow) ? px(kLeastScrolled) : std::min(share, px(kMostRow));
    const int shown = std::max(3, height / row_height);
    window = QRect(0, top, beside, std::min(heads, shown) * row_height);
    scroll_max = std::max(0, heads - shown) * row_height;
    placeBars();
    legend = QRect(margin, window.bottom() + 1 + px(4), beside - 2 * margin, px(kLine));
    const int left = beside + margin;
    distances = QRect(left, edge, view.width() - margin - left, heightOf(shares.distances, pitch));
    messages = QRect(left, distances.bottom() + 1 + edge, distances.width(), heightOf(shares.messages, pitch));
    divider = view.height();
    return true;
}

QRect AttentionGeometry::row(int head, int scroll) const {
    const int outset = scaled(4, scale);
    return {margin - outset, window.top() + head * row_height - scroll, window.width() - 2 * (margin - outset),
            row_height};
}

QRect AttentionGeometry::strip(int head, int scroll) const {
    const int height = std::max(scaled(9, scale), row_height * 2 / 3);
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
    return {list.left(), list.top() + scaled(share_pitch + 2, scale) + index * scaled(share_pitch, scale), list.width(),
            scaled(share_pitch, scale)};
}

int AttentionGeometry::scrollTo(int head, int scroll) const {
    const int top = head * row_height;
    return std::clamp(scroll, std::clamp(top + row_height - window.height(), 0, scroll_max),
                      std::clamp(top, 0, scroll_max));
}

} // namespace moescope::ui
