// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/cellgrid.h"

namespace moescope::ui {

/** Where each mark of the Experts map lies: layers are rows, experts columns; then the shared expert, CV and Idle. */
struct HeatmapGeometry : CellGrid {
    QRect shared;     ///< column of the shared expert, before scrolling; empty without one
    int cv_right = 0; ///< right edge of its numbers; Idle is at side_right

    static HeatmapGeometry of(const QSize& view, int layers, int experts, bool hasShared, double scale);

    bool hasShared() const { return !shared.isEmpty(); }
};

} // namespace moescope::ui
