// SPDX-License-Identifier: Apache-2.0
// Decoders of the device layouts of weights (engine/inference/weight_layout.h): 16 weights at a time, from 128-bit loads.
// The including shader defines WEIGHT_TYPE. Rows are told by rowStart().
#include "signed_bytes.glsl"
#include "weight_types.h"
#include "words.glsl"

// Units of 64 weights, to which rows of all but the K types are padded.
uint unitsOf(uint width) { return (width + 63u) / 64u; }

// Four unsigned bytes of a word as floats.
vec4 bytesOf(uint word) { return vec4(word & 0xFFu, (word >> 8) & 0xFFu, (word >> 16) & 0xFFu, word >> 24); }

float halfOf(uvec4 words, uint index) {
    vec2 pair = unpackHalf2x16(words[index >> 1]);
    return (index & 1u) == 0u ? pair.x : pair.y;
}

uint byteOf(uvec4 words, uint index) { return (words[index >> 2] >> (8u * (index & 3u))) & 0xFFu; }

// Signed bytes: those of `bytes`, each below 128, less `less`, at most 128.
uvec4 lessOf(uvec4 bytes, uint less) { return ((bytes | 0x80808080u) - less * 0x01010101u) ^ 0x80808080u; }

#if WEIGHT_TYPE == WEIGHT_Q4_K || WEIGHT_TYPE == WEIGHT_Q5_K
// Scale and minimum of sub-block s from the header of a super-block: 6 bits each, packed in bytes 4 … 15.
vec2 scaleAndMin(uvec4 header, uint s) {
    uint scale, least;
    if (s < 4u) {
        scale = byteOf(header, 4u + s) & 63u;
        least = byteOf(header, 8u + s) & 63u;
    } else {
        uint low = byteOf(header, 8u + s);
        scale = (low & 15u) | ((byteOf(header, s) >> 6) << 4);
        least = (low >> 4) | ((byteOf(header, 4u + s) >> 6) << 4);
    }
    vec2 d = unpackHalf2x16(header.x);
    return vec2(d.x * float(scale), d.y * float(least));
}
#endif

#if WEIGHT_TYPE == WEIGHT_Q3_K
// Scale of 16 weights from the last uvec4 of a super-block: nibbles in bytes 0 … 7, upper bit pairs in bytes 8 … 11.
float scaleOfQ3(uvec4 tail, uint s) {
    uint low = (byteOf(tail, s & 7u) >> (4u * (s >> 3))) & 15u, high = (byteOf(tail, 8u + (s & 3u)) >> (2u * (s >> 2))) & 3u;
    return unpackHalf2x16(tail.w).x * (float(low | (high << 4)) - 32.0);
}
#endif

// A block format defines three things:
// LOAD_QUANTS, which finds the quants of weights 16·chunk … 16·chunk + 15, a byte each, and their scale and offset,
// valuesOf(), what the four quants of a word stand for, and
// signedValuesOf(), the same as signed bytes.
// A weight is scale · value + offset. With WEIGHT_OFFSETS there are offsets, and quants are their own values.
#if WEIGHT_TYPE == WEIGHT_Q8_0
// All quants of the row, then its scales as halves, eight to a uvec4.
#define LOAD_QUANTS(BUFFER, row, chunk, width, QUANTS, FACTORS)                                                        \
    {                                                                                                                  \
        uvec4 s_ = WORD(BUFFER, row, 4u * unitsOf(width) + (chunk) / 16u);                                             \
        QUANTS = WORD(BUFFER, row, (chunk));                                                                           \
        FACTORS = vec2(halfOf(s_, ((chunk) / 2u) & 7u), 0.0);                                                          \
    }
vec4 valuesOf(uint word) { return signedBytesOf(word); }
uvec4 signedValuesOf(uvec4 quants) { return quants; }
#elif WEIGHT_TYPE == WEIGHT_Q4_K || WEIGHT_TYPE == WEIGHT_Q5_K
// A super-block as in the file: a header, two uvec4 of fifth bits in Q5_K, eight of nibbles.
#define WEIGHT_OFFSETS
#if WEIGHT_TYPE == WEIGHT_Q4_K
const uint BLOCK_WORDS = 9u, NIBBLES = 1u;
#define FIFTH_BITS(BUFFER, row, block, l, s) uvec4(0u)
#else
const uint BLOCK_WORDS = 11u, NIBBLES = 3u;
#define FIFTH_BITS(BUFFER, row, block, l, s) (((WORD(BUFFER, row, (block) + 1u + (l)) >> (s)) & 0x01010101u) << 4)
#endif
#define LOAD_QUANTS(BUFFER, row, chunk, width, QUANTS, FACTORS)                                                        \
    {                                                                                                                  \
        uint block_ = BLOCK_WORDS * ((chunk) / 16u), c_ = (chunk) & 15u, s_ = c_ / 2u, l_ = c_ & 1u;                   \
        FACTORS = scaleAndMin(WORD(BUFFER, row, block_), s_) * vec2(1.0, -1.0);                                        \
        QUANTS = (WORD(BUFFER, row, block_ + NIBBLES + 2u * (s_ / 2u) + l_) >> (4u * (s_ & 1u))) & 0x0F0F0F0Fu;        \
        QUANTS |= FIFTH_BITS(BUFFER, row, block_, l_, s_);                                                             \
    }
#elif WEIGHT_TYPE == WEIGHT_Q6_K
// 14 uvec4 a super-block: 8 of low nibbles, 4 of high bit pairs, 16 scales, then d and 14 bytes of padding.
#define LOAD_QUANTS(BUFFER, row, chunk, width, QUANTS, FACTORS)                                                        \
    {                                                                                                                  \
        uint block_ = 14u * ((chunk) / 16u), c_ = (chunk) & 15u;                                                       \
        uint n_ = c_ / 8u, r_ = (c_ / 2u) & 3u, l_ = c_ & 1u;                                                          \
        QUANTS = (WORD(BUFFER, row, block_ + 4u * n_ + 2u * (r_ & 1u) + l_) >> (4u * (r_ >> 1))) & 0x0F0F0F0Fu;        \
        QUANTS |= ((WORD(BUFFER, row, block_ + 8u + 2u * n_ + l_) >> (2u * r_)) & 0x03030303u) << 4;                   \
        int scale_ = int(byteOf(WORD(BUFFER, row, block_ + 12u), c_) << 24) >> 24;                                     \
        FACTORS = vec2(unpackHalf2x16(WORD(BUFFER, row, block_ + 13u).x).x * float(scale_), 0.0);                      \
    }
vec4 valuesOf(uint word) { return bytesOf(word) - 32.0; }
uvec4 signedValuesOf(uvec4 quants) { return lessOf(quants, 32u); }
#elif WEIGHT_TYPE == WEIGHT_Q2_K
// 5 uvec4 a super-block: 16 scales with minima, 4 of bit pairs. Then d and dmin of all super-blocks, four to a uvec4.
#define WEIGHT_OFFSETS
uint factorsOfQ2(uint width, uint super) { return 5u * (width / 256u) + super / 4u; }
#define LOAD_QUANTS(BUFFER, row, chunk, width, QUANTS, FACTORS)                                                        \
    {                                                                                                                  \
        uint super_ = (chunk) / 16u, block_ = 5u * super_, c_ = (chunk) & 15u;                                         \
        QUANTS = WORD(BUFFER, row, block_ + 1u + 2u * (c_ / 8u) + (c_ & 1u)) >> (2u * ((c_ / 2u) & 3u));               \
        QUANTS &= 0x03030303u;                                                                                         \
        uint s_ = byteOf(WORD(BUFFER, row, block_), c_);                                                               \
        FACTORS = unpackHalf2x16(WORD(BUFFER, row, factorsOfQ2(width, super_))[super_ & 3u]);                          \
        FACTORS *= vec2(s_ & 15u, -float(s_ >> 4));                                                                    \
    }
#elif WEIGHT_TYPE == WEIGHT_Q3_K
// 7 uvec4 a super-block, as in the file: 2 of third bits, 4 of bit pairs, then 12 bytes of scales and d.
#define LOAD_QUANTS(BUFFER, row, chunk, width, QUANTS, FACTORS)                                                        \
    {                                                                                                                  \
        uint block_ = 7u * ((chunk) / 16u), c_ = (chunk) & 15u;                                                        \
        QUANTS = WORD(BUFFER, row, block_ + 2u + 2u * (c_ / 8u) + (c_ & 1u)) >> (2u * ((c_ / 2u) & 3u));               \
        QUANTS &= 0x03030303u;                                                                                         \
        QUANTS |= ((WORD(BUFFER, row, block_ + (c_ & 1u)) >> (c_ / 2u)) & 0x01010101u) << 2;                           \
        FACTORS = vec2(scaleOfQ3(WORD(BUFFER, row, block_ + 6u), c_), 0.0);                                            \
    }
vec4 valuesOf(uint word) { return bytesOf(word) - 4.0; }
uvec4 signedValuesOf(uvec4 quants) { return lessOf(quants, 4u); }
#elif WEIGHT_TYPE != WEIGHT_F32 && WEIGHT_TYPE != WEIGHT_F16 && WEIGHT_TYPE != WEIGHT_BF16
#include "weights_nibbles.glsl"
#endif

#ifdef WEIGHT_OFFSETS
vec4 valuesOf(uint word) { return bytesOf(word); }
uvec4 signedValuesOf(uvec4 quants) { return quants; }
#endif

// Decodes weights 16·chunk … 16·chunk + 15 of the row that begins at `row`, a rowStart(). `width` is the row's length.
#if WEIGHT_TYPE == WEIGHT_F32
#define LOAD_WEIGHTS(BUFFER, row, chunk, width, OUT)                                                                   \
    {                                                                                                                  \
        uint at_ = 4u * (chunk);                                                                                       \
        OUT[0] = uintBitsToFloat(WORD(BUFFER, row, at_));                                                              \
        OUT[1] = uintBitsToFloat(WORD(BUFFER, row, at_ + 1u));                                                         \
        OUT[2] = uintBitsToFloat(WORD(BUFFER, row, at_ + 2u));                                                         \
        OUT[3] = uintBitsToFloat(WORD(BUFFER, row, at_ + 3u));                                                         \
    }
#elif WEIGHT_TYPE == WEIGHT_F16
#define LOAD_WEIGHTS(BUFFER, row, chunk, width, OUT)                                                                   \
    {                                                                                                                  \
        uint at_ = 2u * (chunk);                                                                                       \
        uvec4 a_ = WORD(BUFFER, row, at_), b_ = WORD(BUFFER, row, at_ + 1u);                                           \
        OUT[0] = vec4(unpackHalf2x16(a_.x), unpackHalf2x16(a_.y));                                                     \
        OUT[1] = vec4(unpackHalf2x16(a_.z), unpackHalf2x16(a_.w));                                                     \
        OUT[2] = vec4(unpackHalf2x16(b_.x), unpackHalf2x16(b_.y));                                                     \
        OUT[3] = vec4(unpackHalf2x16(b_.z), unpackHalf2x16(b_.w));                                                     \
    }
#elif WEIGHT_TYPE == WEIGHT_BF16
vec4 bf16Of(uvec2 p) { return uintBitsToFloat(uvec4(p.x << 16, p.x & 0xFFFF0000u, p.y << 16, p.y & 0xFFFF0000u)); }
#define LOAD_WEIGHTS(BUFFER, row, chunk, width, OUT)                                                                   \
    {                                                                                                                  \
        uint at_ = 2u * (chunk);                                                                                       \
        uvec4 a_ = WORD(BUFFER, row, at_), b_ = WORD(BUFFER, row, at_ + 1u);                                           \
        OUT[0] = bf16Of(a_.xy);                                                                                        \
        OUT[1] = bf16Of(a_.zw);                                                                                        \
        OUT[2] = bf16Of(b_.xy);                                                                                        \
        OUT[3] = bf16Of(b_.zw);                                                                                        \
    }
#else
#ifdef WEIGHT_OFFSETS
vec4 weightsOf(uint quants, vec2 factors) { return factors.x * valuesOf(quants) + factors.y; }
#else
vec4 weightsOf(uint quants, vec2 factors) { return factors.x * valuesOf(quants); }
#endif
#define LOAD_WEIGHTS(BUFFER, row, chunk, width, OUT)                                                                   \
    {                                                                                                                  \
        uvec4 quants_;                                                                                                 \
        vec2 factors_;                                                                                                 \
        LOAD_QUANTS(BUFFER, row, chunk, width, quants_, factors_)                                                      \
        OUT[0] = weightsOf(quants_.x, factors_);                                                                       \
        OUT[1] = weightsOf(quants_.y, factors_);                                                                       \
        OUT[2] = weightsOf(quants_.z, factors_);                                                                       \
        OUT[3] = weightsOf(quants_.w, factors_);                                                                       \
    }
#endif

// acc + a · b, one rounding a step: the same order on every device.
float dotAdd(vec4 a, vec4 b, float acc) {
    acc = fma(a.x, b.x, acc);
    acc = fma(a.y, b.y, acc);
    acc = fma(a.z, b.z, acc);
    return fma(a.w, b.w, acc);
}
