// SPDX-License-Identifier: Apache-2.0
// What the matrix × matrix kernels share: an invocation computes ACC_TOKENS tokens × TILE_ROWS rows in registers. No
// shared memory: on software drivers a shared load costs as much as a global one. The including shader may define either.
#include "words.glsl"
layout(local_size_x_id = 0) in;  // before any use of gl_WorkGroupSize
const uint TILE_TOKENS = 8u;  // of moe_sort
#ifndef ACC_TOKENS
#define ACC_TOKENS TILE_TOKENS
#endif
#ifndef TILE_ROWS
#ifdef TEXELS
#define TILE_ROWS 8u
#else
#define TILE_ROWS 4u
#endif
#endif

uint rowsOfWorkgroup() { return gl_WorkGroupSize.x * TILE_ROWS; }

// TILE_SOURCES(ROW): where the tokens' activations begin, ROW(t) vectors into their buffer. LOAD_TILE(BUFFER, chunk): gets 16
// activations of each token; TILE_VECTOR(BUFFER, chunk, t, j): four of them.
#ifdef TEXELS
// As in matvec.glsl: rows of a subgroup's invocations lie side by side.
uint rowOf(uint r) {
    uint self = gl_LocalInvocationID.x;
    return gl_WorkGroupID.x * rowsOfWorkgroup() + self / SUBGROUP * SUBGROUP * TILE_ROWS + r * SUBGROUP + self % SUBGROUP;
}
const uint HELD = 4u * ACC_TOKENS / SUBGROUP;  // vectors that an invocation loads for all
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
#else
// Neighbours take neighbouring rows.
uint rowOf(uint r) { return gl_WorkGroupID.x * rowsOfWorkgroup() + r * gl_WorkGroupSize.x + gl_LocalInvocationID.x; }
#define TILE_SOURCES(ROW)                                                                                              \
    uint from_[ACC_TOKENS];                                                                                            \
    for (uint t_ = 0u; t_ < ACC_TOKENS; ++t_) {                                                                        \
        from_[t_] = ROW(t_);                                                                                           \
    }
#define LOAD_TILE(BUFFER, chunk)
#define TILE_VECTOR(BUFFER, chunk, t, j) VECTOR(BUFFER, from_[t] + 4u * (chunk) + (j))
#endif
