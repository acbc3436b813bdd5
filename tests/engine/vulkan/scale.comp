// SPDX-License-Identifier: Apache-2.0
// y[i] = factor · x[i] + y[i].
#version 450
layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push {
    uint count;
    float factor;
};
layout(std430, binding = 0) readonly buffer X { float x[]; };
layout(std430, binding = 1) buffer Y { float y[]; };

void main() {
    uint i = gl_GlobalInvocationID.x;
    if (i < count) {
        y[i] += factor * x[i];
    }
}
