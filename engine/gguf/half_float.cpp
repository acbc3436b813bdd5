// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/tensor_type.h"

#include <bit>

namespace moescope::gguf {

uint16_t floatToHalf(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    const uint32_t sign = bits >> 16 & 0x8000U;
    const uint32_t magnitude = bits & 0x7fffffffU;
    if (magnitude > 0x7f800000U) { // NaN: kept quiet, with the upper bits of its payload
        return static_cast<uint16_t>(sign | 0x7e00U | (magnitude >> 13 & 0x1ffU));
    }
    if (magnitude >= 0x477ff000U) { // 65520 and more round to infinity
        return static_cast<uint16_t>(sign | 0x7c00U);
    }
    uint32_t half = 0;
    uint32_t rest = 0;    // bits below the last one kept
    uint32_t halfway = 0; // rest of a tie
    if (magnitude >= 0x38800000U) {
        half = (magnitude - 0x38000000U) >> 13;
        rest = magnitude & 0x1fffU;
        halfway = 0x1000U;
    } else { // subnormal: units of 2⁻²⁴
        const uint32_t shift = 126 - (magnitude >> 23);
        if (shift > 24) {
            return static_cast<uint16_t>(sign);
        }
        const uint32_t mantissa = (magnitude & 0x7fffffU) | 0x800000U;
        half = mantissa >> shift;
        rest = mantissa & ((1U << shift) - 1);
        halfway = 1U << (shift - 1);
    }
    if (rest > halfway || (rest == halfway && (half & 1U) != 0)) {
        ++half; // a carry into the exponent is the next binade, as it should be
    }
    return static_cast<uint16_t>(sign | half);
}

float halfToFloat(uint16_t half) {
    const uint32_t sign = (half & 0x8000U) << 16;
    const uint32_t exponent = half >> 10 & 0x1fU;
    const uint32_t mantissa = half & 0x3ffU;
    if (exponent == 0) {
        const float magnitude = static_cast<float>(mantissa) * 0x1p-24F;
        return std::bit_cast<float>(sign | std::bit_cast<uint32_t>(magnitude));
    }
    const uint32_t wide = exponent == 0x1fU ? 0xffU : exponent + 112;
    return std::bit_cast<float>(sign | wide << 23 | mantissa << 13);
}

uint16_t floatToBf16(float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    if ((bits & 0x7fffffffU) > 0x7f800000U) { // NaN: quiet, so that dropping bits cannot make it an infinity
        return static_cast<uint16_t>(bits >> 16 | 0x40U);
    }
    return static_cast<uint16_t>((bits + 0x7fffU + (bits >> 16 & 1U)) >> 16);
}

float bf16ToFloat(uint16_t value) { return std::bit_cast<float>(static_cast<uint32_t>(value) << 16); }

} // namespace moescope::gguf
