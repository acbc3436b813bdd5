// SPDX-License-Identifier: Apache-2.0
// Rows of the KV cache: one head of one position, in whole uvec4. F32 and F16: the elements. Q8_0: a signed byte an element,
// then, from the next uvec4 on, a half a block of 32 elements: the scale.
#include "signed_bytes.glsl"

layout(constant_id = 1) const uint KV_TYPE = 0u;
const uint KV_F32 = 0u, KV_F16 = 1u, KV_Q8_0 = 2u;

float halfAt(uvec4 words, uint index) {
    vec2 pair = unpackHalf2x16(words[(index >> 1) & 3u]);
    return pair[index & 1u];
}

#ifdef TEXELS
#define KV_WORD(cache, i) texelFetch(cache, int(i))
#else
#define KV_WORD(cache, i) cache[i]
#endif

// Elements 8 · i … 8 · i + 7 of the row that begins at uvec4 `row`, of heads `stride` elements wide.
#define LOAD_KV(cache, row, stride, i, low, high)                                              \
    if (KV_TYPE == KV_F16) {                                                                   \
        uvec4 words = KV_WORD(cache, (row) + (i));                                                      \
        low = vec4(unpackHalf2x16(words.x), unpackHalf2x16(words.y));                          \
        high = vec4(unpackHalf2x16(words.z), unpackHalf2x16(words.w));                         \
    } else if (KV_TYPE == KV_F32) {                                                            \
        low = uintBitsToFloat(KV_WORD(cache, (row) + 2u * (i)));                                        \
        high = uintBitsToFloat(KV_WORD(cache, (row) + 2u * (i) + 1u));                                  \
    } else {                                                                                   \
        uvec4 words = KV_WORD(cache, (row) + (i) / 2u);                                                 \
        uvec2 bytes = ((i) & 1u) == 0u ? words.xy : words.zw;                                  \
        float scale = halfAt(KV_WORD(cache, (row) + (stride) / 16u + (i) / 32u), (i) / 4u);             \
        low = signedBytesOf(bytes.x) * scale;                                                  \
        high = signedBytesOf(bytes.y) * scale;                                                 \
    }
