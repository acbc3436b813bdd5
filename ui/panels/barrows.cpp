// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/barrows.h"

#include "ui/panels/chartpaint.h"

#include <algorithm>
#include <cmath>

namespace moescope::ui {

double niceStep(double most, int steps) {
    const double least = std::max(most, 1e-9) / steps;
    double step = std::pow(10, std::floor(std::log10(least)));
    for (const double factor : {1.0, 2.0, 5.0, 10.0}) {
        if (step * factor >= least * (1 - 1e-9)) {
            return step * factor;
        }
    }
    return step * 10;
}

BarRows BarRows::of(const QSize& view, int layers, double most, int numbers, double scale) {
    BarRows bars;
    const auto px = [scale](int value) { return int(value * scale + 0.5); };
    bars.rows = LayerRows::of(view, layers, 36, 28, scale);
    bars.titles = QRect(0, px(12), view.width(), px(16));
    bars.legend = QRect(bars.rows.label_left, bars.rows.window.bottom() + 1 + px(6),
                        std::max(0, view.width() - 2 * bars.rows.label_left), px(16));
    bars.bar_left = bars.rows.left + px(4);
    bars.bar_width = std::max(px(40), bars.rows.right - numbers - px(12) - bars.bar_left);
    bars.step = niceStep(most, std::clamp(bars.bar_width / px(80), 2, 5));
    bars.top = std::max(1.0, std::ceil(most / bars.step * (1 - 1e-9))) * bars.step;
    return bars;
}

int BarRows::xOf(double value) const {
    return bar_left + int(std::lround(std::clamp(value / top, 0.0, 1.0) * bar_width));
}

QRect BarRows::bar(int layer, double value, int part, int parts, int scroll) const {
    const QRect line = rows.row(layer, scroll);
    const int whole = std::max(parts * 3, rows.row_height * 4 / 7);
    const int height = whole / parts;
    const int width = value > 0 ? std::max(1, xOf(value) - bar_left) : 0;
    return {bar_left, line.top() + (line.height() - height * parts) / 2 + part * height, width,
            parts > 1 ? std::max(2, height - 1) : height};
}

int BarRows::digits() const { return step < 0.095 ? 2 : 1; }

void BarRows::paintScale(QPainter& painter, int digits) const {
    const QColor line = theme().color(Color::Grid);
    for (int tick = 0; tick * step <= top * (1 + 1e-9); ++tick) {
        const int x = xOf(tick * step);
        painter.fillRect(QRect(x, rows.window.top(), 1, rows.window.height()), line);
        const bool last = (tick + 1) * step > top * (1 + 1e-9);
        const QRect label(last ? x - 60 : x - 30, titles.top(), last ? 64 : 60, titles.height());
        paintText(painter, tick == 0 ? label.translated(30, 0) : label,
                  Qt::AlignVCenter | (tick == 0 ? Qt::AlignLeft
                                      : last    ? Qt::AlignRight
                                                : Qt::AlignHCenter),
                  QString::number(tick * step, 'f', digits), axisMonoFont(), theme().color(Color::TextMuted));
    }
}

} // namespace moescope::ui
