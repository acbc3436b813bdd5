// SPDX-License-Identifier: Apache-2.0
// One token's experts: h[s] = silu(gate[e] · x) ∘ (up[e] · x), e = experts[s], s = workgroup y. With ROUTED false there is
// one expert, number 0: a shared expert or a plain FFN.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "matvec.glsl"
#include "push_constants.h"
#include "weights.glsl"

layout(constant_id = 2) const bool ROUTED = true;
layout(push_constant) uniform Push { FfnGateUpPush push; };
layout(std430, binding = 0) readonly buffer Gate { uvec4 gate[]; };
layout(std430, binding = 1) readonly buffer Up { uvec4 up[]; };
layout(std430, binding = 2) readonly buffer Experts { uint experts[]; };
layout(std430, binding = 3) readonly buffer X { vec4 x[]; };
layout(std430, binding = 4) writeonly buffer H { float h[]; };

void main() {
    uint rows = push.rows, width = push.width, row_words = push.row_words, chunks = (width + 15u) / 16u;
    uint expert = ROUTED ? experts[gl_WorkGroupID.y] : 0u;
    uint first = firstRow();
    uint base[ROWS];
    float gated[ROWS], raised[ROWS];
    for (uint r = 0u; r < ROWS; ++r) {
        base[r] = (expert * rows + min(first + r, rows - 1u)) * row_words;
        gated[r] = 0.0;
        raised[r] = 0.0;
    }
    for (uint chunk = lane(); chunk < chunks; chunk += LANES) {
        vec4 v[4];
        for (uint j = 0u; j < 4u; ++j) {
            v[j] = x[4u * chunk + j];
        }
        for (uint r = 0u; r < ROWS; ++r) {
            vec4 w[4];
            LOAD_WEIGHTS(gate, base[r], chunk, width, w)
            for (uint j = 0u; j < 4u; ++j) {
                gated[r] = dotAdd(w[j], v[j], gated[r]);
            }
            LOAD_WEIGHTS(up, base[r], chunk, width, w)
            for (uint j = 0u; j < 4u; ++j) {
                raised[r] = dotAdd(w[j], v[j], raised[r]);
            }
        }
    }
    for (uint r = 0u; r < ROWS; ++r) {
        float g = sumOverLanes(gated[r]), u = sumOverLanes(raised[r]);
        if (lane() == 0u && first + r < rows) {
            h[gl_WorkGroupID.y * push.out_stride + first + r] = g / (1.0 + exp(-g)) * u;
        }
    }
}
