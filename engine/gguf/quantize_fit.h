// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/blocks.h"

#include <algorithm>
#include <span>

/** Searches for the factors of one block: what all quantisers share. Blocks have at most 32 weights. */
namespace moescope::gguf::blocks {

/** Weights beyond what any block with half-precision factors can hold are cut to this, so that sums stay finite. */
inline constexpr float largestWeight = 1e9F;
/** Spreads that a half-precision scale rounds to 0 anyhow. */
inline constexpr float smallestSpread = 1e-12F;

inline int roundInto(float value, int low, int high) {
    const float held = std::clamp(value, static_cast<float>(low), static_cast<float>(high));
    return static_cast<int>(held - static_cast<float>(low) + 0.5F) + low;
}

/** `count` weights from `at`, each within ±largestWeight. */
template <size_t count>
std::array<float, count> loadWeights(std::span<const float> row, size_t at) {
    std::array<float, count> block{};
    for (size_t i = 0; i < count; ++i) {
        block[i] = std::clamp(row[at + i], -largestWeight, largestWeight);
    }
    return block;
}

/** A weight is about scale·q − minimum, with scale ≥ 0. */
struct Affine {
    float scale = 0;
    float minimum = 0;
};

enum class Minimum { notNegative, any };

/** Scale and minimum of weights for quants 0…levels: the best of a range of starts around the plain min–max fit, each
 *  refitted, the winner refitted until that gains nothing. `importance` weighs the squared errors. */
Affine fitAffine(std::span<const float> x, std::span<const float> importance, int levels, Minimum minimum);

/** Importance of weights in a fit: larger ones count more, as they do in the products they enter. */
void fillImportance(std::span<const float> x, std::span<float> importance);

/** Scale of weights for quants low…−low − 1 around 0, of either sign. Of starts around the plain fit, which puts the
 *  peak at `low` (some of a larger |scale|, that leave it whole, some of a smaller, that cut it), the one whose
 *  least-squares scale leaves the smallest sum of squared errors. */
float fitSymmetric(std::span<const float> x, int low);

/** Scale of weights that become entries of iq4Table, of either sign, found as by fitSymmetric(). */
float fitIq4(std::span<const float> x);
/** Place in iq4Table of the entry next to `value`. */
unsigned nearestIq4(float value);

/** A scale of either sign as half, held below infinity. */
uint16_t signedScaleToHalf(float scale);

} // namespace moescope::gguf::blocks
