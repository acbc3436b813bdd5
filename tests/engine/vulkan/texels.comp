// SPDX-License-Identifier: Apache-2.0
// out[i] = texel i of a uniform texel buffer, its components from last to first.
#version 450
#extension GL_EXT_samplerless_texture_functions : require

layout(local_size_x = 32) in;
layout(binding = 0) uniform utextureBuffer texels;
layout(std430, binding = 1) writeonly buffer Out { uvec4 result[]; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i < result.length()) {
        result[i] = texelFetch(texels, int(i)).wzyx;
    }
}
