// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/ledgergeometry.h"

#include <algorithm>
#include <array>

namespace moescope::ui {

namespace {

int scaled(int value, double scale) { return int(value * scale + 0.5); }

constexpr int kLeastRow = 16; ///< px
constexpr int kLowRow = 14;   ///< px, where the total of all parts would be hidden
constexpr int kMostRow = 28;  ///< px

/** Heights and gaps in px above the rows. */
struct Gaps {
    int above;
    int bar;   ///< above and below the bar of the device, from where its lines reach out
    int after; ///< a group
    int title; ///< below a title
    int device;
    int parts;
};
// Closer where a row would be hidden.
constexpr std::array<Gaps, 4> kGaps{Gaps{12, 8, 8, 4, 20, 12}, Gaps{9, 6, 4, 2, 16, 8}, Gaps{7, 4, 3, 1, 14, 8},
                                    Gaps{3, 4, 3, 1, 14, 8}};

} // namespace

int LedgerGeometry::widthOf(const QSize& view, double scale) {
    return std::max(scaled(40, scale), view.width() - 2 * scaled(12, scale));
}

LedgerGeometry LedgerGeometry::of(const QSize& view, int rows, int least, int warnings, bool legend, const Needs& needs,
                                  double scale) {
    LedgerGeometry geometry;
    geometry.rows = rows;
    geometry.scale = scale;
    const auto px = [scale](int value) { return scaled(value, scale); };
    geometry.text_height = px(16);
    const int left = px(12);
    const int width = widthOf(view, scale);
    const auto lay = [&](const Gaps& gaps) {
        int y = px(gaps.above);
        const auto take = [&](int height, int gap) {
            const QRect rect(left, y, width, height);
            y += height + px(gap);
            return rect;
        };
        geometry.device_title = take(geometry.text_height, gaps.bar);
        geometry.device_bar = take(px(gaps.device), gaps.bar);
        geometry.legend = legend ? take(geometry.text_height, gaps.after) : geometry.device_title;
        geometry.parts_title = take(geometry.text_height, gaps.title);
        geometry.parts_bar = take(px(gaps.parts), gaps.after);
        geometry.warnings = take(warnings * geometry.text_height, warnings > 0 ? gaps.after : 0);
        geometry.header = take(geometry.text_height, gaps.title);
        return y;
    };
    const auto roomBelow = [&](int y) { return view.height() - y - px(3); };
    const auto fitting = [&](int wanted) { // the roomiest gaps that leave room for so many rows
        return std::find_if(kGaps.begin(), kGaps.end(),
                            [&](const Gaps& gaps) { return roomBelow(lay(gaps)) >= wanted * px(kLeastRow); });
    };
    const auto* gaps = fitting(rows);
    gaps = gaps == kGaps.end() ? fitting(least) : gaps;
    const bool low = gaps == kGaps.end();
    const int y = lay(low ? kGaps.back() : *gaps);
    const int share = rows > 0 ? roomBelow(y) / rows : 0;
    geometry.row_height = std::clamp(share, px(low ? kLowRow : kLeastRow), px(kMostRow));
    const int shown = std::max(1, roomBelow(y) / geometry.row_height);
    geometry.window = QRect(0, y, view.width(), std::min(rows, shown) * geometry.row_height);
    geometry.scroll_max = std::max(0, rows - shown) * geometry.row_height;

    // What can be read off elsewhere goes first: the share, then the difference.
    const int column = needs.bytes + px(12);
    const int percent = needs.share + px(12);
    const int name = needs.name + px(16);
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
