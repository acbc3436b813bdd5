// SPDX-License-Identifier: Apache-2.0
// The timelines of an engine's steps: what they cover, that their sums agree, and that nothing is timed unasked.
#include "tests/engine/inference/golden_model.h"

#include "engine/trace/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>

namespace moescope::test {

using inference::GenerationRequest;
using trace::Lane;
using trace::StepKind;
using trace::StepPart;
using trace::StepTimeline;
using trace::StepTimelinePtr;
using trace::TimelineSpan;

namespace {

constexpr uint32_t promptTokens = 40;

GenerationRequest request(uint32_t tokens) {
    GenerationRequest request;
    for (uint32_t i = 0; i < promptTokens; ++i) {
        request.prompt.push_back(static_cast<int32_t>(i * 37 % 480));
    }
    request.max_tokens = tokens;
    request.sampling.temperature = 0.0F;
    request.ignore_eos = true;
    return request;
}

std::vector<TimelineSpan> ofLane(const StepTimeline& step, Lane lane) {
    std::vector<TimelineSpan> spans;
    std::copy_if(step.spans.begin(), step.spans.end(), std::back_inserter(spans),
                 [lane](const TimelineSpan& span) { return span.lane == lane; });
    return spans;
}

/** µs of the step that lie under any span. */
double coveredUs(const StepTimeline& step) {
    std::vector<TimelineSpan> spans = step.spans;
    std::sort(spans.begin(), spans.end(),
              [](const TimelineSpan& a, const TimelineSpan& b) { return a.start_us < b.start_us; });
    double covered = 0;
    double until = 0;
    for (const TimelineSpan& span : spans) {
        covered += std::max(0.0, span.end_us() - std::max(until, span.start_us));
        until = std::max(until, span.end_us());
    }
    return covered;
}

} // namespace

class TimelineTest : public GoldenModelTest {
protected:
    std::vector<StepTimelinePtr> steps(uint32_t tokens) {
        std::vector<StepTimelinePtr> steps;
        inference::GenerationObserver observer;
        observer.timeline = [&](const StepTimelinePtr& step) { steps.push_back(step); };
        engine->reset();
        engine->generate(request(tokens), observer);
        return steps;
    }
};

TEST_F(TimelineTest, every_micro_batch_and_decode_step_is_told_of_in_order) {
    const auto all = steps(12);
    uint32_t position = 0;
    uint32_t decoded = 0;
    for (const StepTimelinePtr& step : all) {
        EXPECT_EQ(step->position, position);
        EXPECT_EQ(step->kind, position < promptTokens ? StepKind::Prefill : StepKind::Decode);
        EXPECT_GT(step->dispatches, engine->config().block_count);
        position += step->tokens;
        decoded += step->kind == StepKind::Decode ? 1 : 0;
    }
    EXPECT_EQ(position, promptTokens + 12);
    EXPECT_EQ(decoded, 12U);
}

TEST_F(TimelineTest, spans_cover_the_step_and_overlap_in_no_lane) {
    for (const StepTimelinePtr& step : steps(12)) {
        EXPECT_GE(coveredUs(*step), 0.95 * step->total_us);
        for (const Lane lane : {Lane::Layer, Lane::Gpu, Lane::Host}) {
            double until = 0;
            for (const TimelineSpan& span : ofLane(*step, lane)) {
                EXPECT_GE(span.start_us, until - 1e-3) << trace::stepPartName(span.part) << " " << span.layer;
                EXPECT_GE(span.duration_us, 0);
                until = span.end_us();
            }
            EXPECT_LE(until, step->total_us + 1e-3);
        }
    }
}

// By a clock outside the engine: between two reports nothing but the step itself passes.
TEST_F(TimelineTest, a_step_is_as_long_as_the_time_between_two_of_them) {
    using clock = std::chrono::steady_clock;
    std::vector<double> shares;
    clock::time_point before{};
    inference::GenerationObserver observer;
    observer.timeline = [&](const StepTimelinePtr& step) {
        const auto now = clock::now();
        if (step->kind == StepKind::Decode && before != clock::time_point{}) {
            shares.push_back(coveredUs(*step) / std::chrono::duration<double, std::micro>(now - before).count());
        }
        before = clock::now();
    };
    engine->generate(request(64), observer);
    ASSERT_EQ(shares.size(), 64U);
    std::sort(shares.begin(), shares.end());
    EXPECT_GE(shares[shares.size() / 2], 0.95);
    EXPECT_LE(shares.back(), 1.0);
}

TEST_F(TimelineTest, the_devices_intervals_are_those_of_the_pass_and_add_up) {
    const auto all = steps(12);
    if (!all.front()->timestamps) {
        GTEST_SKIP() << "this device has no timestamps";
    }
    const uint32_t layers = engine->config().block_count;
    for (const StepTimelinePtr& step : all) {
        const auto gpu = ofLane(*step, Lane::Gpu);
        std::map<int32_t, double> ofLayer;
        std::map<int32_t, std::vector<StepPart>> parts;
        for (const TimelineSpan& span : gpu) {
            ofLayer[span.layer] += span.duration_us;
            parts[span.layer].push_back(span.part);
        }
        EXPECT_EQ(parts.size(), layers + 1);
        const StepPart router =
            device().limits().software ? StepPart::Router : StepPart::RouterGateUp; // with the shared expert
        const std::vector<StepPart> whole =
            step->kind == StepKind::Decode
                ? std::vector<StepPart>{StepPart::Qkv, StepPart::RopeAttention, StepPart::Output,
                                        router,        StepPart::GateUp,        StepPart::Down}
                : std::vector<StepPart>{StepPart::Qkv,        StepPart::Rope,   StepPart::Attention, StepPart::Output,
                                        StepPart::RouterSort, StepPart::GateUp, StepPart::Down,      StepPart::Combine};
        for (uint32_t layer = 0; layer < layers; ++layer) {
            EXPECT_EQ(parts[static_cast<int32_t>(layer)], whole) << layer;
        }
        EXPECT_EQ(parts[-1].front(), StepPart::Embed);
        EXPECT_EQ(parts[-1].back(), StepPart::ReadBack);

        double waited = 0;
        for (const TimelineSpan& span : ofLane(*step, Lane::Host)) {
            waited += span.part == StepPart::Wait || span.part == StepPart::Submit ? span.duration_us : 0;
        }
        double sum = 0;
        for (const auto& [layer, us] : ofLayer) {
            sum += us;
        }
        EXPECT_NEAR(sum, step->kernelsUs(), 1e-3);
        EXPECT_GT(sum, 0);
        EXPECT_LE(sum, waited + 1e-3) << "the device works only while the host waits for it";
        for (const TimelineSpan& span : ofLane(*step, Lane::Layer)) {
            ofLayer[span.layer] -= span.duration_us;
        }
        for (const auto& [layer, us] : ofLayer) {
            EXPECT_NEAR(us, 0, 1e-3) << layer;
        }
    }
}

// Of the kernels that GPUs run, whatever this device is: an interval there costs some microseconds, however little it computes.
TEST_F(TimelineTest, a_layer_of_a_token_has_six_intervals_at_most_on_gpus) {
    struct Case {
        const char* golden;
        std::vector<StepPart> parts;
        uint32_t dispatches; ///< of a layer
    };
    const std::vector<StepPart> shared{StepPart::Qkv,          StepPart::RopeAttention, StepPart::Output,
                                       StepPart::RouterGateUp, StepPart::GateUp,        StepPart::Down};
    const std::vector<StepPart> dense{StepPart::Qkv, StepPart::RopeAttention, StepPart::Output, StepPart::NormGateUp,
                                      StepPart::Down};
    for (const Case& c : {Case{"large_like", shared, 7}, Case{"a13b_like", shared, 7}, Case{"dense", dense, 5}}) {
        const auto model = inference::Engine::load(goldenGguf(c.golden, gguf::TensorType::F32),
                                                   {.kv = inference::KvType::F32, .variants = {.texels = false}});
        const std::vector<int32_t> prompt = request(1).prompt;
        model->evaluate(prompt, {}, [](const inference::EvaluateBatch&) {});
        const StepTimelinePtr step = model->profile(3);
        const uint32_t layers = model->config().block_count;
        EXPECT_EQ(step->dispatches, 1 + c.dispatches * layers + 1) << c.golden << ": embed, layers, logits";
        if (!step->timestamps) {
            continue;
        }
        std::map<int32_t, std::vector<StepPart>> parts;
        for (const TimelineSpan& span : ofLane(*step, Lane::Gpu)) {
            parts[span.layer].push_back(span.part);
        }
        for (uint32_t layer = 0; layer < layers; ++layer) {
            EXPECT_EQ(parts[static_cast<int32_t>(layer)], c.parts) << c.golden << ", layer " << layer;
        }
    }
}

TEST_F(TimelineTest, timing_changes_no_token_and_records_the_step_once_more_only_when_it_begins_or_ends) {
    GenerationRequest answer = request(24);
    answer.steps_in_flight = 1; // each has a recording of its own
    const auto plain = engine->generate(answer).tokens;
    std::atomic<bool> timed{true};
    std::vector<uint32_t> at;
    std::vector<uint64_t> recorded;
    inference::GenerationObserver observer;
    observer.timed = &timed;
    observer.timeline = [&](const StepTimelinePtr& step) {
        if (step->kind == StepKind::Decode) {
            at.push_back(step->position - promptTokens);
        }
    };
    observer.token = [&](const trace::TokenTracePtr& token, const std::string&) {
        if (token->generated) {
            recorded.push_back(engine->commandBuffersRecorded());
            const uint32_t index = token->position - promptTokens;
            timed = index < 7 || index >= 15; // steps 8 to 15 are not timed
        }
    };
    engine->reset();
    EXPECT_EQ(engine->generate(answer, observer).tokens, plain);
    EXPECT_EQ(at, (std::vector<uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23}));
    ASSERT_EQ(recorded.size(), 24U);
    for (size_t i = 1; i < recorded.size(); ++i) {
        EXPECT_EQ(recorded[i] - recorded[i - 1], i == 8 || i == 16 ? 1U : 0U) << i;
    }
}

TEST_F(TimelineTest, a_profile_times_every_interval_and_leaves_the_cache_alone) {
    const std::vector<int32_t> prompt = request(1).prompt;
    engine->evaluate(prompt, {}, [](const inference::EvaluateBatch&) {});
    const StepTimelinePtr step = engine->profile(7);
    EXPECT_EQ(engine->position(), promptTokens);
    EXPECT_EQ(step->position, promptTokens);
    EXPECT_EQ(step->kind, StepKind::Decode);
    if (step->timestamps) {
        // embed, then six intervals a layer, then logits and read back.
        EXPECT_EQ(ofLane(*step, Lane::Gpu).size(), 1 + 6 * engine->config().block_count + 2);
    }
    const auto plain = engine->generate(request(8)).tokens;
    engine->reset();
    EXPECT_EQ(engine->generate(request(8)).tokens, plain);
}

} // namespace moescope::test
