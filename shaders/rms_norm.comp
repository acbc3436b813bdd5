// SPDX-License-Identifier: Apache-2.0
// y[t] = x[t] / sqrt(mean(x[t]²) + epsilon) ∘ weight, or y += (ACCUMULATE). One workgroup a token.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "push_constants.h"
#include "reduce.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const bool ACCUMULATE = false;
layout(push_constant) uniform Push { RmsNormPush push; };
layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) readonly buffer Weight { float weight[]; };
layout(std430, binding = 2) buffer Y { float y[]; };

void main() {
    uint width = push.width, in_row = gl_WorkGroupID.x * push.in_stride, out_row = gl_WorkGroupID.x * push.out_stride;
    float sum = 0.0;
    for (uint i = gl_LocalInvocationID.x; i < width; i += gl_WorkGroupSize.x) {
        sum = fma(x[in_row + i], x[in_row + i], sum);
    }
    float scale = 1.0 / sqrt(workgroupSum(sum) / float(width) + push.epsilon);
    for (uint i = gl_LocalInvocationID.x; i < width; i += gl_WorkGroupSize.x) {
        float value = x[in_row + i] * scale * weight[i];
        y[out_row + i] = ACCUMULATE ? y[out_row + i] + value : value;
    }
}
