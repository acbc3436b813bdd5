// SPDX-License-Identifier: Apache-2.0
// Push constants of every kind of type, for the reflection: 112 bytes with the gap before the matrix.
#version 450
layout(local_size_x = 4, local_size_y_id = 3, local_size_z = 2) in;
struct Pair {
    uint a;
    float b;
};
layout(push_constant) uniform Push {
    uint first;      // 0
    vec3 direction;  // 16 … 27
    Pair pair;       // 32 … 39
    float list[3];   // 40 … 51
    mat3x2 matrix;   // 56 … 79
    Pair pairs[4];   // 80 … 111
};
layout(std430, binding = 2) buffer Out { float result[]; };

void main() {
    result[gl_LocalInvocationIndex] =
        float(first) + direction.z + pair.b + list[2] + matrix[2].y + pairs[3].b + float(pairs[1].a);
}
