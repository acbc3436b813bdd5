// SPDX-License-Identifier: Apache-2.0
// Y[t] = scale · (W · X[t] + bias) for a batch of tokens, or Y += (ACCUMULATE). Grid: x over rows, y over tiles of tokens.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "push_constants.h"
#ifdef TEXELS
#include "tile.glsl"
#include "weights.glsl"
#else
#define MATRICES 1u
#include "weights.glsl"
#include "block.glsl"
#endif

layout(constant_id = 3) const bool ACCUMULATE = false;
layout(constant_id = 4) const bool BIAS = false;
layout(push_constant) uniform Push { MatmulPush push; };
WORDS_BUFFER(0, weights)
VECTORS_BUFFER(1, x)
layout(std430, binding = 2) readonly buffer Bias { float bias[]; };
layout(std430, binding = 3) buffer Y { float y[]; };

#ifdef TEXELS
#define SOURCE(t) (min(first + (t), tokens - 1u) * in_vectors)

void main() {
    uint rows = push.rows, width = push.width, row_words = push.row_words, chunks = (width + 15u) / 16u;
    uint in_vectors = push.in_stride / 4u, first = gl_WorkGroupID.y * TILE_TOKENS, tokens = push.tokens;
    uint base[TILE_ROWS];
    float acc[TILE_TOKENS][TILE_ROWS];
    for (uint r = 0u; r < TILE_ROWS; ++r) {
        base[r] = rowStart(min(rowOf(r), rows - 1u), row_words);
    }
    TILE_SOURCES(SOURCE)
    for (uint t = 0u; t < TILE_TOKENS; ++t) {
        for (uint r = 0u; r < TILE_ROWS; ++r) {
            acc[t][r] = 0.0;
        }
    }
    for (uint chunk = 0u; chunk < chunks; ++chunk) {
        LOAD_TILE(x, chunk)
        vec4 w[TILE_ROWS][4];
        for (uint r = 0u; r < TILE_ROWS; ++r) {
            LOAD_WEIGHTS(weights, base[r], chunk, width, w[r])
        }
        for (uint t = 0u; t < TILE_TOKENS; ++t) {
            for (uint j = 0u; j < 4u; ++j) {
                vec4 v = TILE_VECTOR(x, chunk, t, j);
                for (uint r = 0u; r < TILE_ROWS; ++r) {
                    acc[t][r] = dotAdd(w[r][j], v, acc[t][r]);
                }
            }
        }
    }
    for (uint t = 0u; t < TILE_TOKENS; ++t) {
        for (uint r = 0u; r < TILE_ROWS; ++r) {
            if (first + t < tokens && rowOf(r) < rows) {
                uint at = (first + t) * push.out_stride + push.out_first + rowOf(r);
                float value = (acc[t][r] + (BIAS ? bias[rowOf(r)] : 0.0)) * push.scale;
                y[at] = ACCUMULATE ? y[at] + value : value;
            }
        }
    }
}
#else
uint firstRow() { return gl_WorkGroupID.x * BLOCK_ROWS; }
uint firstToken() { return gl_WorkGroupID.y * BLOCK_TOKENS; }

void loadWeights(uint matrix, uint row, uint chunk, out Chunk w) {
    uint from = rowStart(min(firstRow() + row, push.rows - 1u), push.row_words);
    LOAD_CHUNK(weights, from, chunk, push.width, w)
}
vec4 loadActivations(uint token, uint vector) { return x[(firstToken() + token) * (push.in_stride / 4u) + vector]; }
void storeSums(uint token, uint row, float sums[MATRICES]) {
    token += firstToken();
    row += firstRow();
    if (token < push.tokens && row < push.rows) {
        uint at = token * push.out_stride + push.out_first + row;
        float value = (sums[0] + (BIAS ? bias[row] : 0.0)) * push.scale;
        y[at] = ACCUMULATE ? y[at] + value : value;
    }
}

void main() { multiplyBlock(push.width, push.tokens - firstToken()); }
#endif
