// SPDX-License-Identifier: Apache-2.0
#include "tests/shaders/kernel_test.h"
#include "tests/support/moe_router.h"
#include "tests/support/rms_norm.h"

#include <bit>

namespace moescope::test {

struct RouterCase {
    uint32_t width, expert_count, used;
    bool norm_weights;
    bool bias = false;
    bool shared_gate = false;
    /** An intervention in the test's layer: the last experts are forced, those before them banned, and every third one
     *  gets a bias, whatever else befalls it. */
    uint32_t forced = 0;
    uint32_t banned = 0;
    float rule_bias = 0;

    bool hasRules() const { return forced + banned > 0 || rule_bias != 0; }
};

/** [layer][expert]: of layer 0 whatever no other layer may heed, then those of `shape`. */
std::vector<shaders::RouterRule> rulesOf(const RouterCase& shape) {
    const uint32_t count = shape.expert_count;
    std::vector<shaders::RouterRule> rules(count, {.kind = ROUTER_RULE_FORCED, .bias = 7});
    for (uint32_t expert = 0; expert < count; ++expert) {
        const uint32_t kind = expert >= count - shape.forced                  ? ROUTER_RULE_FORCED
                              : expert >= count - shape.forced - shape.banned ? ROUTER_RULE_BANNED
                                                                              : ROUTER_RULE_NONE;
        rules.push_back({.kind = kind, .bias = expert % 3 == 1 ? shape.rule_bias : 0.0F});
    }
    return rules;
}

TEST_F(KernelsTest, moe_router) {
    for (const RouterCase& shape : {RouterCase{64, 8, 1, false},
                                    {100, 16, 1, false},
                                    {17, 3, 2, true},
                                    {256, 16, 8, true},
                                    {36, 5, 5, true},
                                    {128, 130, 8, false},
                                    {68, 1024, 9, true, true, true, 3, 30, 0.5F},
                                    {20, 8, 2, true, true, false},
                                    {64, 60, 4, false, false, true},
                                    {33, 7, 3, true, true, true},
                                    {64, 8, 1, false, false, false, 1},
                                    {36, 5, 2, true, false, false, 0, 3},
                                    {17, 3, 1, false, false, false, 0, 2},
                                    {100, 16, 3, true, false, false, 3, 10},
                                    {20, 8, 2, true, true, false, 1, 2, 0.75F},
                                    {33, 7, 3, true, true, true, 2, 2, -1.5F},
                                    {128, 130, 64, false, false, false, 5, 66, 0.5F},
                                    {256, 16, 8, true, false, false, 0, 0, 2.0F}}) {
        const uint32_t tokens = 4;
        const uint32_t layer = 1;
        const TestMatrix router =
            matrix(gguf::TensorType::F32, 1, shape.expert_count + (shape.shared_gate ? 1 : 0), shape.width, 1);
        const std::vector<float> bias = random(shape.expert_count, 4, shape.bias ? 1.0F : 0.0F);
        const auto bias_weights = floats(bias);
        const auto shared_weights = zeroWords(tokens);
        const std::vector<shaders::RouterRule> rules = rulesOf(shape);
        const auto ruled = makeBuffer(rules);
        const std::vector<float> x = random(size_t{tokens} * shape.width, 2, 3.0F);
        const std::vector<float> norm = random(shape.width, 3);
        const auto in = rows(x, shape.width);
        const auto norm_weights = rows(norm, shape.width);
        const auto normed = zeroRows(tokens, shape.width);
        const auto experts = zeroWords(tokens * shape.used);
        const auto weights = zeroWords(tokens * shape.used);
        const uint32_t entry = inference::Kernels::logEntry(shape.used);
        const auto log = zeroWords(uint64_t{2} * tokens * entry);
        const auto probs = zeroWords(uint64_t{2} * tokens * shape.expert_count);
        const auto logits = zeroRows(tokens, router.matrix.rows);
        const auto counters = zeroWords(tokens);
        const auto state = step(0, true, true);
        run([&](auto& recorder) {
            kernels().moeRouter(recorder, router.matrix, shape.bias ? bias_weights.get() : nullptr,
                                shape.hasRules() ? ruled.get() : nullptr,
                                {shape.expert_count, shape.used, shape.norm_weights}, *in, *norm_weights, 1e-5F, *state,
                                {*normed, *experts, *weights, *shared_weights, *log, *probs, *logits, *counters}, layer,
                                tokens, tokens);
        });
        const std::vector<float> got_shared = readFloats(*shared_weights, tokens);
        const std::vector<float> got_normed = readRows(*normed, tokens, shape.width);
        const std::vector<uint32_t> got_experts = readWords(*experts, tokens * shape.used);
        const std::vector<float> got_weights = readFloats(*weights, tokens * shape.used);
        const std::vector<uint32_t> got_log = readWords(*log, size_t{2} * tokens * entry);
        const std::vector<float> got_probs = readFloats(*probs, size_t{2} * tokens * shape.expert_count);
        const std::string what = std::to_string(shape.expert_count) + " experts, used " + std::to_string(shape.used) +
                                 ", forced " + std::to_string(shape.forced) + ", banned " +
                                 std::to_string(shape.banned);
        for (uint32_t t = 0; t < tokens; ++t) {
            const std::vector<float> row =
                twins::rmsNorm(std::span(x).subspan(size_t{t} * shape.width, shape.width), norm, 1e-5F);
            expectNear(std::span(got_normed).subspan(size_t{t} * shape.width, shape.width), row, 1e-6F, 1e-5F,
                       what + ", norm");
            const auto own = std::span(rules).subspan(size_t{layer} * shape.expert_count);
            const twins::Routing want = twins::moeRouter(router.decoded, bias, row, shape.used, shape.norm_weights,
                                                         shape.hasRules() ? own : own.first(0));
            EXPECT_NEAR(got_shared[t], want.shared_weight, 1e-5F) << what;
            const uint32_t* logged = got_log.data() + (size_t{layer} * tokens + t) * entry;
            for (uint32_t s = 0; s < shape.used; ++s) {
                EXPECT_EQ(got_experts[t * shape.used + s], want.experts[s]) << what << ", token " << t;
                EXPECT_NEAR(got_weights[t * shape.used + s], want.weights[s], 1e-5F) << what;
                EXPECT_EQ(logged[s], want.experts[s]) << what;
                EXPECT_NEAR(std::bit_cast<float>(logged[shape.used + 1 + s]), want.probs[want.experts[s]], 1e-5F)
                    << what;
                EXPECT_NEAR(std::bit_cast<float>(logged[2 * shape.used + 2 + s]), want.weights[s], 1e-5F) << what;
            }
            if (shape.used < shape.expert_count) {
                EXPECT_EQ(logged[shape.used], want.runner_up) << what;
                EXPECT_NEAR(std::bit_cast<float>(logged[2 * shape.used + 1]), want.probs[want.runner_up], 1e-5F)
                    << what;
            }
            expectNear(
                std::span(got_probs).subspan((size_t{layer} * tokens + t) * shape.expert_count, shape.expert_count),
                want.probs, 1e-6F, 1e-5F, what);
        }
    }
}

TEST_F(KernelsTest, moe_router_ties_go_to_the_lower_id_and_the_log_can_be_off) {
    const std::vector<float> x(32, 1.0F);
    TestMatrix router = matrix(gguf::TensorType::F32, 1, 6, 32, 1);
    const std::vector<uint8_t> same(router.matrix.buffer->size(), 0);
    router.matrix.buffer->upload(0, same);
    const auto in = rows(x, 32);
    const auto normed = zeroRows(1, 32);
    const auto experts = zeroWords(2);
    const auto weights = zeroWords(2);
    const auto log = zeroWords(8);
    const auto probs = zeroWords(6);
    const auto logits = zeroRows(1, 6);
    const auto counters = zeroWords(1);
    const auto state = step(0, false, false);
    run([&](auto& recorder) {
        kernels().moeRouter(recorder, router.matrix, nullptr, nullptr, {6, 2, true}, *in, *in, 1e-5F, *state,
                            {*normed, *experts, *weights, *weights, *log, *probs, *logits, *counters}, 0, 1, 1);
    });
    EXPECT_EQ(readWords(*experts, 2), (std::vector<uint32_t>{0, 1}));
    EXPECT_EQ(readWords(*log, 8), std::vector<uint32_t>(8, 0));
    EXPECT_EQ(readWords(*probs, 6), std::vector<uint32_t>(6, 0));
}

// A recorded step is submitted again and again, and the last workgroup is not always the same.
TEST_F(KernelsTest, moe_router_gives_the_same_bits_again) {
    const TestMatrix router = matrix(gguf::TensorType::F32, 1, 131, 200, 1);
    const auto in = rows(random(200, 2, 3.0F), 200);
    const auto norm = rows(random(200, 3), 200);
    const auto normed = zeroRows(1, 200);
    const auto experts = zeroWords(8);
    const auto weights = zeroWords(8);
    const auto shared_weights = zeroWords(1);
    const auto log = zeroWords(inference::Kernels::logEntry(8));
    const auto probs = zeroWords(130);
    const auto logits = zeroRows(1, 131);
    const auto counters = zeroWords(1);
    const auto state = step(0, true, true);
    vulkan::CommandRecorder recorder(device(), "again");
    recorder.begin();
    for (int i = 0; i < 2; ++i) {
        kernels().moeRouter(recorder, router.matrix, nullptr, nullptr, {130, 8, true}, *in, *norm, 1e-5F, *state,
                            {*normed, *experts, *weights, *shared_weights, *log, *probs, *logits, *counters}, 0, 1, 1);
        recorder.barrier();
    }
    recorder.end();
    const auto results = [&] {
        recorder.submitAndWait();
        std::vector<uint32_t> all = readWords(*normed, 200);
        for (const auto& [buffer, count] : {std::pair(experts.get(), 8U), std::pair(weights.get(), 8U),
                                            std::pair(shared_weights.get(), 1U), std::pair(probs.get(), 130U)}) {
            const std::vector<uint32_t> words = readWords(*buffer, count);
            all.insert(all.end(), words.begin(), words.end());
        }
        return all;
    };
    const std::vector<uint32_t> first = results();
    for (int i = 0; i < 20; ++i) {
        EXPECT_EQ(results(), first) << i;
        EXPECT_EQ(readWords(*counters, 1), std::vector<uint32_t>{0}) << i;
    }
}

// What the rules are for, told without the twin.
TEST_F(KernelsTest, moe_router_takes_forced_experts_and_never_a_banned_one) {
    const TestMatrix router = matrix(gguf::TensorType::F32, 1, 9, 32, 1);
    const uint32_t tokens = 50;
    const auto in = rows(random(size_t{tokens} * 32, 2, 3.0F), 32);
    const auto norm = rows(std::vector<float>(32, 1.0F), 32);
    const auto normed = zeroRows(tokens, 32);
    const auto experts = zeroWords(size_t{tokens} * 2);
    const auto weights = zeroWords(size_t{tokens} * 2);
    const auto log = zeroWords(size_t{tokens} * inference::Kernels::logEntry(2));
    const auto probs = zeroWords(size_t{tokens} * 9);
    const auto logits = zeroRows(tokens, 9);
    const auto counters = zeroWords(tokens);
    const auto state = step(0, false, false);
    const auto chosen = [&](const std::vector<shaders::RouterRule>& rules) {
        const auto buffer = makeBuffer(rules);
        run([&](auto& recorder) {
            kernels().moeRouter(recorder, router.matrix, nullptr, buffer.get(), {9, 2, true}, *in, *norm, 1e-5F, *state,
                                {*normed, *experts, *weights, *weights, *log, *probs, *logits, *counters}, 0, tokens,
                                tokens);
        });
        std::vector<uint32_t> times(9);
        for (const uint32_t expert : readWords(*experts, size_t{tokens} * 2)) {
            ++times[expert];
        }
        return times;
    };
    std::vector<shaders::RouterRule> rules(9, {.kind = ROUTER_RULE_NONE, .bias = 0});
    const std::vector<uint32_t> free = chosen(rules);
    ASSERT_GT(free[4], 0U);
    ASSERT_LT(free[7], tokens);
    rules[4].kind = ROUTER_RULE_BANNED;
    rules[7].kind = ROUTER_RULE_FORCED;
    const std::vector<uint32_t> ruled = chosen(rules);
    EXPECT_EQ(ruled[4], 0U);
    EXPECT_EQ(ruled[7], tokens);
    rules[4].bias = 100; // the bias comes after the rule
    rules[7].bias = -100;
    const std::vector<uint32_t> biased = chosen(rules);
    EXPECT_EQ(biased[4], tokens);
    EXPECT_EQ(biased[7], 0U);
}

} // namespace moescope::test
