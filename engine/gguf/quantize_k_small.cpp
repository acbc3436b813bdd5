// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/quantize_fit.h"
#include "engine/gguf/tensor_type.h"

#include <array>
#include <cmath>

namespace moescope::gguf::blocks {

namespace {

constexpr size_t subWeights = 16;
constexpr size_t subBlocks = kWeights / subWeights;
using SuperBlock = std::array<float, kWeights>;

std::span<const float> subBlock(const SuperBlock& x, size_t sub) {
    return std::span(x).subspan(sub * subWeights, subWeights);
}

/** Byte of the bit pairs of both formats that holds weight i of a sub-block, and the pair's place in it. */
size_t pairByte(size_t sub, size_t i) { return sub / 8 * 32 + sub % 2 * 16 + i; }
size_t pairShift(size_t sub) { return sub / 2 % 4 * 2; }

void encodeSuperBlock2(const SuperBlock& x, uint8_t* block) {
    constexpr int most = 15;
    std::array<Affine, subBlocks> fits{};
    Affine largest;
    for (size_t sub = 0; sub < subBlocks; ++sub) {
        std::array<float, subWeights> importance{};
        fillImportance(subBlock(x, sub), importance);
        fits[sub] = fitAffine(subBlock(x, sub), importance, 3, Minimum::notNegative);
        largest.scale = std::max(largest.scale, fits[sub].scale);
        largest.minimum = std::max(largest.minimum, fits[sub].minimum);
    }
    const uint16_t d = scaleToHalf(largest.scale / most);
    const uint16_t dmin = scaleToHalf(largest.minimum / most);
    storeU16(block + q2kD, d);
    storeU16(block + q2kD + 2, dmin);
    const Affine unit{halfToFloat(d), halfToFloat(dmin)};
    for (size_t sub = 0; sub < subBlocks; ++sub) {
        const int scale = unit.scale > 0 ? roundInto(fits[sub].scale / unit.scale, 0, most) : 0;
        const int minimum = unit.minimum > 0 ? roundInto(fits[sub].minimum / unit.minimum, 0, most) : 0;
        block[sub] = static_cast<uint8_t>(scale | minimum << 4);
        if (scale == 0) {
            continue;
        }
        const float step = unit.scale * static_cast<float>(scale);
        const float offset = unit.minimum * static_cast<float>(minimum);
        for (size_t i = 0; i < subWeights; ++i) {
            const int q = roundInto((x[sub * subWeights + i] + offset) / step, 0, 3);
            block[q2kQuants + pairByte(sub, i)] |= static_cast<uint8_t>(q << pairShift(sub));
        }
    }
}

void encodeSuperBlock3(const SuperBlock& x, uint8_t* block) {
    std::array<float, subBlocks> scales{};
    float peak = 0;
    for (size_t sub = 0; sub < subBlocks; ++sub) {
        scales[sub] = fitSymmetric(subBlock(x, sub), -4);
        peak = std::fabs(scales[sub]) > std::fabs(peak) ? scales[sub] : peak;
    }
    const uint16_t half = signedScaleToHalf(peak / -32.0F);
    storeU16(block + q3kD, half);
    const float unit = halfToFloat(half);
    for (size_t sub = 0; sub < subBlocks; ++sub) {
        const int multiple = unit != 0 ? roundInto(scales[sub] / unit, -32, 31) : 0;
        const int stored = multiple + 32;
        uint8_t* packed = block + q3kScales;
        packed[sub % 8] |= static_cast<uint8_t>((stored & 15) << sub / 8 * 4);
        packed[8 + sub % 4] |= static_cast<uint8_t>(stored >> 4 << sub / 4 * 2);
        const float step = unit * static_cast<float>(multiple);
        for (size_t i = 0; i < subWeights; ++i) {
            const int q = (multiple != 0 ? roundInto(x[sub * subWeights + i] / step, -4, 3) : 0) + 4;
            block[q3kQuants + pairByte(sub, i)] |= static_cast<uint8_t>((q & 3) << pairShift(sub));
            block[sub % 2 * 16 + i] |= static_cast<uint8_t>(q >> 2 << sub / 2);
        }
    }
}

} // namespace

void encodeQ2K(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += kWeights, out += q2kBytes) {
        std::fill_n(out, q2kBytes, uint8_t{0});
        encodeSuperBlock2(loadWeights<kWeights>(row, at), out);
    }
}

void encodeQ3K(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += kWeights, out += q3kBytes) {
        std::fill_n(out, q3kBytes, uint8_t{0});
        encodeSuperBlock3(loadWeights<kWeights>(row, at), out);
    }
}

} // namespace moescope::gguf::blocks
