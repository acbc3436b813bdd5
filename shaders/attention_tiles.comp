// SPDX-License-Identifier: Apache-2.0
// Causal attention of a batch, for drivers that compute on the CPU. A workgroup is one subgroup and takes a tile of ROWS queries
// that share a KV head: of neighbouring tokens, and of a token's heads. Grid: x over the KV heads of the caches, y over some of the tiles.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "words.glsl"
#include "kv_row.glsl"
#include "push_constants.h"

layout(local_size_x_id = 0) in;
const uint ROWS = 8u;
layout(push_constant) uniform Push { AttentionTilesPush push; };
VECTORS_BUFFER(0, q)                                                      // [token][head][head_stride]
WORDS_BUFFER(1, k_cache)                                                  // [kv head][context][row_words]
WORDS_BUFFER(2, v_cache)
layout(std430, binding = 3) readonly buffer Step { StepState step_state; };
layout(std430, binding = 4) readonly buffer Sinks { float sinks[]; };     // [head]
layout(std430, binding = 5) buffer Out { float result[]; };               // [token][head · head_dim]
layout(std430, binding = 6) buffer State { vec2 state[]; };               // as attention_rows.glsl has it
#include "attention_rows.glsl"

void main() {
    // Late tiles see more positions than early ones: neighbours in the grid, which one thread works on, come from all over.
    uint tile = (push.tile_first + gl_WorkGroupID.y) * push.tile_step % push.tiles;
    attend(push.kv_first + gl_WorkGroupID.x, tile * ROWS, push.tokens * (push.head_count / push.head_count_kv));
}
