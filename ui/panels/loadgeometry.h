// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/layerrows.h"

namespace moescope::ui {

/** Load balance: five columns of bars with a number each, one row a layer. */
struct LoadGeometry {
    static constexpr int kColumns = 5;

    LayerRows rows;
    QRect titles; ///< line of the columns' names
    QRect scales; ///< line of their numbers
    QRect legend; ///< below the rows
    int column_width = 0;
    int bar_width = 0; ///< the number takes the rest

    static LoadGeometry of(const QSize& view, int layers, double scale);

    int left(int column) const;
    /** Where the number ends. */
    int numberRight(int column) const { return left(column) + column_width; }
    /** Upper bar of a row, `share` 0…1 of the scale; and the lower, thinner one. */
    QRect upperBar(int column, int layer, double share, int scroll) const;
    QRect lowerBar(int column, int layer, double share, int scroll) const;
    /** Mark across both bars. */
    QRect tick(int column, int layer, double share, int scroll) const;
};

} // namespace moescope::ui
