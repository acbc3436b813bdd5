// SPDX-License-Identifier: Apache-2.0
// Who computes which rows in the matrix × vector kernels: ROWS rows an invocation, so that each activation is loaded once for
// several rows.
#include "words.glsl"
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout(local_size_x_id = 0) in;  // before any use of gl_WorkGroupSize
#ifdef TEXELS
// Rows of a subgroup's invocations lie side by side, then come their next ones. A workgroup is whole subgroups.
const uint ROWS = 8u, LANES = 1u;
uint rowsOfWorkgroup() { return gl_WorkGroupSize.x * ROWS; }
uint rowOf(uint r) {
    uint self = gl_LocalInvocationID.x;
    return gl_WorkGroupID.x * rowsOfWorkgroup() + self / SUBGROUP * SUBGROUP * ROWS + r * SUBGROUP + self % SUBGROUP;
}
uint lane() { return 0u; }
float sumOverLanes(float value) { return value; }
#else
// LANES invocations work on the same ROWS rows and read neighbouring words: a power of two up to the subgroup's size. Which are the
// fastest is measured: engine/inference/tuning.h.
layout(constant_id = 1) const uint LANES = 1u;
layout(constant_id = 7) const uint ROWS = 4u;
uint rowsOfWorkgroup() { return gl_WorkGroupSize.x / LANES * ROWS; }
uint rowOf(uint r) { return gl_WorkGroupID.x * rowsOfWorkgroup() + gl_LocalInvocationID.x / LANES * ROWS + r; }
uint lane() { return gl_LocalInvocationID.x & (LANES - 1u); }

float sumOverLanes(float value) {
    for (uint step = LANES / 2u; step > 0u; step /= 2u) {
        value += subgroupShuffleXor(value, step);
    }
    return value;
}
#endif
