// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/timeline.h"

#include <QList>
#include <QRect>
#include <QSize>

namespace moescope::ui {

/** The part of a step that is drawn, in µs. */
struct TimeWindow {
    double from = 0;
    double width = 0;

    double to() const { return from + width; }
    bool operator==(const TimeWindow&) const = default;
};

/** Three lanes over an axis of ms, and a legend at the right where there is room. */
struct TimelineGeometry {
    static constexpr double kLeastWindowUs = 2; ///< it can be zoomed in to this

    QRect axis;   ///< of the plot's width
    QRect plot;   ///< all lanes
    QRect legend; ///< empty: left out
    int label_left = 0;
    int lane_height = 0;
    int lane_pitch = 0;
    int legend_pitch = 0;
    double scale = 1;
    double total_us = 0;
    TimeWindow window; ///< within the step

    /** `window`: of width 0 it is the whole step; `rows`: of the legend. */
    static TimelineGeometry of(const QSize& view, double totalUs, const TimeWindow& window, int rows, double scale);

    QRect lane(trace::Lane lane) const;
    double xOf(double us) const;
    double usAt(int x) const;
    /** What of a span is in the window, at least 1 px wide; empty: nothing. Neighbours leave a gap of 1 px. */
    QRect box(const trace::TimelineSpan& span) const;
    /** Index of the span under a point, −1: none. */
    int spanAt(const trace::StepTimeline& step, const QPoint& at) const;
    QRect legendRow(int row) const;

    /** Zoomed by `factor` (below 1: in) so that what is at `us` stays where it is. */
    TimeWindow zoomed(double factor, double us) const;
    /** Moved by µs, to the step's ends at most. */
    TimeWindow moved(double us) const;
    /** Of a part of the step, with a twentieth of it at both sides. */
    TimeWindow around(double from, double to) const;
    /** Moved as little as needed to hold a part of the step, if it is not longer. */
    TimeWindow holding(double from, double to) const;

    struct Tick {
        double us = 0;
        int digits = 0; ///< decimals of ms that tell it from its neighbours
    };
    QList<Tick> ticks() const;

private:
    TimeWindow clamped(TimeWindow part) const;
};

} // namespace moescope::ui
