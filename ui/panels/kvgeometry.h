// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QRect>
#include <QSize>

namespace moescope::ui {

/** Bars of the KV cache panel, then its legend and the comparison. The bars scroll when they do not fit; what is below
 *  them stays. */
struct KvGeometry {
    int rows = 0;
    int comparisons = 0;
    double scale = 1;

    QRect header;
    QRect window;
    int row_height = 0;
    int pitch = 0;      ///< from one comparison to the next
    int bar_height = 0; ///< of a comparison, 0: no room for it
    int scroll_max = 0;
    int margin = 0;
    int bars_left = 0;
    int bars_width = 0;
    int used_right = 0;
    QRect legend;
    int divider = 0; ///< y of the line above the comparison
    QRect heading;

    static KvGeometry of(const QSize& view, int rows, int comparisons, double scale);

    QRect row(int index, int scroll) const;
    QRect bar(int index, int scroll) const;
    /** x of a token on the bars, `limit` tokens long. */
    int xOf(quint64 tokens, quint64 limit) const;
    int rowAt(const QPoint& at, int scroll) const; ///< −1: none
    QRect comparisonText(int index) const;
    QRect comparisonBar(int index) const;
    int scrollTo(int index, int scroll) const;
};

} // namespace moescope::ui
