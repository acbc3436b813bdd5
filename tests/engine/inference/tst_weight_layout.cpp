// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weight_layout.h"

#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace moescope::inference {

using gguf::TensorType;

TEST(WeightLayout, rows_are_whole_words_of_16_bytes) {
    EXPECT_EQ(rowWords(TensorType::F32, 17), 16U);
    EXPECT_EQ(rowWords(TensorType::F16, 36), 8U);
    EXPECT_EQ(rowWords(TensorType::Q8_0, 32), 5U);
    EXPECT_EQ(rowWords(TensorType::Q8_0, 512), 34U);
    EXPECT_EQ(rowWords(TensorType::Q4_K, 256), 9U);
    EXPECT_EQ(rowWords(TensorType::Q5_K, 512), 22U);
    EXPECT_EQ(rowWords(TensorType::Q6_K, 256), 14U);
    EXPECT_EQ(rowWords(TensorType::Q4_0, 32), 3U);       // a padded pair of blocks, and one word of scales
    EXPECT_EQ(rowWords(TensorType::Q4_0, 288), 10U + 2); // ten padded blocks, eight scales to a word
    EXPECT_EQ(rowWords(TensorType::Q4_1, 256), 8U + 2);
    EXPECT_EQ(rowWords(TensorType::Q5_0, 288), 10U + 3 + 2);
    EXPECT_EQ(rowWords(TensorType::Q5_1, 256), 8U + 2 + 2);
    EXPECT_EQ(rowWords(TensorType::IQ4_NL, 256), 8U + 1);
    EXPECT_EQ(rowWords(TensorType::MXFP4, 1024), 32U + 2);
    EXPECT_EQ(rowWords(TensorType::IQ4_XS, 768), 24U + 2);
    EXPECT_EQ(rowWords(TensorType::Q2_K, 256), 5U + 1);
    EXPECT_EQ(rowWords(TensorType::Q2_K, 1280), 25U + 2);
    EXPECT_EQ(rowWords(TensorType::Q3_K, 512), 14U);
}

/** No more than the file's bytes, the padding of a row's parts and 2 bytes of padding a super-block. */
TEST(WeightLayout, rows_of_4096_cost_hardly_more_than_in_the_file) {
    for (const TensorType type : gguf::tensorTypes()) {
        const uint64_t most = gguf::rowBytes(type, 4096) + (type == TensorType::Q6_K ? 14 * 16 : 3 * 16);
        EXPECT_LE(rowWords(type, 4096) * uint64_t{16}, most) << gguf::typeName(type);
        EXPECT_GE(rowWords(type, 4096) * uint64_t{16}, gguf::rowBytes(type, 4096)) << gguf::typeName(type);
    }
}

TEST(WeightLayout, q5_1_keeps_nibbles_fifth_bits_and_factors_apart) {
    std::vector<uint8_t> row(5 * 24);
    for (size_t block = 0; block < 5; ++block) {
        row[block * 24] = static_cast<uint8_t>(block + 1);      // d
        row[block * 24 + 2] = static_cast<uint8_t>(block + 11); // m
        row[block * 24 + 8] = static_cast<uint8_t>(block + 21); // first nibbles
    }
    row[4] = 2;           // weight 1 of block 0
    row[24 + 6] = 1;      // weight 16 of block 1
    row[4 * 24 + 7] = 64; // weight 30 of block 4, in the second word of fifth bits
    std::vector<uint8_t> out(rowWords(TensorType::Q5_1, 160) * 16);
    ASSERT_EQ(out.size(), (6 + 2 + 2) * 16U);
    layOutRow(TensorType::Q5_1, row, 160, out);
    for (size_t block = 0; block < 5; ++block) {
        EXPECT_EQ(out[block * 16], block + 21);
        EXPECT_EQ(out[8 * 16 + block * 4], block + 1);
        EXPECT_EQ(out[8 * 16 + block * 4 + 2], block + 11);
    }
    std::vector<uint8_t> fifth(32);
    fifth[1] = 1;       // chunk 0
    fifth[0] = 8;       // chunk 3
    fifth[16 + 14] = 2; // chunk 9
    EXPECT_EQ(std::vector<uint8_t>(out.begin() + 6 * 16, out.begin() + 8 * 16), fifth);
}

TEST(WeightLayout, q8_0_keeps_quants_and_scales_apart) {
    std::vector<uint8_t> row(2 * 34);
    for (size_t i = 0; i < row.size(); ++i) {
        row[i] = static_cast<uint8_t>(i + 1);
    }
    std::vector<uint8_t> out(rowWords(TensorType::Q8_0, 64) * 16);
    layOutRow(TensorType::Q8_0, row, 64, out);
    EXPECT_EQ(out[0], row[2]);
    EXPECT_EQ(out[31], row[33]);
    EXPECT_EQ(out[32], row[36]);
    EXPECT_EQ(out[64], row[0]);
    EXPECT_EQ(out[65], row[1]);
    EXPECT_EQ(out[66], row[34]);
    EXPECT_EQ(out[67], row[35]);
}

TEST(WeightLayout, a_nan_or_an_infinity_in_any_type_is_found) {
    for (const TensorType type : gguf::tensorTypes()) {
        const gguf::BlockShape shape = gguf::blockShape(type);
        std::vector<float> values(size_t{shape.weights} * 3, 0.5F);
        std::vector<uint8_t> row(size_t{shape.bytes} * 3);
        gguf::quantize(type, values, row);
        EXPECT_TRUE(isFinite(type, row)) << gguf::typeName(type);
        // The exponent of the last block's scale (or the last weight) becomes all ones.
        const size_t last = size_t{shape.bytes} * 2;
        const bool atTheEnd = type == TensorType::Q2_K || type == TensorType::Q3_K || type == TensorType::Q6_K;
        const size_t top = type == TensorType::F32     ? last + 3
                           : type == TensorType::MXFP4 ? last
                           : atTheEnd                  ? last + shape.bytes - 1
                                                       : last + 1;
        row[top] = type == TensorType::MXFP4 ? 0xFF : 0x7F;
        if (type != TensorType::MXFP4) {
            row[top - 1] = 0xF0;
        }
        EXPECT_FALSE(isFinite(type, row)) << gguf::typeName(type);
    }
}

TEST(WeightLayout, minima_and_large_products_are_checked_too) {
    for (const TensorType type :
         {TensorType::Q4_1, TensorType::Q5_1, TensorType::Q4_K, TensorType::Q5_K, TensorType::Q2_K}) {
        std::vector<uint8_t> block(gguf::blockShape(type).bytes);
        EXPECT_TRUE(isFinite(type, block));
        block[type == TensorType::Q2_K ? 81 : 1] = 0x7C; // infinity
        EXPECT_FALSE(isFinite(type, block)) << gguf::typeName(type);
        block[type == TensorType::Q2_K ? 81 : 1] = 0;
        block[type == TensorType::Q2_K ? 83 : 3] = 0xFC; // its opposite
        EXPECT_FALSE(isFinite(type, block)) << gguf::typeName(type);
    }
    std::vector<uint8_t> block(17);
    block[0] = 253;
    block[1] = 0x15; // 1 and 6
    EXPECT_TRUE(isFinite(TensorType::MXFP4, block)) << "6 · 2^125 is a float";
    block[1] = 0x16; // 8
    EXPECT_FALSE(isFinite(TensorType::MXFP4, block));
    block[0] = 252;
    EXPECT_TRUE(isFinite(TensorType::MXFP4, block));
}

TEST(StackSizes, neighbours_of_one_type_share_a_matrix_as_far_as_it_can_be_bound) {
    using Sizes = std::vector<size_t>;
    const auto stack = [](std::vector<StackPart> parts) { return stackSizes(parts, 128); };
    constexpr TensorType a = TensorType::Q6_K;
    constexpr TensorType b = TensorType::Q8_0;
    EXPECT_EQ(stack({}), Sizes{});
    EXPECT_EQ(stack({{a, 80}}), Sizes{1});
    EXPECT_EQ(stack({{a, 80}, {a, 10}, {a, 10}}), Sizes{3});
    EXPECT_EQ(stack({{b, 80}, {a, 10}, {a, 10}}), (Sizes{1, 2}));
    EXPECT_EQ(stack({{a, 80}, {b, 10}, {a, 10}}), (Sizes{1, 1, 1}));
    EXPECT_EQ(stack({{a, 80}, {a, 10}, {b, 10}}), (Sizes{2, 1}));
    EXPECT_EQ(stack({{a, 108}, {a, 10}, {a, 10}}), Sizes{3}) << "just what can be bound";
    EXPECT_EQ(stack({{a, 125}, {a, 12}, {a, 12}}), (Sizes{1, 2}))
        << "Hunyuan-Large in F16: Q alone nearly fills a binding";
    EXPECT_EQ(stack({{a, 200}, {a, 10}, {a, 10}}), (Sizes{1, 2})) << "too large alone: its load is refused by name";
}

} // namespace moescope::inference
