// SPDX-License-Identifier: Apache-2.0
// What the matrix × matrix kernels share where weights are read as texels: an invocation computes TILE_TOKENS tokens × TILE_ROWS
// rows in registers. No shared memory: on software drivers a shared load costs as much as a global one. The including shader
// may define TILE_ROWS.
#include "words.glsl"
layout(local_size_x_id = 0) in;  // before any use of gl_WorkGroupSize
const uint TILE_TOKENS = 8u;  // of moe_sort
#ifndef TILE_ROWS
#define TILE_ROWS 8u
#endif

uint rowsOfWorkgroup() { return gl_WorkGroupSize.x * TILE_ROWS; }

// TILE_SOURCES(ROW): where the tokens' activations begin, ROW(t) vectors into their buffer. LOAD_TILE(BUFFER, chunk): gets 16
// activations of each token; TILE_VECTOR(BUFFER, chunk, t, j): four of them.
// As in matvec.glsl: rows of a subgroup's invocations lie side by side.
uint rowOf(uint r) {
    uint self = gl_LocalInvocationID.x;
    return gl_WorkGroupID.x * rowsOfWorkgroup() + self / SUBGROUP * SUBGROUP * TILE_ROWS + r * SUBGROUP + self % SUBGROUP;
}
const uint HELD = 4u * TILE_TOKENS / SUBGROUP;  // vectors that an invocation loads for all
#define TILE_SOURCES(ROW)                                                                                              \
    uint from_[HELD];                                                                                                  \
    for (uint k_ = 0u; k_ < HELD; ++k_) {                                                                              \
        uint i_ = k_ * SUBGROUP + gl_SubgroupInvocationID;                                                             \
        from_[k_] = ROW(i_ / 4u) + (i_ & 3u);                                                                          \
    }
#define LOAD_TILE(BUFFER, chunk)                                                                                       \
    vec4 held_[HELD];                                                                                                  \
    for (uint k_ = 0u; k_ < HELD; ++k_) {                                                                              \
        held_[k_] = VECTOR(BUFFER, from_[k_] + 4u * (chunk));                                                          \
    }
#define TILE_VECTOR(BUFFER, chunk, t, j)                                                                               \
    subgroupShuffle(held_[(4u * (t) + (j)) / SUBGROUP], (4u * (t) + (j)) % SUBGROUP)
