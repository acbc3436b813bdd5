// SPDX-License-Identifier: Apache-2.0
// Rows of token_embd for a batch of tokens: x[t] = scale · E[token[t]]. One workgroup a token.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "push_constants.h"
#include "weights.glsl"

layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { EmbedPush push; };
WORDS_BUFFER(0, weights)
layout(std430, binding = 1) readonly buffer Tokens { uint tokens[]; };
layout(std430, binding = 2) writeonly buffer Out { float x[]; };

void main() {
    uint width = push.width, row = rowStart(tokens[gl_WorkGroupID.x], push.row_words);
    uint out_row = gl_WorkGroupID.x * push.out_stride;
    for (uint chunk = gl_LocalInvocationID.x; chunk * 16u < width; chunk += gl_WorkGroupSize.x) {
        vec4 w[4];
        LOAD_WEIGHTS(weights, row, chunk, width, w)
        for (uint j = 0u; j < 4u; ++j) {
            for (uint i = 0u; i < 4u; ++i) {
                uint column = 16u * chunk + 4u * j + i;
                if (column < width) {
                    x[out_row + column] = w[j][i] * push.scale;
                }
            }
        }
    }
}
