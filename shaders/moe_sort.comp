// SPDX-License-Identifier: Apache-2.0
// Counting sort of the pairs (token, choice) by expert, stable, in one workgroup; then the list of tiles and the grids
// of the two grouped kernels. Each invocation owns a run of pairs, so places follow from counts, not from atomics.
// An expert's pairs go into tall tiles as long as they fill more than half of one, the rest into low ones: a tile reads all
// weights of its rows, however few pairs it has.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "push_constants.h"

layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { MoeSortPush push; };
layout(std430, binding = 0) readonly buffer Experts { uint experts[]; };
layout(std430, binding = 1) coherent buffer Counts { uint counts[]; };           // [expert][invocation], scratch
layout(std430, binding = 2) writeonly buffer Order { uint order[]; };   // sorted place → pair
layout(std430, binding = 3) writeonly buffer Tiles { uvec4 tiles[]; };  // expert, first, count, unused: tall ones, low ones
// Of low tiles, then of tall ones: gate and up, down: x, y, z.
layout(std430, binding = 4) writeonly buffer Grids { uint grids[12]; };

shared uint first_place[1025];
shared uint first_low[1025];   // tiles of that height before those of the expert
shared uint first_tall[1025];

void writeGrids(uint at, uint tiles) {
    grids[at] = push.gate_up_groups;
    grids[at + 1u] = tiles;
    grids[at + 2u] = 1u;
    grids[at + 3u] = push.down_groups;
    grids[at + 4u] = tiles;
    grids[at + 5u] = 1u;
}

void main() {
    uint pairs = push.pairs, expert_count = push.expert_count;
    uint low_tokens = push.low_tokens, tall_tokens = push.tall_tokens, low_begin = push.low_first;
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
        uint place = 0u, low = 0u, tall = 0u;
        for (uint e = 0u; e < expert_count; ++e) {
            uint total = first_place[e];
            first_place[e] = place;
            first_low[e] = low;
            first_tall[e] = tall;
            place += total;
            if (tall_tokens > 0u) {
                uint filled = (total + (tall_tokens - 1u) / 2u) / tall_tokens;
                tall += filled;
                total -= min(total, filled * tall_tokens);
            }
            low += (total + low_tokens - 1u) / low_tokens;
        }
        first_place[expert_count] = place;
        first_low[expert_count] = low;
        first_tall[expert_count] = tall;
        writeGrids(0u, low);
        writeGrids(6u, tall);
    }
    barrier();

    for (uint pair = begin; pair < end; ++pair) {
        uint e = experts[pair], at = e * workers + self;
        uint offset = counts[at];
        counts[at] = offset + 1u;
        order[first_place[e] + offset] = pair;
    }
    for (uint e = self; e < expert_count; e += workers) {
        uint place = first_place[e], last = first_place[e + 1u];
        for (uint tile = first_tall[e]; tile < first_tall[e + 1u]; ++tile, place += tall_tokens) {
            tiles[tile] = uvec4(e, place, min(tall_tokens, last - place), 0u);
        }
        for (uint tile = first_low[e]; tile < first_low[e + 1u]; ++tile, place += low_tokens) {
            tiles[low_begin + tile] = uvec4(e, place, min(low_tokens, last - place), 0u);
        }
    }
}
