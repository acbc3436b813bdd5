// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/timeline.h"

#include <chrono>
#include <span>

namespace moescope::inference {

/** An interval that ends at a timestamp: which, and of which layer. */
struct IntervalMark {
    trace::StepPart part = trace::StepPart::Embed;
    int32_t layer = -1;
};

/** Times one step from its making to finish(): what the host does, one part after the other, and the intervals of what
 *  it submits. */
class StepClock {
public:
    /** The host begins with `first`. */
    StepClock(trace::StepKind kind, uint32_t position, uint32_t tokens, trace::StepPart first);

    /** The host goes on to `part`. */
    void host(trace::StepPart part);
    /** What a submission did whose Submit and Wait the host has left: `at_ms` are its timestamps, the first of them
     *  where the first interval begins; empty where the device has none. */
    void device(std::span<const IntervalMark> intervals, std::span<const double> at_ms, uint32_t dispatches);
    /** The step is over. */
    trace::StepTimelinePtr finish();

private:
    double nowUs() const;
    /** What the host does now. */
    trace::TimelineSpan& openSpan();
    /** Of the last span of this part. */
    const trace::TimelineSpan& last(trace::StepPart part) const;

    std::chrono::steady_clock::time_point m_start = std::chrono::steady_clock::now();
    trace::StepTimeline m_step;
    bool m_untimed = false; ///< a submission had no timestamps, or not all
};

/** Null: nothing is timed. */
inline void host(StepClock* clock, trace::StepPart part) {
    if (clock != nullptr) {
        clock->host(part);
    }
}

} // namespace moescope::inference
