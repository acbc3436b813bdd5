// SPDX-License-Identifier: Apache-2.0
// y = scale · (W · x + bias), or y += (ACCUMULATE), with x RMS-normed on the fly (NORM): W · (x ∘ norm) / rms(x).
// x has room for, and finite values in, whole units of 64.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "matvec.glsl"
#include "push_constants.h"
#include "reduce.glsl"
#include "weights.glsl"
#include "dot_unit.glsl"

layout(constant_id = 2) const bool NORM = false;
layout(constant_id = 3) const bool ACCUMULATE = false;
layout(constant_id = 4) const bool BIAS = false;
layout(push_constant) uniform Push { MatvecPush push; };
WORDS_BUFFER(0, weights)
VECTORS_BUFFER(1, x)
VECTORS_BUFFER(2, norm)
layout(std430, binding = 3) readonly buffer Bias { float bias[]; };
layout(std430, binding = 4) buffer Y { float y[]; };

// Vector i of what the rows are multiplied with.
#define INPUT(i) (NORM ? VECTOR(x, i) * VECTOR(norm, i) : VECTOR(x, i))

void main() {
    uint rows = push.rows, width = push.width, row_words = push.row_words, units = unitsOf(width);
    float scale = 1.0;
    if (NORM) {
        LOAD_NORM_SCALE(x, width, push.epsilon, scale)
    }

    uint base[ROWS];
    float acc[ROWS];
    for (uint r = 0u; r < ROWS; ++r) {
        base[r] = rowStart(min(rowOf(r), rows - 1u), row_words);
        acc[r] = 0.0;
    }
    for (uint unit = lane(); unit < units; unit += LANES) {
        LOAD_UNIT(INPUT, unit)
        for (uint r = 0u; r < ROWS; ++r) {
            DOT_UNIT(weights, base[r], unit, width, acc[r])
        }
    }
    for (uint r = 0u; r < ROWS; ++r) {
        float dot_product = sumOverLanes(acc[r]) * scale;
        if (lane() == 0u && rowOf(r) < rows) {
            uint at = push.out_first + rowOf(r);
            float value = (dot_product + (BIAS ? bias[rowOf(r)] : 0.0)) * push.scale;
            y[at] = ACCUMULATE ? y[at] + value : value;
        }
    }
}
