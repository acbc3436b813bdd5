// SPDX-License-Identifier: Apache-2.0
// One token's residual: x += scale · (Σ_s weight[s] · (down[experts[s]] · h[s] + bias) + down_shared · (w · h_shared)), where w
// is the weight of the shared expert (WEIGHED) or 1. Each row is summed in one invocation's registers in a fixed order; no
// atomics.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "matvec.glsl"
#include "push_constants.h"
#include "weights.glsl"
#include "dot_unit.glsl"

layout(constant_id = 2) const bool BIAS = false;
layout(constant_id = 3) const bool WEIGHED = false;
layout(push_constant) uniform Push { FfnDownPush push; };
WORDS_BUFFER(0, down)
WORDS_BUFFER(1, down_shared)
layout(std430, binding = 2) readonly buffer Experts { uint experts[]; };
layout(std430, binding = 3) readonly buffer ExpertWeights { float expert_weights[]; };
VECTORS_BUFFER(4, h)
VECTORS_BUFFER(5, h_shared)
layout(std430, binding = 6) readonly buffer Bias { float bias[]; };  // [expert][row]
layout(std430, binding = 7) buffer X { float x[]; };
layout(std430, binding = 8) readonly buffer SharedWeights { float shared_weights[]; };  // [1]

#define INPUT(i) VECTOR(h, s * slot_vectors + (i))
#define INPUT_SHARED(i) (WEIGHED ? VECTOR(h_shared, i) * shared_weights[0] : VECTOR(h_shared, i))

void main() {
    uint rows = push.rows, expert_width = push.expert_width, expert_row_words = push.expert_row_words;
    uint shared_width = push.shared_width, shared_row_words = push.shared_row_words, slots = push.expert_used_count;
    uint slot_vectors = push.expert_stride / 4u;
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
            LOAD_UNIT(INPUT, unit)
            for (uint r = 0u; r < ROWS; ++r) {
                uint base = rowStart(expert * rows + min(rowOf(r), rows - 1u), expert_row_words);
                DOT_UNIT(down, base, unit, expert_width, acc[r])
            }
        }
        for (uint r = 0u; r < ROWS; ++r) {
            if (BIAS && lane() == 0u) {
                acc[r] += bias[expert * rows + min(rowOf(r), rows - 1u)];
            }
            sum[r] = fma(expert_weights[s], acc[r], sum[r]);
        }
    }
    for (uint unit = lane(); unit < unitsOf(shared_width); unit += LANES) {
        LOAD_UNIT(INPUT_SHARED, unit)
        for (uint r = 0u; r < ROWS; ++r) {
            uint base = rowStart(min(rowOf(r), rows - 1u), shared_row_words);
            DOT_UNIT(down_shared, base, unit, shared_width, sum[r])
        }
    }
    for (uint r = 0u; r < ROWS; ++r) {
        float total = sumOverLanes(sum[r]);
        if (lane() == 0u && rowOf(r) < rows) {
            x[rowOf(r)] += total * push.scale;
        }
    }
}
