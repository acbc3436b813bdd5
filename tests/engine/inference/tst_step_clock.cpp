// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/step_clock.h"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <thread>

namespace moescope::test {

using inference::IntervalMark;
using inference::StepClock;
using trace::KernelKind;
using trace::Lane;
using trace::StepKind;
using trace::StepPart;

namespace {

void pass() { std::this_thread::sleep_for(std::chrono::milliseconds(2)); }

std::vector<trace::TimelineSpan> ofLane(const trace::StepTimeline& step, Lane lane) {
    std::vector<trace::TimelineSpan> spans;
    for (const trace::TimelineSpan& span : step.spans) {
        if (span.lane == lane) {
            spans.push_back(span);
        }
    }
    return spans;
}

} // namespace

TEST(StepClockTest, the_hosts_parts_follow_each_other_from_begin_to_end) {
    StepClock clock(StepKind::Prefill, 7, 3, StepPart::Record);
    pass();
    clock.host(StepPart::Record); // goes on
    pass();
    clock.host(StepPart::Submit);
    pass();
    clock.host(StepPart::Tell);
    pass();
    const trace::StepTimelinePtr step = clock.finish();
    EXPECT_EQ(step->kind, StepKind::Prefill);
    EXPECT_EQ(step->position, 7U);
    EXPECT_EQ(step->tokens, 3U);
    ASSERT_EQ(step->spans.size(), 3U);
    EXPECT_EQ(step->spans[0].part, StepPart::Record);
    EXPECT_EQ(step->spans[2].part, StepPart::Tell);
    EXPECT_EQ(step->spans[0].start_us, 0);
    EXPECT_GE(step->spans[0].duration_us, 4000);
    for (size_t i = 1; i < 3; ++i) {
        EXPECT_DOUBLE_EQ(step->spans[i].start_us, step->spans[i - 1].end_us());
        EXPECT_GE(step->spans[i].duration_us, 2000);
    }
    EXPECT_DOUBLE_EQ(step->spans[2].end_us(), step->total_us);
    EXPECT_FALSE(step->timestamps);
    EXPECT_EQ(step->kernelsUs(), 0);
}

TEST(StepClockTest, the_devices_intervals_end_where_the_wait_for_them_ends) {
    StepClock clock(StepKind::Decode, 0, 1, StepPart::Submit);
    clock.host(StepPart::Wait);
    pass();
    clock.host(StepPart::Collect);
    const std::array<IntervalMark, 5> marks{
        {{StepPart::Embed, -1}, {StepPart::Qkv, 0}, {StepPart::Rope, 0}, {StepPart::Qkv, 1}, {StepPart::Logits, -1}}};
    const std::array<double, 6> at{10, 10.1, 10.3, 10.6, 10.7, 11}; // ms of the device's own clock
    clock.device(marks, at, 9);
    const trace::StepTimelinePtr step = clock.finish();
    ASSERT_TRUE(step->timestamps);
    EXPECT_EQ(step->dispatches, 9U);
    EXPECT_NEAR(step->kernelsUs(), 1000, 1e-6);

    const auto gpu = ofLane(*step, Lane::Gpu);
    ASSERT_EQ(gpu.size(), 5U);
    EXPECT_NEAR(gpu[1].duration_us, 200, 1e-6);
    EXPECT_EQ(gpu[2].part, StepPart::Rope);
    EXPECT_EQ(gpu[2].layer, 0);
    EXPECT_NEAR(gpu.back().end_us(), ofLane(*step, Lane::Host)[1].end_us(), 1e-6);
    for (size_t i = 1; i < gpu.size(); ++i) {
        EXPECT_NEAR(gpu[i].start_us, gpu[i - 1].end_us(), 1e-6);
    }

    const auto layers = ofLane(*step, Lane::Layer);
    ASSERT_EQ(layers.size(), 4U);
    EXPECT_EQ(layers[0].part, StepPart::Embed);
    EXPECT_EQ(layers[1].part, StepPart::Layer);
    EXPECT_EQ(layers[1].layer, 0);
    EXPECT_NEAR(layers[1].duration_us, 500, 1e-6);
    EXPECT_EQ(layers[2].layer, 1);
    EXPECT_EQ(layers[3].part, StepPart::Logits);
}

TEST(StepClockTest, a_device_whose_clock_runs_ahead_does_not_reach_over_the_host) {
    StepClock clock(StepKind::Decode, 0, 1, StepPart::Sample);
    clock.host(StepPart::Submit);
    clock.host(StepPart::Wait);
    clock.host(StepPart::Collect);
    const std::array<IntervalMark, 2> marks{{{StepPart::Qkv, 0}, {StepPart::Rope, 0}}};
    const std::array<double, 3> at{0, 4000, 8000};
    clock.device(marks, at, 2);
    const trace::StepTimelinePtr step = clock.finish();
    const auto host = ofLane(*step, Lane::Host);
    const auto gpu = ofLane(*step, Lane::Gpu);
    EXPECT_NEAR(gpu[0].start_us, host[1].start_us, 1e-6);
    EXPECT_NEAR(gpu[1].end_us(), host[2].end_us(), 1e-6);
    EXPECT_NEAR(gpu[0].duration_us, gpu[1].duration_us, 1e-6);
}

TEST(StepClockTest, without_timestamps_only_the_host_is_told_of) {
    const std::array<IntervalMark, 2> marks{{{StepPart::Qkv, 0}, {StepPart::Rope, 0}}};
    StepClock clock(StepKind::Prefill, 0, 2, StepPart::Record);
    for (const size_t timestamps : {3U, 0U, 2U}) { // one submission with all of them, one with none, one with too few
        clock.host(StepPart::Submit);
        clock.host(StepPart::Wait);
        clock.host(StepPart::Collect);
        clock.device(marks, std::vector<double>(timestamps, 0.0), 4);
    }
    const trace::StepTimelinePtr step = clock.finish();
    EXPECT_FALSE(step->timestamps);
    EXPECT_EQ(step->dispatches, 12U);
    EXPECT_TRUE(ofLane(*step, Lane::Gpu).empty());
    EXPECT_TRUE(ofLane(*step, Lane::Layer).empty());
    EXPECT_EQ(ofLane(*step, Lane::Host).size(), step->spans.size());
}

TEST(StepClockTest, intervals_before_their_submission_are_a_mistake_of_ours) {
    StepClock clock(StepKind::Decode, 0, 1, StepPart::Sample);
    const std::array<IntervalMark, 1> marks{{{StepPart::Qkv, 0}}};
    EXPECT_THROW(clock.device(marks, std::array<double, 2>{0, 1}, 1), std::logic_error);
}

TEST(StepPartTest, each_part_has_a_name_and_each_interval_a_kind) {
    for (size_t i = 0; i < trace::stepPartCount; ++i) {
        const auto part = static_cast<StepPart>(i);
        EXPECT_STRNE(trace::stepPartName(part), "");
        EXPECT_EQ(trace::kernelKind(part).has_value(), part < StepPart::Layer) << trace::stepPartName(part);
    }
    EXPECT_EQ(trace::kernelKind(StepPart::Rope), KernelKind::Attention);
}

} // namespace moescope::test
