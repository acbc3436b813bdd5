// SPDX-License-Identifier: Apache-2.0
// Push constants of every kind of type, for the reflection: 104 bytes.
#version 450
layout(local_size_x = 4, local_size_y_id = 3, local_size_z = 2) in;
struct Pair {
    uint a;
    float b;
};
layout(push_constant) uniform Push {
    uint first;      // 0
    vec3 direction;  // 16 … 27
    Pair pair;       // 28 … 35
    float list[3];   // 36 … 47
    mat3x2 matrix;   // 48 … 71
    Pair pairs[4];   // 72 … 103
};
layout(std430, binding = 2) buffer Out { float result[]; };

void main() {
    result[gl_LocalInvocationIndex] =
        float(first) + direction.z + pair.b + list[2] + matrix[2].y + pairs[3].b + float(pairs[1].a);
}
