// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/blocks.h"
#include "engine/gguf/tensor_type.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace moescope::gguf::blocks {

namespace {

/** Weights beyond what any block can hold are cut to this, so that the sums below stay finite. */
constexpr float largestWeight = 1e9F;
/** Spreads that the half-precision scale of the super-block rounds to 0 anyhow. */
constexpr float smallestSpread = 1e-12F;

using SuperBlock = std::array<float, kWeights>;

SuperBlock load(std::span<const float> row, size_t at) {
    SuperBlock block{};
    for (size_t i = 0; i < kWeights; ++i) {
        block[i] = std::clamp(row[at + i], -largestWeight, largestWeight);
    }
    return block;
}

int roundInto(float value, int low, int high) {
    const float held = std::clamp(value, static_cast<float>(low), static_cast<float>(high));
    return static_cast<int>(held - static_cast<float>(low) + 0.5F) + low;
}

/** A weight is about scale·q − minimum, with scale and minimum ≥ 0. */
struct Affine {
    float scale = 0;
    float minimum = 0;
};

struct AffineFit {
    Affine fit;
    float error = 0; ///< weighted sum of squares
    bool valid = false;
};

constexpr size_t subWeights = 32;
using SubBlock = std::span<const float, subWeights>;

/** Rounds each weight with `guess`, then solves the weighted least squares of those quants for scale and minimum. */
AffineFit refit(SubBlock x, const std::array<float, subWeights>& importance, Affine guess, int levels) {
    float sumW = 0;
    float sumX = 0;
    float sumQ = 0;
    float sumQQ = 0;
    float sumXQ = 0;
    const float inverse = 1.0F / guess.scale;
    std::array<float, subWeights> quants{};
    for (size_t i = 0; i < subWeights; ++i) {
        const auto q = static_cast<float>(roundInto((x[i] + guess.minimum) * inverse, 0, levels));
        const float w = importance[i];
        quants[i] = q;
        sumW += w;
        sumX += w * x[i];
        sumQ += w * q;
        sumQQ += w * q * q;
        sumXQ += w * x[i] * q;
    }
    const float determinant = sumW * sumQQ - sumQ * sumQ;
    AffineFit result;
    if (!(determinant > 0)) {
        return result;
    }
    result.fit.scale = (sumW * sumXQ - sumX * sumQ) / determinant;
    result.fit.minimum = (sumQ * sumXQ - sumQQ * sumX) / determinant;
    if (result.fit.minimum < 0) {
        result.fit = {sumXQ / sumQQ, 0};
    }
    if (!(result.fit.scale > 0)) {
        return result;
    }
    for (size_t i = 0; i < subWeights; ++i) {
        const float off = result.fit.scale * quants[i] - result.fit.minimum - x[i];
        result.error += importance[i] * off * off;
    }
    result.valid = true;
    return result;
}

/** Scale and minimum of 32 weights: the best of a range of starts around the plain min–max fit, each refitted, the
 *  winner refitted until that gains nothing. Larger weights count more, as they do in the products they enter. */
Affine fitAffine(SubBlock x, int levels) {
    float low = 0;
    float high = x[0];
    float squares = 0;
    for (const float weight : x) {
        low = std::min(low, weight);
        high = std::max(high, weight);
        squares += weight * weight;
    }
    const bool flat = std::all_of(x.begin(), x.end(), [&](float weight) { return weight == x[0]; });
    if ((flat && x[0] <= 0) || high - low < smallestSpread) {
        return {0, -low};
    }
    const float rms = std::sqrt(squares / static_cast<float>(subWeights));
    std::array<float, subWeights> importance{};
    for (size_t i = 0; i < subWeights; ++i) {
        importance[i] = rms + std::fabs(x[i]);
    }
    AffineFit best;
    constexpr int starts = 24;
    for (int s = 0; s <= starts; ++s) {
        const float reach = static_cast<float>(levels) - 1.2F + 0.1F * static_cast<float>(s);
        const AffineFit tried = refit(x, importance, {(high - low) / reach, -low}, levels);
        if (tried.valid && (!best.valid || tried.error < best.error)) {
            best = tried;
        }
    }
    if (!best.valid) {
        return {(high - low) / static_cast<float>(levels), -low};
    }
    for (int round = 0; round < 4; ++round) {
        const AffineFit tried = refit(x, importance, best.fit, levels);
        if (!tried.valid || tried.error >= best.error) {
            break;
        }
        best = tried;
    }
    return best.fit;
}

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
        const Affine fit = fitAffine(SubBlock(x.data() + sub * subWeights, subWeights), levels);
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

/** Scale of 16 weights for quants −32…31 around 0, of either sign. Of starts around the plain fit, which puts the
 *  peak at −32 (the first ones, of a larger |scale|, put it at −28 and on and leave it whole; the last ones, of a
 *  smaller, cut it), the one whose least-squares scale leaves the smallest sum of squared errors. */
float fitSymmetric(std::span<const float, 16> x) {
    float peak = 0;
    for (const float weight : x) {
        peak = std::fabs(weight) > std::fabs(peak) ? weight : peak;
    }
    if (std::fabs(peak) < smallestSpread) {
        return 0;
    }
    float bestScale = peak / -32.0F;
    float bestGain = -1;
    constexpr int reach = 20;
    for (int s = -reach; s <= reach; ++s) {
        const float inverse = -(32.0F + 0.2F * static_cast<float>(s)) / peak;
        float sumXQ = 0;
        float sumQQ = 0;
        for (const float weight : x) {
            const auto q = static_cast<float>(roundInto(weight * inverse, -32, 31));
            // Relative to the peak, so that the sums neither overflow nor vanish.
            sumXQ += weight / peak * q;
            sumQQ += q * q;
        }
        if (sumQQ > 0 && sumXQ * sumXQ / sumQQ > bestGain) {
            bestGain = sumXQ * sumXQ / sumQQ;
            bestScale = sumXQ / sumQQ * peak;
        }
    }
    return bestScale;
}

void encodeSuperBlock6(const SuperBlock& x, uint8_t* block) {
    std::array<float, 16> scales{};
    float peak = 0;
    for (size_t sub = 0; sub < scales.size(); ++sub) {
        scales[sub] = fitSymmetric(std::span<const float, 16>(x.data() + sub * 16, 16));
        peak = std::fabs(scales[sub]) > std::fabs(peak) ? scales[sub] : peak;
    }
    // The largest scale becomes −128, the one value whose opposite does not exist.
    const uint16_t magnitude = scaleToHalf(std::fabs(peak) / 128.0F);
    const auto half = static_cast<uint16_t>(magnitude | (peak > 0 && magnitude != 0 ? 0x8000U : 0U));
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
        encodeSuperBlock(load(row, at), out, nullptr, out + 4 + kPackedScales);
    }
}

void encodeQ5K(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += kWeights, out += q5kBytes) {
        std::fill_n(out, q5kBytes, uint8_t{0});
        encodeSuperBlock(load(row, at), out, out + q5kHighBits, out + q5kHighBits + kWeights / 8);
    }
}

void encodeQ6K(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += kWeights, out += q6kBytes) {
        std::fill_n(out, q6kBytes, uint8_t{0});
        encodeSuperBlock6(load(row, at), out);
    }
}

} // namespace moescope::gguf::blocks
