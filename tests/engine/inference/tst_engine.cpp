// SPDX-License-Identifier: Apache-2.0
#include "tests/engine/inference/golden_model.h"

#include "engine/inference/activations.h"
#include "engine/inference/memory_plan.h"
#include "engine/inference/text_stream.h"
#include "engine/trace/error.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <numeric>

namespace moescope::test {

using gguf::TensorType;
using inference::Engine;
using inference::GenerationRequest;
using inference::KvType;

namespace {

GenerationRequest greedy(std::vector<int32_t> prompt, uint32_t tokens) {
    GenerationRequest request;
    request.prompt = std::move(prompt);
    request.max_tokens = tokens;
    request.sampling.temperature = 0.0F;
    request.ignore_eos = true;
    return request;
}

std::vector<float> lastLogits(Engine& engine, std::span<const int32_t> tokens) {
    std::vector<float> logits;
    engine.evaluate(tokens, {}, [&](const inference::EvaluateBatch& batch) {
        logits.assign(batch.logits.begin(), batch.logits.end());
    });
    return logits;
}

std::unique_ptr<Engine> loadWithHostSteps() {
    return Engine::load(goldenGguf("large_like", gguf::TensorType::F32), {.kv = KvType::F32, .variants = hostSteps()});
}

} // namespace

class EngineTest : public GoldenModelTest {};

TEST_F(EngineTest, decoding_records_and_updates_nothing_after_the_first_token) {
    for (const auto& [telemetry, probs] : {std::pair(false, false), {true, false}, {true, true}}) {
        GenerationRequest request = greedy(someTokens(8, 1), 65);
        request.steps_in_flight = 1; // each has a recording of its own
        request.telemetry = telemetry;
        request.router_probs = probs;
        uint64_t recorded = 0;
        uint64_t updated = 0;
        uint32_t generated = 0;
        engine->generate(request, {.token = [&](const trace::TokenTracePtr& token, const std::string&) {
                             generated += token->generated ? 1 : 0;
                             if (token->generated && generated == 1) {
                                 recorded = engine->commandBuffersRecorded();
                                 updated = engine->descriptorSetsUpdated();
                             }
                         }});
        EXPECT_EQ(generated, 65U);
        EXPECT_GT(recorded, 0U);
        EXPECT_EQ(engine->commandBuffersRecorded(), recorded) << "telemetry " << telemetry << ", probs " << probs;
        EXPECT_EQ(engine->descriptorSetsUpdated(), updated) << "telemetry " << telemetry << ", probs " << probs;
    }
}

TEST_F(EngineTest, each_answer_leaves_what_it_asks_for_and_no_more) {
    engine = loadWithHostSteps();
    // Recordings of the step: between the last token of the prompt and the first of the answer.
    const auto recordings = [&](bool telemetry, bool probs) {
        GenerationRequest request = greedy(someTokens(8, 1), 3);
        request.telemetry = telemetry;
        request.router_probs = probs;
        uint64_t before = 0;
        engine->reset();
        engine->generate(request, {.token = [&](const trace::TokenTracePtr& token, const std::string&) {
                             if (!token->generated) {
                                 before = engine->commandBuffersRecorded();
                             }
                         }});
        return engine->commandBuffersRecorded() - before;
    };
    recordings(false, false);
    EXPECT_EQ(recordings(false, false), 0U);
    EXPECT_EQ(recordings(true, true), 1U);
    EXPECT_EQ(recordings(true, true), 0U);
    EXPECT_EQ(recordings(true, false), 1U) << "the probabilities are copied on";
    EXPECT_EQ(recordings(true, false), 0U);
    EXPECT_EQ(recordings(false, false), 1U) << "the routing is copied on";
    EXPECT_EQ(recordings(true, false), 1U);
}

TEST_F(EngineTest, what_of_the_routing_is_read_back_is_what_was_asked_for) {
    engine = loadWithHostSteps();
    const std::vector<int32_t> prompt = someTokens(8, 1);
    const auto routes = [&](bool telemetry, bool probs) {
        std::vector<trace::RouterTrace> heard;
        GenerationRequest request = greedy(prompt, 6);
        request.telemetry = telemetry;
        request.router_probs = probs;
        engine->generate(request, {.token = [&](const trace::TokenTracePtr& token, const std::string&) {
                             if (token->generated) {
                                 heard.push_back(token->router);
                             }
                         }});
        return heard;
    };
    engine->step(1); // recorded, and nothing of the routing with it
    engine->reset();
    const uint64_t plain = engine->commandBuffersRecorded();
    engine->step(1);
    engine->reset();
    EXPECT_EQ(engine->commandBuffersRecorded(), plain);

    for (const trace::RouterTrace& router : routes(false, false)) {
        EXPECT_TRUE(router.empty());
    }
    const auto chosen = routes(true, false);
    const auto all = routes(true, true);
    const auto again = routes(true, false);
    ASSERT_EQ(chosen.size(), 6U);
    ASSERT_EQ(all.size(), 6U);
    for (size_t i = 0; i < chosen.size(); ++i) {
        EXPECT_FALSE(chosen[i].experts.empty());
        EXPECT_TRUE(chosen[i].probs.empty());
        EXPECT_EQ(all[i].experts, chosen[i].experts);
        EXPECT_EQ(again[i].experts, chosen[i].experts);
        EXPECT_EQ(again[i].weights, chosen[i].weights);
        ASSERT_EQ(all[i].probs.size(), size_t{all[i].moe_layers} * all[i].expert_count);
        // The chosen expert's own probability stands in both.
        EXPECT_EQ(all[i].probs[all[i].experts[0]], all[i].chosen_probs[0]);
    }
    // A step that leaves more than is asked for needs no other recording.
    for (const bool telemetry : {false, true}) {
        engine->reset();
        engine->evaluate(prompt, {.router = telemetry}, [](const auto&) {});
        const uint64_t before = engine->commandBuffersRecorded();
        engine->step(3);
        EXPECT_EQ(engine->commandBuffersRecorded(), before);
    }
}

TEST_F(EngineTest, dispatches_of_a_prefill_do_not_depend_on_its_length) {
    lastLogits(*engine, someTokens(5, 1));
    const uint64_t dispatches = engine->lastPrefillDispatches();
    EXPECT_GT(dispatches, 0U);
    for (const uint32_t count : {2U, 17U, 32U}) {
        engine->reset();
        lastLogits(*engine, someTokens(count, 2));
        EXPECT_EQ(engine->lastPrefillDispatches(), dispatches) << count << " tokens";
    }
}

TEST_F(EngineTest, a_prompt_read_in_pieces_gives_the_same_bits) {
    const std::vector<int32_t> tokens = someTokens(90, 3);
    const std::vector<float> whole = lastLogits(*engine, tokens);
    engine->reset();
    const std::span<const int32_t> all(tokens);
    engine->evaluate(all.first(13), {}, [](const auto&) {});
    engine->evaluate(all.subspan(13, 64), {}, [](const auto&) {});
    EXPECT_EQ(lastLogits(*engine, all.subspan(77)), whole);
}

TEST_F(EngineTest, a_repeated_pass_gives_the_same_bits) {
    const std::vector<int32_t> tokens = someTokens(40, 4);
    const std::vector<float> first = lastLogits(*engine, tokens);
    engine->reset();
    EXPECT_EQ(lastLogits(*engine, tokens), first);
}

TEST_F(EngineTest, a_reused_prefix_changes_nothing) {
    const std::vector<int32_t> prompt = someTokens(30, 5);
    const auto fresh = engine->generate(greedy(prompt, 16));
    const auto reused = engine->generate(greedy(prompt, 16));
    EXPECT_EQ(reused.tokens, fresh.tokens);
    EXPECT_EQ(fresh.timings.reused_tokens, 0U);
    EXPECT_EQ(reused.timings.reused_tokens, 29U);
    EXPECT_EQ(reused.timings.prefill_tokens, 1U);
}

TEST_F(EngineTest, each_reported_token_carries_its_own_routing) {
    const std::vector<int32_t> prompt = someTokens(12, 6);
    std::vector<trace::TokenTracePtr> reported;
    auto request = greedy(prompt, 10);
    request.router_probs = true;
    const auto result = engine->generate(
        request, {.prefill = {}, .token = [&](const auto& token, const auto&) { reported.push_back(token); }});
    ASSERT_EQ(reported.size(), 22U);
    std::vector<int32_t> all = prompt;
    all.insert(all.end(), result.tokens.begin(), result.tokens.end());
    engine->reset();
    std::vector<trace::RouterTrace> traces;
    engine->evaluate(all, {.router = true, .router_probs = true}, [&](const inference::EvaluateBatch& batch) {
        traces.insert(traces.end(), batch.router.begin(), batch.router.end());
    });
    for (size_t i = 0; i < all.size(); ++i) {
        EXPECT_EQ(reported[i]->token, all[i]);
        EXPECT_EQ(reported[i]->position, i);
        EXPECT_EQ(reported[i]->generated, i >= prompt.size());
        EXPECT_EQ(reported[i]->router.experts, traces[i].experts) << "token " << i;
        ASSERT_EQ(reported[i]->router.probs.size(), traces[i].probs.size());
        const float* row = traces[i].probs.data();
        for (uint32_t layer = 0; layer < traces[i].moe_layers; ++layer, row += traces[i].expert_count) {
            EXPECT_NEAR(std::accumulate(row, row + traces[i].expert_count, 0.0F), 1.0F, 1e-5F);
            EXPECT_FLOAT_EQ(row[traces[i].experts[layer]], traces[i].chosen_probs[layer]);
            EXPECT_FLOAT_EQ(row[traces[i].runner_up[layer]], traces[i].runner_up_prob[layer]);
            EXPECT_GE(traces[i].margin(layer), 0.0F);
        }
    }
}

TEST_F(EngineTest, telemetry_off_gives_the_same_tokens_and_no_routing) {
    const std::vector<int32_t> prompt = someTokens(12, 7);
    auto request = greedy(prompt, 12);
    const auto with = engine->generate(request);
    request.telemetry = false;
    engine->reset();
    size_t routed = 0;
    const auto without = engine->generate(request, {.prefill = {}, .token = [&](const auto& token, const auto&) {
                                                        routed += token->router.empty() ? 0 : 1;
                                                    }});
    EXPECT_EQ(with.tokens, without.tokens);
    EXPECT_EQ(routed, 0U);
}

TEST_F(EngineTest, candidates_are_of_the_logits_that_their_token_was_sampled_from) {
    GenerationRequest request = greedy(someTokens(9, 4), 6);
    request.sampling.temperature = 1.0F;
    request.sampling.seed = 5;
    const auto plain = [&] {
        request.candidates = 0;
        return engine->generate(request).tokens;
    }();
    request.candidates = 4;
    std::vector<trace::TokenTracePtr> traces;
    inference::GenerationObserver observer;
    observer.token = [&](const trace::TokenTracePtr& token, const std::string&) { traces.push_back(token); };
    engine->reset();
    EXPECT_EQ(engine->generate(request, observer).tokens, plain);
    std::vector<int32_t> before = request.prompt;
    for (const trace::TokenTracePtr& trace : traces) {
        if (!trace->generated) {
            EXPECT_TRUE(trace->candidates.empty());
            continue;
        }
        engine->reset();
        const std::vector<float> logits = lastLogits(*engine, before);
        const std::span<const float> real = std::span(logits).first(engine->config().token_count);
        double sum = 0;
        for (const float logit : real) {
            sum += std::exp(static_cast<double>(logit));
        }
        bool chosen = false;
        double least = 1;
        ASSERT_GE(trace->candidates.size(), 4U);
        for (const trace::TokenCandidate& candidate : trace->candidates) {
            const double expected = std::exp(static_cast<double>(real[static_cast<size_t>(candidate.token)])) / sum;
            EXPECT_NEAR(candidate.probability, expected, 2e-4);
            EXPECT_EQ(candidate.text, engine->tokenizer().decode(candidate.token));
            EXPECT_LE(candidate.probability, least + 1e-6);
            least = static_cast<double>(candidate.probability);
            chosen = chosen || (candidate.token == trace->token && candidate.probability == trace->probability);
        }
        EXPECT_TRUE(chosen);
        before.push_back(trace->token);
    }
    EXPECT_EQ(before.size(), request.prompt.size() + 6);
}

TEST_F(EngineTest, an_answer_that_is_begun_goes_on_as_if_it_had_never_ended) {
    GenerationRequest request = greedy(someTokens(9, 4), 40);
    request.sampling.temperature = 1.2F;
    request.sampling.top_k = 0U;
    request.sampling.top_p = 1.0F;
    request.sampling.seed = 11;
    const inference::GenerationResult whole = engine->generate(request);
    for (const uint32_t begun : {1U, 7U, 20U, 39U}) {
        GenerationRequest rest = request;
        rest.prompt.insert(rest.prompt.end(), whole.tokens.begin(), whole.tokens.begin() + begun);
        rest.begun = begun;
        rest.max_tokens = 40 - begun;
        const inference::GenerationResult end = engine->generate(rest);
        EXPECT_EQ(end.tokens, std::vector<int32_t>(whole.tokens.begin() + begun, whole.tokens.end())) << begun;
        EXPECT_TRUE(whole.text.ends_with(end.text)) << begun; // characters that the cut went through are whole
        inference::TextStream first({});
        std::string shown;
        for (uint32_t i = 0; i < begun; ++i) {
            shown += first.push(engine->tokenizer().decode(whole.tokens[i], false));
        }
        EXPECT_EQ(shown + end.text, whole.text) << begun;
    }
}

TEST_F(EngineTest, stops_at_a_stop_text_the_length_and_the_end_of_the_context) {
    const std::vector<int32_t> prompt = someTokens(10, 8);
    const auto plain = engine->generate(greedy(prompt, 20));
    EXPECT_EQ(plain.reason, trace::StopReason::Length);
    EXPECT_EQ(plain.tokens.size(), 20U);

    const uint32_t limit = engine->memory().context;
    const auto full = engine->generate(greedy(someTokens(limit - 3, 9), 50));
    EXPECT_EQ(full.reason, trace::StopReason::Context);
    EXPECT_EQ(full.tokens.size(), 4U);
    EXPECT_EQ(engine->position(), limit);

    // Two letters that stand in the answer: its other bytes may be parts of characters.
    const auto isAscii = [](char c) { return c > ' ' && c < 127; };
    size_t at = 1;
    while (at + 1 < plain.text.size() && !(isAscii(plain.text[at]) && isAscii(plain.text[at + 1]))) {
        ++at;
    }
    ASSERT_LT(at + 1, plain.text.size());
    auto stopped = greedy(prompt, 20);
    stopped.stop = {plain.text.substr(at, 2)};
    const auto result = engine->generate(stopped);
    EXPECT_EQ(result.reason, trace::StopReason::Stop);
    EXPECT_EQ(result.text.find(stopped.stop[0]), std::string::npos);
}

TEST_F(EngineTest, a_cancel_is_heard_in_prefill_and_in_decode_and_the_engine_goes_on) {
    std::atomic<bool> cancel = true;
    const auto early =
        engine->generate(greedy(someTokens(60, 10), 20), {.prefill = {}, .token = {}, .cancel = &cancel});
    EXPECT_EQ(early.reason, trace::StopReason::Cancelled);
    EXPECT_TRUE(early.tokens.empty());

    cancel = false;
    const auto late =
        engine->generate(greedy(someTokens(12, 10), 500),
                         {.prefill = {},
                          .token = [&](const auto& token, const auto&) { cancel = token->position >= 15; },
                          .cancel = &cancel});
    EXPECT_EQ(late.reason, trace::StopReason::Cancelled);
    EXPECT_EQ(late.tokens.size(), 4U);

    const auto fresh = loadGolden("large_like");
    EXPECT_EQ(engine->generate(greedy(someTokens(60, 10), 20)).tokens,
              fresh->generate(greedy(someTokens(60, 10), 20)).tokens);
}

TEST_F(EngineTest, prefill_reports_its_progress) {
    std::vector<trace::PrefillProgress> reports;
    engine->generate(greedy(someTokens(100, 11), 1),
                     {.prefill = [&](const auto& progress) { reports.push_back(progress); }});
    ASSERT_GE(reports.size(), 2U);
    EXPECT_EQ(reports.front().done, 0U);
    EXPECT_EQ(reports.back().done, 100U);
    EXPECT_EQ(reports.back().total, 100U);
    EXPECT_FALSE(reports.front().left_ms) << "nothing was read that could tell";
    for (size_t i = 1; i < reports.size(); ++i) {
        ASSERT_TRUE(reports[i].left_ms);
        EXPECT_EQ(*reports[i].left_ms > 0, reports[i].done < 100) << reports[i].done;
    }
}

TEST_F(EngineTest, prompts_that_cannot_be_read_are_sentences) {
    EXPECT_EQ(idOf([&] { engine->generate(greedy({}, 1)); }), "tokens.empty");
    EXPECT_EQ(idOf([&] { engine->generate(greedy({1, -1}, 1)); }), "tokens.range");
    EXPECT_EQ(idOf([&] { engine->generate(greedy({1, 999999999}, 1)); }), "tokens.range");
    EXPECT_EQ(idOf([&] { engine->generate(greedy(someTokens(engine->memory().context + 1, 1), 1)); }),
              "context.prompt_too_long");
    EXPECT_EQ(idOf([&] { Engine::load(goldenGguf("large_like", TensorType::F32), {.context = 1U << 30}); }),
              "context.too_long");
    EXPECT_EQ(idOf([&] {
                  Engine::load(goldenGguf("large_like", TensorType::F32), {.device = "no such device"});
              }).substr(0, 7),
              "vulkan.");
}

TEST_F(EngineTest, kv_buffers_are_the_owners_only_and_equal_the_plan) {
    for (const char* name : {"large_like", "cla4", "cla_off", "odd_head80"}) {
        for (const KvType kv : {KvType::F32, KvType::F16, KvType::Q8_0}) {
            const auto file = goldenGguf(name, TensorType::F32);
            const auto loaded = Engine::load(file, {.kv = kv, .context = 100});
            const inference::MemoryPlan plan = inference::planMemory(loaded->config(), gguf::Reader(file), 100, kv);
            EXPECT_EQ(loaded->memory().kv_bytes, plan.kv_bytes) << name;
            EXPECT_EQ(loaded->kvBufferBytes(), plan.kv_bytes) << name;
            EXPECT_EQ(loaded->memory().weights_bytes, plan.weights_bytes) << name;
            const auto& config = loaded->config();
            const uint64_t exact = inference::kvExactRowBytes(kv, config.head_dim);
            const uint64_t row =
                kv == KvType::Q8_0 ? (exact + 15) / 16 * 16 : exact; // these heads need no other padding
            EXPECT_EQ(plan.kv_bytes, uint64_t{config.kvOwnerCount()} * 2 * config.head_count_kv * row * 100) << name;
        }
    }
}

TEST_F(EngineTest, the_context_is_what_of_the_models_fits_the_memory) {
    const auto path = goldenGguf("large_like", TensorType::F32);
    const gguf::Reader file(path);
    const model::ModelConfig& config = engine->config();
    ASSERT_EQ(config.context_length, 256U);
    const auto needed = [&](uint32_t context) {
        return inference::planMemory(config, file, context, KvType::F32).total();
    };
    const auto load = [&](uint64_t bytes, uint32_t context = 0) {
        return Engine::load(path, {.kv = KvType::F32, .context = context, .memory_bytes = bytes});
    };
    // A sixteenth stays free.
    const auto roomFor = [&](uint32_t context) { return needed(context) * 16 / 15 + 16; };

    const auto whole = load(roomFor(256));
    EXPECT_EQ(whole->memory().context, 256U);
    EXPECT_FALSE(whole->contextChoice().shortened);

    const auto part = load(roomFor(200));
    EXPECT_EQ(part->memory().context, 192U) << "whole steps of 64";
    EXPECT_TRUE(part->contextChoice().shortened);
    EXPECT_EQ(part->contextChoice().model_tokens, 256U);
    EXPECT_EQ(part->contextChoice().whole_bytes, needed(256));
    EXPECT_EQ(part->contextChoice().free_bytes, roomFor(200));
    EXPECT_LE(part->memory().weights_bytes + part->memory().kv_bytes + part->memory().workspace_bytes, roomFor(200));
    const std::vector<int32_t> prompt = someTokens(100, 9);
    EXPECT_EQ(part->generate(greedy(prompt, 8)).tokens, whole->generate(greedy(prompt, 8)).tokens);

    // A named one is taken or refused, never changed; and a model that has no room for even a short one.
    EXPECT_EQ(load(needed(256), 256)->memory().context, 256U);
    EXPECT_EQ(load(needed(100), 100)->memory().context, 100U);
    EXPECT_EQ(idOf([&] { load(needed(256) - 1, 256); }), "context.memory");
    EXPECT_EQ(idOf([&] { load(needed(128) - 1); }), "context.memory");
    try {
        load(needed(256) - 1, 256);
    } catch (const trace::Error& error) {
        EXPECT_NE(std::string(error.what()).find(trace::bytesText(needed(256))), std::string::npos) << error.what();
    }
}

TEST_F(EngineTest, the_context_keeps_to_what_the_device_can_bind) {
    const gguf::Reader file(goldenGguf("large_like", TensorType::F32));
    const model::ModelConfig& config = engine->config();
    const uint64_t plenty = uint64_t{1} << 40;
    inference::MemoryRoom room{.device = "a device", .free_bytes = plenty, .largest_buffer = plenty, .software = false};
    const auto whole = inference::chooseContext(config, file, 0, KvType::F32, room);
    EXPECT_EQ(whole.tokens, 256U);
    room.largest_buffer = whole.whole_buffer_bytes - 1;
    const auto part = inference::chooseContext(config, file, 0, KvType::F32, room);
    EXPECT_EQ(part.tokens, 192U);
    EXPECT_TRUE(part.shortened);
    EXPECT_EQ(part.reason, inference::ContextChoice::Reason::Buffer);
    EXPECT_EQ(inference::chooseContext(config, file, 255, KvType::F32, room).tokens, 255U);
    EXPECT_EQ(idOf([&] { inference::chooseContext(config, file, 256, KvType::F32, room); }), "context.buffer");

    // Never more than can be bound, be it less than a step; and nothing at all is refused.
    const uint64_t each = whole.whole_buffer_bytes / 256;
    for (const uint32_t bindable : {1U, 10U, 63U, 64U, 127U}) {
        room.largest_buffer = each * bindable + each / 2;
        EXPECT_EQ(inference::chooseContext(config, file, 0, KvType::F32, room).tokens, bindable == 127 ? 64 : bindable);
    }
    room.largest_buffer = each - 1;
    for (const uint32_t asked : {0U, 1U}) {
        EXPECT_EQ(idOf([&] { inference::chooseContext(config, file, asked, KvType::F32, room); }), "context.buffer");
    }

    // The tighter of two bounds is told, though both are too tight for the whole.
    const auto bytes = [&](uint32_t context) {
        return inference::planMemory(config, file, context, KvType::F32).total() * 16 / 15 + 16;
    };
    room = {.device = "a device", .free_bytes = bytes(130), .largest_buffer = each * 200, .software = false};
    const auto little = inference::chooseContext(config, file, 0, KvType::F32, room);
    EXPECT_EQ(little.tokens, 128U);
    EXPECT_EQ(little.reason, inference::ContextChoice::Reason::Memory);
    room = {.device = "a device", .free_bytes = bytes(200), .largest_buffer = each * 130, .software = false};
    const auto narrow = inference::chooseContext(config, file, 0, KvType::F32, room);
    EXPECT_EQ(narrow.tokens, 128U);
    EXPECT_EQ(narrow.reason, inference::ContextChoice::Reason::Buffer);
}

TEST_F(EngineTest, the_micro_batch_takes_what_the_context_leaves) {
    const gguf::Reader file(goldenGguf("large_like", TensorType::F32));
    model::ModelConfig config = engine->config();
    config.context_length = 100'000;
    const uint64_t plenty = uint64_t{1} << 40;
    inference::MemoryRoom room{.device = "a device", .free_bytes = plenty, .largest_buffer = plenty, .software = false};
    const auto batchOf = [&](uint32_t asked) {
        return inference::chooseContext(config, file, asked, KvType::F32, room).batch;
    };
    // No more than a context can fill.
    EXPECT_EQ(batchOf(0), 2048U);
    EXPECT_EQ(batchOf(1025), 2048U);
    EXPECT_EQ(batchOf(1024), 1024U);
    EXPECT_EQ(batchOf(513), 1024U);
    EXPECT_EQ(batchOf(512), 512U);
    EXPECT_EQ(batchOf(100), 512U);

    const auto bytes = [&](uint32_t batch) {
        return inference::planMemory(config, file, 4096, KvType::F32).total() +
               inference::ActivationSizes(config, 4096, batch).total() -
               inference::ActivationSizes(config, 4096, 512).total();
    };
    for (const auto& [free, batch] : {std::pair{bytes(2048), 2048U}, std::pair{bytes(2048) - 1, 1024U},
                                      std::pair{bytes(1024), 1024U}, std::pair{bytes(1024) - 1, 512U}}) {
        room.free_bytes = free * 16 / 15; // a sixteenth of which stays free
        EXPECT_EQ(batchOf(4096), batch) << free;
    }
    room.free_bytes = bytes(512);
    EXPECT_EQ(batchOf(4096), 512U) << "what was asked for is tried with all there is";

    room.free_bytes = plenty;
    room.largest_buffer = inference::ActivationSizes(config, 4096, 2048).largest();
    EXPECT_EQ(batchOf(4096), 2048U);
    --room.largest_buffer;
    EXPECT_EQ(batchOf(4096), 1024U);

    room.software = true;
    EXPECT_EQ(batchOf(0), 256U);
}

TEST_F(EngineTest, a_software_devices_context_grows_with_its_figure_from_4096_tokens) {
    const gguf::Reader file(goldenGguf("large_like", TensorType::F32));
    model::ModelConfig config = engine->config();
    const uint64_t plenty = uint64_t{1} << 40;
    inference::MemoryRoom room{.device = "a device", .free_bytes = plenty, .largest_buffer = plenty, .software = true};
    const auto bytes = [&](uint32_t context) {
        model::ModelConfig shorter = config;
        shorter.context_length = context;
        inference::MemoryRoom all = room;
        all.free_bytes = plenty;
        return inference::chooseContext(shorter, file, 0, KvType::F32, all).whole_bytes * 16 / 15 + 16;
    };
    const auto chosen = [&](uint64_t free, uint32_t asked = 0) {
        room.free_bytes = free;
        return inference::chooseContext(config, file, asked, KvType::F32, room);
    };
    EXPECT_EQ(chosen(1).tokens, 256U) << "the model's own limit";
    config.context_length = 32'768;
    // Its figure says little of the host's memory, and the driver refuses by itself.
    for (const uint64_t free : {uint64_t{1}, bytes(127), bytes(128), bytes(200), bytes(4095), bytes(4100)}) {
        EXPECT_EQ(chosen(free).tokens, 4096U) << free;
        EXPECT_TRUE(chosen(free).shortened);
        EXPECT_EQ(chosen(free).reason, inference::ContextChoice::Reason::Memory);
    }
    EXPECT_EQ(chosen(bytes(5000)).tokens, 4992U);
    EXPECT_EQ(chosen(bytes(32'768)).tokens, 32'768U);
    EXPECT_EQ(chosen(1, 32'768).tokens, 32'768U);
    room.largest_buffer = chosen(1).whole_buffer_bytes / 32'768 * 1000;
    EXPECT_EQ(chosen(1).tokens, 960U);
    EXPECT_EQ(chosen(1).reason, inference::ContextChoice::Reason::Buffer);
}

TEST_F(EngineTest, a_weight_that_is_nan_or_infinite_is_named) {
    const auto good = goldenGguf("large_like", TensorType::F32);
    const gguf::Reader reader(good);
    const gguf::TensorInfo* tensor = reader.find("blk.2.ffn_up_exps.weight");
    ASSERT_NE(tensor, nullptr);
    const uint32_t nan = 0x7FC00000;
    const auto bad = patched(good, "nan.gguf", tensor->offset + tensor->bytes / 8 * 4,
                             std::string(reinterpret_cast<const char*>(&nan), sizeof nan));
    try {
        Engine::load(bad);
        FAIL() << "a NaN was accepted";
    } catch (const trace::Error& error) {
        EXPECT_EQ(error.id(), "weights.nan");
        EXPECT_NE(std::string(error.what()).find("blk.2.ffn_up_exps.weight"), std::string::npos);
    }
}

TEST_F(EngineTest, loading_can_be_cancelled_and_reports_bytes) {
    const auto file = goldenGguf("large_like", TensorType::F32);
    uint64_t last = 0;
    uint64_t total = 0;
    Engine::load(file, {.progress = [&](uint64_t done, uint64_t all) {
                     EXPECT_GE(done, last);
                     last = done;
                     total = all;
                     return true;
                 }});
    EXPECT_EQ(last, total);
    EXPECT_EQ(idOf([&] { Engine::load(file, {.progress = [](uint64_t done, uint64_t) { return done < 100000; }}); }),
              "load.cancelled");
}

TEST_F(EngineTest, a_lost_device_is_a_sentence_and_a_reload_goes_on) {
    const std::vector<int32_t> prompt = someTokens(12, 13);
    const auto want = engine->generate(greedy(prompt, 12)).tokens;
    engine->loseDevice(3);
    std::vector<int32_t> reported;
    EXPECT_EQ(idOf([&] {
                  engine->generate(greedy(prompt, 12), {.prefill = {}, .token = [&](const auto& token, const auto&) {
                                                            reported.push_back(token->token);
                                                        }});
              }),
              "vulkan.device_lost");
    EXPECT_FALSE(reported.empty()) << "what was answered before the loss was not reported";
    engine.reset();
    engine = loadGolden("large_like");
    EXPECT_EQ(engine->generate(greedy(prompt, 12)).tokens, want);
}

} // namespace moescope::test
