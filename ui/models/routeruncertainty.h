// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/tracemodel.h"

#include <QObject>

#include <array>
#include <vector>

namespace moescope::ui {

/** Of a distribution: 10, 25, 50, 75 and 90 %. */
using Percentiles = std::array<double, 5>;
inline constexpr Percentiles kPercentiles = {10, 25, 50, 75, 90};
inline constexpr size_t kMedian = 2;

/** Values from 0 to a known top, counted in equal bins: adding one costs O(1), and a quantile needs no sorting. */
class BinnedValues {
public:
    static constexpr int kBins = 4096;

    /** `top` > 0; values outside 0…top count as its ends. */
    explicit BinnedValues(double top = 1);

    void add(double value);
    int n() const { return m_n; }
    double binWidth() const { return m_top / kBins; }
    /** Linear between the two nearest values in order, each at most half a bin off. −1 without values. */
    Percentiles percentiles() const;

private:
    double m_top;
    int m_n = 0;
    std::vector<int> m_counts; ///< [kBins]
};

/** How unsure one layer's router was, over the tokens. */
struct UncertaintySpread {
    Percentiles entropy = {-1, -1, -1, -1, -1}; ///< bits; −1: of no token
    Percentiles margin = {-1, -1, -1, -1, -1};
    int close_calls = 0; ///< of the n tokens
    int n = 0;           ///< tokens with a margin: none where a layer uses all its experts
    int entropy_n = 0;   ///< tokens whose probabilities were recorded
};

/** Means over the layers of one token; −1: not recorded. */
struct TokenUncertainty {
    double entropy = -1; ///< bits
    double margin = -1;
};

/** Entropy and margin of the routers of the answer in view, by layer and over its tokens. Does nothing until refresh(),
 *  which costs O(layers) for each new token, and O(layers × experts) where its probabilities were recorded. */
class RouterUncertainty : public QObject {
    Q_OBJECT
public:
    static constexpr int kWindow = 16; ///< tokens of the sliding mean
    static constexpr int kLeast = 4;   ///< tokens of which a spread says something

    explicit RouterUncertainty(TraceModel* trace, QObject* parent = nullptr);

    /** Counts the tokens that came since the last call; another answer from its first token. */
    void refresh();

    const TraceShape& shape() const { return m_shape; }
    int tokens() const { return int(m_sums.size()) - 1; }
    /** Tokens with a margin or an entropy, the same in every layer. */
    int n() const { return m_n; }
    /** Tokens whose probabilities were recorded. */
    int entropyN() const { return m_sums.back().entropies; }
    /** Tokens with a runner-up. */
    int marginN() const { return m_sums.back().margins; }
    double maxEntropy() const; ///< log₂ of the experts, bits
    const UncertaintySpread& spread(int layer) const;
    TokenUncertainty token(int token) const;
    /** Mean over the last kWindow tokens up to this one, of those that were recorded. */
    TokenUncertainty slidingMean(int token) const;

private:
    /** Over all tokens before one. */
    struct Sums {
        double entropy = 0;
        double margin = 0;
        int entropies = 0;
        int margins = 0;
    };
    struct Layer {
        BinnedValues entropy;
        BinnedValues margin;
        int close_calls = 0;
        mutable UncertaintySpread spread;
        mutable bool stale = false;
    };

    void reset();
    void add(const trace::RouterTrace& router);
    TokenUncertainty between(int first, int last) const;

    TraceModel* m_trace;
    TraceShape m_shape;
    bool m_stale = true;
    int m_n = 0;
    std::vector<Layer> m_layers;
    std::vector<Sums> m_sums; ///< [tokens + 1]
};

} // namespace moescope::ui
