// SPDX-License-Identifier: Apache-2.0
// One token's experts: h[s] = activated(gate[e] · x + bias, up[e] · x + bias), e = experts[s], s = workgroup y. With ROUTED
// false there is one expert, number 0: a shared expert or a plain FFN. With NORM x is RMS-normed on the fly, as in matvec.comp.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "matvec.glsl"
#include "activation.glsl"
#include "push_constants.h"
#include "reduce.glsl"
#include "weights.glsl"
#include "dot_unit.glsl"

layout(constant_id = 2) const bool ROUTED = true;
layout(constant_id = 3) const bool BIAS = false;
layout(constant_id = 4) const bool NORM = false;
layout(push_constant) uniform Push { FfnGateUpPush push; };
WORDS_BUFFER(0, gate)
WORDS_BUFFER(1, up)
layout(std430, binding = 2) readonly buffer Experts { uint experts[]; };
VECTORS_BUFFER(3, x)
layout(std430, binding = 4) readonly buffer GateBias { float gate_bias[]; };  // [expert][row]
layout(std430, binding = 5) readonly buffer UpBias { float up_bias[]; };
VECTORS_BUFFER(6, norm)
layout(std430, binding = 7) writeonly buffer H { float h[]; };

#define INPUT(i) (NORM ? VECTOR(x, i) * VECTOR(norm, i) : VECTOR(x, i))

void main() {
    uint rows = push.rows, width = push.width, row_words = push.row_words, units = unitsOf(width);
    uint expert = ROUTED ? experts[gl_WorkGroupID.y] : 0u;
    float scale = 1.0;
    if (NORM) {
        LOAD_NORM_SCALE(x, width, push.epsilon, scale)
    }
    uint base[ROWS];
    float gated[ROWS], raised[ROWS];
    for (uint r = 0u; r < ROWS; ++r) {
        base[r] = rowStart(expert * rows + min(rowOf(r), rows - 1u), row_words);
        gated[r] = 0.0;
        raised[r] = 0.0;
    }
    for (uint unit = lane(); unit < units; unit += LANES) {
        LOAD_UNIT(INPUT, unit)
        for (uint r = 0u; r < ROWS; ++r) {
            DOT_UNIT(gate, base[r], unit, width, gated[r])
            DOT_UNIT(up, base[r], unit, width, raised[r])
        }
    }
    for (uint r = 0u; r < ROWS; ++r) {
        float g = sumOverLanes(gated[r]) * scale, u = sumOverLanes(raised[r]) * scale;
        if (lane() == 0u && rowOf(r) < rows) {
            if (BIAS) {
                g += gate_bias[expert * rows + rowOf(r)];
                u += up_bias[expert * rows + rowOf(r)];
            }
            h[gl_WorkGroupID.y * push.out_stride + rowOf(r)] = activated(g, u);
        }
    }
}
