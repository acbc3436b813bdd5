// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/sampler.h"

#include "engine/trace/error.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <random>

namespace moescope::inference {

namespace {

std::map<int32_t, int> histogram(const SamplerSettings& settings, const std::vector<float>& logits, int draws) {
    SamplerSettings seeded = settings;
    seeded.seed = 5;
    Sampler sampler(seeded, {.temperature = 1, .top_k = 0, .top_p = 1, .repetition_penalty = 1});
    std::map<int32_t, int> counts;
    for (int i = 0; i < draws; ++i) {
        ++counts[sampler.sample(logits, static_cast<uint32_t>(logits.size())).token];
    }
    return counts;
}

} // namespace

TEST(Sampler, greedy_takes_the_best_and_the_lower_id_on_ties) {
    Sampler sampler({.temperature = 0.0F}, {});
    EXPECT_EQ(sampler.sample(std::vector<float>{1, 3, 3, 2}, 4).token, 1);
}

TEST(Sampler, padding_rows_are_never_produced) {
    Sampler sampler({.temperature = 0.0F}, {});
    EXPECT_EQ(sampler.sample(std::vector<float>{1, 2, 9, 9}, 2).token, 1);
}

TEST(Sampler, greedy_switches_the_models_penalty_off_unless_it_is_named) {
    const trace::SamplingDefaults defaults{.temperature = 0.7F, .top_k = 40, .top_p = 0.9F, .repetition_penalty = 2};
    Sampler plain({.temperature = 0.0F}, defaults);
    plain.accept(0);
    EXPECT_EQ(plain.sample(std::vector<float>{3, 2}, 2).token, 0);
    Sampler named({.temperature = 0.0F, .repetition_penalty = 2.0F}, defaults);
    named.accept(0);
    EXPECT_EQ(named.sample(std::vector<float>{3, 2}, 2).token, 1);
}

TEST(Sampler, penalty_divides_positive_and_multiplies_negative_logits_over_64_tokens) {
    Sampler sampler({.temperature = 0.0F, .repetition_penalty = 2.0F}, {});
    sampler.accept(1);
    EXPECT_EQ(sampler.sample(std::vector<float>{-3, -2}, 2).token, 0);
    for (int i = 0; i < 64; ++i) {
        sampler.accept(5);
    }
    EXPECT_EQ(sampler.sample(std::vector<float>{-3, -2}, 2).token, 1);
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

TEST(Sampler, the_same_seed_gives_the_same_tokens) {
    const std::vector<float> logits{0, 0.1F, 0.2F, 0.3F};
    Sampler a({.temperature = 1.0F, .seed = 42}, {});
    Sampler b({.temperature = 1.0F, .seed = 42}, {});
    for (int i = 0; i < 100; ++i) {
        EXPECT_EQ(a.sample(logits, 4).token, b.sample(logits, 4).token);
    }
}

TEST(Sampler, skipping_goes_on_where_so_many_tokens_would_have_ended) {
    const std::vector<float> logits{0, 0.1F, 0.2F, 0.3F};
    for (const float temperature : {0.0F, 1.0F}) {
        Sampler whole({.temperature = temperature, .seed = 42}, {});
        for (int i = 0; i < 7; ++i) {
            whole.sample(logits, 4);
        }
        Sampler later({.temperature = temperature, .seed = 42}, {});
        later.skip(7);
        for (int i = 0; i < 50; ++i) {
            EXPECT_EQ(later.sample(logits, 4).token, whole.sample(logits, 4).token);
        }
    }
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
        for (int i = 0; i < 100; ++i) {
            const SampledToken a = plain.sample(logits, 990);
            const SampledToken b = telling.sample(logits, 990, 10);
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
    const SampledToken token = sampler.sample(logits, 4, 3);
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
    const SampledToken token = sampler.sample(logits, 3, 5); // more than there are
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
    for (int i = 0; i < 200; ++i) {
        const SampledToken token = sampler.sample(logits, 50, 2);
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
    const SampledToken token = greedy.sample(std::vector<float>{-1, 1, 3, 2}, 4, 1);
    ASSERT_EQ(token.candidates.size(), 1U);
    EXPECT_EQ(token.candidates[0].sampled, 1.0F);
}

TEST(Sampler, a_nan_or_an_infinity_is_a_sentence) {
    for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
        Sampler sampler({}, {});
        try {
            sampler.sample(std::vector<float>{0, bad}, 2);
            FAIL() << "a logit of " << bad << " was accepted";
        } catch (const trace::Error& error) {
            EXPECT_EQ(error.id(), "sampler.nan");
        }
    }
}

TEST(Sampler, reports_the_probability_of_the_raw_logits) {
    Sampler sampler({.temperature = 0.0F}, {});
    EXPECT_NEAR(sampler.sample(std::vector<float>{0, std::log(3.0F)}, 2).probability, 0.75F, 1e-6F);
}

} // namespace moescope::inference
