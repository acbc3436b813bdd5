// SPDX-License-Identifier: Apache-2.0
// Joins the splits of attention: out = Σ_s e^(m_s − m) · v_s / (Σ_s e^(m_s − m) · l_s + e^(sink − m)). Grid: x over heads, y over tokens.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "push_constants.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const bool SINKS = false;
layout(push_constant) uniform Push { AttentionPush push; };
layout(std430, binding = 0) readonly buffer Partial { float split_result[]; };  // [token][head][split][2 + head_stride]
layout(std430, binding = 1) readonly buffer Sinks { float sinks[]; };           // [head]
layout(std430, binding = 2) writeonly buffer Out { float result[]; };           // [token][head · head_dim]

void main() {
    uint splits = push.splits, entry = 2u + push.head_stride;
    uint first = (gl_WorkGroupID.y * push.head_count + gl_WorkGroupID.x) * splits * entry;
    float most = -3.0e38, sum = 0.0;
    for (uint s = 0u; s < splits; ++s) {
        most = max(most, split_result[first + s * entry]);
    }
    for (uint s = 0u; s < splits; ++s) {
        sum += exp(split_result[first + s * entry] - most) * split_result[first + s * entry + 1u];
    }
    if (SINKS) {
        sum += exp(sinks[gl_WorkGroupID.x] - most);
    }
    uint out_row = gl_WorkGroupID.y * push.out_stride + gl_WorkGroupID.x * push.head_dim;
    for (uint i = gl_LocalInvocationID.x; i < push.head_dim; i += gl_WorkGroupSize.x) {
        float value = 0.0;
        for (uint s = 0u; s < splits; ++s) {
            value += exp(split_result[first + s * entry] - most) * split_result[first + s * entry + 2u + i];
        }
        result[out_row + i] = value / sum;
    }
}
