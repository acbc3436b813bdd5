// SPDX-License-Identifier: Apache-2.0
// Arithmetic of sampling, one text for GLSL and C++: a token sampled on any device and one sampled on the host are the same. Only
// additions and multiplications, each rounded by itself: Vulkan and IEEE agree on those, and on no logarithm.
#ifndef MOESCOPE_SAMPLING_H
#define MOESCOPE_SAMPLING_H

#ifdef __cplusplus
#include "shaders/common/sampler_state.h"

#include <bit>
#include <cmath>

namespace moescope::shaders {

#define SAMPLING_FN inline
#define SAMPLING_CONST inline constexpr
#define precise
#define OUT(TYPE) TYPE&
inline uint floatBitsToUint(float value) { return std::bit_cast<uint>(value); }
inline float uintBitsToFloat(uint bits) { return std::bit_cast<float>(bits); }
inline float floor(float value) { return std::floor(value); }
inline void umulExtended(uint a, uint b, uint& high, uint& low) {
    const uint64_t product = uint64_t{a} * b;
    high = static_cast<uint>(product >> 32);
    low = static_cast<uint>(product);
}
inline float toFloat(uint value) { return static_cast<float>(value); }
inline float toFloat(int value) { return static_cast<float>(value); }
inline int toInt(float value) { return static_cast<int>(value); }
inline int toInt(uint value) { return static_cast<int>(value); }
inline uint toUint(int value) { return static_cast<uint>(value); }
#else
#define SAMPLING_FN
#define SAMPLING_CONST const
#define OUT(TYPE) out TYPE
#define toFloat(value) float(value)
#define toInt(value) int(value)
#define toUint(value) uint(value)
#endif

// Candidates among which sample.comp chooses, at most: top-k beyond it is sampled by the host.
SAMPLING_CONST uint SAMPLER_MOST_TOP = 64u;
// Logits of which one workgroup of sample_top.comp finds the best.
SAMPLING_CONST uint SAMPLER_CHUNK = 4096u;
SAMPLING_CONST uint SAMPLER_MOST_CHUNKS = 256u;
// No token.
SAMPLING_CONST uint SAMPLER_NONE = 0xFFFFFFFFu;

// The first word of Philox4x32-10 (Salmon et al., Parallel Random Numbers: As Easy as 1, 2, 3, 2011): key `seed`, counter
// (token, position, 0, 0).
SAMPLING_FN uint samplingBits(uint seed_low, uint seed_high, uint position, uint token) {
    uint c0 = token, c1 = position, c2 = 0u, c3 = 0u, k0 = seed_low, k1 = seed_high;
    for (int round = 0; round < 10; ++round) {
        uint high0, low0, high1, low1;
        umulExtended(0xD2511F53u, c0, high0, low0);
        umulExtended(0xCD9E8D57u, c2, high1, low1);
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    return c0;
}

// ln(value) of a normal number above 0, to some 1e-7 of it or of 1: the polynomial of Cephes' logf.
SAMPLING_FN float samplingLog(float value) {
    uint bits = floatBitsToUint(value);
    int exponent = toInt(bits >> 23u) - 127;
    precise float m = uintBitsToFloat((bits & 0x7FFFFFu) | 0x3F800000u); // [1, 2)
    if (m > 1.41421356f) {
        m = m * 0.5f;
        exponent = exponent + 1;
    }
    precise float x = m - 1.0f;
    precise float square = x * x;
    precise float p = 7.0376836292e-2f;
    p = p * x - 1.1514610310e-1f;
    p = p * x + 1.1676998740e-1f;
    p = p * x - 1.2420140846e-1f;
    p = p * x + 1.4249322787e-1f;
    p = p * x - 1.6668057665e-1f;
    p = p * x + 2.0000714765e-1f;
    p = p * x - 2.4999993993e-1f;
    p = p * x + 3.3333331174e-1f;
    precise float e = toFloat(exponent);
    precise float y = p * x * square;
    y = y + e * -2.12194440e-4f;
    y = y - 0.5f * square;
    precise float result = x + y;
    result = result + e * 0.693359375f;
    return result;
}

// e^value of a number up to 0, to some 1e-7 of it; 0 below −87: the polynomial of Cephes' expf.
SAMPLING_FN float samplingExp(float value) {
    if (!(value > -87.0f)) {
        return 0.0f;
    }
    precise float n = floor(1.44269504f * value + 0.5f);
    precise float x = value - n * 0.693359375f;
    x = x - n * -2.12194440e-4f;
    precise float p = 1.9875691500e-4f;
    p = p * x + 1.3981999507e-3f;
    p = p * x + 8.3334519073e-3f;
    p = p * x + 4.1665795894e-2f;
    p = p * x + 1.6666665459e-1f;
    p = p * x + 5.0000001201e-1f;
    precise float square = x * x;
    precise float result = p * square + x + 1.0f;
    return result * uintBitsToFloat(toUint(toInt(n) + 127) << 23u);
}

// Standard Gumbel noise of a token at a position: the largest of (logit ÷ temperature + noise) is a draw from the softmax.
SAMPLING_FN float samplingNoise(uint seed_low, uint seed_high, uint position, uint token) {
    uint bits = samplingBits(seed_low, seed_high, position, token);
    // u uniform in (0, 1) and 1 − u, each from its small end, where a float tells numbers apart.
    precise float u = (toFloat(bits >> 8u) + 0.5f) * 5.9604645e-8f; // 2^-24
    precise float rest = (toFloat((~bits) >> 8u) + 0.5f) * 5.9604645e-8f;
    precise float exponential = -samplingLog(u);
    if (rest < 0.0009765625f) { // −ln(1 − rest) by its series, to 1e-9 of it
        exponential = rest * (1.0f + rest * (0.5f + rest * 0.33333334f));
    }
    return -samplingLog(exponential);
}

// Whether a penalised token's logit is divided or multiplied.
SAMPLING_FN float penalised(float logit, float penalty, float inverse_penalty) {
    precise float divided = logit * inverse_penalty;
    precise float multiplied = logit * penalty;
    return logit > 0.0f ? divided : multiplied;
}

#ifdef __cplusplus
#undef precise
#undef OUT
#undef SAMPLING_FN
#undef SAMPLING_CONST
} // namespace moescope::shaders
#endif
#endif
