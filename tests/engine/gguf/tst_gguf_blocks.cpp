// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/tensor_type.h"
#include "tests/engine/gguf/raw_gguf.h"

#include <algorithm>
#include <bit>
#include <cctype>
#include <cmath>
#include <limits>
#include <stdexcept>
#include <vector>

namespace moescope::gguf {
namespace {

namespace fs = std::filesystem;
using test::readFile;
using test::sentenceOf;

const fs::path vectors = fs::path(MOESCOPE_TEST_DATA) / "gguf";

template <typename T>
std::vector<T> load(const std::string& name) {
    const std::string bytes = readFile(vectors / name);
    std::vector<T> values(bytes.size() / sizeof(T));
    std::memcpy(values.data(), bytes.data(), values.size() * sizeof(T));
    EXPECT_FALSE(values.empty());
    return values;
}

std::vector<float> decoded(TensorType type, const std::vector<uint8_t>& row) {
    const BlockShape shape = blockShape(type);
    std::vector<float> out(row.size() / shape.bytes * shape.weights);
    dequantize(type, row, out);
    return out;
}

std::vector<uint8_t> encoded(TensorType type, const std::vector<float>& row) {
    std::vector<uint8_t> out(rowBytes(type, row.size()));
    quantize(type, row, out);
    return out;
}

double rootMeanSquare(const std::vector<float>& a, const std::vector<float>& b) {
    double sum = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        sum += (double{a[i]} - b[i]) * (double{a[i]} - b[i]);
    }
    return std::sqrt(sum / static_cast<double>(a.size()));
}

/** Name of a type's files. */
std::string fileName(TensorType type) {
    std::string name(typeName(type));
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    return name;
}

/** Types with blocks of several weights. */
std::vector<TensorType> quantised() {
    std::vector<TensorType> types;
    for (const TensorType type : tensorTypes()) {
        if (blockShape(type).weights > 1) {
            types.push_back(type);
        }
    }
    EXPECT_EQ(types.size(), 13U);
    return types;
}

/** Bits that a weight of the type has, its share of the factors not counted. */
int bitsOf(TensorType type) {
    return std::stoi(std::string(typeName(type)).substr(typeName(type).find_first_of("2345678")));
}

/** Random bits under usual, zero, subnormal and largest scales: every bit of every weight as the package gguf has it. */
TEST(Blocks, DecodeBitForBit) {
    for (const TensorType type : tensorTypes()) {
        if (type == TensorType::F32) {
            continue;
        }
        const std::string name = fileName(type);
        const auto expected = load<float>(name + ".floats");
        const std::vector<float> got = decoded(type, load<uint8_t>(name + ".blocks"));
        ASSERT_EQ(got.size(), expected.size()) << name;
        for (size_t i = 0; i < got.size(); ++i) {
            ASSERT_EQ(std::bit_cast<uint32_t>(got[i]), std::bit_cast<uint32_t>(expected[i])) << name << " " << i;
        }
    }
}

TEST(Blocks, DecodesF32AsItStands) {
    const std::vector<float> row{0.0F, -0.0F, 1.5F, std::numeric_limits<float>::denorm_min(), -3e38F};
    const std::vector<float> got = decoded(TensorType::F32, encoded(TensorType::F32, row));
    EXPECT_EQ(std::memcmp(got.data(), row.data(), row.size() * 4), 0);
}

/** Against ggml's own blocks of the same weights, distribution by distribution. */
TEST(Blocks, QuantiseAsWellAsGgml) {
    const std::vector<float> exact = decoded(TensorType::F16, load<uint8_t>("weights.f16"));
    constexpr size_t part = 256 * 16;
    ASSERT_EQ(exact.size(), 5 * part);
    for (const TensorType type : quantised()) {
        const auto theirs = decoded(type, load<uint8_t>("weights." + fileName(type)));
        const auto ours = decoded(type, encoded(type, exact));
        for (size_t at = 0; at < exact.size(); at += part) {
            const auto slice = [&](const std::vector<float>& v) {
                return std::vector<float>(v.begin() + static_cast<long>(at), v.begin() + static_cast<long>(at + part));
            };
            const double ggml = rootMeanSquare(slice(theirs), slice(exact));
            EXPECT_GT(ggml, 0);
            EXPECT_LE(rootMeanSquare(slice(ours), slice(exact)), 1.01 * ggml)
                << typeName(type) << " part " << at / part;
        }
    }
}

TEST(Blocks, QuantisesQ8AsGgmlBitForBit) {
    const std::vector<float> exact = decoded(TensorType::F16, load<uint8_t>("weights.f16"));
    EXPECT_EQ(encoded(TensorType::Q8_0, exact), load<uint8_t>("weights.q8_0"));
}

/** Decoding and encoding again must not drift: what a file holds is a fixed point or close to it. */
TEST(Blocks, QuantisesConstantsAndZeros) {
    for (const TensorType type : quantised()) {
        for (const float value : {0.0F, 1.0F, -1.0F, 0.03F, -250.0F}) {
            const std::vector<float> row(512, value);
            for (const float got : decoded(type, encoded(type, row))) {
                // The entries of MXFP4 are up to a factor of 1.5 apart, its scales a factor of 2.
                const float share = type == TensorType::MXFP4 ? 0.2F : 0.02F;
                ASSERT_NEAR(got, value, std::fabs(value) * share) << typeName(type);
            }
        }
    }
}

TEST(Blocks, QuantisesExtremesToFiniteWeightsOfTheRightSign) {
    const float largest = std::numeric_limits<float>::max();
    for (const TensorType type : quantised()) {
        for (const float size : {largest, 1e20F, 1e8F, 1e-6F, 1e-20F, 1e-38F, 1e-45F}) {
            std::vector<float> row(256);
            for (size_t i = 0; i < row.size(); ++i) {
                row[i] = size * (static_cast<float>(i % 16) / 15.0F - 0.5F);
            }
            for (const float got : decoded(type, encoded(type, row))) {
                ASSERT_TRUE(std::isfinite(got)) << typeName(type) << " " << size;
                ASSERT_LE(std::fabs(got), size == 1e-6F ? 1e-5F : size) << typeName(type) << " " << size;
            }
        }
    }
}

TEST(Blocks, MixedMagnitudesStayWithinTheirStep) {
    // One sub-block of large weights must not cost the small ones more than its scale's resolution.
    std::mt19937 random(7);
    std::normal_distribution<float> normal;
    std::vector<float> row(256);
    for (size_t i = 0; i < row.size(); ++i) {
        row[i] = normal(random) * (i < 32 ? 1.0F : 0.05F);
    }
    for (const TensorType type : quantised()) {
        const double error = rootMeanSquare(decoded(type, encoded(type, row)), row);
        const double limits[] = {0.3, 0.12, 0.06, 0.03, 0.02, 0, 0.02}; // of 2, 3, … bits
        EXPECT_LT(error, limits[bitsOf(type) - 2]) << typeName(type);
        EXPECT_GT(error, 0) << typeName(type);
    }
}

TEST(Blocks, RefuseWhatIsNotFinite) {
    for (const TensorType type : quantised()) {
        for (const float bad : {std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity()}) {
            std::vector<float> row(256, 1.0F);
            row[200] = bad;
            sentenceOf("gguf.not_finite", [&] { encoded(type, row); });
        }
    }
}

TEST(Blocks, RefuseSizesThatDoNotFit) {
    std::vector<uint8_t> bytes(144);
    std::vector<float> weights(256);
    EXPECT_THROW(dequantize(TensorType::Q5_K, bytes, weights), std::invalid_argument);
    EXPECT_THROW(quantize(TensorType::Q6_K, weights, bytes), std::invalid_argument);
    EXPECT_THROW(rowBytes(TensorType::Q4_K, 255), std::invalid_argument);
    EXPECT_THROW(rowBytes(TensorType::F32, uint64_t{1} << 62), std::invalid_argument);
    EXPECT_EQ(rowBytes(TensorType::Q4_K, 512), 288U);
}

TEST(Halves, EveryOneSurvives) {
    for (uint32_t half = 0; half < 65536; ++half) {
        const float value = halfToFloat(static_cast<uint16_t>(half));
        if (std::isnan(value)) {
            EXPECT_TRUE((half & 0x7c00U) == 0x7c00U && (half & 0x3ffU) != 0);
            EXPECT_TRUE(std::isnan(halfToFloat(floatToHalf(value))));
        } else {
            ASSERT_EQ(floatToHalf(value), half);
        }
    }
}

/** Between two neighbours: nearest wins, the middle goes to the even one. */
TEST(Halves, RoundToNearestEven) {
    for (uint32_t half = 0; half < 0x7bff; ++half) {
        const double low = halfToFloat(static_cast<uint16_t>(half));
        const double high = halfToFloat(static_cast<uint16_t>(half + 1));
        const auto middle = static_cast<float>((low + high) / 2); // exact: one more bit than a half
        ASSERT_EQ(floatToHalf(middle), half + (half & 1U));
        ASSERT_EQ(floatToHalf(std::nextafter(middle, 0.0F)), half);
        ASSERT_EQ(floatToHalf(std::nextafter(middle, 1e9F)), half + 1);
        ASSERT_EQ(floatToHalf(-middle), 0x8000U | (half + (half & 1U)));
    }
    EXPECT_EQ(floatToHalf(65519.996F), 0x7bff);
    EXPECT_EQ(floatToHalf(65520.0F), 0x7c00);
    EXPECT_EQ(floatToHalf(-1e30F), 0xfc00);
    EXPECT_EQ(floatToHalf(1e-45F), 0);
    EXPECT_EQ(floatToHalf(-0.0F), 0x8000);
}

TEST(Halves, Bf16RoundsToNearestEven) {
    EXPECT_EQ(floatToBf16(std::bit_cast<float>(0x3f808000U)), 0x3f80); // tie to even
    EXPECT_EQ(floatToBf16(std::bit_cast<float>(0x3f818000U)), 0x3f82);
    EXPECT_EQ(floatToBf16(std::bit_cast<float>(0x3f808001U)), 0x3f81);
    EXPECT_EQ(floatToBf16(std::numeric_limits<float>::max()), 0x7f80);
    EXPECT_TRUE(std::isnan(bf16ToFloat(floatToBf16(std::bit_cast<float>(0x7f800001U)))));
    EXPECT_EQ(bf16ToFloat(0xc040), -3.0F);
}

TEST(Types, NamesGoBothWays) {
    for (const TensorType type : tensorTypes()) {
        EXPECT_EQ(parseTensorType(typeName(type)), type);
        EXPECT_EQ(parseTensorType(fileName(type)), type);
        EXPECT_TRUE(isKnown(type));
    }
    EXPECT_EQ(tensorTypes().size(), 16U);
    EXPECT_EQ(parseTensorType("q4_k"), TensorType::Q4_K);
    EXPECT_EQ(parseTensorType("bf16"), TensorType::BF16);
    EXPECT_EQ(typeName(static_cast<TensorType>(9)), "type 9");
    EXPECT_FALSE(isKnown(static_cast<TensorType>(9)));
    EXPECT_THROW(blockShape(static_cast<TensorType>(9)), std::invalid_argument);
    const std::string sentence = sentenceOf("gguf.type", [] { parseTensorType("iq3_s"); });
    EXPECT_NE(sentence.find("“iq3_s”"), std::string::npos);
    EXPECT_NE(sentence.find(
                  "F32, F16, BF16, Q4_0, Q4_1, Q5_0, Q5_1, Q8_0, Q2_K, Q3_K, Q4_K, Q5_K, Q6_K, IQ4_NL, IQ4_XS, MXFP4"),
              std::string::npos);
}

} // namespace
} // namespace moescope::gguf
