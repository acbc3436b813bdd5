// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/prefill_estimate.h"

#include "engine/inference/pacer.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace moescope::test {

using inference::PassCost;
using inference::PrefillEstimate;

namespace {

model::ModelConfig configWith(uint32_t layers, uint32_t window) {
    model::ModelConfig config;
    config.block_count = layers;
    config.sliding_window = window;
    config.window_pattern = window == 0 ? model::WindowPattern::None : model::WindowPattern::Even;
    return config;
}

/** A prompt of `total` tokens read in batches of `each`, on a device that takes `rest` ms a token and `look` ms a position
 *  looked back at: what is expected after a share of it, over what it then takes. */
double ratioAfter(const model::ModelConfig& config, uint32_t total, uint32_t each, double rest, double look,
                  double share) {
    PrefillEstimate estimate(config);
    const auto costOf = [&](uint32_t first, uint32_t count) {
        return PassCost{look * estimate.lookedBack(first, count), rest * count};
    };
    double elapsed = 0;
    uint32_t done = 0;
    while (done < share * total) {
        const uint32_t count = std::min(each, total - done);
        const PassCost cost = costOf(done, count);
        estimate.add(done, count, cost);
        elapsed += cost.attention_ms + cost.rest_ms;
        done += count;
    }
    const PassCost left = costOf(done, total - done);
    return *estimate.leftMs(total - done, elapsed) / (left.attention_ms + left.rest_ms);
}

} // namespace

TEST(PrefillEstimate, is_exact_where_costs_are_what_they_are_taken_for) {
    for (const auto& [rest, look] : {std::pair(1.0, 0.0), {1.0, 0.001}, {0.01, 0.01}, {0.0, 1.0}}) {
        for (const uint32_t each : {1U, 32U, 256U}) {
            EXPECT_NEAR(ratioAfter(configWith(4, 0), 2'000, each, rest, look, 0.25), 1.0, 1e-9);
            EXPECT_NEAR(ratioAfter(configWith(4, 512), 20'000, each, rest, look, 0.1), 1.0, 1e-9);
        }
    }
}

TEST(PrefillEstimate, knows_nothing_before_anything_was_read_and_nothing_is_left_at_the_end) {
    PrefillEstimate estimate(configWith(2, 0));
    EXPECT_FALSE(estimate.leftMs(100, 5));
    estimate.add(40, 60, {1, 2});
    EXPECT_EQ(estimate.leftMs(0, 5), 0.0);
    EXPECT_GT(*estimate.leftMs(60, 5), 5.0) << "later tokens look back farther";
    PrefillEstimate none(configWith(2, 0)); // of no cost at all
    none.add(0, 10, {0, 0});
    EXPECT_FALSE(none.leftMs(10, 5));
}

TEST(PrefillEstimate, looks_back_no_farther_than_a_window) {
    const double each = inference::Pacer::positionsOfToken;
    const PrefillEstimate whole(configWith(2, 0));
    EXPECT_DOUBLE_EQ(whole.lookedBack(0, 10), 10 * each + 50);
    EXPECT_DOUBLE_EQ(whole.lookedBack(100, 10), 10 * each + 100 * 10 + 50);
    const PrefillEstimate half(configWith(2, 100)); // every other layer sees 100 positions
    EXPECT_DOUBLE_EQ(half.lookedBack(1'000, 10), 10 * each + (1'000 * 10 + 50 + 100 * 10) / 2.0);
    EXPECT_DOUBLE_EQ(half.lookedBack(0, 50), whole.lookedBack(0, 50));
}

} // namespace moescope::test
