// SPDX-License-Identifier: Apache-2.0
// One token's residual: x += scale · (Σ_s weight[s] · (down[experts[s]] · h[s] + bias) + down_shared · h_shared). Each row is summed in one
// invocation's registers in a fixed order; no atomics.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "matvec.glsl"
#include "push_constants.h"
#include "weights.glsl"
#include "dot_unit.glsl"

layout(constant_id = 2) const bool BIAS = false;
layout(push_constant) uniform Push { FfnDownPush push; };
layout(std430, binding = 0) readonly buffer Down { uvec4 down[]; };
layout(std430, binding = 1) readonly buffer DownShared { uvec4 down_shared[]; };
layout(std430, binding = 2) readonly buffer Experts { uint experts[]; };
layout(std430, binding = 3) readonly buffer ExpertWeights { float expert_weights[]; };
layout(std430, binding = 4) readonly buffer H { vec4 h[]; };
layout(std430, binding = 5) readonly buffer HShared { vec4 h_shared[]; };
layout(std430, binding = 6) readonly buffer Bias { float bias[]; };  // [expert][row]
layout(std430, binding = 7) buffer X { float x[]; };

void main() {
    uint rows = push.rows, expert_width = push.expert_width, expert_row_words = push.expert_row_words;
    uint shared_width = push.shared_width, shared_row_words = push.shared_row_words, slots = push.expert_used_count;
    uint slot_vectors = push.expert_stride / 4u;
    uint first = firstRow();
    float sum[ROWS];
    for (uint r = 0u; r < ROWS; ++r) {
        sum[r] = 0.0;
    }
    for (uint s = 0u; s < slots; ++s) {
        uint expert = experts[s];
        float acc[ROWS];
        for (uint r = 0u; r < ROWS; ++r) {
            acc[r] = 0.0;
        }
        for (uint unit = lane(); unit < unitsOf(expert_width); unit += LANES) {
            LOAD_UNIT(h, s * slot_vectors, unit)
            for (uint r = 0u; r < ROWS; ++r) {
                uint base = (expert * rows + min(first + r, rows - 1u)) * expert_row_words;
                DOT_UNIT(down, base, unit, expert_width, acc[r])
            }
        }
        for (uint r = 0u; r < ROWS; ++r) {
            if (BIAS && lane() == 0u) {
                acc[r] += bias[expert * rows + min(first + r, rows - 1u)];
            }
            sum[r] = fma(expert_weights[s], acc[r], sum[r]);
        }
    }
    for (uint unit = lane(); unit < unitsOf(shared_width); unit += LANES) {
        LOAD_UNIT(h_shared, 0u, unit)
        for (uint r = 0u; r < ROWS; ++r) {
            uint base = min(first + r, rows - 1u) * shared_row_words;
            DOT_UNIT(down_shared, base, unit, shared_width, sum[r])
        }
    }
    for (uint r = 0u; r < ROWS; ++r) {
        float total = sumOverLanes(sum[r]);
        if (lane() == 0u && first + r < rows) {
            x[first + r] += total * push.scale;
        }
    }
}
