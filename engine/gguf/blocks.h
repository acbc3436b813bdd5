// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

/** The formats behind dequantize() and quantize(), one row each. Sizes are checked by the callers. */
namespace moescope::gguf::blocks {

/** Q8_0: half scale, then 32 signed bytes. */
inline constexpr size_t q8Weights = 32;
inline constexpr size_t q8Bytes = 2 + q8Weights;

/** K formats: 256 weights in a super-block. */
inline constexpr size_t kWeights = 256;

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

void decodeF32(const uint8_t* row, std::span<float> out);
void decodeF16(const uint8_t* row, std::span<float> out);
void decodeBf16(const uint8_t* row, std::span<float> out);
void decodeQ8(const uint8_t* row, std::span<float> out);
void decodeQ4K(const uint8_t* row, std::span<float> out);
void decodeQ5K(const uint8_t* row, std::span<float> out);
void decodeQ6K(const uint8_t* row, std::span<float> out);

void encodeF32(std::span<const float> row, uint8_t* out);
void encodeF16(std::span<const float> row, uint8_t* out);
void encodeBf16(std::span<const float> row, uint8_t* out);
void encodeQ8(std::span<const float> row, uint8_t* out);
void encodeQ4K(std::span<const float> row, uint8_t* out);
void encodeQ5K(std::span<const float> row, uint8_t* out);
void encodeQ6K(std::span<const float> row, uint8_t* out);

/** Files are little-endian on every machine. */
inline uint16_t loadU16(const uint8_t* at) { return static_cast<uint16_t>(at[0] | at[1] << 8); }
inline void storeU16(uint8_t* at, uint16_t value) {
    at[0] = static_cast<uint8_t>(value);
    at[1] = static_cast<uint8_t>(value >> 8);
}

/** A positive scale as half, held below infinity: a weight too large for its block then saturates. */
uint16_t scaleToHalf(float scale);

/** Throws trace::Error{gguf.not_finite} if a weight is NaN or infinite: a block has no way to hold it. */
void requireFinite(std::span<const float> row);

} // namespace moescope::gguf::blocks
