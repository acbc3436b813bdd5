// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/timelinegeometry.h"

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

constexpr int kLegendWidth = 288; ///< px
constexpr int kLegendFrom = 680;  ///< px of the panel's width
constexpr int kTickRoom = 72;     ///< px from tick to tick, at least

} // namespace

TimelineGeometry TimelineGeometry::of(const QSize& view, double totalUs, const TimeWindow& window, int rows,
                                      double scale) {
    TimelineGeometry geometry;
    geometry.scale = scale;
    geometry.total_us = totalUs;
    const auto px = [scale](int value) { return int(value * scale + 0.5); };
    geometry.label_left = px(12);
    const int left = px(62);
    int right = view.width() - px(16);
    const int top = px(4);
    if (view.width() >= px(kLegendFrom)) {
        const int x = view.width() - px(kLegendWidth);
        geometry.legend = QRect(x, 0, px(kLegendWidth), view.height());
        geometry.legend_pitch = std::clamp((view.height() - px(4)) / std::max(1, rows), px(12), px(17));
        right = x - px(16);
    }
    geometry.axis = QRect(left, top, std::max(px(40), right - left), px(16));
    const int room = std::max(3 * px(14), view.height() - top - px(16) - px(6));
    geometry.lane_pitch = std::min(room / 3, px(32));
    geometry.lane_height = std::min(geometry.lane_pitch - px(3), px(26));
    geometry.plot = QRect(left, top + px(16) + px(2), geometry.axis.width(), 3 * geometry.lane_pitch);
    geometry.window = geometry.clamped(window.width > 0 ? window : TimeWindow{0, totalUs});
    return geometry;
}

TimeWindow TimelineGeometry::clamped(TimeWindow part) const {
    part.width = std::clamp(part.width, std::min(kLeastWindowUs, total_us), total_us);
    part.from = std::clamp(part.from, 0.0, total_us - part.width);
    return part;
}

QRect TimelineGeometry::lane(trace::Lane lane) const {
    return {plot.left(), plot.top() + int(lane) * lane_pitch, plot.width(), lane_height};
}

double TimelineGeometry::xOf(double us) const {
    return window.width > 0 ? plot.left() + (us - window.from) / window.width * plot.width() : plot.left();
}

double TimelineGeometry::usAt(int x) const {
    return window.from + double(x - plot.left()) / std::max(1, plot.width()) * window.width;
}

QRect TimelineGeometry::box(const trace::TimelineSpan& span) const {
    if (span.end_us() < window.from || span.start_us > window.to() || window.width <= 0) {
        return {};
    }
    // Before they are rounded: far outside, a step that is zoomed into does not fit an int.
    const double begin = std::clamp(xOf(span.start_us), double(plot.left()), double(plot.right() + 1));
    const double end = std::clamp(xOf(span.end_us()), double(plot.left()), double(plot.right() + 1));
    const int left = std::min(int(std::lround(begin)), plot.right());
    const int width = int(std::lround(end)) - left;
    const QRect row = lane(span.lane);
    return {left, row.top(), std::max(1, width > 2 ? width - 1 : width), row.height()};
}

int TimelineGeometry::spanAt(const trace::StepTimeline& step, const QPoint& at) const {
    if (!plot.contains(at)) {
        return -1;
    }
    int found = -1;
    for (size_t i = 0; i < step.spans.size(); ++i) {
        const trace::TimelineSpan& span = step.spans[i];
        const QRect row = lane(span.lane);
        if (at.y() >= row.top() && at.y() <= row.bottom()) {
            const double us = usAt(at.x());
            if (span.start_us <= us && us < span.end_us()) {
                return int(i);
            }
            if (box(span).contains(at)) {
                found = int(i); // too narrow to be met by its time
            }
        }
    }
    return found;
}

QRect TimelineGeometry::legendRow(int row) const {
    const int margin = int(12 * scale + 0.5);
    const int top = std::max(0, legend.height() % std::max(1, legend_pitch)) / 2;
    return {legend.left() + margin, top + row * legend_pitch, legend.width() - 2 * margin, legend_pitch};
}

TimeWindow TimelineGeometry::zoomed(double factor, double us) const {
    TimeWindow next{0, std::clamp(window.width * factor, std::min(kLeastWindowUs, total_us), total_us)};
    const double share = window.width > 0 ? std::clamp((us - window.from) / window.width, 0.0, 1.0) : 0;
    next.from = window.from + share * (window.width - next.width);
    return clamped(next);
}

TimeWindow TimelineGeometry::moved(double us) const { return clamped({window.from + us, window.width}); }

TimeWindow TimelineGeometry::around(double from, double to) const {
    const double margin = (to - from) / 20;
    return clamped({from - margin, to - from + 2 * margin});
}

TimeWindow TimelineGeometry::holding(double from, double to) const {
    if (from >= window.from && to <= window.to()) {
        return window;
    }
    return clamped({from < window.from || to - from > window.width ? from : to - window.width, window.width});
}

QList<TimelineGeometry::Tick> TimelineGeometry::ticks() const {
    QList<Tick> ticks;
    const int most = std::max(1, int(plot.width() / (kTickRoom * scale)));
    if (window.width <= 0) {
        return ticks;
    }
    // 1, 2 or 5 times a power of ten, in µs.
    const double least = window.width / most;
    const double power = std::pow(10.0, std::floor(std::log10(least)));
    double step = power * 10;
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= least) {
            step = factor * power;
            break;
        }
    }
    const int digits = std::max(0, 3 - int(std::floor(std::log10(step) + 1e-9)));
    for (double at = std::ceil(window.from / step - 1e-9); at * step <= window.to(); ++at) {
        ticks.append({at * step, digits});
    }
    return ticks;
}

} // namespace moescope::ui
