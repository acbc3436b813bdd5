// SPDX-License-Identifier: Apache-2.0
// Dot products of a row of weights with activations, 64 weights a time (a unit), for the matrix × vector kernels. A block
// format's words are read once for all the weights they hold, and scales are applied to sums, not to weights.
// The including shader has weights.glsl and the activations of a unit as v[16], their sums by 16 as sums[4].

// Chunk of 16 activations that part r of a unit meets. Bit pairs of the K types keep the parts of a half super-block 32
// weights apart.
#if WEIGHT_TYPE == WEIGHT_Q2_K || WEIGHT_TYPE == WEIGHT_Q3_K || WEIGHT_TYPE == WEIGHT_Q6_K
uint chunkOf(uint unit, uint r) { return 16u * (unit / 4u) + 8u * ((unit >> 1) & 1u) + 2u * r + (unit & 1u); }
#else
uint chunkOf(uint unit, uint r) { return 4u * unit + r; }
#endif

float sumOf(vec4 a, vec4 b, vec4 c, vec4 d) {
    vec4 all = (a + b) + (c + d);
    return (all.x + all.y) + (all.z + all.w);
}

// Declares v and sums for the activations of a unit; AT(i) is their vector i.
#ifdef TEXELS
const uint UNIT_HELD = 16u / SUBGROUP;  // vectors that an invocation loads for all
#define LOAD_UNIT(AT, unit)                                                                                            \
    vec4 held_[UNIT_HELD], v[16];                                                                                      \
    float sums[4];                                                                                                     \
    for (uint k_ = 0u; k_ < UNIT_HELD; ++k_) {                                                                         \
        uint i_ = k_ * SUBGROUP + gl_SubgroupInvocationID;                                                             \
        held_[k_] = AT(4u * chunkOf(unit, i_ / 4u) + (i_ & 3u));                                                       \
    }                                                                                                                  \
    for (uint r_ = 0u; r_ < 4u; ++r_) {                                                                                \
        for (uint j_ = 0u; j_ < 4u; ++j_) {                                                                            \
            uint i_ = 4u * r_ + j_;                                                                                    \
            v[i_] = subgroupShuffle(held_[i_ / SUBGROUP], i_ % SUBGROUP);                                              \
        }                                                                                                              \
        sums[r_] = sumOf(v[4u * r_], v[4u * r_ + 1u], v[4u * r_ + 2u], v[4u * r_ + 3u]);                               \
    }
#else
#define LOAD_UNIT(AT, unit)                                                                                            \
    vec4 v[16];                                                                                                        \
    float sums[4];                                                                                                     \
    for (uint r_ = 0u; r_ < 4u; ++r_) {                                                                                \
        for (uint j_ = 0u; j_ < 4u; ++j_) {                                                                            \
            v[4u * r_ + j_] = AT(4u * chunkOf(unit, r_) + j_);                                                         \
        }                                                                                                              \
        sums[r_] = sumOf(v[4u * r_], v[4u * r_ + 1u], v[4u * r_ + 2u], v[4u * r_ + 3u]);                               \
    }
#endif

// SCALE = 1 ÷ the RMS of the row of `width` activations that BUFFER begins with, by the whole workgroup.
#define LOAD_NORM_SCALE(BUFFER, width, epsilon, SCALE)                                                                 \
    {                                                                                                                  \
        float sum_ = 0.0;                                                                                              \
        for (uint i_ = gl_LocalInvocationID.x; i_ < ((width) + 3u) / 4u; i_ += gl_WorkGroupSize.x) {                   \
            vec4 v_ = VECTOR(BUFFER, i_);                                                                              \
            sum_ = dotAdd(v_, v_, sum_);                                                                               \
        }                                                                                                              \
        SCALE = 1.0 / sqrt(workgroupSum(sum_) / float(width) + (epsilon));                                             \
    }

float dotBytes(uvec4 q, vec4 a, vec4 b, vec4 c, vec4 d) {
    float acc = dotAdd(bytesOf(q.x), a, 0.0);
    acc = dotAdd(bytesOf(q.y), b, acc);
    acc = dotAdd(bytesOf(q.z), c, acc);
    return dotAdd(bytesOf(q.w), d, acc);
}

// acc += row · v for one unit of the row that begins at `row`, a rowStart().
#if WEIGHT_TYPE == WEIGHT_F32 || WEIGHT_TYPE == WEIGHT_F16 || WEIGHT_TYPE == WEIGHT_BF16
#define DOT_UNIT(BUFFER, row, unit, width, acc)                                                                        \
    for (uint r_ = 0u; r_ < 4u; ++r_) {                                                                                \
        vec4 w_[4];                                                                                                    \
        LOAD_WEIGHTS(BUFFER, row, 4u * (unit) + r_, width, w_)                                                         \
        for (uint j_ = 0u; j_ < 4u; ++j_) {                                                                            \
            acc = dotAdd(w_[j_], v[4u * r_ + j_], acc);                                                                \
        }                                                                                                              \
    }
#elif WEIGHT_TYPE == WEIGHT_Q8_0
// A unit is two blocks, and one word of scales.
float dotSigned(uvec4 q, vec4 a, vec4 b, vec4 c, vec4 d, float acc) {
    acc = dotAdd(signedBytesOf(q.x), a, acc);
    acc = dotAdd(signedBytesOf(q.y), b, acc);
    acc = dotAdd(signedBytesOf(q.z), c, acc);
    return dotAdd(signedBytesOf(q.w), d, acc);
}
#define DOT_UNIT(BUFFER, row, unit, width, acc)                                                                        \
    {                                                                                                                  \
        uvec4 s_ = WORD(BUFFER, row, 4u * unitsOf(width) + (unit) / 4u);                                               \
        vec2 d_ = unpackHalf2x16(s_[(unit) & 3u]);                                                                     \
        for (uint b_ = 0u; b_ < 2u; ++b_) {                                                                            \
            uint i_ = 8u * b_, at_ = 4u * (unit) + 2u * b_;                                                            \
            float part_ = dotSigned(WORD(BUFFER, row, at_), v[i_], v[i_ + 1u], v[i_ + 2u], v[i_ + 3u], 0.0);           \
            part_ = dotSigned(WORD(BUFFER, row, at_ + 1u), v[i_ + 4u], v[i_ + 5u], v[i_ + 6u], v[i_ + 7u], part_);     \
            acc = fma(d_[b_], part_, acc);                                                                             \
        }                                                                                                              \
    }
#elif WEIGHT_TYPE == WEIGHT_Q4_K || WEIGHT_TYPE == WEIGHT_Q5_K
// A unit is two sub-blocks: the low and the high nibbles of two words.
#define DOT_UNIT(BUFFER, row, unit, width, acc)                                                                        \
    {                                                                                                                  \
        uint block_ = BLOCK_WORDS * ((unit) / 4u), j_ = (unit) & 3u;                                                   \
        uvec4 header_ = WORD(BUFFER, row, block_);                                                                     \
        vec2 low_ = scaleAndMin(header_, 2u * j_), high_ = scaleAndMin(header_, 2u * j_ + 1u);                         \
        for (uint l_ = 0u; l_ < 2u; ++l_) {                                                                            \
            uvec4 q_ = WORD(BUFFER, row, block_ + NIBBLES + 2u * j_ + l_);                                             \
            uvec4 a_ = (q_ & 0x0F0F0F0Fu) | FIFTH_BITS(BUFFER, row, block_, l_, 2u * j_);                              \
            uvec4 b_ = ((q_ >> 4) & 0x0F0F0F0Fu) | FIFTH_BITS(BUFFER, row, block_, l_, 2u * j_ + 1u);                  \
            uint i_ = 4u * l_, k_ = 4u * l_ + 8u;                                                                      \
            acc = fma(low_.x, dotBytes(a_, v[i_], v[i_ + 1u], v[i_ + 2u], v[i_ + 3u]), acc);                           \
            acc = fma(-low_.y, sums[l_], acc);                                                                         \
            acc = fma(high_.x, dotBytes(b_, v[k_], v[k_ + 1u], v[k_ + 2u], v[k_ + 3u]), acc);                          \
            acc = fma(-high_.y, sums[l_ + 2u], acc);                                                                   \
        }                                                                                                              \
    }
#elif WEIGHT_TYPE == WEIGHT_Q6_K
// A unit is the four parts that share one word of high bits: low and high nibbles of two words.
#define DOT_UNIT(BUFFER, row, unit, width, acc)                                                                        \
    {                                                                                                                  \
        uint block_ = 14u * ((unit) / 4u), n_ = ((unit) >> 1) & 1u, l_ = (unit) & 1u;                                  \
        uvec4 h_ = WORD(BUFFER, row, block_ + 8u + 2u * n_ + l_), s_ = WORD(BUFFER, row, block_ + 12u);                \
        float d_ = unpackHalf2x16(WORD(BUFFER, row, block_ + 13u).x).x;                                                \
        for (uint b_ = 0u; b_ < 2u; ++b_) {                                                                            \
            uvec4 q_ = WORD(BUFFER, row, block_ + 4u * n_ + 2u * b_ + l_);                                             \
            for (uint t_ = 0u; t_ < 2u; ++t_) {                                                                        \
                uint r_ = b_ + 2u * t_, i_ = 4u * r_;                                                                  \
                uvec4 w_ = ((q_ >> (4u * t_)) & 0x0F0F0F0Fu) | (((h_ >> (2u * r_)) & 0x03030303u) << 4);               \
                float part_ = dotBytes(w_, v[i_], v[i_ + 1u], v[i_ + 2u], v[i_ + 3u]) - 32.0 * sums[r_];               \
                int scale_ = int(byteOf(s_, 8u * n_ + 2u * r_ + l_) << 24) >> 24;                                      \
                acc = fma(d_ * float(scale_), part_, acc);                                                             \
            }                                                                                                          \
        }                                                                                                              \
    }
#elif WEIGHT_TYPE == WEIGHT_Q2_K
// A unit is the four bit pairs of one word.
#define DOT_UNIT(BUFFER, row, unit, width, acc)                                                                        \
    {                                                                                                                  \
        uint super_ = (unit) / 4u, block_ = 5u * super_, n_ = ((unit) >> 1) & 1u, l_ = (unit) & 1u;                    \
        uvec4 q_ = WORD(BUFFER, row, block_ + 1u + 2u * n_ + l_), s_ = WORD(BUFFER, row, block_);                      \
        uvec4 f_ = WORD(BUFFER, row, factorsOfQ2(width, super_));                                                      \
        vec2 d_ = unpackHalf2x16(f_[super_ & 3u]);                                                                     \
        for (uint r_ = 0u; r_ < 4u; ++r_) {                                                                            \
            uint i_ = 4u * r_, b_ = byteOf(s_, 8u * n_ + 2u * r_ + l_);                                                \
            uvec4 w_ = (q_ >> (2u * r_)) & 0x03030303u;                                                                \
            acc = fma(d_.x * float(b_ & 15u), dotBytes(w_, v[i_], v[i_ + 1u], v[i_ + 2u], v[i_ + 3u]), acc);           \
            acc = fma(-d_.y * float(b_ >> 4), sums[r_], acc);                                                          \
        }                                                                                                              \
    }
#elif WEIGHT_TYPE == WEIGHT_Q3_K
#define DOT_UNIT(BUFFER, row, unit, width, acc)                                                                        \
    {                                                                                                                  \
        uint block_ = 7u * ((unit) / 4u), n_ = ((unit) >> 1) & 1u, l_ = (unit) & 1u;                                   \
        uvec4 h_ = WORD(BUFFER, row, block_ + l_), q_ = WORD(BUFFER, row, block_ + 2u + 2u * n_ + l_);                 \
        uvec4 s_ = WORD(BUFFER, row, block_ + 6u);                                                                    \
        for (uint r_ = 0u; r_ < 4u; ++r_) {                                                                            \
            uint i_ = 4u * r_;                                                                                         \
            uvec4 w_ = ((q_ >> (2u * r_)) & 0x03030303u) | (((h_ >> (4u * n_ + r_)) & 0x01010101u) << 2);              \
            float part_ = dotBytes(w_, v[i_], v[i_ + 1u], v[i_ + 2u], v[i_ + 3u]) - 4.0 * sums[r_];                    \
            acc = fma(scaleOfQ3(s_, 8u * n_ + 2u * r_ + l_), part_, acc);                                              \
        }                                                                                                              \
    }
#else
// A unit is two blocks: the low and the high nibbles of two words.
float dotValues(uvec4 q, vec4 a, vec4 b, vec4 c, vec4 d, float acc) {
    acc = dotAdd(valuesOf(q.x), a, acc);
    acc = dotAdd(valuesOf(q.y), b, acc);
    acc = dotAdd(valuesOf(q.z), c, acc);
    return dotAdd(valuesOf(q.w), d, acc);
}
#define DOT_UNIT(BUFFER, row, unit, width, acc)                                                                        \
    for (uint b_ = 0u; b_ < 2u; ++b_) {                                                                                \
        uint block_ = 2u * (unit) + b_, i_ = 8u * b_, k_ = i_ + 4u;                                                    \
        vec2 f_ = factorsOf(WORD(BUFFER, row, factorWord(width, block_)), block_);                                     \
        uvec4 q_ = WORD(BUFFER, row, block_);                                                                          \
        uvec4 low_ = (q_ & 0x0F0F0F0Fu) | FIFTH_BITS_OF(BUFFER, row, 2u * block_, width);                              \
        uvec4 high_ = ((q_ >> 4) & 0x0F0F0F0Fu) | FIFTH_BITS_OF(BUFFER, row, 2u * block_ + 1u, width);                 \
        float part_ = dotValues(low_, v[i_], v[i_ + 1u], v[i_ + 2u], v[i_ + 3u], 0.0);                                 \
        part_ = dotValues(high_, v[k_], v[k_ + 1u], v[k_ + 2u], v[k_ + 3u], part_);                                    \
        acc = fma(f_.x, part_, acc);                                                                                   \
        acc = fma(f_.y, sums[2u * b_] + sums[2u * b_ + 1u], acc);                                                      \
    }
#endif
