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
    for (const TensorType type : {TensorType::F32, TensorType::F16, TensorType::BF16, TensorType::Q8_0,
                                  TensorType::Q4_K, TensorType::Q5_K, TensorType::Q6_K}) {
        const gguf::BlockShape shape = gguf::blockShape(type);
        std::vector<float> values(size_t{shape.weights} * 3, 0.5F);
        std::vector<uint8_t> row(size_t{shape.bytes} * 3);
        gguf::quantize(type, values, row);
        EXPECT_TRUE(isFinite(type, row)) << gguf::typeName(type);
        // The exponent of the last block's scale (or the last weight) becomes all ones.
        const size_t last = size_t{shape.bytes} * 2;
        const size_t top = type == TensorType::F32 ? last + 3 : type == TensorType::Q6_K ? last + 209 : last + 1;
        row[top] = 0x7F;
        row[top - 1] = 0xF0;
        EXPECT_FALSE(isFinite(type, row)) << gguf::typeName(type);
    }
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
