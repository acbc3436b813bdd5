// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/step_clock.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace moescope::inference {

using trace::Lane;
using trace::StepPart;
using trace::TimelineSpan;

StepClock::StepClock(trace::StepKind kind, uint32_t position, uint32_t tokens, StepPart first) {
    m_step.kind = kind;
    m_step.position = position;
    m_step.tokens = tokens;
    m_step.spans.push_back({.lane = Lane::Host, .part = first});
}

double StepClock::nowUs() const {
    return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - m_start).count();
}

TimelineSpan& StepClock::openSpan() {
    return *std::find_if(m_step.spans.rbegin(), m_step.spans.rend(),
                         [](const TimelineSpan& span) { return span.lane == Lane::Host; });
}

const TimelineSpan& StepClock::last(StepPart part) const {
    const auto found = std::find_if(m_step.spans.rbegin(), m_step.spans.rend(), [part](const TimelineSpan& span) {
        return span.lane == Lane::Host && span.part == part;
    });
    if (found == m_step.spans.rend()) {
        throw std::logic_error(std::string("step clock: no part “") + trace::stepPartName(part) + "” before its end");
    }
    return *found;
}

void StepClock::host(StepPart part) {
    TimelineSpan& open = openSpan();
    if (open.part == part) {
        return;
    }
    const double now = nowUs();
    open.duration_us = now - open.start_us;
    m_step.spans.push_back({.lane = Lane::Host, .part = part, .layer = -1, .start_us = now});
}

void StepClock::device(std::span<const IntervalMark> intervals, std::span<const double> at_ms, uint32_t dispatches) {
    m_step.dispatches += dispatches;
    if (at_ms.size() != intervals.size() + 1) {
        m_untimed = true;
        return;
    }
    const double begin = last(StepPart::Submit).start_us;
    const double end = last(StepPart::Wait).end_us();
    const double took = (at_ms.back() - at_ms.front()) * 1000;
    // Two clocks run apart by a few parts in a million: no submission may reach over the host's next one.
    const double scale = took > end - begin ? (end - begin) / took : 1;
    const auto us = [&](double ms) { return end - (at_ms.back() - ms) * 1000 * scale; };
    for (size_t i = 0; i < intervals.size(); ++i) {
        const double start = us(at_ms[i]);
        const double duration = std::max(us(at_ms[i + 1]) - start, 0.0);
        m_step.spans.push_back({.lane = Lane::Gpu,
                                .part = intervals[i].part,
                                .layer = intervals[i].layer,
                                .start_us = start,
                                .duration_us = duration});
    }
    for (size_t first = 0; first < intervals.size();) {
        size_t next = first + 1;
        while (next < intervals.size() && intervals[next].layer == intervals[first].layer) {
            ++next;
        }
        const int32_t layer = intervals[first].layer;
        m_step.spans.push_back({.lane = Lane::Layer,
                                .part = layer < 0 ? intervals[first].part : StepPart::Layer,
                                .layer = layer,
                                .start_us = us(at_ms[first]),
                                .duration_us = std::max(us(at_ms[next]) - us(at_ms[first]), 0.0)});
        first = next;
    }
}

trace::StepTimelinePtr StepClock::finish() {
    std::vector<TimelineSpan>& spans = m_step.spans;
    m_step.total_us = nowUs();
    TimelineSpan& open = openSpan();
    open.duration_us = m_step.total_us - open.start_us;
    const auto isGpu = [](const TimelineSpan& span) { return span.lane == Lane::Gpu; };
    m_step.timestamps = !m_untimed && std::any_of(spans.begin(), spans.end(), isGpu);
    if (!m_step.timestamps) {
        std::erase_if(spans, [](const TimelineSpan& span) { return span.lane != Lane::Host; });
    }
    std::stable_sort(spans.begin(), spans.end(), [](const TimelineSpan& a, const TimelineSpan& b) {
        return a.lane != b.lane ? a.lane < b.lane : a.start_us < b.start_us;
    });
    return std::make_shared<const trace::StepTimeline>(std::move(m_step));
}

} // namespace moescope::inference
