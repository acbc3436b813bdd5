// SPDX-License-Identifier: Apache-2.0
// Wants a feature that no device of ours enables: the validation layer has to say so.
#version 450
#extension GL_ARB_gpu_shader_int64 : require
layout(local_size_x = 1) in;
layout(std430, binding = 0) buffer Values { uint64_t value; };

void main() { value += 1ul; }
