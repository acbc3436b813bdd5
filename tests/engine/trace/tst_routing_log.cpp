// SPDX-License-Identifier: Apache-2.0
#include "engine/trace/error.h"
#include "engine/trace/routing_log.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>

namespace moescope::trace {
namespace {

struct Routing {
    std::vector<uint16_t> experts;
    std::vector<float> weights;
};

Routing randomRouting(const RoutingShape& shape, float limit, std::mt19937& random) {
    Routing routing;
    std::uniform_int_distribution<uint32_t> expert(0, shape.experts - 1);
    std::uniform_real_distribution<float> weight(0, limit);
    for (size_t i = 0; i < shape.choices(); ++i) {
        routing.experts.push_back(static_cast<uint16_t>(expert(random)));
        routing.weights.push_back(weight(random));
    }
    return routing;
}

std::string refusal(std::span<const uint8_t> bytes) {
    try {
        RoutingLog::fromBytes(bytes);
    } catch (const Error& error) {
        EXPECT_EQ(std::string(error.what()).find('{'), std::string::npos) << error.what();
        return error.id();
    }
    return {};
}

TEST(RoutingLog, GivesBackWhatWasAppended) {
    std::mt19937 random(7);
    const RoutingShape shapes[] = {{64, 16, 1}, {3, 64, 8}, {5, 5, 5},     {2, 1, 1},    {7, 3, 2},
                                   {1, 129, 4}, {4, 60, 4}, {2, 65536, 3}, {11, 257, 1}, {400, 512, 10}};
    for (const RoutingShape& shape : shapes) {
        for (const float limit : {1.0F, 2.5F}) {
            RoutingLog log(shape, limit);
            std::vector<Routing> appended;
            const size_t tokens = 20000 / shape.choices() + 100;
            for (size_t i = 0; i < tokens; ++i) {
                appended.push_back(randomRouting(shape, limit, random));
                log.append(appended.back().experts, appended.back().weights);
            }
            ASSERT_EQ(log.tokens(), tokens);
            std::vector<uint16_t> experts(shape.choices());
            std::vector<float> weights(shape.choices());
            for (size_t token = 0; token < tokens; ++token) {
                log.read(token, experts, weights);
                ASSERT_EQ(experts, appended[token].experts) << shape.experts;
                for (size_t i = 0; i < weights.size(); ++i) {
                    ASSERT_NEAR(weights[i], appended[token].weights[i], limit / 510 * 1.0001F);
                }
            }
            const size_t at = tokens / 2;
            const uint32_t layer = shape.layers - 1;
            const uint32_t choice = shape.used - 1;
            EXPECT_EQ(log.expert(at, layer, choice), appended[at].experts.back());
            EXPECT_NEAR(log.weight(at, layer, choice), appended[at].weights.back(), limit / 510 * 1.0001F);
        }
    }
}

TEST(RoutingLog, WeightsAreLinearWithExactEnds) {
    RoutingLog log({1, 4, 1});
    const uint16_t expert = 3;
    float worst = 0;
    for (int i = 0; i <= 51000; ++i) {
        const float weight = static_cast<float>(i) / 51000.0F;
        log.append({&expert, 1}, {&weight, 1});
        worst = std::max(worst, std::abs(log.weight(log.tokens() - 1, 0) - weight));
    }
    EXPECT_EQ(log.weight(0, 0), 0.0F);
    EXPECT_EQ(log.weight(51000, 0), 1.0F);
    EXPECT_LE(worst, 1.0F / 510 + 1e-6F);
    EXPECT_GT(worst, 1.0F / 520); // it is 8 bits, not more
}

// The bars of the format: 128K tokens of 64 layers × 1 of 16 in 16 MB, of 32 layers × 8 of 64 in 64 MB.
TEST(RoutingLog, TakesNoMoreMemoryThanItSays) {
    struct Bar {
        RoutingShape shape;
        size_t most;
        size_t exact;
    };
    for (const Bar& bar : {Bar{{64, 16, 1}, 16'000'000, 12'582'912}, Bar{{32, 64, 8}, 64'000'000, 58'720'256}}) {
        constexpr size_t tokens = 131072;
        RoutingLog log(bar.shape);
        std::mt19937 random(1);
        std::vector<Routing> some;
        for (int i = 0; i < 97; ++i) {
            some.push_back(randomRouting(bar.shape, 1, random));
        }
        for (size_t i = 0; i < tokens; ++i) {
            log.append(some[i % some.size()].experts, some[i % some.size()].weights);
        }
        EXPECT_LE(log.bytesHeld(), bar.most);
        EXPECT_GE(log.bytesHeld(), bar.exact);
        const std::vector<uint8_t> bytes = log.toBytes();
        EXPECT_EQ(bytes.size(), bar.exact + 28);
        const auto begin = std::chrono::steady_clock::now();
        const RoutingLog read = RoutingLog::fromBytes(bytes);
        RecordProperty(
            "open_ms",
            std::to_string(
                std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count()));
        EXPECT_LE(read.bytesHeld(), bar.most);
        EXPECT_EQ(read.toBytes(), bytes);
        EXPECT_EQ(read.expert(tokens - 1, bar.shape.layers - 1), log.expert(tokens - 1, bar.shape.layers - 1));
    }
}

TEST(RoutingLog, AnEmptyOneIsOneToo) {
    const RoutingLog log({4, 8, 2});
    EXPECT_EQ(log.bytesHeld(), 0U);
    const RoutingLog read = RoutingLog::fromBytes(log.toBytes());
    EXPECT_EQ(read.tokens(), 0U);
    EXPECT_EQ(read.shape(), log.shape());
}

TEST(RoutingLog, RefusesWhatItCannotHold) {
    EXPECT_THROW(RoutingLog({0, 4, 1}), std::logic_error);
    EXPECT_THROW(RoutingLog({2, 4, 5}), std::logic_error);
    EXPECT_THROW(RoutingLog({2, 4, 1}, 0.0F), std::logic_error);
    RoutingLog log({2, 4, 1});
    const float nan = std::numeric_limits<float>::quiet_NaN();
    const auto append = [&log](std::vector<uint16_t> experts, std::vector<float> weights) {
        log.append(experts, weights);
    };
    EXPECT_THROW(append({0, 4}, {0.5F, 0.5F}), std::logic_error);
    EXPECT_THROW(append({0}, {0.5F}), std::logic_error);
    EXPECT_THROW(append({0, 1}, {0.5F, 1.5F}), std::logic_error);
    EXPECT_THROW(append({0, 1}, {0.5F, nan}), std::logic_error);
    EXPECT_THROW(append({0, 1}, {-0.5F, 0.5F}), std::logic_error);
    RouterTrace other;
    other.moe_layers = 2;
    other.expert_count = 8;
    other.expert_used_count = 1;
    other.experts = {0, 1};
    other.weights = {0.5F, 0.5F};
    EXPECT_THROW(log.append(other), std::logic_error);
    EXPECT_EQ(log.tokens(), 0U);
    EXPECT_THROW(log.expert(0, 0), std::logic_error);
    other.expert_count = 4;
    log.append(other);
    EXPECT_EQ(log.expert(0, 1), 1);
}

TEST(RoutingLog, HostileBytesAreASentence) {
    std::mt19937 random(3);
    const RoutingShape shape{3, 6, 2};
    RoutingLog log(shape);
    for (int i = 0; i < 20; ++i) {
        const Routing routing = randomRouting(shape, 1, random);
        log.append(routing.experts, routing.weights);
    }
    const std::vector<uint8_t> good = log.toBytes();
    EXPECT_EQ(refusal(good), "");
    EXPECT_EQ(refusal({}), "trace.routing_damaged");
    for (size_t length = 0; length < good.size(); ++length) {
        EXPECT_EQ(refusal({good.data(), length}), "trace.routing_damaged") << length;
    }
    std::vector<uint8_t> named = good;
    named[28] = 0xFF; // expert 7 of 6
    EXPECT_EQ(refusal(named), "trace.routing_damaged");
    int refused = 0;
    for (int i = 0; i < 2000; ++i) {
        std::vector<uint8_t> changed = good;
        changed[random() % changed.size()] ^= static_cast<uint8_t>(1U << random() % 8);
        refused += refusal(changed).empty() ? 0 : 1; // what is left is another routing, within its bounds
    }
    EXPECT_GT(refused, 200);
}

} // namespace
} // namespace moescope::trace
