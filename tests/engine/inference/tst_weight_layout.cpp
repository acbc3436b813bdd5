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

} // namespace moescope::inference
