// SPDX-License-Identifier: Apache-2.0
// Down-projection for a batch, grouped by expert: y[pair] = down[expert] · h[sorted place] + bias[expert]. Grid and tiles as in
// ffn_gate_up_tiles. The weighted sum over a token's pairs is moe_combine's, in a fixed order.
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

layout(constant_id = 2) const bool BIAS = false;
layout(push_constant) uniform Push { FfnTilesPush push; };
WORDS_BUFFER(0, down)
layout(std430, binding = 1) readonly buffer Tiles { uvec4 tiles[]; };  // expert, first, count, unused
layout(std430, binding = 2) readonly buffer Order { uint order[]; };   // sorted place → pair
VECTORS_BUFFER(3, h)
layout(std430, binding = 4) readonly buffer Bias { float bias[]; };  // [expert][row]
layout(std430, binding = 5) writeonly buffer Y { float y[]; };

#ifdef TEXELS
#define ROW(r) (push.row_first + rowOf(r))
#define SOURCE(t) ((tile.y + min(t, tile.z - 1u)) * in_vectors)

void main() {
    uint rows = push.rows, width = push.width, row_words = push.row_words, chunks = (width + 15u) / 16u;
    uint in_vectors = push.in_stride / 4u;
    uvec4 tile = tiles[push.tile_first + gl_WorkGroupID.y];
    uint base[TILE_ROWS];
    float acc[TILE_TOKENS][TILE_ROWS];
    for (uint r = 0u; r < TILE_ROWS; ++r) {
        base[r] = rowStart(tile.x * rows + min(ROW(r), rows - 1u), row_words);
    }
    TILE_SOURCES(SOURCE)
    for (uint t = 0u; t < TILE_TOKENS; ++t) {
        for (uint r = 0u; r < TILE_ROWS; ++r) {
            acc[t][r] = 0.0;
        }
    }
    for (uint chunk = 0u; chunk < chunks; ++chunk) {
        LOAD_TILE(h, chunk)
        vec4 w[TILE_ROWS][4];
        for (uint r = 0u; r < TILE_ROWS; ++r) {
            LOAD_WEIGHTS(down, base[r], chunk, width, w[r])
        }
        for (uint t = 0u; t < TILE_TOKENS; ++t) {
            for (uint j = 0u; j < 4u; ++j) {
                vec4 v = TILE_VECTOR(h, chunk, t, j);
                for (uint r = 0u; r < TILE_ROWS; ++r) {
                    acc[t][r] = dotAdd(w[r][j], v, acc[t][r]);
                }
            }
        }
    }
    for (uint t = 0u; t < TILE_TOKENS; ++t) {
        for (uint r = 0u; r < TILE_ROWS; ++r) {
            if (t < tile.z && ROW(r) < rows) {
                y[order[tile.y + t] * push.out_stride + ROW(r)] =
                    acc[t][r] + (BIAS ? bias[tile.x * rows + ROW(r)] : 0.0);
            }
        }
    }
}
#else
uvec4 tile;

uint firstRow() { return push.row_first + gl_WorkGroupID.x * BLOCK_ROWS; }

void loadWeights(uint matrix, uint row, uint chunk, out Chunk w) {
    uint from = rowStart(tile.x * push.rows + min(firstRow() + row, push.rows - 1u), push.row_words);
    LOAD_CHUNK(down, from, chunk, push.width, w)
}
vec4 loadActivations(uint token, uint vector) { return h[(tile.y + token) * (push.in_stride / 4u) + vector]; }
void storeSums(uint token, uint row, float sums[MATRICES]) {
    row += firstRow();
    if (token < tile.z && row < push.rows) {
        y[order[tile.y + token] * push.out_stride + row] = sums[0] + (BIAS ? bias[tile.x * push.rows + row] : 0.0);
    }
}

void main() {
    tile = tiles[push.tile_first + gl_WorkGroupID.y];
    multiplyBlock(push.width, tile.z);
}
#endif
