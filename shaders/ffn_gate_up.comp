// SPDX-License-Identifier: Apache-2.0
// One token's experts: h[s] = silu(gate[e] · x) ∘ (up[e] · x), e = experts[s], s = workgroup y. With ROUTED false there is
// one expert, number 0: a shared expert or a plain FFN.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "matvec.glsl"
#include "push_constants.h"
#include "weights.glsl"
#include "dot_unit.glsl"

layout(constant_id = 2) const bool ROUTED = true;
layout(push_constant) uniform Push { FfnGateUpPush push; };
layout(std430, binding = 0) readonly buffer Gate { uvec4 gate[]; };
layout(std430, binding = 1) readonly buffer Up { uvec4 up[]; };
layout(std430, binding = 2) readonly buffer Experts { uint experts[]; };
layout(std430, binding = 3) readonly buffer X { vec4 x[]; };
layout(std430, binding = 4) writeonly buffer H { float h[]; };

void main() {
    uint rows = push.rows, width = push.width, row_words = push.row_words, units = unitsOf(width);
    uint expert = ROUTED ? experts[gl_WorkGroupID.y] : 0u;
    uint first = firstRow();
    uint base[ROWS];
    float gated[ROWS], raised[ROWS];
    for (uint r = 0u; r < ROWS; ++r) {
        base[r] = (expert * rows + min(first + r, rows - 1u)) * row_words;
        gated[r] = 0.0;
        raised[r] = 0.0;
    }
    for (uint unit = lane(); unit < units; unit += LANES) {
        LOAD_UNIT(x, 0u, unit)
        for (uint r = 0u; r < ROWS; ++r) {
            DOT_UNIT(gate, base[r], unit, width, gated[r])
            DOT_UNIT(up, base[r], unit, width, raised[r])
        }
    }
    for (uint r = 0u; r < ROWS; ++r) {
        float g = sumOverLanes(gated[r]), u = sumOverLanes(raised[r]);
        if (lane() == 0u && first + r < rows) {
            h[gl_WorkGroupID.y * push.out_stride + first + r] = g / (1.0 + exp(-g)) * u;
        }
    }
}
