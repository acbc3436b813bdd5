// SPDX-License-Identifier: Apache-2.0
// What the matrix × matrix kernels share: an invocation computes TILE_TOKENS tokens × TILE_ROWS rows in registers. No
// shared memory: on software drivers a shared load costs as much as a global one.
layout(local_size_x_id = 0) in;  // before any use of gl_WorkGroupSize
const uint TILE_TOKENS = 8u;
const uint TILE_ROWS = 4u;

uint rowsOfWorkgroup() { return gl_WorkGroupSize.x * TILE_ROWS; }
// Row r of this invocation: neighbours take neighbouring rows.
uint rowOf(uint r) { return gl_WorkGroupID.x * rowsOfWorkgroup() + r * gl_WorkGroupSize.x + gl_LocalInvocationID.x; }
