// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/layerrows.h"

#include "ui/models/tracemodel.h"
#include "ui/panels/chartpaint.h"

#include <algorithm>

namespace moescope::ui {

LayerRows LayerRows::of(const QSize& view, int layers, int top, int bottom, double scale) {
    LayerRows rows;
    rows.layers = layers;
    rows.scale = scale;
    const auto px = [scale](int value) { return int(value * scale + 0.5); };
    const int height = std::max(0, view.height() - px(top) - px(bottom));
    // Rows share the height as long as they can be read. Beyond the pictures' size a part of it stays free.
    const int share = layers > 0 ? height / layers : 0;
    rows.row_height = share < px(12) ? px(18) : std::clamp(share - px(3), std::min(share, px(21)), px(36));
    rows.header = QRect(0, 0, view.width(), px(top));
    const int shown = std::max(1, height / rows.row_height);
    rows.window = QRect(0, px(top), view.width(), std::min(layers, shown) * rows.row_height);
    rows.scroll_max = std::max(0, layers - shown) * rows.row_height;
    rows.label_left = px(12);
    rows.left = px(layers > 100 ? 43 : 36);
    rows.right = std::max(rows.left, view.width() - px(18));
    return rows;
}

QRect LayerRows::row(int layer, int scroll) const {
    const int outset = int(5 * scale + 0.5);
    const int edge = label_left - outset;
    return {edge, window.top() + layer * row_height - scroll, window.width() - edge - label_left, row_height};
}

int LayerRows::layerAt(const QPoint& at, int scroll) const {
    if (!window.contains(at) || row_height == 0) {
        return -1;
    }
    const int layer = (at.y() - window.top() + scroll) / row_height;
    return layer < layers ? layer : -1;
}

int LayerRows::scrollTo(int layer, int scroll) const {
    const int top = layer * row_height;
    return std::clamp(scroll, std::clamp(top + row_height - window.height(), 0, scroll_max),
                      std::clamp(top, 0, scroll_max));
}

void paintLayerRow(QPainter& painter, const LayerRows& rows, int layer, int scroll, bool selected, bool hovered) {
    const QRect row = rows.row(layer, scroll);
    if (selected) {
        paintRowBand(painter, row, theme().color(Color::AccentTint));
    } else if (hovered) {
        paintRowBand(painter, row, theme().color(Color::Hover));
    }
    const QFont label = axisMonoFont();
    paintText(painter, QRect(rows.label_left, row.top(), rows.left - rows.label_left, row.height()),
              Qt::AlignLeft | Qt::AlignVCenter, QStringLiteral("L%1").arg(layer), selected ? bold(label) : label,
              theme().color(selected ? Color::Text : Color::TextMuted));
}

double opacityOf(const TraceModel& trace, int layer) {
    if (trace.filter().isEmpty()) {
        return 1;
    }
    const RoutingStatistics& matched = trace.matched(Scope::Answer);
    for (int expert = 0; expert < matched.shape().experts; ++expert) {
        if (matched.tokens(layer, expert) > 0) {
            return 1;
        }
    }
    return kFilteredOut;
}

QColor amber() { return theme().sequential(theme().scheme() == Scheme::Dark ? 0.5 : 0.44); }

} // namespace moescope::ui
