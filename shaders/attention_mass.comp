// SPDX-License-Identifier: Apache-2.0
// How much of one query's attention falls on a passage: each head's weights over it, summed. Grid: x over query heads.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "push_constants.h"
#include "reduce.glsl"

layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { AttentionMassPush push; };
layout(std430, binding = 0) readonly buffer Weights { float weights[]; }; // [head][stride]
layout(std430, binding = 1) buffer Mass { float mass[]; };                // [head], from out_first on

void main() {
    uint head = gl_WorkGroupID.x, self = gl_LocalInvocationID.x;
    float part = 0.0;
    for (uint p = self; p < push.count; p += gl_WorkGroupSize.x) {
        part += weights[head * push.stride + push.first + p];
    }
    float sum = workgroupSum(part);
    if (self == 0u) {
        mass[push.out_first + head] = sum;
    }
}
