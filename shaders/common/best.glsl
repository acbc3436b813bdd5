// SPDX-License-Identifier: Apache-2.0
// The best of scored candidates in a workgroup, the same on every invocation: the highest score, of equal ones the lowest id. A
// score is a logit as a number whose order is the logit's; 0: no candidate.
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

// A subgroup has at least 4 invocations and a workgroup at most 256.
shared uvec2 best_of_subgroups[64];

// By their bits: a driver may take for granted that there is neither.
bool isNan(float value) { return (floatBitsToUint(value) & 0x7FFFFFFFu) > 0x7F800000u; }
bool isNanOrInfinity(float value) { return isNan(value) || floatBitsToUint(value) == 0x7F800000u; }

uint scoreOf(float logit) {
    uint bits = floatBitsToUint(logit == 0.0 ? 0.0 : logit);
    return isNan(logit) ? 0u : (bits & 0x80000000u) != 0u ? ~bits : bits | 0x80000000u;
}
float logitOf(uint score) {
    return uintBitsToFloat((score & 0x80000000u) != 0u ? score & 0x7FFFFFFFu : ~score);
}

bool isBetter(uvec2 a, uvec2 b) { return a.x > b.x || (a.x == b.x && a.y < b.y); }

// `own`: score and id.
uvec2 bestOfWorkgroup(uvec2 own) {
    uint score = subgroupMax(own.x);
    uint id = subgroupMin(own.x == score ? own.y : 0xFFFFFFFFu);
    if (subgroupElect()) {
        best_of_subgroups[gl_SubgroupID] = uvec2(score, id);
    }
    barrier();
    uvec2 best = best_of_subgroups[0];
    for (uint i = 1u; i < gl_NumSubgroups; ++i) {
        best = isBetter(best_of_subgroups[i], best) ? best_of_subgroups[i] : best;
    }
    barrier();
    return best;
}
