// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/random_blocks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace moescope::gguf {
namespace {

constexpr size_t blockCount = 512;

std::vector<uint8_t> filled(TensorType type, float deviation, uint64_t seed) {
    std::vector<uint8_t> blocks(blockCount * blockShape(type).bytes);
    RandomBlocks(type, deviation, seed).fill(blocks);
    return blocks;
}

std::vector<float> decoded(TensorType type, const std::vector<uint8_t>& blocks) {
    std::vector<float> weights(blockCount * blockShape(type).weights);
    dequantize(type, blocks, weights);
    return weights;
}

} // namespace

TEST(RandomBlocks, weights_are_finite_bounded_and_spread_as_asked) {
    for (const TensorType type : tensorTypes()) {
        for (const float deviation : {1.0F, 0.0125F}) {
            const std::vector<float> weights = decoded(type, filled(type, deviation, 1));
            double sum = 0;
            double squares = 0;
            for (const float weight : weights) {
                ASSERT_TRUE(std::isfinite(weight)) << typeName(type);
                ASSERT_LE(std::abs(weight), 16 * deviation) << typeName(type);
                sum += weight;
                squares += double{weight} * weight;
            }
            const auto count = static_cast<double>(weights.size());
            EXPECT_LE(std::abs(sum / count), 0.2 * deviation) << typeName(type);
            const double ratio = std::sqrt(squares / count) / deviation;
            EXPECT_GE(ratio, 0.69) << typeName(type);
            EXPECT_LE(ratio, 1.45) << typeName(type);
        }
    }
}

TEST(RandomBlocks, a_seed_gives_its_own_bytes_again) {
    for (const TensorType type : tensorTypes()) {
        EXPECT_EQ(filled(type, 1, 7), filled(type, 1, 7)) << typeName(type);
        EXPECT_NE(filled(type, 1, 7), filled(type, 1, 8)) << typeName(type);
    }
}

TEST(RandomBlocks, a_second_fill_goes_on_behind_the_first) {
    std::vector<uint8_t> first(34 * 64);
    std::vector<uint8_t> second(34 * 64);
    RandomBlocks blocks(TensorType::Q8_0, 1, 3);
    blocks.fill(first);
    blocks.fill(second);
    EXPECT_NE(first, second);
    std::vector<uint8_t> both(2 * 34 * 64);
    RandomBlocks(TensorType::Q8_0, 1, 3).fill(both);
    EXPECT_TRUE(std::equal(second.begin(), second.end(), both.begin() + static_cast<ptrdiff_t>(first.size())));
}

} // namespace moescope::gguf
