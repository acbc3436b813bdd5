// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/sampler.h"

#include "engine/trace/error.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

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
