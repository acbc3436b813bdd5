// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QRect>
#include <QSize>

namespace moescope::ui {

/** Columns and rows of Token path. Rows scroll below a header that stays. */
struct PathGeometry {
    int layers = 0;
    int experts = 0;
    int used = 0;
    double scale = 1;

    int row_height = 0;
    QRect header;
    QRect window; ///< where the rows are seen
    int scroll_max = 0;
    int margin = 0; ///< left and right of the rows
    int label_right = 0;
    int gates_left = 0; ///< strip of all gates
    int gate_width = 0; ///< of one column of the strip, gap included; 0: there is no room for the strip
    int gate_columns = 0;
    int merged = 1; ///< experts a column of the strip
    int chips_left = 0;
    int chip_width = 0;
    int chips = 0; ///< chips that fit, at most `used`
    int gate_text_right = 0;
    int bars_left = 0;
    int bars_width = 0;
    int runner_right = 0;
    int runner_gate_right = 0;
    int margin_right = 0;

    /** `routed`: experts, at most `used` of them a layer; `head`: px of the words above chip and gate, where one is used. */
    static PathGeometry of(const QSize& view, int layers, int experts, int used, double scale, int head = 0);

    QRect row(int layer, int scroll) const;
    /** One column of the strip of gates. */
    QRect gate(int layer, int column, int scroll) const;
    QRect chip(int layer, int k, int scroll) const;
    /** Track of both bars, 0 to 1. */
    QRect track(int layer, int scroll) const;
    QRect upperBar(int layer, double value, int scroll) const;
    QRect lowerBar(int layer, double value, int scroll) const;
    int layerAt(const QPoint& at, int scroll) const;  ///< −1: none
    int expertAt(const QPoint& at, int scroll) const; ///< first expert of the strip's column under a point, −1: none
    int scrollTo(int layer, int scroll) const;
};

} // namespace moescope::ui
