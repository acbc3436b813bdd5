// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/quantize_fit.h"

#include "engine/gguf/tensor_type.h"

#include <array>
#include <cmath>

namespace moescope::gguf::blocks {

namespace {

constexpr size_t mostWeights = 32;

struct AffineFit {
    Affine fit;
    float error = 0; ///< weighted sum of squares
    bool valid = false;
};

/** Rounds each weight with `guess`, then solves the weighted least squares of those quants for scale and minimum. */
AffineFit refit(std::span<const float> x, std::span<const float> importance, Affine guess, int levels,
                Minimum minimum) {
    float sumW = 0;
    float sumX = 0;
    float sumQ = 0;
    float sumQQ = 0;
    float sumXQ = 0;
    const float inverse = 1.0F / guess.scale;
    std::array<float, mostWeights> quants{};
    for (size_t i = 0; i < x.size(); ++i) {
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
    if (result.fit.minimum < 0 && minimum == Minimum::notNegative) {
        result.fit = {sumXQ / sumQQ, 0};
    }
    if (!(result.fit.scale > 0)) {
        return result;
    }
    for (size_t i = 0; i < x.size(); ++i) {
        const float off = result.fit.scale * quants[i] - result.fit.minimum - x[i];
        result.error += importance[i] * off * off;
    }
    result.valid = true;
    return result;
}

/** The weight that is furthest from 0. */
float peakOf(std::span<const float> x) {
    float peak = 0;
    for (const float weight : x) {
        peak = std::fabs(weight) > std::fabs(peak) ? weight : peak;
    }
    return peak;
}

/** The best least-squares scale over several starts. */
class ScaleSearch {
public:
    ScaleSearch(std::span<const float> x, float peak, float plain) : m_x(x), m_peak(peak), m_scale(plain) {}

    /** `round` gives the quant of a weight; which start it stands for is the caller's. */
    template <typename Round>
    void attempt(Round round) {
        float sumXQ = 0;
        float sumQQ = 0;
        for (const float weight : m_x) {
            const float q = round(weight);
            // Relative to the peak, so that the sums neither overflow nor vanish.
            sumXQ += weight / m_peak * q;
            sumQQ += q * q;
        }
        if (sumQQ > 0 && sumXQ * sumXQ / sumQQ > m_gain) {
            m_gain = sumXQ * sumXQ / sumQQ;
            m_scale = sumXQ / sumQQ * m_peak;
        }
    }

    float scale() const { return m_scale; }

private:
    std::span<const float> m_x;
    float m_peak;
    float m_scale;
    float m_gain = -1;
};

/** For each whole number from −127 to 127, the place of the entry of iq4Table next to it. */
constexpr std::array<uint8_t, 255> iq4Places = [] {
    std::array<uint8_t, 255> places{};
    for (int value = -127; value <= 127; ++value) {
        int best = 0;
        for (int i = 1; i < 16; ++i) {
            const int off = value - iq4Table[static_cast<size_t>(i)];
            const int least = value - iq4Table[static_cast<size_t>(best)];
            best = off * off < least * least ? i : best;
        }
        places[static_cast<size_t>(value + 127)] = static_cast<uint8_t>(best);
    }
    return places;
}();

} // namespace

Affine fitAffine(std::span<const float> x, std::span<const float> importance, int levels, Minimum minimum) {
    float low = minimum == Minimum::any ? x[0] : 0;
    float high = x[0];
    for (const float weight : x) {
        low = std::min(low, weight);
        high = std::max(high, weight);
    }
    const bool flat = std::all_of(x.begin(), x.end(), [&](float weight) { return weight == x[0]; });
    if ((flat && x[0] <= 0) || high - low < smallestSpread) {
        return {0, -low};
    }
    AffineFit best;
    constexpr int starts = 24;
    for (int s = 0; s <= starts; ++s) {
        const float reach = static_cast<float>(levels) - 1.2F + 0.1F * static_cast<float>(s);
        const AffineFit tried = refit(x, importance, {(high - low) / reach, -low}, levels, minimum);
        if (tried.valid && (!best.valid || tried.error < best.error)) {
            best = tried;
        }
    }
    if (!best.valid) {
        return {(high - low) / static_cast<float>(levels), -low};
    }
    for (int round = 0; round < 4; ++round) {
        const AffineFit tried = refit(x, importance, best.fit, levels, minimum);
        if (!tried.valid || tried.error >= best.error) {
            break;
        }
        best = tried;
    }
    return best.fit;
}

void fillImportance(std::span<const float> x, std::span<float> importance) {
    float squares = 0;
    for (const float weight : x) {
        squares += weight * weight;
    }
    const float rms = std::sqrt(squares / static_cast<float>(x.size()));
    for (size_t i = 0; i < x.size(); ++i) {
        importance[i] = rms + std::fabs(x[i]);
    }
}

float fitSymmetric(std::span<const float> x, int low) {
    const float peak = peakOf(x);
    if (std::fabs(peak) < smallestSpread) {
        return 0;
    }
    const auto magnitude = static_cast<float>(-low);
    ScaleSearch search(x, peak, peak / -magnitude);
    const float step = low == -32 ? 0.2F : 0.1F;
    constexpr int reach = 20;
    for (int s = -reach; s <= reach; ++s) {
        const float inverse = -(magnitude + step * static_cast<float>(s)) / peak;
        search.attempt([&](float weight) { return static_cast<float>(roundInto(weight * inverse, low, -low - 1)); });
    }
    return search.scale();
}

unsigned nearestIq4(float value) { return iq4Places[static_cast<size_t>(roundInto(value, -127, 127) + 127)]; }

float fitIq4(std::span<const float> x) {
    const float peak = peakOf(x);
    if (std::fabs(peak) < smallestSpread) {
        return 0;
    }
    ScaleSearch search(x, peak, peak / static_cast<float>(iq4Table.front()));
    // The peak goes to either end of the table; the ends are not alike.
    for (const int8_t end : {iq4Table.front(), iq4Table.back()}) {
        for (int s = -6; s <= 10; ++s) {
            const float inverse = static_cast<float>(end) * (1.0F + 0.025F * static_cast<float>(s)) / peak;
            search.attempt([&](float weight) { return static_cast<float>(iq4Table[nearestIq4(weight * inverse)]); });
        }
    }
    return search.scale();
}

uint16_t signedScaleToHalf(float scale) {
    const uint16_t magnitude = scaleToHalf(std::fabs(scale));
    return static_cast<uint16_t>(magnitude | (scale < 0 && magnitude != 0 ? 0x8000U : 0U));
}

} // namespace moescope::gguf::blocks
