// SPDX-License-Identifier: Apache-2.0
// x[t] += scale · Σ_s weight[t, s] · y[t · used + s], in the order of the choices. Grid: x over columns, y over tokens.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "push_constants.h"

layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { MoeCombinePush push; };
layout(std430, binding = 0) readonly buffer ExpertWeights { float expert_weights[]; };
layout(std430, binding = 1) readonly buffer Y { float y[]; };
layout(std430, binding = 2) buffer X { float x[]; };

void main() {
    uint column = gl_GlobalInvocationID.x, token = gl_WorkGroupID.y, used = push.expert_used_count;
    if (column >= push.width) {
        return;
    }
    float sum = 0.0;
    for (uint s = 0u; s < used; ++s) {
        uint pair = token * used + s;
        sum = fma(expert_weights[pair], y[pair * push.pair_stride + column], sum);
    }
    x[token * push.stride + column] += sum * push.scale;
}
