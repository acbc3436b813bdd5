// SPDX-License-Identifier: Apache-2.0
// sums[subgroup] = its invocations, sizes[subgroup] = what gl_SubgroupSize says: full subgroups have as many.
#version 450
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
layout(local_size_x_id = 0) in;
layout(std430, binding = 0) writeonly buffer Sums { uint sums[]; };
layout(std430, binding = 1) writeonly buffer Sizes { uint sizes[]; };

void main() {
    uint sum = subgroupAdd(1u);
    if (subgroupElect()) {
        sums[gl_SubgroupID] = sum;
        sizes[gl_SubgroupID] = gl_SubgroupSize;
    }
}
