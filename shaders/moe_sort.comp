// SPDX-License-Identifier: Apache-2.0
// Counting sort of the pairs (token, choice) by expert, stable, in one workgroup; then the list of tiles and the grids
// of the two grouped kernels. Each invocation owns a run of pairs, so places follow from counts, not from atomics.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "push_constants.h"

layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { MoeSortPush push; };
layout(std430, binding = 0) readonly buffer Experts { uint experts[]; };
layout(std430, binding = 1) coherent buffer Counts { uint counts[]; };           // [expert][invocation], scratch
layout(std430, binding = 2) writeonly buffer Order { uint order[]; };   // sorted place → pair
layout(std430, binding = 3) writeonly buffer Tiles { uvec4 tiles[]; };  // expert, first, count, unused
layout(std430, binding = 4) writeonly buffer Grids { uint grids[6]; };  // gate and up, down: x, y, z each

shared uint first_place[1025];
shared uint first_tile[1025];

void main() {
    uint pairs = push.pairs, expert_count = push.expert_count, tile_tokens = push.tile_tokens;
    uint self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x;
    uint run = (pairs + workers - 1u) / workers;
    uint begin = min(self * run, pairs), end = min(begin + run, pairs);

    for (uint e = 0u; e < expert_count; ++e) {
        counts[e * workers + self] = 0u;
    }
    for (uint pair = begin; pair < end; ++pair) {
        counts[experts[pair] * workers + self] += 1u;
    }
    memoryBarrierBuffer();
    barrier();

    // Counts become offsets inside the expert; its total goes to first_place.
    for (uint e = self; e < expert_count; e += workers) {
        uint total = 0u;
        for (uint w = 0u; w < workers; ++w) {
            uint count = counts[e * workers + w];
            counts[e * workers + w] = total;
            total += count;
        }
        first_place[e] = total;
    }
    memoryBarrierBuffer();
    barrier();

    if (self == 0u) {
        uint place = 0u, tile = 0u;
        for (uint e = 0u; e < expert_count; ++e) {
            uint total = first_place[e];
            first_place[e] = place;
            first_tile[e] = tile;
            place += total;
            tile += (total + tile_tokens - 1u) / tile_tokens;
        }
        first_place[expert_count] = place;
        first_tile[expert_count] = tile;
        grids[0] = push.gate_up_groups;
        grids[1] = tile;
        grids[2] = 1u;
        grids[3] = push.down_groups;
        grids[4] = tile;
        grids[5] = 1u;
    }
    barrier();

    for (uint pair = begin; pair < end; ++pair) {
        uint e = experts[pair], at = e * workers + self;
        uint offset = counts[at];
        counts[at] = offset + 1u;
        order[first_place[e] + offset] = pair;
    }
    for (uint e = self; e < expert_count; e += workers) {
        for (uint tile = first_tile[e], place = first_place[e]; tile < first_tile[e + 1u]; ++tile, place += tile_tokens) {
            tiles[tile] = uvec4(e, place, min(tile_tokens, first_place[e + 1u] - place), 0u);
        }
    }
}
