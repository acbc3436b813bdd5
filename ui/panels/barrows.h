// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/layerrows.h"

class QPainter;

namespace moescope::ui {

/** Rows by layer with bars on one scale, and columns of numbers at their right. */
struct BarRows {
    LayerRows rows;
    int bar_left = 0;
    int bar_width = 0; ///< from 0 to `top`
    double step = 0;   ///< between two lines of the scale
    double top = 0;    ///< end of the scale
    QRect titles;      ///< line above the rows
    QRect legend;      ///< line below them

    /** `most`: the greatest value to be shown. `numbers`: px of the columns at the right. */
    static BarRows of(const QSize& view, int layers, double most, int numbers, double scale);

    int xOf(double value) const;
    /** A bar of a part of the row's height: `part` of `parts` from above. */
    QRect bar(int layer, double value, int part, int parts, int scroll) const;
    /** Lines of the scale and their numbers, with `digits` decimals. */
    void paintScale(QPainter& painter, int digits) const;
    int digits() const;
};

/** 1, 2 or 5 times a power of ten: the step that reaches `most` in at most `steps`. */
double niceStep(double most, int steps);

} // namespace moescope::ui
