// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/heatmapgeometry.h"

namespace moescope::ui {

HeatmapGeometry HeatmapGeometry::of(const QSize& view, int layers, int experts, bool hasShared, double scale) {
    const auto px = [scale](int value) { return int(value * scale + 0.5); };
    const int sharedGap = px(10);
    const int sharedWidth = hasShared ? sharedGap + px(29) : px(4);
    const int cvWidth = px(41);
    const int idleWidth = px(38);

    Sides sides;
    sides.left = px(46);
    sides.label_left = px(12);
    sides.label_width = px(28);
    sides.right = sharedWidth + cvWidth + idleWidth;
    sides.least_label = int(16 * scale);
    HeatmapGeometry geometry{CellGrid::of(view, layers, experts, sides, scale), {}, 0};
    if (hasShared) {
        geometry.shared =
            QRect(geometry.map.right() + 1 + sharedGap, geometry.map.top(), px(29), geometry.map.height());
    }
    geometry.cv_right = geometry.side_right - idleWidth;
    return geometry;
}

} // namespace moescope::ui
