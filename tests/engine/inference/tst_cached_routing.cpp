// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/cached_routing.h"

#include <gtest/gtest.h>

#include <random>

namespace moescope::inference {
namespace {

trace::RouterTrace drawn(std::mt19937& random) {
    trace::RouterTrace router{.moe_layers = 3, .expert_count = 16, .expert_used_count = 2};
    for (int i = 0; i < 6; ++i) {
        router.experts.push_back(static_cast<uint16_t>(random() % 16));
        router.weights.push_back(static_cast<float>(random() % 256) / 255);
    }
    return router;
}

constexpr trace::RoutingShape shape{3, 16, 2};

TEST(CachedRouting, keeps_what_is_left_of_it) {
    std::mt19937 random(1);
    std::vector<trace::RouterTrace> all;
    CachedRouting routing(shape);
    for (int round = 0; round < 200; ++round) {
        const uint32_t keep = static_cast<uint32_t>(random() % (all.size() + 1));
        if (random() % 3 == 0) {
            all.resize(keep);
            routing.resize(keep);
        }
        for (uint32_t more = random() % 90; more > 0; --more) {
            all.push_back(random() % 5 == 0 ? trace::RouterTrace() : drawn(random));
            routing.append(all.back());
        }
        ASSERT_EQ(routing.tokens(), all.size());
        for (uint32_t i = 0; i < all.size(); ++i) {
            ASSERT_EQ(routing.isRecorded(i), !all[i].empty());
            if (!all[i].empty()) {
                ASSERT_EQ(routing.read(i).experts, all[i].experts);
                ASSERT_EQ(routing.read(i).weights, all[i].weights);
            }
        }
    }
}

TEST(CachedRouting, bytes_bring_it_back) {
    std::mt19937 random(2);
    CachedRouting routing(shape);
    for (int i = 0; i < 300; ++i) {
        routing.append(drawn(random));
    }
    const std::vector<uint8_t> bytes = routing.bytesOf(250, 50);
    CachedRouting other(shape);
    other.appendUnrecorded(3);
    other.append(bytes, 40);
    ASSERT_EQ(other.tokens(), 43U);
    EXPECT_FALSE(other.isRecorded(2));
    for (uint32_t i = 0; i < 40; ++i) {
        ASSERT_TRUE(other.isRecorded(3 + i));
        EXPECT_EQ(other.read(3 + i).experts, routing.read(250 + i).experts);
    }
    EXPECT_TRUE(other.bytesOf(0, 43).empty()) << "one that was not recorded";
    // Nothing that is no routing of this shape is believed.
    for (const std::vector<uint8_t>& bad :
         {std::vector<uint8_t>{}, {1, 2, 3}, std::vector<uint8_t>(bytes.begin(), bytes.end() - 1)}) {
        CachedRouting none(shape);
        none.append(bad, 5);
        ASSERT_EQ(none.tokens(), 5U);
        EXPECT_FALSE(none.isRecorded(0));
    }
    CachedRouting wider(trace::RoutingShape{3, 32, 2});
    wider.append(bytes, 5);
    EXPECT_FALSE(wider.isRecorded(0));
    CachedRouting longer(shape);
    longer.append(bytes, 51);
    EXPECT_FALSE(longer.isRecorded(0));
}

TEST(CachedRouting, a_dense_model_has_none) {
    CachedRouting routing;
    routing.append(trace::RouterTrace());
    routing.append(std::vector<uint8_t>{1}, 2);
    routing.resize(2);
    EXPECT_EQ(routing.tokens(), 2U);
    EXPECT_FALSE(routing.isRecorded(1));
    EXPECT_TRUE(routing.bytesOf(0, 2).empty());
}

} // namespace
} // namespace moescope::inference
