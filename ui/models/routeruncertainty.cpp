// SPDX-License-Identifier: Apache-2.0
#include "ui/models/routeruncertainty.h"

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

/** Files are hostile: what is no number counts as 0. */
double within(double value, double top) { return value > 0 ? std::min(value, top) : 0; }

} // namespace

BinnedValues::BinnedValues(double top) : m_top(top), m_counts(kBins, 0) {}

void BinnedValues::add(double value) {
    const double at = within(value, m_top) / m_top * kBins;
    ++m_counts[size_t(std::min(int(at), kBins - 1))];
    ++m_n;
}

Percentiles BinnedValues::percentiles() const {
    Percentiles values;
    if (m_n == 0) {
        values.fill(-1);
        return values;
    }
    const auto centre = [this](size_t bin) { return (double(bin) + 0.5) * binWidth(); };
    int before = 0; // values in the bins below `bin`
    size_t bin = 0;
    for (size_t at = 0; at < values.size(); ++at) {
        const double place = kPercentiles[at] / 100 * (m_n - 1);
        const int low = int(place);
        for (; before + m_counts[bin] <= low; ++bin) {
            before += m_counts[bin];
        }
        size_t next = bin;
        if (low + 1 < m_n && before + m_counts[bin] <= low + 1) {
            do {
                ++next;
            } while (m_counts[next] == 0);
        }
        values[at] = std::lerp(centre(bin), centre(next), place - low);
    }
    return values;
}

RouterUncertainty::RouterUncertainty(TraceModel* trace, QObject* parent) : QObject(parent), m_trace(trace) {
    connect(trace, &TraceModel::currentChanged, this, [this] { m_stale = true; });
    reset();
}

double RouterUncertainty::maxEntropy() const { return m_shape.experts > 1 ? std::log2(double(m_shape.experts)) : 1; }

void RouterUncertainty::reset() {
    m_shape = m_trace->shape();
    m_n = 0;
    m_layers.assign(size_t(m_shape.layers), Layer{BinnedValues(maxEntropy()), BinnedValues(1), 0, {}, false});
    m_sums.assign(1, Sums());
}

void RouterUncertainty::refresh() {
    if (m_stale) {
        m_stale = false;
        reset();
    }
    for (int token = tokens(); token < m_trace->tokenCount(); ++token) {
        m_sums.push_back(m_sums.back());
        if (const trace::RouterTrace* router = m_trace->router(token)) {
            add(*router);
        }
    }
}

void RouterUncertainty::add(const trace::RouterTrace& router) {
    const bool rivals = hasRunnerUp(router);
    const bool probabilities = !router.probs.empty();
    double entropy = 0;
    double margin = 0;
    for (int at = 0; at < m_shape.layers; ++at) {
        Layer& layer = m_layers[size_t(at)];
        layer.stale = true;
        if (rivals) {
            const double value = within(double(router.margin(uint32_t(at))), 1);
            layer.margin.add(value);
            layer.close_calls += isCloseCall(router, at) ? 1 : 0;
            margin += value;
        }
        if (probabilities) {
            const double bits = within(routerEntropy(router, at), maxEntropy());
            layer.entropy.add(bits);
            entropy += bits;
        }
    }
    Sums& sums = m_sums.back();
    m_n += rivals || probabilities ? 1 : 0;
    if (rivals) {
        sums.margin += margin / m_shape.layers;
        ++sums.margins;
    }
    if (probabilities) {
        sums.entropy += entropy / m_shape.layers;
        ++sums.entropies;
    }
}

const UncertaintySpread& RouterUncertainty::spread(int layer) const {
    const Layer& counted = m_layers[size_t(layer)];
    if (counted.stale) {
        counted.stale = false;
        counted.spread = {counted.entropy.percentiles(), counted.margin.percentiles(), counted.close_calls,
                          counted.margin.n(), counted.entropy.n()};
    }
    return counted.spread;
}

TokenUncertainty RouterUncertainty::between(int first, int last) const {
    const Sums& before = m_sums[size_t(first)];
    const Sums& upTo = m_sums[size_t(last) + 1];
    const int entropies = upTo.entropies - before.entropies;
    const int margins = upTo.margins - before.margins;
    TokenUncertainty mean;
    mean.entropy = entropies > 0 ? std::max(0.0, upTo.entropy - before.entropy) / entropies : -1;
    mean.margin = margins > 0 ? std::max(0.0, upTo.margin - before.margin) / margins : -1;
    return mean;
}

TokenUncertainty RouterUncertainty::token(int token) const { return between(token, token); }

TokenUncertainty RouterUncertainty::slidingMean(int token) const {
    return between(std::max(0, token - kWindow + 1), token);
}

} // namespace moescope::ui
