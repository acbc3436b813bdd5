// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/layerrows.h"

namespace moescope::ui {

/** Router by layer: two columns with a scale each, one row a layer. */
struct RouterGeometry {
    LayerRows rows;
    QRect titles; ///< line of the columns' names
    QRect scales; ///< line of their numbers
    int column_width = 0;
    int margin_left = 0; ///< of the column Margin; Entropy begins at rows.left

    static RouterGeometry of(const QSize& view, int layers, double scale);

    int left(int column) const { return column == 0 ? rows.left : margin_left; }
    /** x of a share 0…1 of a column's scale. Column 0 is entropy, 1 is margin. */
    int xOf(int column, double share) const;
    /** Of a row: bar of 10–90 %, box of 25–75 %, tick of the median, `from` and `to` as shares of the scale. */
    QRect bar(int column, int layer, double from, double to, int scroll) const;
    QRect box(int column, int layer, double from, double to, int scroll) const;
    QRect tick(int column, int layer, double at, int scroll) const;
};

/** Router over time: two plots with the same axis of tokens. */
struct RouterTimeGeometry {
    int tokens = 0;
    QRect title[2]; ///< above each plot
    QRect plot[2];  ///< entropy, margin
    QRect axis;     ///< numbers of the tokens

    static RouterTimeGeometry of(const QSize& view, int tokens, double scale);

    int xOf(int token) const;
    /** y of a share 0…1 of a plot's scale. */
    int yOf(int column, double share) const;
    /** The nearest token, −1 outside the plots. */
    int tokenAt(const QPoint& at) const;
    /** First token whose x is that column of pixels, or the one after it. */
    int firstAt(int x) const;
};

} // namespace moescope::ui
