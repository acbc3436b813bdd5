// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/sampler.h"

#include "engine/trace/error.h"
#include "shaders/common/sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

namespace moescope::inference {

namespace {

/** Samples the token at `position` and tells of it. */
SampledToken sample(Sampler& sampler, const std::vector<float>& logits, uint32_t token_count, uint32_t position = 1,
                    uint32_t candidates = 0) {
    return sampler.tell(sampler.choose(logits, token_count, position), logits, token_count, candidates);
}

std::map<int32_t, int> histogram(const SamplerSettings& settings, const std::vector<float>& logits, int draws) {
    SamplerSettings seeded = settings;
    seeded.seed = 5;
    Sampler sampler(seeded, {.temperature = 1, .top_k = 0, .top_p = 1, .repetition_penalty = 1});
    std::map<int32_t, int> counts;
    for (int i = 0; i < draws; ++i) {
        ++counts[sampler.choose(logits, static_cast<uint32_t>(logits.size()), static_cast<uint32_t>(i))];
    }
    return counts;
}

} // namespace

TEST(Sampler, greedy_takes_the_best_and_the_lower_id_on_ties) {
    Sampler sampler({.temperature = 0.0F}, {});
    EXPECT_EQ(sample(sampler, std::vector<float>{1, 3, 3, 2}, 4).token, 1);
}

TEST(Sampler, padding_rows_are_never_produced) {
    Sampler sampler({.temperature = 0.0F}, {});
    EXPECT_EQ(sample(sampler, std::vector<float>{1, 2, 9, 9}, 2).token, 1);
}

TEST(Sampler, greedy_switches_the_models_penalty_off_unless_it_is_named) {
    const trace::SamplingDefaults defaults{.temperature = 0.7F, .top_k = 40, .top_p = 0.9F, .repetition_penalty = 2};
    Sampler plain({.temperature = 0.0F}, defaults);
    plain.accept(0);
    EXPECT_EQ(sample(plain, std::vector<float>{3, 2}, 2).token, 0);
    Sampler named({.temperature = 0.0F, .repetition_penalty = 2.0F}, defaults);
    named.accept(0);
    EXPECT_EQ(sample(named, std::vector<float>{3, 2}, 2).token, 1);
}

TEST(Sampler, penalty_divides_positive_and_multiplies_negative_logits_over_64_tokens) {
    Sampler sampler({.temperature = 0.0F, .repetition_penalty = 2.0F}, {});
    sampler.accept(1);
    EXPECT_EQ(sample(sampler, std::vector<float>{-3, -2}, 2).token, 0);
    for (int i = 0; i < 64; ++i) {
        sampler.accept(5);
    }
    EXPECT_EQ(sample(sampler, std::vector<float>{-3, -2}, 2).token, 1);
}

TEST(Sampler, draws_follow_the_softmax) {
    const std::vector<float> logits{0, std::log(3.0F)};
    const auto counts = histogram({}, logits, 20000);
    EXPECT_NEAR(counts.at(1) / 20000.0, 0.75, 0.015);
}

TEST(Sampler, top_k_top_p_and_min_p_cut_the_tail) {
    const std::vector<float> logits{std::log(0.5F), std::log(0.3F), std::log(0.15F), std::log(0.05F)};
    EXPECT_EQ(histogram({.top_k = 2}, logits, 2000).size(), 2U);
    EXPECT_EQ(histogram({.top_p = 0.6F}, logits, 2000).size(), 2U);
    EXPECT_EQ(histogram({.min_p = 0.25F}, logits, 2000).size(), 3U);
    EXPECT_EQ(histogram({.top_p = 0.0F}, logits, 2000).size(), 1U);
}

TEST(Sampler, a_token_follows_from_seed_and_position_whatever_was_sampled_before) {
    const std::vector<float> logits{0, 0.1F, 0.2F, 0.3F};
    std::vector<int32_t> tokens;
    Sampler whole({.temperature = 1.0F, .seed = 42}, {});
    for (uint32_t position = 0; position < 200; ++position) {
        tokens.push_back(whole.choose(logits, 4, position));
    }
    Sampler later({.temperature = 1.0F, .seed = 42}, {});
    Sampler other({.temperature = 1.0F, .seed = 42 + (uint64_t{1} << 32)}, {});
    int differ = 0;
    for (uint32_t position = 199; position > 100; --position) {
        EXPECT_EQ(later.choose(logits, 4, position), tokens[position]);
        differ += other.choose(logits, 4, position) != tokens[position] ? 1 : 0;
    }
    EXPECT_GT(differ, 50);
}

TEST(Sampler, logits_that_differ_little_give_the_same_tokens) {
    // Two that swap ranks: what was drawn by rank would change with them.
    const std::vector<float> a{1.00F, 0.99F, 0.5F, 0.2F};
    const std::vector<float> b{0.99F, 1.00F, 0.5F, 0.2F};
    int same = 0;
    Sampler sampler({.temperature = 1.0F, .seed = 6}, {});
    for (uint32_t position = 0; position < 1000; ++position) {
        same += sampler.choose(a, 4, position) == sampler.choose(b, 4, position) ? 1 : 0;
    }
    EXPECT_GT(same, 980);
}

TEST(Sampler, noise_is_gumbels) {
    EXPECT_EQ(shaders::samplingBits(0, 0, 0, 0), 0x6627E8D5U); // of the authors' known answers for Philox4x32-10
    for (uint32_t i = 0; i < 1000; ++i) {
        const float value = std::exp2(static_cast<float>(i) / 7 - 60);
        EXPECT_NEAR(shaders::samplingLog(value), std::log(value), 2e-7 * (1 + std::abs(std::log(value))));
        const float negative = -static_cast<float>(i) / 11;
        EXPECT_NEAR(shaders::samplingExp(negative), negative > -87 ? std::exp(negative) : 0, 3e-7 * std::exp(negative));
    }
    constexpr uint32_t count = 200'000;
    double sum = 0;
    double squares = 0;
    for (uint32_t token = 0; token < count; ++token) {
        const double noise = shaders::samplingNoise(1, 2, 3, token);
        sum += noise;
        squares += noise * noise;
    }
    const double mean = sum / count;
    EXPECT_NEAR(mean, 0.5772, 0.01);                                   // Euler's constant
    EXPECT_NEAR(squares / count - mean * mean, M_PI * M_PI / 6, 0.03); // its variance
}

TEST(Sampler, the_device_samples_greedily_or_among_few) {
    EXPECT_TRUE(Sampler({.temperature = 0.0F}, {}).fitsDevice());
    EXPECT_TRUE(Sampler({.temperature = 1.0F, .top_k = 64}, {}).fitsDevice());
    EXPECT_FALSE(Sampler({.temperature = 1.0F, .top_k = 65}, {}).fitsDevice());
    EXPECT_FALSE(Sampler({.temperature = 1.0F, .top_k = 0}, {}).fitsDevice());
}

TEST(Sampler, candidates_change_no_token) {
    std::mt19937 random(3);
    std::vector<float> logits(1000);
    for (float& logit : logits) {
        logit = static_cast<float>(random() % 4096) / 256; // with ties
    }
    const std::vector<SamplerSettings> cases = {
        {.temperature = 0.0F, .repetition_penalty = 1.3F},
        {.temperature = 1.0F, .seed = 9},
        {.temperature = 0.8F, .top_k = 40, .top_p = 0.9F, .min_p = 0.02F, .repetition_penalty = 1.2F, .seed = 9}};
    for (const SamplerSettings& settings : cases) {
        Sampler plain(settings, {});
        Sampler telling(settings, {});
        for (uint32_t i = 0; i < 100; ++i) {
            const SampledToken a = sample(plain, logits, 990, i);
            const SampledToken b = sample(telling, logits, 990, i, 10);
            ASSERT_EQ(a.token, b.token);
            EXPECT_EQ(a.probability, b.probability);
            EXPECT_TRUE(a.candidates.empty());
            EXPECT_GE(b.candidates.size(), 10U);
            plain.accept(a.token);
            telling.accept(b.token);
        }
    }
}

TEST(Sampler, candidates_are_the_likeliest_before_and_behind_the_samplers) {
    const std::vector<float> logits{std::log(0.15F), std::log(0.5F), std::log(0.05F), std::log(0.3F)};
    // Behind top-k 3 and top-p 0.7 the second and the fourth are left: 5 to 3.
    Sampler sampler({.temperature = 1.0F, .top_k = 3, .top_p = 0.7F, .seed = 1}, {});
    const SampledToken token = sample(sampler, logits, 4, 1, 3);
    ASSERT_EQ(token.candidates.size(), 3U);
    const std::vector<std::pair<float, float>> expected{{0.5F, 0.625F}, {0.3F, 0.375F}, {0.15F, 0.0F}};
    const std::vector<int32_t> ids{1, 3, 0};
    for (size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(token.candidates[i].token, ids[i]);
        EXPECT_NEAR(token.candidates[i].probability, expected[i].first, 1e-6F);
        EXPECT_NEAR(token.candidates[i].sampled, expected[i].second, 1e-6F);
    }
}

TEST(Sampler, candidates_follow_temperature_and_penalty) {
    const std::vector<float> logits{2, 1, -1};
    Sampler sampler({.temperature = 0.5F, .top_k = 0, .top_p = 1.0F, .repetition_penalty = 2.0F, .seed = 1}, {});
    sampler.accept(0);
    sampler.accept(2);
    const SampledToken token = sample(sampler, logits, 3, 1, 5); // more than there are
    ASSERT_EQ(token.candidates.size(), 3U);
    // Behind the penalty the logits are 1, 1, −2; divided by the temperature 2, 2, −4.
    const double sum = 2 * std::exp(2.0) + std::exp(-4.0);
    const double raw = std::exp(2.0) + std::exp(1.0) + std::exp(-1.0);
    EXPECT_NEAR(token.candidates[0].probability, std::exp(2.0) / raw, 1e-6);
    EXPECT_NEAR(token.candidates[0].sampled, std::exp(2.0) / sum, 1e-6);
    EXPECT_NEAR(token.candidates[1].sampled, std::exp(2.0) / sum, 1e-6);
    EXPECT_NEAR(token.candidates[2].sampled, std::exp(-4.0) / sum, 1e-6);
}

TEST(Sampler, the_sampled_token_is_always_a_candidate) {
    std::vector<float> logits(50, 0.0F);
    logits[20] = 1;
    Sampler sampler({.temperature = 1.0F, .top_k = 0, .top_p = 1.0F, .seed = 4}, {});
    int outside = 0;
    for (uint32_t i = 0; i < 200; ++i) {
        const SampledToken token = sample(sampler, logits, 50, i, 2);
        const auto found = std::find_if(token.candidates.begin(), token.candidates.end(),
                                        [&](const Candidate& one) { return one.token == token.token; });
        ASSERT_NE(found, token.candidates.end());
        EXPECT_EQ(found->probability, token.probability);
        EXPECT_EQ(token.candidates[0].token, 20);
        EXPECT_EQ(token.candidates[1].token, 0); // equal ones: lower ids first
        outside += token.candidates.size() == 3 ? 1 : 0;
    }
    EXPECT_GT(outside, 100);
    Sampler greedy({.temperature = 0.0F, .repetition_penalty = 4.0F}, {});
    greedy.accept(20);
    const SampledToken token = sample(greedy, std::vector<float>{-1, 1, 3, 2}, 4, 1, 1);
    ASSERT_EQ(token.candidates.size(), 1U);
    EXPECT_EQ(token.candidates[0].sampled, 1.0F);
}

TEST(Sampler, a_nan_or_an_infinity_is_a_sentence) {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        Sampler sampler({}, {});
        try {
            sampler.choose(std::vector<float>{0, bad}, 2, 1);
            FAIL() << "a logit of " << bad << " was accepted";
        } catch (const trace::Error& error) {
            EXPECT_EQ(error.id(), "sampler.nan");
        }
    }
}

TEST(Sampler, reports_the_probability_of_the_raw_logits) {
    Sampler sampler({.temperature = 0.0F}, {});
    EXPECT_NEAR(sample(sampler, std::vector<float>{0, std::log(3.0F)}, 2).probability, 0.75F, 1e-6F);
}

} // namespace moescope::inference
