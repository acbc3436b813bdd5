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
layout(std430, binding = 0) readonly buffer Weights { uvec4 weights[]; };
layout(std430, binding = 1) readonly buffer X { vec4 x[]; };
layout(std430, binding = 2) readonly buffer Norm { vec4 norm[]; };
layout(std430, binding = 3) readonly buffer Bias { float bias[]; };
layout(std430, binding = 4) buffer Y { float y[]; };

void main() {
    uint rows = push.rows, width = push.width, row_words = push.row_words, units = unitsOf(width);
    float scale = 1.0;
    if (NORM) {
        float sum = 0.0;
        for (uint i = gl_LocalInvocationID.x; i < (width + 3u) / 4u; i += gl_WorkGroupSize.x) {
            vec4 v = x[i];
            sum = dotAdd(v, v, sum);
        }
        scale = 1.0 / sqrt(workgroupSum(sum) / float(width) + push.epsilon);
    }

    uint first = firstRow();
    uint base[ROWS];
    float acc[ROWS];
    for (uint r = 0u; r < ROWS; ++r) {
        base[r] = min(first + r, rows - 1u) * row_words;
        acc[r] = 0.0;
    }
    for (uint unit = lane(); unit < units; unit += LANES) {
        vec4 v[16];
        float sums[4];
        for (uint r = 0u; r < 4u; ++r) {
            for (uint j = 0u; j < 4u; ++j) {
                v[4u * r + j] = x[4u * chunkOf(unit, r) + j];
                if (NORM) {
                    v[4u * r + j] *= norm[4u * chunkOf(unit, r) + j];
                }
            }
            sums[r] = sumOf(v[4u * r], v[4u * r + 1u], v[4u * r + 2u], v[4u * r + 3u]);
        }
        for (uint r = 0u; r < ROWS; ++r) {
            DOT_UNIT(weights, base[r], unit, width, acc[r])
        }
    }
    for (uint r = 0u; r < ROWS; ++r) {
        float dot_product = sumOverLanes(acc[r]) * scale;
        if (lane() == 0u && first + r < rows) {
            uint at = push.out_first + first + r;
            float value = (dot_product + (BIAS ? bias[first + r] : 0.0)) * push.scale;
            y[at] = ACCUMULATE ? y[at] + value : value;
        }
    }
}
