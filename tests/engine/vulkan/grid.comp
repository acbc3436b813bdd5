// SPDX-License-Identifier: Apache-2.0
// Every invocation counts itself; one leaves the grid as arguments of an indirect dispatch.
#version 450
layout(local_size_x = 8, local_size_y = 2) in;
layout(std430, binding = 0) buffer Count { uint count; };
layout(std430, binding = 1) buffer Arguments { uint arguments[]; };

void main() {
    atomicAdd(count, 1u);
    if (gl_GlobalInvocationID == uvec3(0u)) {
        arguments[0] = 3u;
        arguments[1] = 2u;
        arguments[2] = 1u;
    }
}
