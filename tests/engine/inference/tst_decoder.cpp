// SPDX-License-Identifier: Apache-2.0
// Who samples, and how many steps are in flight, changes nothing of an answer.
#include "tests/engine/inference/golden_model.h"

#include "engine/inference/transformer.h"
#include "engine/trace/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

namespace moescope::test {

using inference::Engine;
using inference::GenerationObserver;
using inference::GenerationRequest;
using inference::GenerationResult;

namespace {

/** All that an observer was told, and the result. */
struct Answer {
    std::vector<trace::TokenTrace> tokens; ///< those generated
    std::string shown;
    GenerationResult result;
};

Answer answerOf(Engine& engine, const GenerationRequest& request) {
    Answer answer;
    answer.result = engine.generate(request, {.token = [&](const trace::TokenTracePtr& token, const std::string& text) {
                                        if (token->generated) {
                                            answer.tokens.push_back(*token);
                                            answer.shown += text;
                                        }
                                    }});
    return answer;
}

void expectSame(const Answer& got, const Answer& want, const std::string& what) {
    EXPECT_EQ(got.result.tokens, want.result.tokens) << what;
    EXPECT_EQ(got.result.text, want.result.text) << what;
    EXPECT_EQ(got.result.reason, want.result.reason) << what;
    EXPECT_EQ(got.shown, want.shown) << what;
    ASSERT_EQ(got.tokens.size(), want.tokens.size()) << what;
    for (size_t i = 0; i < got.tokens.size(); ++i) {
        const trace::TokenTrace& a = got.tokens[i];
        const trace::TokenTrace& b = want.tokens[i];
        EXPECT_EQ(a.token, b.token) << what << ", token " << i;
        EXPECT_EQ(a.position, b.position) << what << ", token " << i;
        EXPECT_EQ(a.probability, b.probability) << what << ", token " << i;
        EXPECT_EQ(a.router.experts, b.router.experts) << what << ", token " << i;
        EXPECT_EQ(a.router.weights, b.router.weights) << what << ", token " << i;
        EXPECT_EQ(a.router.probs, b.router.probs) << what << ", token " << i;
        ASSERT_EQ(a.candidates.size(), b.candidates.size()) << what << ", token " << i;
        for (size_t c = 0; c < a.candidates.size(); ++c) {
            EXPECT_EQ(a.candidates[c].token, b.candidates[c].token) << what << ", token " << i;
            EXPECT_EQ(a.candidates[c].probability, b.candidates[c].probability) << what << ", token " << i;
            EXPECT_EQ(a.candidates[c].sampled, b.candidates[c].sampled) << what << ", token " << i;
        }
    }
}

GenerationRequest sampled(uint32_t tokens) {
    GenerationRequest request;
    request.prompt = someTokens(9, 4);
    request.max_tokens = tokens;
    request.sampling = {.temperature = 1.0F, .top_k = 40, .top_p = 0.95F, .repetition_penalty = 1.1F, .seed = 7};
    request.ignore_eos = true;
    return request;
}

constexpr uint32_t inFlight[] = {1, 2, 3, 4, 0};

} // namespace

class DecoderTest : public KernelTest {
protected:
    void SetUp() override {
        KernelTest::SetUp();
        if (!IsSkipped() && !HasFatalFailure()) {
            host = load(false);
            device = load(true);
        }
    }
    static std::unique_ptr<Engine> load(bool sampling, const std::string& golden = "large_like") {
        return Engine::load(goldenGguf(golden, gguf::TensorType::F32),
                            {.kv = inference::KvType::F32, .variants = {.sampling = sampling, .whole_steps = true}});
    }

    std::unique_ptr<Engine> host;   ///< samples on the host
    std::unique_ptr<Engine> device; ///< samples on the device
};

TEST_F(DecoderTest, host_and_device_give_the_same_answers_with_any_number_of_steps_in_flight) {
    struct Case {
        const char* what;
        inference::SamplerSettings sampling;
    };
    for (const Case& one : {Case{"greedy", {.temperature = 0.0F}},
                            {"greedy with a penalty", {.temperature = 0.0F, .repetition_penalty = 1.4F}},
                            {"sampled", {.temperature = 1.0F, .top_k = 40, .top_p = 0.95F, .seed = 7}},
                            {"all of the vocabulary", {.temperature = 1.0F, .top_k = 0, .top_p = 0.9F, .seed = 7}}}) {
        GenerationRequest request = sampled(24);
        request.sampling = one.sampling;
        request.router_probs = true;
        host->reset();
        const Answer want = answerOf(*host, request);
        ASSERT_EQ(want.tokens.size(), 24U);
        for (const uint32_t steps : inFlight) {
            request.steps_in_flight = steps;
            device->reset();
            expectSame(answerOf(*device, request), want,
                       std::string(one.what) + ", " + std::to_string(steps) + " steps in flight");
            // Again behind a cache that holds what was computed beyond the end.
            expectSame(answerOf(*device, request), want, std::string(one.what) + ", again");
        }
    }
}

TEST_F(DecoderTest, an_answer_that_nobody_watches_has_the_same_tokens) {
    GenerationRequest request = sampled(30);
    const Answer want = answerOf(*host, request);
    for (const uint32_t steps : inFlight) {
        request.steps_in_flight = steps;
        device->reset();
        EXPECT_EQ(device->generate(request).tokens, want.result.tokens) << steps;
        EXPECT_EQ(device->cachedTokens().size(), request.prompt.size() + 30) << steps;
    }
}

TEST_F(DecoderTest, an_answer_ends_where_it_ends_however_many_steps_are_behind_it) {
    const Answer plain = answerOf(*host, sampled(20));
    for (const uint32_t steps : inFlight) {
        for (const uint32_t tokens : {0U, 1U, 2U, 3U, 20U}) {
            GenerationRequest request = sampled(tokens);
            request.steps_in_flight = steps;
            const Answer got = answerOf(*device, request);
            EXPECT_EQ(got.result.reason, trace::StopReason::Length);
            EXPECT_EQ(got.result.tokens,
                      std::vector<int32_t>(plain.result.tokens.begin(), plain.result.tokens.begin() + tokens));
            EXPECT_EQ(device->position(), request.prompt.size() + tokens);
        }
        // A text within the answer: all of a token whose bytes are letters.
        std::string stop;
        for (size_t i = 3; i < plain.tokens.size() && stop.empty(); ++i) {
            const std::string& text = plain.tokens[i].text;
            const bool ascii = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
            stop = ascii ? text : "";
        }
        ASSERT_FALSE(stop.empty());
        GenerationRequest request = sampled(20);
        request.stop = {stop};
        host->reset();
        const Answer want = answerOf(*host, request);
        EXPECT_EQ(want.result.reason, trace::StopReason::Stop);
        request.steps_in_flight = steps;
        device->reset();
        expectSame(answerOf(*device, request), want, "stopped, " + std::to_string(steps));
    }
}

TEST_F(DecoderTest, a_full_context_ends_the_answer) {
    const uint32_t limit = device->memory().context;
    for (const uint32_t room : {0U, 1U, 2U, 3U, 5U}) {
        GenerationRequest request = sampled(50);
        request.prompt = someTokens(limit - room, 9);
        host->reset();
        const Answer want = answerOf(*host, request);
        EXPECT_EQ(want.result.reason, trace::StopReason::Context);
        EXPECT_EQ(want.tokens.size(), room + 1);
        for (const uint32_t steps : inFlight) {
            request.steps_in_flight = steps;
            device->reset();
            expectSame(answerOf(*device, request), want, std::to_string(room) + " of room");
            EXPECT_EQ(device->position(), limit);
        }
    }
}

TEST_F(DecoderTest, a_cancel_is_heard_and_the_next_answer_is_whole) {
    const Answer plain = answerOf(*host, sampled(20));
    for (const uint32_t steps : inFlight) {
        GenerationRequest request = sampled(400);
        request.steps_in_flight = steps;
        std::atomic<bool> cancel = false;
        uint32_t told = 0;
        const GenerationResult result =
            device->generate(request, {.token =
                                           [&](const trace::TokenTracePtr& token, const std::string&) {
                                               told += token->generated ? 1 : 0;
                                               cancel = told == 5;
                                           },
                                       .cancel = &cancel});
        EXPECT_EQ(result.reason, trace::StopReason::Cancelled);
        EXPECT_EQ(told, 5U);
        EXPECT_EQ(device->position(), request.prompt.size() + 5);
        expectSame(answerOf(*device, sampled(20)), plain, "after a cancel");
    }
}

TEST_F(DecoderTest, steps_are_recorded_once_for_an_answer) {
    GenerationRequest request = sampled(30);
    for (const uint32_t steps : {1U, 2U, 4U}) {
        request.steps_in_flight = steps;
        uint32_t told = 0;
        uint64_t recorded = 0;
        device->generate(request, {.token = [&](const trace::TokenTracePtr& token, const std::string&) {
                             told += token->generated ? 1 : 0;
                             recorded = told == 1 ? device->commandBuffersRecorded() : recorded;
                         }});
        EXPECT_EQ(device->commandBuffersRecorded(), recorded) << steps << " in flight";
    }
}

TEST_F(DecoderTest, timing_that_begins_and_ends_within_an_answer_changes_no_token) {
    const Answer plain = answerOf(*host, sampled(30));
    for (const uint32_t steps : {1U, 4U}) {
        GenerationRequest request = sampled(30);
        request.steps_in_flight = steps;
        std::atomic<bool> timed = false;
        std::vector<uint32_t> positions;
        std::vector<int32_t> tokens;
        GenerationObserver observer;
        observer.timed = &timed;
        observer.timeline = [&](const trace::StepTimelinePtr& step) {
            positions.push_back(step->position);
            const auto sampling = std::count_if(step->spans.begin(), step->spans.end(), [](const auto& span) {
                return span.part == trace::StepPart::NextToken && span.lane == trace::Lane::Gpu;
            });
            EXPECT_EQ(sampling, step->timestamps ? 1 : 0);
        };
        observer.token = [&](const trace::TokenTracePtr& token, const std::string&) {
            if (token->generated) {
                tokens.push_back(token->token);
                timed = tokens.size() >= 10 && tokens.size() < 20;
            }
        };
        device->reset();
        EXPECT_EQ(device->generate(request, observer).tokens, plain.result.tokens);
        EXPECT_EQ(tokens, plain.result.tokens);
        // Steps that were in flight when it began are not timed.
        EXPECT_GE(positions.size(), 10 - (steps - 1));
        EXPECT_LE(positions.size(), 10U);
    }
}

TEST_F(DecoderTest, an_intervention_is_heeded) {
    trace::Intervention intervention;
    intervention.experts_used = 2;
    GenerationRequest request = sampled(16);
    request.intervention = intervention;
    const Answer want = answerOf(*host, request);
    EXPECT_NE(want.result.tokens, answerOf(*host, sampled(16)).result.tokens);
    for (const uint32_t steps : inFlight) {
        request.steps_in_flight = steps;
        expectSame(answerOf(*device, request), want, "with it, " + std::to_string(steps));
        expectSame(answerOf(*device, sampled(16)), answerOf(*host, sampled(16)), "and without it again");
        answerOf(*host, request);
    }
}

// A step of more than one submission: of four layers here, so that a cancel waits for one of them at most.
TEST_F(DecoderTest, a_cancel_is_heard_within_a_step_between_its_layers) {
    const gguf::Reader file(goldenGguf("large_like", gguf::TensorType::F32));
    const model::ModelConfig config = model::readConfig(file);
    inference::Transformer transformer(test::device(), config, file, 64, 32, inference::KvType::F32,
                                       {.whole_steps = false}, {});
    transformer.warmUp();
    ASSERT_TRUE(transformer.prefill(someTokens(5, 1), 0, {}));
    const std::atomic<uint64_t>& submissions = test::device().counters().submissions;
    std::atomic<bool> cancel = false;
    const inference::PassOptions pass{.cancel = &cancel};
    uint64_t before = submissions;
    transformer.submitToken(7, 5, pass);
    EXPECT_TRUE(transformer.finishStep(pass));
    EXPECT_EQ(submissions - before, config.block_count);
    const std::vector<float> logits(transformer.logits().begin(), transformer.logits().end());

    before = submissions;
    transformer.submitToken(7, 5, pass);
    cancel = true;
    EXPECT_FALSE(transformer.finishStep(pass));
    EXPECT_EQ(submissions - before, 1U);
    EXPECT_EQ(transformer.stepsInFlight(), 0U);

    cancel = false;
    transformer.decode(7, 5, pass);
    EXPECT_EQ(std::vector<float>(transformer.logits().begin(), transformer.logits().end()), logits);
    // Several in flight leave no part behind.
    transformer.beginSampling({.token_count = config.token_count, .top_k = 1, .inverse_temperature = 1}, 6, pass);
    before = submissions;
    for (uint32_t i = 0; i < 3; ++i) {
        transformer.submitStep(pass);
    }
    for (uint32_t i = 0; i < 3; ++i) {
        EXPECT_TRUE(transformer.finishStep(pass));
    }
    EXPECT_EQ(submissions - before, 3 * config.block_count);
}

TEST_F(DecoderTest, a_device_that_is_lost_with_steps_in_flight_is_a_sentence) {
    for (const uint32_t after : {0U, 3U, 7U}) {
        GenerationRequest request = sampled(60);
        request.steps_in_flight = 4;
        const auto engine = load(true);
        engine->loseDevice(after);
        EXPECT_EQ(idOf([&] { engine->generate(request); }), "vulkan.device_lost") << after;
    }
}

} // namespace moescope::test
