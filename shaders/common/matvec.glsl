// SPDX-License-Identifier: Apache-2.0
// What the matrix × vector kernels share: LANES invocations work on one row, ROWS rows each, so that each activation is
// loaded once for several rows. LANES is a power of two up to the subgroup's size: 1 on software drivers, where a
// reduction costs more than a load, more on GPUs, where neighbours must read neighbouring words.
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_shuffle : require

layout(local_size_x_id = 0) in;  // before any use of gl_WorkGroupSize
layout(constant_id = 1) const uint LANES = 1u;
const uint ROWS = 4u;

uint rowsOfWorkgroup() { return gl_WorkGroupSize.x / LANES * ROWS; }
uint firstRow() { return gl_WorkGroupID.x * rowsOfWorkgroup() + gl_LocalInvocationID.x / LANES * ROWS; }
uint lane() { return gl_LocalInvocationID.x & (LANES - 1u); }

float sumOverLanes(float value) {
    for (uint step = LANES / 2u; step > 0u; step /= 2u) {
        value += subgroupShuffleXor(value, step);
    }
    return value;
}
