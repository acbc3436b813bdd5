// SPDX-License-Identifier: Apache-2.0
// What-ifs on a loaded model: both ways through it, its caches and its recorded step.
#include "tests/engine/inference/golden_model.h"

#include "engine/inference/router_rules.h"
#include "engine/trace/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>

namespace moescope::test {

using gguf::TensorType;
using inference::Engine;
using inference::KvType;
using trace::Intervention;

namespace fs = std::filesystem;

namespace {

std::unique_ptr<Engine> load(const fs::path& file) {
    return Engine::load(file, {.kv = KvType::F32, .variants = wholeSteps()});
}

/** What one pass over some tokens gave, from an empty KV cache. */
struct Pass {
    std::vector<float> logits; ///< of the last token
    std::vector<trace::RouterTrace> router;
};

Pass pass(Engine& engine, std::span<const int32_t> tokens, const Intervention& intervention = {}) {
    Pass pass;
    engine.reset();
    engine.evaluate(tokens, {.router = true, .router_probs = true, .intervention = intervention},
                    [&](const inference::EvaluateBatch& batch) {
                        pass.logits.assign(batch.logits.begin(), batch.logits.end());
                        pass.router.insert(pass.router.end(), batch.router.begin(), batch.router.end());
                    });
    return pass;
}

/** A greedy answer with the routing of all its tokens, those of the prompt too. */
struct Answer {
    std::vector<int32_t> tokens;
    trace::StepTimings timings;
    std::vector<trace::RouterTrace> router;
};

Answer answer(Engine& engine, std::vector<int32_t> prompt, const Intervention& intervention = {}) {
    inference::GenerationRequest request;
    request.prompt = std::move(prompt);
    request.max_tokens = 12;
    request.sampling.temperature = 0.0F;
    request.ignore_eos = true;
    request.router_probs = true;
    request.intervention = intervention;
    Answer answer;
    const auto result = engine.generate(
        request, {.token = [&](const auto& token, const auto&) { answer.router.push_back(token->router); }});
    answer.tokens = result.tokens;
    answer.timings = result.timings;
    return answer;
}

/** How often each expert of a layer was chosen. */
std::map<uint32_t, uint32_t> timesChosen(const std::vector<trace::RouterTrace>& traces, uint32_t layer) {
    std::map<uint32_t, uint32_t> times;
    for (const trace::RouterTrace& trace : traces) {
        for (uint32_t s = 0; s < trace.expert_used_count; ++s) {
            ++times[trace.experts[layer * trace.expert_used_count + s]];
        }
    }
    return times;
}

uint32_t favourite(const std::vector<trace::RouterTrace>& traces, uint32_t layer) {
    const auto times = timesChosen(traces, layer);
    return std::max_element(times.begin(), times.end(),
                            [](const auto& a, const auto& b) { return a.second < b.second; })
        ->first;
}

/** One not chosen by every token. */
uint32_t seldom(const std::vector<trace::RouterTrace>& traces, uint32_t layer) {
    const auto times = timesChosen(traces, layer);
    uint32_t found = 0;
    while (times.find(found) != times.end() && times.at(found) == traces.size()) {
        ++found;
    }
    return found;
}

/** A golden whose file says that `used` experts answer, and their weights add up to 1. */
fs::path withExpertsUsed(const fs::path& source, uint32_t used) {
    std::ifstream file(source, std::ios::binary);
    std::string head(1 << 16, '\0');
    file.read(head.data(), static_cast<std::streamsize>(head.size()));
    const auto valueOf = [&](const std::string& key) {
        const size_t at = head.find(key);
        EXPECT_NE(at, std::string::npos) << key;
        return at + key.size() + 4; // behind the type
    };
    const std::string name = "used-" + std::to_string(used) + ".gguf";
    const std::string value(reinterpret_cast<const char*>(&used), sizeof used);
    const fs::path counted = patched(source, "counted-" + name, valueOf(".expert_used_count"), value);
    return patched(counted, name, valueOf(".expert_weights_norm"), "\x01");
}

} // namespace

class Interventions : public KernelTest {
protected:
    void SetUp() override {
        KernelTest::SetUp();
        if (IsSkipped() || HasFatalFailure()) {
            return;
        }
        top1 = loadGolden("large_like");
        top2 = loadGolden("top2_cla");
    }

    std::unique_ptr<Engine> top1; ///< of 8, and a shared one
    std::unique_ptr<Engine> top2; ///< of 8, and two shared ones
    const std::vector<int32_t> prompt = someTokens(40, 3);
};

TEST_F(Interventions, a_banned_expert_never_answers) {
    for (Engine* engine : {top1.get(), top2.get()}) {
        const Answer free = answer(*engine, prompt);
        Intervention ban;
        for (uint32_t layer = 0; layer < engine->model().moeLayers(); ++layer) {
            ban.banned.push_back({layer, favourite(free.router, layer)});
            ASSERT_GT(timesChosen(free.router, layer)[ban.banned.back().expert], 0U);
        }
        const Answer banned = answer(*engine, prompt, ban);
        ASSERT_EQ(banned.router.size(), prompt.size() + 12);
        for (const trace::ExpertPlace& place : ban.banned) {
            EXPECT_EQ(timesChosen(banned.router, place.layer)[place.expert], 0U) << "layer " << place.layer;
        }
    }
}

TEST_F(Interventions, a_forced_expert_always_answers) {
    for (Engine* engine : {top1.get(), top2.get()}) {
        const Answer free = answer(*engine, prompt);
        Intervention force;
        for (uint32_t layer = 0; layer < engine->model().moeLayers(); ++layer) {
            force.forced.push_back({layer, seldom(free.router, layer)});
        }
        const Answer forced = answer(*engine, prompt, force);
        ASSERT_EQ(forced.router.size(), prompt.size() + 12);
        for (const trace::ExpertPlace& place : force.forced) {
            EXPECT_EQ(timesChosen(forced.router, place.layer)[place.expert], forced.router.size())
                << "layer " << place.layer;
        }
    }
}

// The first router's input is the model's own, whatever is done to it: its softmax can be done over by hand.
TEST_F(Interventions, rules_and_biases_act_on_the_logits_before_the_softmax) {
    const Pass free = pass(*top1, prompt);
    const uint32_t experts = top1->model().expert_count;
    const Intervention whatIf{.banned = {{0, 2}}, .forced = {{0, 5}}, .biases = {{{0, 1}, 1.5F}, {{0, 2}, -0.5F}}};
    const Pass changed = pass(*top1, prompt, whatIf);
    for (size_t token = 0; token < prompt.size(); ++token) {
        // Logits but for a constant, which no rule and no softmax sees.
        std::vector<double> logits;
        for (uint32_t e = 0; e < experts; ++e) {
            logits.push_back(std::log(static_cast<double>(free.router[token].probs[e])));
        }
        const auto [low, high] = std::minmax_element(logits.begin(), logits.end());
        const double banned = *low - 0.01;
        const double forced = *high + 0.01;
        logits[2] = banned - 0.5;
        logits[5] = forced;
        logits[1] += 1.5;
        double sum = 0;
        for (const double logit : logits) {
            sum += std::exp(logit);
        }
        for (uint32_t e = 0; e < experts; ++e) {
            EXPECT_NEAR(static_cast<double>(changed.router[token].probs[e]), std::exp(logits[e]) / sum, 1e-5)
                << "token " << token << ", expert " << e;
        }
        const auto best = std::max_element(logits.begin(), logits.end()) - logits.begin();
        EXPECT_EQ(changed.router[token].experts[0], best);
        EXPECT_FLOAT_EQ(changed.router[token].weights[0], changed.router[token].probs[static_cast<size_t>(best)]);
    }
}

TEST_F(Interventions, a_bias_brings_an_expert_more_tokens_or_fewer) {
    const Answer free = answer(*top2, prompt);
    const uint32_t expert = favourite(free.router, 1);
    const uint32_t times = timesChosen(free.router, 1)[expert];
    ASSERT_LT(times, free.router.size());
    EXPECT_EQ(timesChosen(answer(*top2, prompt, {.biases = {{{1, expert}, 50.0F}}}).router, 1)[expert],
              free.router.size());
    EXPECT_EQ(timesChosen(answer(*top2, prompt, {.biases = {{{1, expert}, -50.0F}}}).router, 1)[expert], 0U);
    const uint32_t fewer = timesChosen(pass(*top2, prompt, {.biases = {{{1, expert}, -1.0F}}}).router, 1)[expert];
    EXPECT_LT(fewer, timesChosen(pass(*top2, prompt).router, 1)[expert]);
}

TEST_F(Interventions, without_shared_experts_is_as_if_their_weights_were_zero) {
    for (Engine* engine : {top1.get(), top2.get()}) {
        const fs::path whole = engine->model().path;
        fs::path zeroed = whole;
        const gguf::Reader reader(whole);
        for (const gguf::TensorInfo& tensor : reader.tensors()) {
            if (tensor.name.find(".ffn_down_shexp.") != std::string::npos) {
                zeroed = patched(zeroed, tensor.name + ".gguf", tensor.offset, std::string(tensor.bytes, '\0'));
            }
        }
        ASSERT_NE(zeroed, whole);
        const auto without = load(zeroed);
        const Intervention off{.without_shared = true};
        const Pass want = pass(*without, prompt);
        const Pass got = pass(*engine, prompt, off);
        EXPECT_EQ(got.logits, want.logits);
        EXPECT_NE(got.logits, pass(*engine, prompt).logits);
        EXPECT_EQ(answer(*engine, prompt, off).tokens, answer(*without, prompt).tokens);
        const auto step = engine->step(7);
        const std::vector<float> decoded(step.begin(), step.end());
        const auto wanted = without->step(7);
        EXPECT_EQ(decoded, std::vector<float>(wanted.begin(), wanted.end()));
    }
}

// Top-k of a Hunyuan model is divided by its sum, as a file that states so many would have it.
TEST_F(Interventions, another_number_of_experts_is_as_if_the_file_said_so) {
    const auto top8 = loadGolden("a13b_like");
    for (const auto& [engine, used] :
         {std::pair{top1.get(), 3U}, {top2.get(), 5U}, {top8.get(), 2U}, {top8.get(), 16U}}) {
        const auto stated = load(withExpertsUsed(engine->model().path, used));
        ASSERT_EQ(stated->config().expert_used_count, used);
        const std::vector<int32_t> tokens = someTokens(100, 5);
        const Pass want = pass(*stated, tokens);
        const Pass got = pass(*engine, tokens, {.experts_used = used});
        EXPECT_EQ(got.logits, want.logits) << used;
        ASSERT_EQ(got.router.size(), tokens.size());
        for (size_t token = 0; token < tokens.size(); ++token) {
            EXPECT_EQ(got.router[token].expert_used_count, used);
            EXPECT_EQ(got.router[token].experts, want.router[token].experts);
            EXPECT_EQ(got.router[token].weights, want.router[token].weights);
        }
        EXPECT_EQ(answer(*engine, tokens, {.experts_used = used}).tokens, answer(*stated, tokens).tokens) << used;
        EXPECT_EQ(engine->memory().workspace_bytes,
                  std::max(stated->memory().workspace_bytes, load(engine->model().path)->memory().workspace_bytes));
    }
}

TEST_F(Interventions, one_expert_keeps_its_probability_where_the_family_has_it_so) {
    const auto top8 = loadGolden("a13b_like");
    for (Engine* engine : {top2.get(), top8.get()}) {
        for (const trace::RouterTrace& trace : answer(*engine, prompt, {.experts_used = 1}).router) {
            EXPECT_EQ(trace.expert_used_count, 1U);
            EXPECT_EQ(trace.weights, trace.chosen_probs);
            EXPECT_LT(trace.weights[0], 1.0F);
        }
    }
    const auto other = load(fs::path(MOESCOPE_TEST_DATA) / "second" / "second.gguf");
    ASSERT_TRUE(other->config().expert_weights_norm);
    for (const trace::RouterTrace& trace : answer(*other, prompt, {.experts_used = 1}).router) {
        for (const float weight : trace.weights) {
            EXPECT_FLOAT_EQ(weight, 1.0F);
        }
    }
}

TEST_F(Interventions, a_prompt_and_its_tokens_one_by_one_are_routed_alike) {
    for (const Intervention& whatIf :
         {Intervention{.banned = {{0, 1}, {1, 2}}, .forced = {{1, 4}}, .biases = {{{2, 3}, 0.7F}}},
          Intervention{.without_shared = true}, Intervention{.experts_used = 4},
          Intervention{.forced = {{0, 6}}, .without_shared = true, .experts_used = 2}}) {
        const Answer written = answer(*top1, prompt, whatIf);
        std::vector<int32_t> all = prompt;
        all.insert(all.end(), written.tokens.begin(), written.tokens.end());
        const Pass read = pass(*top1, all, whatIf);
        ASSERT_EQ(read.router.size(), written.router.size());
        for (size_t token = 0; token < all.size(); ++token) {
            EXPECT_EQ(read.router[token].experts, written.router[token].experts) << token;
            expectNear(read.router[token].weights, written.router[token].weights, 1e-4F, 1e-4F);
        }
    }
}

TEST_F(Interventions, the_model_is_untouched_afterwards) {
    for (Engine* engine : {top1.get(), top2.get()}) {
        const uint64_t workspace = engine->memory().workspace_bytes;
        const Pass before = pass(*engine, prompt);
        const Answer answered = answer(*engine, prompt);
        const auto experts = engine->model().expert_count;
        answer(*engine, prompt,
               {.banned = {{0, 1}}, .biases = {{{1, 1}, 3.0F}}, .without_shared = true, .experts_used = experts - 1});
        EXPECT_GT(engine->memory().workspace_bytes, workspace);
        const Pass after = pass(*engine, prompt);
        EXPECT_EQ(after.logits, before.logits);
        for (size_t token = 0; token < prompt.size(); ++token) {
            EXPECT_EQ(after.router[token].weights, before.router[token].weights);
            EXPECT_EQ(after.router[token].probs, before.router[token].probs);
        }
        EXPECT_EQ(answer(*engine, prompt).tokens, answered.tokens);
        EXPECT_EQ(engine->memory().workspace_bytes, workspace);
        // A rule that changes nothing, and as many experts as the model has.
        EXPECT_EQ(pass(*engine, prompt, {.biases = {{{0, 0}, 0.0F}}}).logits, before.logits);
        EXPECT_EQ(pass(*engine, prompt, {.experts_used = engine->model().expert_used_count}).logits, before.logits);
    }
}

TEST_F(Interventions, a_cache_that_was_filled_otherwise_is_forgotten) {
    const auto reused = [&](const Intervention& whatIf) { return answer(*top1, prompt, whatIf).timings.reused_tokens; };
    const Intervention ban{.banned = {{0, 1}}};
    const auto all = static_cast<uint32_t>(prompt.size() - 1);
    EXPECT_EQ(reused({}), 0U);
    EXPECT_EQ(reused({}), all);
    EXPECT_EQ(reused(ban), 0U);
    EXPECT_EQ(reused(ban), all);
    EXPECT_EQ(reused({.banned = {{0, 2}}}), 0U);
    EXPECT_EQ(reused({}), 0U);
    // A pass goes on behind its own tokens only.
    top1->evaluate(prompt, {.intervention = ban}, [](const auto&) {});
    EXPECT_EQ(top1->position(), prompt.size());
    top1->evaluate(prompt, {.intervention = ban}, [](const auto&) {});
    EXPECT_EQ(top1->position(), 2 * prompt.size());
    top1->evaluate(prompt, {}, [](const auto&) {});
    EXPECT_EQ(top1->position(), prompt.size());
}

TEST_F(Interventions, the_step_is_recorded_again_only_for_another_shape_of_rules) {
    top1 = Engine::load(goldenGguf("large_like", TensorType::F32), {.kv = KvType::F32, .variants = hostSteps()});
    // Recordings between the last token of the prompt and the end of the answer.
    const auto recordings = [&](const Intervention& whatIf) {
        inference::GenerationRequest request;
        request.prompt = prompt;
        request.max_tokens = 4;
        request.ignore_eos = true;
        request.intervention = whatIf;
        uint64_t before = 0;
        top1->generate(request, {.token = [&](const trace::TokenTracePtr& token, const std::string&) {
                           before = token->generated ? before : top1->commandBuffersRecorded();
                       }});
        return top1->commandBuffersRecorded() - before;
    };
    recordings({});
    EXPECT_EQ(recordings({}), 0U);
    EXPECT_EQ(recordings({.banned = {{0, 1}}}), 1U);
    EXPECT_EQ(recordings({.banned = {{0, 2}, {1, 1}}}), 0U);
    EXPECT_EQ(recordings({.forced = {{2, 2}}, .biases = {{{0, 0}, 1.0F}}}), 0U);
    EXPECT_EQ(recordings({.forced = {{2, 2}}, .without_shared = true}), 1U);
    EXPECT_EQ(recordings({.experts_used = 2}), 1U);
    EXPECT_EQ(recordings({.experts_used = 3}), 1U);
    EXPECT_EQ(recordings({}), 1U);
    EXPECT_EQ(recordings({}), 0U);
}

TEST_F(Interventions, what_cannot_be_run_is_refused_before_anything_runs) {
    const Answer before = answer(*top1, prompt);
    const uint32_t position = top1->position();
    for (const auto& [whatIf, id] : {std::pair<Intervention, std::string>{{.banned = {{99, 0}}}, "intervention.layer"},
                                     {{.forced = {{0, 8}}}, "intervention.expert"},
                                     {{.forced = {{0, 0}, {0, 1}}}, "intervention.forced"},
                                     {{.experts_used = 9}, "intervention.experts_used"}}) {
        EXPECT_EQ(idOf([&] { answer(*top1, prompt, whatIf); }), id);
        EXPECT_EQ(idOf([&] { pass(*top1, prompt, whatIf); }), id);
    }
    EXPECT_EQ(top1->position(), 0U) << "pass() resets";
    EXPECT_GT(position, 0U);
    EXPECT_EQ(answer(*top1, prompt).tokens, before.tokens);
    EXPECT_EQ(idOf([&] { answer(*top1, prompt, {.experts_used = 9}); }), "intervention.experts_used");
    EXPECT_EQ(answer(*top1, prompt).timings.reused_tokens, prompt.size() - 1) << "a refusal leaves the cache alone";
    const auto dense = loadGolden("dense");
    EXPECT_EQ(idOf([&] { answer(*dense, prompt, {.without_shared = true}); }), "intervention.dense");
}

// No model here has so many experts.
TEST(RouterRules, more_experts_than_the_kernels_have_room_for_are_refused) {
    model::ModelConfig config;
    config.block_count = 2;
    config.expert_count = 128;
    config.expert_used_count = 8;
    EXPECT_EQ(inference::routerRules({.experts_used = 64}, config).experts_used, 64U);
    EXPECT_EQ(idOf([&] { inference::routerRules({.experts_used = 65}, config); }), "intervention.experts_used");
}

} // namespace moescope::test
