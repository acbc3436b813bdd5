// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/layerrows.h"

#include <array>

namespace moescope::ui {

/** Load balance: columns of bars with a number each, one row a layer. Where bars would be too short to be compared, the
 *  counts are numbers alone, and what moved is left to the table. */
struct LoadGeometry {
    static constexpr int kColumns = 5;

    LayerRows rows;
    QRect titles; ///< line of the columns' names
    QRect scales; ///< line of their numbers
    QRect legend; ///< below the rows
    std::array<int, kColumns> lefts{};
    std::array<int, kColumns> widths{}; ///< 0: there is no room for the column
    int bar_width = 0;                  ///< the number takes the rest
    int bars = kColumns;                ///< columns with bars, the first ones

    /** `titles`: px of the columns' names. */
    static LoadGeometry of(const QSize& view, int layers, const std::array<int, kColumns>& titles, double scale);

    bool hasColumn(int column) const { return widths[size_t(column)] > 0; }
    bool hasBar(int column) const { return column < bars; }
    int left(int column) const { return lefts[size_t(column)]; }
    /** Where the number ends. */
    int numberRight(int column) const { return left(column) + widths[size_t(column)]; }
    /** Bar of a row, `share` 0…1 of the scale. */
    QRect bar(int column, int layer, double share, int scroll) const;
    /** Mark across the bar. */
    QRect tick(int column, int layer, double share, int scroll) const;
};

} // namespace moescope::ui
