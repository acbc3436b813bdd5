// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

/** The formats behind dequantize() and quantize(), one row each. Sizes are checked by the callers. */
namespace moescope::gguf::blocks {

/** Q8_0: half scale, then 32 signed bytes. */
inline constexpr size_t q8Weights = 32;
inline constexpr size_t q8Bytes = 2 + q8Weights;

/** Formats of 32 weights with their nibbles in 16 bytes, those of the first 16 weights in the low halves. In front of
 *  them: Q4_0 and IQ4_NL half d; Q4_1 half d, half m; Q5_0 half d, 4 bytes with the fifth bits, weight i in bit i; Q5_1
 *  half d, half m, the fifth bits; MXFP4 the exponent of a power of two. A weight is d·(q − 8), d·q + m, d·(q − 16),
 *  d·q + m, or d times entry q of a table. */
inline constexpr size_t nibbleWeights = 32;
inline constexpr size_t nibbleBytes = nibbleWeights / 2;
inline constexpr size_t q40Bytes = 2 + nibbleBytes;
inline constexpr size_t q41Bytes = 4 + nibbleBytes;
inline constexpr size_t q50Bytes = 6 + nibbleBytes;
inline constexpr size_t q51Bytes = 8 + nibbleBytes;
inline constexpr size_t iq4nlBytes = 2 + nibbleBytes;
inline constexpr size_t mxfp4Bytes = 1 + nibbleBytes;

/** What a nibble stands for: close together around 0, where most weights are. */
inline constexpr std::array<int8_t, 16> iq4Table{-127, -104, -83, -65, -49, -35, -22, -10,
                                                 1,    13,   25,  38,  53,  69,  89,  113};
/** Twice the values of a float with a sign, two bits of exponent and one of mantissa. */
inline constexpr std::array<int8_t, 16> mxfp4Table{0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12};

/** K formats: 256 weights in a super-block. */
inline constexpr size_t kWeights = 256;

/** Q2_K: sixteen bytes with a 4-bit scale below a 4-bit minimum, 64 bytes of bit pairs, half d, half dmin. A weight is
 *  d·scale·q − dmin·minimum, with 16 weights to a scale. Bit pairs lie as the upper ones of Q6_K. */
inline constexpr size_t q2kQuants = kWeights / 16;
inline constexpr size_t q2kD = q2kQuants + kWeights / 4;
inline constexpr size_t q2kBytes = q2kD + 4;

/** Q3_K: 32 bytes of third bits, 64 bytes of bit pairs, sixteen 6-bit scales in 12 bytes, half d. A weight is
 *  d·(scale − 32)·(q − 4), with 16 weights to a scale. */
inline constexpr size_t q3kQuants = kWeights / 8;
inline constexpr size_t q3kScales = q3kQuants + kWeights / 4;
inline constexpr size_t q3kD = q3kScales + 12;
inline constexpr size_t q3kBytes = q3kD + 2;

/** Q4_K and Q5_K: half d, half dmin, eight 6-bit scales and eight 6-bit minima in 12 bytes, [32 bytes with the fifth
 *  bits,] 128 bytes of nibbles. A weight is d·scale·q − dmin·minimum, with 32 weights to a scale. */
inline constexpr size_t kPackedScales = 12;
inline constexpr size_t q4kBytes = 4 + kPackedScales + kWeights / 2;
inline constexpr size_t q5kHighBits = 4 + kPackedScales; ///< offset of the fifth bits
inline constexpr size_t q5kBytes = q5kHighBits + kWeights / 8 + kWeights / 2;

/** Q6_K: 128 bytes of low nibbles, 64 bytes of upper bit pairs, sixteen signed 8-bit scales, half d. A weight is
 *  d·scale·(q − 32), with 16 weights to a scale. */
inline constexpr size_t q6kHighBits = kWeights / 2;
inline constexpr size_t q6kScales = q6kHighBits + kWeights / 4;
inline constexpr size_t q6kD = q6kScales + kWeights / 16;
inline constexpr size_t q6kBytes = q6kD + 2;

/** IQ4_XS: half d, the upper two bits of eight 6-bit scales in 2 bytes and their nibbles in 4, then eight times the 16
 *  bytes of nibbles of 32 weights. A weight is d·(scale − 32) times an entry of iq4Table. */
inline constexpr size_t iq4xsQuants = 8;
inline constexpr size_t iq4xsBytes = iq4xsQuants + kWeights / 2;

void decodeF32(const uint8_t* row, std::span<float> out);
void decodeF16(const uint8_t* row, std::span<float> out);
void decodeBf16(const uint8_t* row, std::span<float> out);
void decodeQ8(const uint8_t* row, std::span<float> out);
void decodeQ40(const uint8_t* row, std::span<float> out);
void decodeQ41(const uint8_t* row, std::span<float> out);
void decodeQ50(const uint8_t* row, std::span<float> out);
void decodeQ51(const uint8_t* row, std::span<float> out);
void decodeIq4Nl(const uint8_t* row, std::span<float> out);
void decodeMxfp4(const uint8_t* row, std::span<float> out);
void decodeIq4Xs(const uint8_t* row, std::span<float> out);
void decodeQ2K(const uint8_t* row, std::span<float> out);
void decodeQ3K(const uint8_t* row, std::span<float> out);
void decodeQ4K(const uint8_t* row, std::span<float> out);
void decodeQ5K(const uint8_t* row, std::span<float> out);
void decodeQ6K(const uint8_t* row, std::span<float> out);

void encodeF32(std::span<const float> row, uint8_t* out);
void encodeF16(std::span<const float> row, uint8_t* out);
void encodeBf16(std::span<const float> row, uint8_t* out);
void encodeQ8(std::span<const float> row, uint8_t* out);
void encodeQ40(std::span<const float> row, uint8_t* out);
void encodeQ41(std::span<const float> row, uint8_t* out);
void encodeQ50(std::span<const float> row, uint8_t* out);
void encodeQ51(std::span<const float> row, uint8_t* out);
void encodeIq4Nl(std::span<const float> row, uint8_t* out);
void encodeMxfp4(std::span<const float> row, uint8_t* out);
void encodeIq4Xs(std::span<const float> row, uint8_t* out);
void encodeQ2K(std::span<const float> row, uint8_t* out);
void encodeQ3K(std::span<const float> row, uint8_t* out);
void encodeQ4K(std::span<const float> row, uint8_t* out);
void encodeQ5K(std::span<const float> row, uint8_t* out);
void encodeQ6K(std::span<const float> row, uint8_t* out);

/** Files are little-endian on every machine. */
inline uint16_t loadU16(const uint8_t* at) { return static_cast<uint16_t>(at[0] | at[1] << 8); }
inline void storeU16(uint8_t* at, uint16_t value) {
    at[0] = static_cast<uint8_t>(value);
    at[1] = static_cast<uint8_t>(value >> 8);
}

/** 2^(exponent − 128), half of what the exponent's byte says: mxfp4Table holds doubles. */
float mxfp4Scale(uint8_t exponent);

/** A positive scale as half, held below infinity: a weight too large for its block then saturates. */
uint16_t scaleToHalf(float scale);

/** Throws trace::Error{gguf.not_finite} if a weight is NaN or infinite: a block has no way to hold it. */
void requireFinite(std::span<const float> row);

} // namespace moescope::gguf::blocks
