// SPDX-License-Identifier: Apache-2.0
// What a device can compute at most: eight chains of multiply-adds an invocation, in registers. out = their sum, so that none
// can be left out.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "push_constants.h"

layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { FmaSpeedPush push; };
layout(std430, binding = 0) writeonly buffer Out { float result[]; };

void main() {
    uint rounds = push.rounds;
    vec4 factor = vec4(push.factor), a = vec4(gl_LocalInvocationID.x), b = a + 1.0, c = a + 2.0, d = a + 3.0;
    vec4 e = a + 4.0, f = a + 5.0, g = a + 6.0, h = a + 7.0;
    for (uint i = 0u; i < rounds; ++i) {
        a = fma(a, factor, factor);
        b = fma(b, factor, factor);
        c = fma(c, factor, factor);
        d = fma(d, factor, factor);
        e = fma(e, factor, factor);
        f = fma(f, factor, factor);
        g = fma(g, factor, factor);
        h = fma(h, factor, factor);
    }
    vec4 sum = ((a + b) + (c + d)) + ((e + f) + (g + h));
    result[gl_GlobalInvocationID.x] = (sum.x + sum.y) + (sum.z + sum.w);
}
