// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/sampler.h"
#include "shaders/common/sampling.h"
#include "tests/shaders/kernel_test.h"
#include "tests/support/sample.h"
#include "tests/support/sample_top.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace moescope::test {

using shaders::SAMPLER_CHUNK;
using shaders::SAMPLER_MOST_TOP;
using shaders::SAMPLER_NONE;

/** Both kernels as a decode step has them, one token after the other by the same logits. */
class SampleTest : public KernelsTest {
protected:
    struct Sampled {
        std::vector<uint32_t> tokens;
        uint32_t refused = SAMPLER_NONE; ///< of the last
        uint32_t position = 0;           ///< of the step behind the last
        uint32_t next_token = 0;         ///< and its token
        shaders::SamplerState state;
    };

    Sampled sample(const std::vector<float>& logits, const shaders::SamplerState& state, uint32_t position,
                   uint32_t times) {
        const uint32_t chunks = (state.token_count + SAMPLER_CHUNK - 1) / SAMPLER_CHUNK;
        const auto in = floats(logits);
        const auto settings = makeBuffer(std::vector{state});
        const auto top = zeroWords(uint64_t{2} * chunks * SAMPLER_MOST_TOP);
        const auto refused = zeroWords(chunks);
        const auto at = step(position, true, false);
        const auto token_ids = zeroWords(8);
        const auto sampled = zeroWords(2);
        Sampled got;
        for (uint32_t i = 0; i < times; ++i) {
            run([&](auto& recorder) {
                kernels().sampleTop(recorder, *in, *settings, *top, *refused, state.token_count);
                recorder.barrier();
                kernels().sample(recorder, *top, *refused, *settings, *at, *token_ids, *sampled, state.token_count);
            });
            const std::vector<uint32_t> words = readWords(*sampled, 2);
            got.tokens.push_back(words[0]);
            got.refused = words[1];
        }
        const auto after = readBack<shaders::StepState>(*at, 1).front();
        EXPECT_EQ(after.log_router, 1U);
        got.position = after.position;
        got.next_token = readWords(*token_ids, 1).front();
        got.state = readBack<shaders::SamplerState>(*settings, 1).front();
        return got;
    }
};

namespace {

struct SampleCase {
    uint32_t token_count;
    inference::SamplerSettings settings;
};

const std::vector<SampleCase>& sampleCases() {
    static const std::vector<SampleCase> cases{
        {300, {.temperature = 0.0F}},
        {300, {.temperature = 0.0F, .repetition_penalty = 1.8F}},
        {5, {.temperature = 1.0F, .top_k = 64, .top_p = 1.0F, .seed = 3}},
        {300, {.temperature = 0.8F, .top_k = 40, .top_p = 0.95F, .seed = 1}},
        {5000, {.temperature = 1.5F, .top_k = 64, .top_p = 1.0F, .min_p = 0.02F, .seed = 0xFFFFFFFFFFFFFFFF}},
        {9000, {.temperature = 2.0F, .top_k = 20, .top_p = 0.8F, .repetition_penalty = 1.2F, .seed = 77}},
        {4096, {.temperature = 0.3F, .top_k = 64, .top_p = 0.0F, .seed = 5}},
        {64, {.temperature = 4.0F, .top_k = 1, .top_p = 1.0F, .seed = 5}},
        {70000,
         {.temperature = 1.0F, .top_k = 40, .top_p = 0.9F, .min_p = 0.1F, .repetition_penalty = 0.9F, .seed = 9}},
    };
    return cases;
}

std::string describe(const SampleCase& shape) {
    return std::to_string(shape.token_count) + " tokens, top-k " + std::to_string(shape.settings.top_k.value_or(0)) +
           ", temperature " + std::to_string(*shape.settings.temperature);
}

} // namespace

TEST_F(SampleTest, sample) {
    for (const SampleCase& shape : sampleCases()) {
        const std::vector<float> logits = random(shape.token_count, 11, 6);
        inference::Sampler sampler(shape.settings, {});
        for (uint32_t i = 0; i < 70; ++i) {
            sampler.accept(static_cast<int32_t>(i * 3 % shape.token_count));
        }
        constexpr uint32_t first = 17;
        constexpr uint32_t times = 12;
        const shaders::SamplerState state = sampler.deviceState(shape.token_count);
        const Sampled got = sample(logits, state, first, times);
        std::vector<uint32_t> recent(std::begin(state.recent), std::end(state.recent));
        for (uint32_t i = 0; i < times; ++i) {
            const twins::SampleTop all = twins::sampleTop(logits, 0, recent, state.penalty, SAMPLER_MOST_TOP);
            const uint32_t want = twins::sample(all.top, state, first + 1 + i);
            EXPECT_EQ(got.tokens[i], want) << describe(shape) << ", draw " << i;
            recent[(state.recent_next + i) % recent.size()] = want;
        }
        EXPECT_EQ(got.position, first + times);
        EXPECT_EQ(got.next_token, got.tokens.back());
        EXPECT_EQ(got.refused, SAMPLER_NONE);
        EXPECT_TRUE(std::equal(recent.begin(), recent.end(), got.state.recent)) << describe(shape);
    }
}

TEST_F(SampleTest, the_host_samples_the_same_tokens) {
    for (const SampleCase& shape : sampleCases()) {
        for (const float spread : {0.1F, 3.0F, 30.0F}) { // hardly told apart, as a model's, one far above the rest
            const std::vector<float> logits = random(shape.token_count, 21, spread);
            inference::Sampler sampler(shape.settings, {});
            sampler.accept(1); // fewer than the penalty looks back at
            sampler.accept(4);
            ASSERT_TRUE(sampler.fitsDevice());
            constexpr uint32_t times = 20;
            const Sampled got = sample(logits, sampler.deviceState(shape.token_count), 99, times);
            for (uint32_t i = 0; i < times; ++i) {
                const int32_t want = sampler.choose(logits, shape.token_count, 100 + i);
                ASSERT_EQ(static_cast<int32_t>(got.tokens[i]), want) << describe(shape) << ", draw " << i;
                sampler.accept(want);
            }
        }
    }
}

TEST_F(SampleTest, a_logit_that_is_none_is_told_and_no_token_out_of_range_comes_of_it) {
    constexpr float none = std::numeric_limits<float>::quiet_NaN();
    std::vector<float> logits = random(5000, 4);
    logits[4321] = none;
    const shaders::SamplerState state =
        inference::Sampler({.temperature = 1.0F, .top_k = 40, .seed = 1}, {}).deviceState(5000);
    const Sampled one = sample(logits, state, 3, 1);
    EXPECT_EQ(one.refused, 4321U);
    EXPECT_LT(one.next_token, 5000U);
    const Sampled all = sample(std::vector<float>(5000, none), state, 3, 1);
    EXPECT_EQ(all.refused, 0U);
    EXPECT_LT(all.next_token, 5000U);
}

} // namespace moescope::test
