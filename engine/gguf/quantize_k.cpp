// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/quantize_fit.h"
#include "engine/gguf/tensor_type.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace moescope::gguf::blocks {

namespace {

using SuperBlock = std::array<float, kWeights>;
constexpr size_t subWeights = 32;

/** The eight scales or minima in 6 bits, as multiples of a half. */
struct Shared {
    uint16_t half = 0;
    float unit = 0;
    std::array<uint8_t, 8> steps{};
};

Shared share(const std::array<float, 8>& values) {
    Shared shared;
    shared.half = scaleToHalf(*std::max_element(values.begin(), values.end()) / 63.0F);
    shared.unit = halfToFloat(shared.half);
    for (size_t i = 0; i < values.size() && shared.unit > 0; ++i) {
        shared.steps[i] = static_cast<uint8_t>(roundInto(values[i] / shared.unit, 0, 63));
    }
    return shared;
}

void pack(const std::array<uint8_t, 8>& scales, const std::array<uint8_t, 8>& minima, uint8_t* packed) {
    for (size_t sub = 0; sub < 4; ++sub) {
        packed[sub] = static_cast<uint8_t>(scales[sub] | scales[sub + 4] >> 4 << 6);
        packed[sub + 4] = static_cast<uint8_t>(minima[sub] | minima[sub + 4] >> 4 << 6);
        packed[sub + 8] = static_cast<uint8_t>((scales[sub + 4] & 15) | (minima[sub + 4] & 15) << 4);
    }
}

/** Writes one super-block; `high` is null for Q4_K. `block` is zeroed. */
void encodeSuperBlock(const SuperBlock& x, uint8_t* block, uint8_t* high, uint8_t* nibbles) {
    const int levels = high != nullptr ? 31 : 15;
    std::array<float, 8> scales{};
    std::array<float, 8> minima{};
    for (size_t sub = 0; sub < 8; ++sub) {
        const std::span<const float> weights = std::span(x).subspan(sub * subWeights, subWeights);
        std::array<float, subWeights> importance{};
        fillImportance(weights, importance);
        const Affine fit = fitAffine(weights, importance, levels, Minimum::notNegative);
        scales[sub] = fit.scale;
        minima[sub] = fit.minimum;
    }
    const Shared scale = share(scales);
    const Shared minimum = share(minima);
    storeU16(block, scale.half);
    storeU16(block + 2, minimum.half);
    pack(scale.steps, minimum.steps, block + 4);
    for (size_t sub = 0; sub < 8; ++sub) {
        const float step = scale.unit * static_cast<float>(scale.steps[sub]);
        const float offset = minimum.unit * static_cast<float>(minimum.steps[sub]);
        if (!(step > 0)) {
            continue;
        }
        for (size_t i = 0; i < subWeights; ++i) {
            const auto q = static_cast<unsigned>(roundInto((x[sub * subWeights + i] + offset) / step, 0, levels));
            nibbles[sub / 2 * 32 + i] |= static_cast<uint8_t>((q & 15U) << sub % 2 * 4);
            if (high != nullptr) {
                high[i] |= static_cast<uint8_t>(q >> 4 << sub);
            }
        }
    }
}

void encodeSuperBlock6(const SuperBlock& x, uint8_t* block) {
    std::array<float, 16> scales{};
    float peak = 0;
    for (size_t sub = 0; sub < scales.size(); ++sub) {
        scales[sub] = fitSymmetric(std::span(x).subspan(sub * 16, 16), -32);
        peak = std::fabs(scales[sub]) > std::fabs(peak) ? scales[sub] : peak;
    }
    // The largest scale becomes −128, the one value whose opposite does not exist.
    const uint16_t half = signedScaleToHalf(peak / -128.0F);
    storeU16(block + q6kD, half);
    const float unit = halfToFloat(half);
    if (unit == 0) {
        return;
    }
    for (size_t sub = 0; sub < scales.size(); ++sub) {
        const int multiple = roundInto(scales[sub] / unit, -128, 127);
        block[q6kScales + sub] = static_cast<uint8_t>(static_cast<int8_t>(multiple));
        if (multiple == 0) {
            continue;
        }
        const float step = unit * static_cast<float>(multiple);
        for (size_t i = 0; i < 16; ++i) {
            const auto q = static_cast<unsigned>(roundInto(x[sub * 16 + i] / step, -32, 31) + 32);
            const size_t half128 = sub / 8;
            const size_t quarter = sub / 2 % 4;
            const size_t at = sub % 2 * 16 + i;
            block[half128 * 64 + quarter % 2 * 32 + at] |= static_cast<uint8_t>((q & 15U) << quarter / 2 * 4);
            block[q6kHighBits + half128 * 32 + at] |= static_cast<uint8_t>(q >> 4 << quarter * 2);
        }
    }
}

} // namespace

void encodeQ4K(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += kWeights, out += q4kBytes) {
        std::fill_n(out, q4kBytes, uint8_t{0});
        encodeSuperBlock(loadWeights<kWeights>(row, at), out, nullptr, out + 4 + kPackedScales);
    }
}

void encodeQ5K(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += kWeights, out += q5kBytes) {
        std::fill_n(out, q5kBytes, uint8_t{0});
        encodeSuperBlock(loadWeights<kWeights>(row, at), out, out + q5kHighBits, out + q5kHighBits + kWeights / 8);
    }
}

void encodeQ6K(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += kWeights, out += q6kBytes) {
        std::fill_n(out, q6kBytes, uint8_t{0});
        encodeSuperBlock6(loadWeights<kWeights>(row, at), out);
    }
}

} // namespace moescope::gguf::blocks
