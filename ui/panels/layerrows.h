// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QColor>
#include <QRect>
#include <QSize>

class QPainter;

namespace moescope::ui {

class TraceModel;

/** Rows of a chart by layer: a label at the left, then the chart's columns. They scroll below a header that stays. */
struct LayerRows {
    int layers = 0;
    double scale = 1;

    int row_height = 0;
    QRect header;
    QRect window; ///< where the rows are seen
    int scroll_max = 0;
    int label_left = 0;
    int left = 0;  ///< of the columns
    int right = 0; ///< of the columns, exclusive

    /** `top` and `bottom` px of the header and below the rows, before scaling. */
    static LayerRows of(const QSize& view, int layers, int top, int bottom, double scale);

    QRect row(int layer, int scroll) const;
    int layerAt(const QPoint& at, int scroll) const; ///< −1: none
    int scrollTo(int layer, int scroll) const;
};

/** Band and label of a row. */
void paintLayerRow(QPainter& painter, const LayerRows& rows, int layer, int scroll, bool selected, bool hovered);
/** How opaque the marks of a layer are: the filter may leave out all that the answer in view did in it. */
double opacityOf(const TraceModel& trace, int layer);
/** The strong mark of a quantity that is not mapped to a colour, as in the pictures: from the middle of the ember map. */
QColor amber();

} // namespace moescope::ui
