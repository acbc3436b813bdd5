// SPDX-License-Identifier: Apache-2.0
// Sum and maximum over a workgroup, the same on every invocation. Subgroups of any size; the order is fixed for a device.
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

// A subgroup has at least 4 invocations and a workgroup at most 256.
shared float partial_sums[64];

float workgroupSum(float value) {
    float sum = subgroupAdd(value);
    if (subgroupElect()) {
        partial_sums[gl_SubgroupID] = sum;
    }
    barrier();
    sum = 0.0;
    for (uint i = 0u; i < gl_NumSubgroups; ++i) {
        sum += partial_sums[i];
    }
    barrier();
    return sum;
}

float workgroupMax(float value) {
    float most = subgroupMax(value);
    if (subgroupElect()) {
        partial_sums[gl_SubgroupID] = most;
    }
    barrier();
    most = partial_sums[0];
    for (uint i = 1u; i < gl_NumSubgroups; ++i) {
        most = max(most, partial_sums[i]);
    }
    barrier();
    return most;
}
