// SPDX-License-Identifier: Apache-2.0
// Subgroups of WIDE invocations made of shared memory, for tests/house/wide_subgroups.py: as GPUs have them, whatever this device
// has. Each operation has barriers, so all of a workgroup must come to it.
layout(local_size_x_id = 0) in;  // before any use of gl_WorkGroupSize
shared vec4 wide_lanes[256];

#define wideInvocation() (gl_LocalInvocationIndex % WIDE)
#define wideIndex() (gl_LocalInvocationIndex / WIDE)
#define wideCount() (gl_WorkGroupSize.x / WIDE)

void wideShare(vec4 value) {
    barrier();
    wide_lanes[gl_LocalInvocationIndex] = value;
    barrier();
}
vec4 wideLane(uint lane) { return wide_lanes[wideIndex() * WIDE + lane]; }

vec4 wideAdd(vec4 value) {
    wideShare(value);
    vec4 sum = vec4(0.0);
    for (uint lane = 0u; lane < WIDE; ++lane) {
        sum += wideLane(lane);
    }
    barrier();
    return sum;
}
float wideAdd(float value) { return wideAdd(vec4(value)).x; }

vec4 wideMax(vec4 value) {
    wideShare(value);
    vec4 most = wideLane(0u);
    for (uint lane = 1u; lane < WIDE; ++lane) {
        most = max(most, wideLane(lane));
    }
    barrier();
    return most;
}
float wideMax(float value) { return wideMax(vec4(value)).x; }

uint wideMax(uint value) {
    wideShare(uintBitsToFloat(uvec4(value)));
    uint most = 0u;
    for (uint lane = 0u; lane < WIDE; ++lane) {
        most = max(most, floatBitsToUint(wideLane(lane).x));
    }
    barrier();
    return most;
}
uint wideMin(uint value) { return ~wideMax(~value); }

vec4 wideShuffle(vec4 value, uint lane) {
    wideShare(value);
    vec4 taken = wideLane(lane);
    barrier();
    return taken;
}
float wideShuffle(float value, uint lane) { return wideShuffle(vec4(value), lane).x; }
float wideShuffleXor(float value, uint mask) { return wideShuffle(value, wideInvocation() ^ mask); }

bool wideElect() { return wideInvocation() == 0u; }
