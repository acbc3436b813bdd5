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
#elif WEIGHT_TYPE == WEIGHT_Q8_0
// All quants of the row, then its scales as halves, eight to a uvec4.
#define LOAD_WEIGHTS(BUFFER, row, chunk, width, OUT)                                                                   \
    {                                                                                                                  \
        uvec4 q_ = WORD(BUFFER, row, (chunk));                                                                         \
        uvec4 s_ = WORD(BUFFER, row, 4u * unitsOf(width) + (chunk) / 16u);                                             \
        float d_ = halfOf(s_, ((chunk) / 2u) & 7u);                                                                    \
        OUT[0] = d_ * signedBytesOf(q_.x);                                                                             \
        OUT[1] = d_ * signedBytesOf(q_.y);                                                                             \
        OUT[2] = d_ * signedBytesOf(q_.z);                                                                             \
        OUT[3] = d_ * signedBytesOf(q_.w);                                                                             \
    }
#elif WEIGHT_TYPE == WEIGHT_Q4_K
// 9 uvec4 a super-block, as in the file: header, 8 × 16 bytes of nibbles.
#define LOAD_WEIGHTS(BUFFER, row, chunk, width, OUT)                                                                   \
    {                                                                                                                  \
        uint block_ = 9u * ((chunk) / 16u), c_ = (chunk) & 15u, s_ = c_ / 2u;                                          \
        vec2 f_ = scaleAndMin(WORD(BUFFER, row, block_), s_);                                                          \
        uvec4 q_ = (WORD(BUFFER, row, block_ + 1u + 2u * (s_ / 2u) + (c_ & 1u)) >> (4u * (s_ & 1u))) & 0x0F0F0F0Fu;    \
        OUT[0] = f_.x * bytesOf(q_.x) - f_.y;                                                                          \
        OUT[1] = f_.x * bytesOf(q_.y) - f_.y;                                                                          \
        OUT[2] = f_.x * bytesOf(q_.z) - f_.y;                                                                          \
        OUT[3] = f_.x * bytesOf(q_.w) - f_.y;                                                                          \
    }
#elif WEIGHT_TYPE == WEIGHT_Q5_K
// 11 uvec4 a super-block, as in the file: header, 2 of fifth bits, 8 of nibbles.
#define LOAD_WEIGHTS(BUFFER, row, chunk, width, OUT)                                                                   \
    {                                                                                                                  \
        uint block_ = 11u * ((chunk) / 16u), c_ = (chunk) & 15u, s_ = c_ / 2u;                                         \
        vec2 f_ = scaleAndMin(WORD(BUFFER, row, block_), s_);                                                          \
        uvec4 h_ = ((WORD(BUFFER, row, block_ + 1u + (c_ & 1u)) >> s_) & 0x01010101u) << 4;                            \
        uvec4 q_ = (WORD(BUFFER, row, block_ + 3u + 2u * (s_ / 2u) + (c_ & 1u)) >> (4u * (s_ & 1u))) & 0x0F0F0F0Fu;    \
        q_ |= h_;                                                                                                      \
        OUT[0] = f_.x * bytesOf(q_.x) - f_.y;                                                                          \
        OUT[1] = f_.x * bytesOf(q_.y) - f_.y;                                                                          \
        OUT[2] = f_.x * bytesOf(q_.z) - f_.y;                                                                          \
        OUT[3] = f_.x * bytesOf(q_.w) - f_.y;                                                                          \
    }
#elif WEIGHT_TYPE == WEIGHT_Q6_K
// 14 uvec4 a super-block: 8 of low nibbles, 4 of high bit pairs, 16 scales, then d and 14 bytes of padding.
#define LOAD_WEIGHTS(BUFFER, row, chunk, width, OUT)                                                                   \
    {                                                                                                                  \
        uint block_ = 14u * ((chunk) / 16u), c_ = (chunk) & 15u;                                                       \
        uint n_ = c_ / 8u, r_ = (c_ / 2u) & 3u, l_ = c_ & 1u;                                                          \
        uvec4 q_ = (WORD(BUFFER, row, block_ + 4u * n_ + 2u * (r_ & 1u) + l_) >> (4u * (r_ >> 1))) & 0x0F0F0F0Fu;      \
        uvec4 h_ = ((WORD(BUFFER, row, block_ + 8u + 2u * n_ + l_) >> (2u * r_)) & 0x03030303u) << 4;                  \
        q_ |= h_;                                                                                                      \
        uvec4 s_ = WORD(BUFFER, row, block_ + 12u);                                                                    \
        int scale_ = int(byteOf(s_, c_) << 24) >> 24;                                                                  \
        float d_ = unpackHalf2x16(WORD(BUFFER, row, block_ + 13u).x).x * float(scale_);                                \
        OUT[0] = d_ * (bytesOf(q_.x) - 32.0);                                                                          \
        OUT[1] = d_ * (bytesOf(q_.y) - 32.0);                                                                          \
        OUT[2] = d_ * (bytesOf(q_.z) - 32.0);                                                                          \
        OUT[3] = d_ * (bytesOf(q_.w) - 32.0);                                                                          \
    }
#elif WEIGHT_TYPE == WEIGHT_Q2_K
// 5 uvec4 a super-block: 16 scales with minima, 4 of bit pairs. Then d and dmin of all super-blocks, four to a uvec4.
uint factorsOfQ2(uint width, uint super) { return 5u * (width / 256u) + super / 4u; }
#define LOAD_WEIGHTS(BUFFER, row, chunk, width, OUT)                                                                   \
    {                                                                                                                  \
        uint super_ = (chunk) / 16u, block_ = 5u * super_, c_ = (chunk) & 15u;                                         \
        uvec4 q_ = (WORD(BUFFER, row, block_ + 1u + 2u * (c_ / 8u) + (c_ & 1u)) >> (2u * ((c_ / 2u) & 3u))) & 0x03030303u; \
        uvec4 f_ = WORD(BUFFER, row, factorsOfQ2(width, super_));                                                      \
        vec2 d_ = unpackHalf2x16(f_[super_ & 3u]);                                                                     \
        uint s_ = byteOf(WORD(BUFFER, row, block_), c_);                                                               \
        d_ *= vec2(s_ & 15u, s_ >> 4);                                                                                 \
        OUT[0] = d_.x * bytesOf(q_.x) - d_.y;                                                                          \
        OUT[1] = d_.x * bytesOf(q_.y) - d_.y;                                                                          \
        OUT[2] = d_.x * bytesOf(q_.z) - d_.y;                                                                          \
        OUT[3] = d_.x * bytesOf(q_.w) - d_.y;                                                                          \
    }
#elif WEIGHT_TYPE == WEIGHT_Q3_K
// 7 uvec4 a super-block, as in the file: 2 of third bits, 4 of bit pairs, then 12 bytes of scales and d.
#define LOAD_WEIGHTS(BUFFER, row, chunk, width, OUT)                                                                   \
    {                                                                                                                  \
        uint block_ = 7u * ((chunk) / 16u), c_ = (chunk) & 15u;                                                        \
        uvec4 h_ = ((WORD(BUFFER, row, block_ + (c_ & 1u)) >> (c_ / 2u)) & 0x01010101u) << 2;                          \
        uvec4 q_ = (WORD(BUFFER, row, block_ + 2u + 2u * (c_ / 8u) + (c_ & 1u)) >> (2u * ((c_ / 2u) & 3u))) & 0x03030303u; \
        q_ |= h_;                                                                                                      \
        float d_ = scaleOfQ3(WORD(BUFFER, row, block_ + 6u), c_);                                                      \
        OUT[0] = d_ * (bytesOf(q_.x) - 4.0);                                                                           \
        OUT[1] = d_ * (bytesOf(q_.y) - 4.0);                                                                           \
        OUT[2] = d_ * (bytesOf(q_.z) - 4.0);                                                                           \
        OUT[3] = d_ * (bytesOf(q_.w) - 4.0);                                                                           \
    }
#else
#include "weights_nibbles.glsl"
#endif

// acc + a · b, one rounding a step: the same order on every device.
float dotAdd(vec4 a, vec4 b, float acc) {
    acc = fma(a.x, b.x, acc);
    acc = fma(a.y, b.y, acc);
    acc = fma(a.z, b.z, acc);
    return fma(a.w, b.w, acc);
}
