// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/quantize_fit.h"
#include "engine/gguf/tensor_type.h"

#include <array>
#include <cmath>

namespace moescope::gguf::blocks {

namespace {

using Block = std::array<float, nibbleWeights>;
using Quants = std::array<unsigned, nibbleWeights>;

void packNibbles(std::span<const unsigned> quants, uint8_t* nibbles) {
    for (size_t i = 0; i < nibbleBytes; ++i) {
        nibbles[i] = static_cast<uint8_t>((quants[i] & 15U) | (quants[i + nibbleBytes] & 15U) << 4);
    }
}

void packFifth(const Quants& quants, uint8_t* bytes) {
    uint32_t fifth = 0;
    for (size_t i = 0; i < nibbleWeights; ++i) {
        fifth |= (quants[i] >> 4 & 1U) << i;
    }
    storeU16(bytes, static_cast<uint16_t>(fifth));
    storeU16(bytes + 2, static_cast<uint16_t>(fifth >> 16));
}

/** Writes half d of quants around 0; gives them from 0 on. */
Quants quantsAroundZero(const Block& x, int low, uint8_t* out) {
    const uint16_t half = signedScaleToHalf(fitSymmetric(x, low));
    storeU16(out, half);
    const float d = halfToFloat(half);
    Quants quants{};
    for (size_t i = 0; i < x.size(); ++i) {
        quants[i] = static_cast<unsigned>((d != 0 ? roundInto(x[i] / d, low, -low - 1) : 0) - low);
    }
    return quants;
}

/** Writes half d and half m; gives quants 0…levels. */
Quants quantsAboveMinimum(const Block& x, int levels, uint8_t* out) {
    const float low = *std::min_element(x.begin(), x.end());
    // From the smallest weight on: a spread that is small beside the weights themselves keeps its digits.
    Block above{};
    std::transform(x.begin(), x.end(), above.begin(), [low](float weight) { return weight - low; });
    Block even{};
    even.fill(1);
    const Affine fit = fitAffine(above, even, levels, Minimum::any);
    const uint16_t scale = scaleToHalf(fit.scale);
    const uint16_t minimum = signedScaleToHalf(low - fit.minimum);
    storeU16(out, scale);
    storeU16(out + 2, minimum);
    const float d = halfToFloat(scale);
    const float m = halfToFloat(minimum);
    Quants quants{};
    for (size_t i = 0; i < x.size() && d > 0; ++i) {
        quants[i] = static_cast<unsigned>(roundInto((x[i] - m) / d, 0, levels));
    }
    return quants;
}

void encodeSuperBlockIq4(const std::array<float, kWeights>& x, uint8_t* block) {
    std::array<float, 8> scales{};
    float peak = 0;
    for (size_t sub = 0; sub < scales.size(); ++sub) {
        scales[sub] = fitIq4(std::span(x).subspan(sub * nibbleWeights, nibbleWeights));
        peak = std::fabs(scales[sub]) > std::fabs(peak) ? scales[sub] : peak;
    }
    const uint16_t half = signedScaleToHalf(peak / -32.0F);
    storeU16(block, half);
    const float unit = halfToFloat(half);
    unsigned upper = 0;
    for (size_t sub = 0; sub < scales.size(); ++sub) {
        const int multiple = unit != 0 ? roundInto(scales[sub] / unit, -32, 31) : 0;
        const auto stored = static_cast<unsigned>(multiple + 32);
        block[4 + sub / 2] |= static_cast<uint8_t>((stored & 15U) << sub % 2 * 4);
        upper |= stored >> 4 << sub * 2;
        const float step = unit * static_cast<float>(multiple);
        Quants quants{};
        for (size_t i = 0; i < nibbleWeights && multiple != 0; ++i) {
            quants[i] = nearestIq4(x[sub * nibbleWeights + i] / step);
        }
        packNibbles(quants, block + iq4xsQuants + sub * nibbleBytes);
    }
    storeU16(block + 2, static_cast<uint16_t>(upper));
}

/** Place in mxfp4Table of the entry next to `value`. */
unsigned nearestMxfp4(float value) {
    const float size = std::fabs(value);
    unsigned place = 0;
    while (place < 7 && 2 * size > static_cast<float>(mxfp4Table[place] + mxfp4Table[place + 1])) {
        ++place;
    }
    return place | (value < 0 && place > 0 ? 8U : 0U);
}

/** The power of two around the peak's own that leaves the smallest sum of squared errors. */
void encodeBlockMxfp4(std::span<const float> x, uint8_t* out) {
    float peak = 0;
    for (const float weight : x) {
        peak = std::max(peak, std::fabs(weight));
    }
    constexpr int bias = 127;
    constexpr int largest = bias + 125; // entries of the table are below 2⁴: no product is infinite
    // In doubles: squares of the largest floats are finite and those of the smallest are not 0.
    double least = -1;
    const int plain = peak > 0 ? std::ilogb(peak) - 2 + bias : 0;
    for (int tried = plain + 1; tried >= plain - 1; --tried) {
        const auto exponent = static_cast<uint8_t>(std::clamp(tried, 0, largest));
        const double scale = mxfp4Scale(exponent);
        Quants quants{};
        double error = 0;
        for (size_t i = 0; i < x.size(); ++i) {
            quants[i] = nearestMxfp4(static_cast<float>(x[i] / scale));
            const double off = scale * mxfp4Table[quants[i]] - x[i];
            error += off * off;
        }
        if (least < 0 || error < least) {
            least = error;
            out[0] = exponent;
            packNibbles(quants, out + 1);
        }
    }
}

} // namespace

void encodeQ40(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += nibbleWeights, out += q40Bytes) {
        packNibbles(quantsAroundZero(loadWeights<nibbleWeights>(row, at), -8, out), out + 2);
    }
}

void encodeQ50(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += nibbleWeights, out += q50Bytes) {
        const Quants quants = quantsAroundZero(loadWeights<nibbleWeights>(row, at), -16, out);
        packFifth(quants, out + 2);
        packNibbles(quants, out + 6);
    }
}

void encodeQ41(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += nibbleWeights, out += q41Bytes) {
        packNibbles(quantsAboveMinimum(loadWeights<nibbleWeights>(row, at), 15, out), out + 4);
    }
}

void encodeQ51(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += nibbleWeights, out += q51Bytes) {
        const Quants quants = quantsAboveMinimum(loadWeights<nibbleWeights>(row, at), 31, out);
        packFifth(quants, out + 4);
        packNibbles(quants, out + 8);
    }
}

void encodeIq4Nl(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += nibbleWeights, out += iq4nlBytes) {
        const Block x = loadWeights<nibbleWeights>(row, at);
        const uint16_t half = signedScaleToHalf(fitIq4(x));
        storeU16(out, half);
        const float d = halfToFloat(half);
        Quants quants{};
        for (size_t i = 0; i < x.size() && d != 0; ++i) {
            quants[i] = nearestIq4(x[i] / d);
        }
        packNibbles(quants, out + 2);
    }
}

void encodeIq4Xs(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += kWeights, out += iq4xsBytes) {
        std::fill_n(out, iq4xsBytes, uint8_t{0});
        encodeSuperBlockIq4(loadWeights<kWeights>(row, at), out);
    }
}

void encodeMxfp4(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += nibbleWeights, out += mxfp4Bytes) {
        encodeBlockMxfp4(row.subspan(at, nibbleWeights), out);
    }
}

} // namespace moescope::gguf::blocks
