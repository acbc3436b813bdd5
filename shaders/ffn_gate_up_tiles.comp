// SPDX-License-Identifier: Apache-2.0
// Gate, up and activation for a batch, grouped by expert. Grid: x over the expert's rows, y over tiles. A tile is a run of
// pairs (token, choice) of one expert in the order of moe_sort. With ROUTED false all tokens belong to expert 0.
// Out: h[pair], pairs in sorted order (ROUTED) or by token.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "activation.glsl"
#include "push_constants.h"
#ifdef TEXELS
#define TILE_ROWS 4u  // two matrices: with half the rows the sums stay in registers
#include "tile.glsl"
#include "weights.glsl"
#else
#define MATRICES 2u
#include "weights.glsl"
#include "block.glsl"
#endif

layout(constant_id = 2) const bool ROUTED = true;
layout(constant_id = 3) const bool BIAS = false;
layout(constant_id = 4) const bool WEIGHED = false;  // h times the token's weight of the shared expert
layout(push_constant) uniform Push { FfnTilesPush push; };
WORDS_BUFFER(0, gate)
WORDS_BUFFER(1, up)
layout(std430, binding = 2) readonly buffer Tiles { uvec4 tiles[]; };  // expert, first, count, unused
layout(std430, binding = 3) readonly buffer Order { uint order[]; };   // sorted place → pair
VECTORS_BUFFER(4, x)
layout(std430, binding = 5) readonly buffer GateBias { float gate_bias[]; };  // [expert][row]
layout(std430, binding = 6) readonly buffer UpBias { float up_bias[]; };
layout(std430, binding = 7) readonly buffer SharedWeights { float shared_weights[]; };  // [token]
layout(std430, binding = 8) writeonly buffer H { float h[]; };

// The tile of a workgroup: a routed one from the list, or that many tokens of expert 0.
uvec4 tileOf(uint tokens) {
    uint first = gl_WorkGroupID.y * tokens;
    return ROUTED ? tiles[push.tile_first + gl_WorkGroupID.y] : uvec4(0u, first, min(tokens, push.pairs - first), 0u);
}

#ifdef TEXELS
// Where the activations of token t of those at hand begin.
#define PLACE(t) (first + min(t, count - 1u))
#define ROW(r) (push.row_first + rowOf(r))
#define SOURCE(t) ((ROUTED ? order[PLACE(t)] / used : PLACE(t)) * in_vectors)

void main() {
    uint rows = push.rows, width = push.width, row_words = push.row_words, chunks = (width + 15u) / 16u;
    uint in_vectors = push.in_stride / 4u, used = push.expert_used_count;
    uvec4 tile = tileOf(TILE_TOKENS);
    uint base[TILE_ROWS];
    for (uint r = 0u; r < TILE_ROWS; ++r) {
        base[r] = rowStart(tile.x * rows + min(ROW(r), rows - 1u), row_words);
    }
    uint first = tile.y, count = tile.z;
    TILE_SOURCES(SOURCE)
    float gated[TILE_TOKENS][TILE_ROWS], raised[TILE_TOKENS][TILE_ROWS];
    for (uint t = 0u; t < TILE_TOKENS; ++t) {
        for (uint r = 0u; r < TILE_ROWS; ++r) {
            gated[t][r] = 0.0;
            raised[t][r] = 0.0;
        }
    }
    for (uint chunk = 0u; chunk < chunks; ++chunk) {
        LOAD_TILE(x, chunk)
        vec4 gate_weights[TILE_ROWS][4], up_weights[TILE_ROWS][4];
        for (uint r = 0u; r < TILE_ROWS; ++r) {
            LOAD_WEIGHTS(gate, base[r], chunk, width, gate_weights[r])
            LOAD_WEIGHTS(up, base[r], chunk, width, up_weights[r])
        }
        for (uint t = 0u; t < TILE_TOKENS; ++t) {
            for (uint j = 0u; j < 4u; ++j) {
                vec4 v = TILE_VECTOR(x, chunk, t, j);
                for (uint r = 0u; r < TILE_ROWS; ++r) {
                    gated[t][r] = dotAdd(gate_weights[r][j], v, gated[t][r]);
                    raised[t][r] = dotAdd(up_weights[r][j], v, raised[t][r]);
                }
            }
        }
    }
    for (uint t = 0u; t < TILE_TOKENS; ++t) {
        for (uint r = 0u; r < TILE_ROWS; ++r) {
            if (t < count && ROW(r) < rows) {
                float g = gated[t][r], u = raised[t][r];
                if (BIAS) {
                    g += gate_bias[tile.x * rows + ROW(r)];
                    u += up_bias[tile.x * rows + ROW(r)];
                }
                h[(first + t) * push.out_stride + ROW(r)] = activated(g, u) * (WEIGHED ? shared_weights[first + t] : 1.0);
            }
        }
    }
}
#else
uvec4 tile;

uint firstRow() { return push.row_first + gl_WorkGroupID.x * BLOCK_ROWS; }

void loadWeights(uint matrix, uint row, uint chunk, out Chunk w) {
    uint from = rowStart(tile.x * push.rows + min(firstRow() + row, push.rows - 1u), push.row_words);
    if (matrix == 0u) {
        LOAD_CHUNK(gate, from, chunk, push.width, w)
    } else {
        LOAD_CHUNK(up, from, chunk, push.width, w)
    }
}
vec4 loadActivations(uint token, uint vector) {
    uint place = tile.y + token;
    return x[(ROUTED ? order[place] / push.expert_used_count : place) * (push.in_stride / 4u) + vector];
}
void storeSums(uint token, uint row, float sums[MATRICES]) {
    row += firstRow();
    if (token < tile.z && row < push.rows) {
        float g = sums[0], u = sums[1];
        if (BIAS) {
            g += gate_bias[tile.x * push.rows + row];
            u += up_bias[tile.x * push.rows + row];
        }
        uint place = tile.y + token;
        h[place * push.out_stride + row] = activated(g, u) * (WEIGHED ? shared_weights[place] : 1.0);
    }
}

void main() {
    tile = tileOf(BLOCK_TOKENS);
    multiplyBlock(push.width, tile.z);
}
#endif
