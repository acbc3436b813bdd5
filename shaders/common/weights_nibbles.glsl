// SPDX-License-Identifier: Apache-2.0
// Decoders of the types with one uvec4 of nibbles for 32 weights, those of the first 16 in the low halves. A row holds all
// nibbles, then fifth bits (Q5_0, Q5_1: bit s of byte i belongs to weight 16·s + i of 128), then the factors of the blocks
// of 32. Included by weights.glsl.

// Blocks that one uvec4 of factors serves.
#if WEIGHT_TYPE == WEIGHT_Q4_0 || WEIGHT_TYPE == WEIGHT_Q5_0 || WEIGHT_TYPE == WEIGHT_IQ4_NL
const uint FACTOR_BLOCKS = 8u;
#elif WEIGHT_TYPE == WEIGHT_Q4_1 || WEIGHT_TYPE == WEIGHT_Q5_1
const uint FACTOR_BLOCKS = 4u;
#else
const uint FACTOR_BLOCKS = 16u;
#endif

#if WEIGHT_TYPE == WEIGHT_Q5_0 || WEIGHT_TYPE == WEIGHT_Q5_1
uint fifthWords(uint width) { return (unitsOf(width) + 1u) / 2u; }
#define FIFTH_BITS_OF(BUFFER, row, chunk, width)                                                                       \
    (((WORD(BUFFER, row, 2u * unitsOf(width) + (chunk) / 8u) >> ((chunk) & 7u)) & 0x01010101u) << 4)
#else
uint fifthWords(uint width) { return 0u; }
#define FIFTH_BITS_OF(BUFFER, row, chunk, width) uvec4(0u)
#endif

uint factorWord(uint width, uint block) {
    return 2u * unitsOf(width) + fifthWords(width) + block / FACTOR_BLOCKS;
}

// Scale and offset of a block: a weight is scale · value + offset.
#if WEIGHT_TYPE == WEIGHT_Q4_0
vec2 factorsOf(uvec4 words, uint block) { return vec2(1.0, -8.0) * halfOf(words, block & 7u); }
#elif WEIGHT_TYPE == WEIGHT_Q5_0
vec2 factorsOf(uvec4 words, uint block) { return vec2(1.0, -16.0) * halfOf(words, block & 7u); }
#elif WEIGHT_TYPE == WEIGHT_Q4_1 || WEIGHT_TYPE == WEIGHT_Q5_1
vec2 factorsOf(uvec4 words, uint block) { return unpackHalf2x16(words[block & 3u]); }
#elif WEIGHT_TYPE == WEIGHT_IQ4_NL
vec2 factorsOf(uvec4 words, uint block) { return vec2(halfOf(words, block & 7u), 0.0); }
#elif WEIGHT_TYPE == WEIGHT_MXFP4
// 2^(e − 128): the table's entries are doubled. The smallest two are subnormal, and devices may take them for 0.
vec2 factorsOf(uvec4 words, uint block) {
    uint e = byteOf(words, block & 15u);
    return vec2(uintBitsToFloat(e < 2u ? 0x200000u << e : (e - 1u) << 23), 0.0);
}
#elif WEIGHT_TYPE == WEIGHT_IQ4_XS
// 8 bytes for eight blocks: half d, upper bit pairs of eight scales, their nibbles.
vec2 factorsOf(uvec4 words, uint block) {
    uvec2 header = (block & 8u) == 0u ? words.xy : words.zw;
    uint sub = block & 7u;
    uint scale = ((header.y >> (4u * sub)) & 15u) | (((header.x >> (16u + 2u * sub)) & 3u) << 4);
    return vec2(unpackHalf2x16(header.x).x * (float(scale) - 32.0), 0.0);
}
#endif

// What the four quants in the bytes of a word stand for.
#if WEIGHT_TYPE == WEIGHT_IQ4_NL || WEIGHT_TYPE == WEIGHT_IQ4_XS || WEIGHT_TYPE == WEIGHT_MXFP4
// 16 signed bytes. In words of their own, not an array: selects cost less than memory.
#if WEIGHT_TYPE == WEIGHT_MXFP4
const uint TABLE_0 = 0x03020100u, TABLE_4 = 0x0C080604u, TABLE_8 = 0xFDFEFF00u, TABLE_12 = 0xF4F8FAFCu;
#else
const uint TABLE_0 = 0xBFAD9881u, TABLE_4 = 0xF6EADDCFu, TABLE_8 = 0x26190D01u, TABLE_12 = 0x71594535u;
#endif
// The word with each quant's entry.
uvec4 entriesOf(uvec4 q) {
    bvec4 odd = notEqual(q & 4u, uvec4(0u));
    uvec4 below = mix(uvec4(TABLE_0), uvec4(TABLE_4), odd), above = mix(uvec4(TABLE_8), uvec4(TABLE_12), odd);
    return mix(below, above, notEqual(q & 8u, uvec4(0u)));
}
uvec4 nibblesOf(uint word) { return uvec4(word, word >> 8, word >> 16, word >> 24) & 15u; }
vec4 valuesOf(uint word) {
    uvec4 q = nibblesOf(word);
    return vec4(ivec4(entriesOf(q) << (24u - 8u * (q & 3u))) >> 24);
}
uvec4 signedValuesOf(uvec4 quants) {
    uvec4 words;
    for (uint i = 0u; i < 4u; ++i) {
        uvec4 q = nibblesOf(quants[i]);
        words[i] = wordOf(entriesOf(q) >> (8u * (q & 3u)));
    }
    return words;
}
#else
#define WEIGHT_OFFSETS
#endif

#define LOAD_QUANTS(BUFFER, row, chunk, width, QUANTS, FACTORS)                                                        \
    {                                                                                                                  \
        uint b_ = (chunk) / 2u;                                                                                        \
        FACTORS = factorsOf(WORD(BUFFER, row, factorWord(width, b_)), b_);                                             \
        QUANTS = (WORD(BUFFER, row, b_) >> (4u * ((chunk) & 1u))) & 0x0F0F0F0Fu;                                       \
        QUANTS |= FIFTH_BITS_OF(BUFFER, row, chunk, width);                                                            \
    }
