// SPDX-License-Identifier: Apache-2.0
#include "ui/models/loadbalance.h"

#include "ui/models/conversation.h"
#include "ui/models/tabularmodel.h"

#include <algorithm>
#include <cmath>

namespace moescope::ui {

namespace {

constexpr double kAlpha = 0.05; ///< of an answer that chance alone made, in all layers and experts together

double normalTail(double z) { return std::erfc(z / std::sqrt(2.0)) / 2; }

/** The least count that a binomial variable exceeds with a probability below `tail`. */
int binomialBound(int trials, double probability, double tail) {
    const double mean = trials * probability;
    const double deviation = std::sqrt(mean * (1 - probability));
    const int first = int(mean);
    const int last = std::min(trials, int(mean + 12 * deviation + 40)); // beyond, nothing adds to any tail
    const double odds = probability / (1 - probability);
    std::vector<double> pmf{std::exp(std::lgamma(trials + 1.0) - std::lgamma(first + 1.0) -
                                     std::lgamma(trials - first + 1.0) + first * std::log(probability) +
                                     (trials - first) * std::log1p(-probability))};
    for (int count = first; count < last; ++count) {
        pmf.push_back(pmf.back() * double(trials - count) / (count + 1) * odds);
    }
    double above = 0;
    int bound = last;
    while (bound > first && above + pmf[size_t(bound - first)] < tail) {
        above += pmf[size_t(bound - first)];
        --bound;
    }
    return bound;
}

} // namespace

double chiSquareTail(double value, int degrees) {
    if (degrees < 1 || value <= 0) {
        return 1;
    }
    const double spread = 2.0 / (9.0 * degrees);
    return normalTail((std::cbrt(value / degrees) - (1 - spread)) / std::sqrt(spread));
}

double chiSquareBound(double tail, int degrees) {
    double low = 0;
    double high = 40;
    for (int step = 0; step < 60; ++step) {
        const double middle = (low + high) / 2;
        if (normalTail(middle) > tail) {
            low = middle;
        } else {
            high = middle;
        }
    }
    const double spread = 2.0 / (9.0 * degrees);
    return degrees * std::pow(1 - spread + low * std::sqrt(spread), 3);
}

LayerLoad LayerLoad::of(const RoutingStatistics& counts, int layer) {
    LayerLoad load;
    const int experts = counts.shape().experts;
    load.n = counts.n();
    load.idle = counts.idle(layer);
    load.variation = counts.variation(layer);
    std::vector<int> sorted;
    double sum = 0;
    for (int expert = 0; expert < experts; ++expert) {
        const int tokens = counts.tokens(layer, expert);
        sorted.push_back(tokens);
        sum += tokens;
        if (load.busiest < 0 || tokens > counts.tokens(layer, load.busiest)) {
            load.busiest = expert;
        }
    }
    if (sum <= 0) {
        load.busiest = -1;
        return load;
    }
    load.max_over_mean = counts.tokens(layer, load.busiest) / (sum / experts);
    // With the counts in order, each is counted by its rank.
    std::sort(sorted.begin(), sorted.end());
    double ranked = 0;
    for (int at = 0; at < experts; ++at) {
        ranked += double(at + 1) * sorted[size_t(at)];
    }
    load.gini = std::max(0.0, 2 * ranked / (experts * sum) - (experts + 1.0) / experts);
    return load;
}

LoadChance LoadChance::of(const TraceShape& shape, int n) {
    LoadChance chance;
    chance.n = n;
    const double p = shape.uniformShare();
    if (n == 0 || p <= 0 || p >= 1) {
        return chance;
    }
    const double mean = n * p;
    const int cells = shape.experts * shape.layers;
    chance.tells_idle = cells * std::pow(1 - p, n) < kAlpha;
    chance.tells_skew = mean >= kLeastMean;
    if (chance.tells_skew) {
        // Σ (tokens − mean)² (E − 1) ÷ (E n p (1 − p)) is χ² with E − 1 degrees: a token takes top-k different experts.
        const double bound = chiSquareBound(kAlpha / shape.layers, shape.experts - 1);
        chance.variation = std::sqrt(bound * (1 - p) / ((shape.experts - 1) * mean));
        chance.max_over_mean = binomialBound(n, p, kAlpha / cells) / mean;
    }
    return chance;
}

HalvesShift HalvesShift::of(const RoutingStatistics& whole, const RoutingStatistics& firstHalf, int layer) {
    HalvesShift shift;
    const TraceShape& shape = whole.shape();
    shift.first = firstHalf.n();
    shift.second = whole.n() - firstHalf.n();
    if (shift.first == 0 || shift.second == 0 || shape.used == shape.experts) {
        return shift;
    }
    struct Bin {
        int first = 0;
        int all = 0;
    };
    std::vector<Bin> experts;
    double apart = 0;
    for (int expert = 0; expert < shape.experts; ++expert) {
        const int first = firstHalf.tokens(layer, expert);
        const int all = whole.tokens(layer, expert);
        apart += std::abs(double(first) / (double(shift.first) * shape.used) -
                          double(all - first) / (double(shift.second) * shape.used));
        experts.push_back({first, all});
    }
    // χ² of a table of two rows holds from five expected in each cell: rare experts share a bin.
    std::sort(experts.begin(), experts.end(), [](const Bin& a, const Bin& b) { return a.all < b.all; });
    const double share = double(shift.first) / whole.n();
    const double least = 5 / std::min(share, 1 - share);
    std::vector<Bin> bins;
    Bin open;
    for (const Bin& expert : experts) {
        open.first += expert.first;
        open.all += expert.all;
        if (open.all >= least) {
            bins.push_back(open);
            open = {};
        }
    }
    if (open.all > 0 && !bins.empty()) {
        bins.back().first += open.first;
        bins.back().all += open.all;
    }
    if (bins.size() < 2) {
        return shift;
    }
    double sum = 0;
    for (const Bin& bin : bins) {
        const double expected = bin.all * share;
        const double difference = bin.first - expected;
        sum += difference * difference * (1 / expected + 1 / (bin.all - expected));
    }
    shift.moved = apart / 2;
    shift.beyond_chance = chiSquareTail(sum, int(bins.size()) - 1) < kAlpha / shape.layers;
    return shift;
}

LoadBalance::LoadBalance(TraceModel* trace, QObject* parent) : QObject(parent), m_trace(trace) {}

void LoadBalance::refresh() {
    const RoutingStatistics& decode = m_trace->statistics(Scope::Answer);
    const RoutingStatistics& prefill = m_trace->promptStatistics();
    const bool same = m_started && m_revision == m_trace->revision();
    if (same && m_read == m_trace->tokenCount() && n(LoadPhase::Prefill) == prefill.n()) {
        return;
    }
    if (!same) {
        m_started = true;
        m_revision = m_trace->revision();
        m_shape = m_trace->shape();
        m_read = 0;
        m_routed.clear();
        m_half = 0;
        m_firstHalf = RoutingStatistics(m_shape);
        m_chance = {LoadChance::of(m_shape, 0), LoadChance::of(m_shape, 0)};
    }
    for (; m_read < m_trace->tokenCount(); ++m_read) {
        if (m_trace->router(m_read) != nullptr) {
            m_routed.push_back(m_read);
        }
    }
    for (; m_half < int(m_routed.size()) / 2; ++m_half) {
        m_firstHalf.add(*m_trace->router(m_routed[size_t(m_half)]));
    }
    m_shifts.clear();
    for (const LoadPhase phase : {LoadPhase::Decode, LoadPhase::Prefill}) {
        const RoutingStatistics& counts = phase == LoadPhase::Decode ? decode : prefill;
        if (chance(phase).n != counts.n()) {
            m_chance[size_t(phase)] = LoadChance::of(m_shape, counts.n());
        }
        m_loads[size_t(phase)].clear();
        for (int layer = 0; layer < m_shape.layers; ++layer) {
            m_loads[size_t(phase)].push_back(LayerLoad::of(counts, layer));
        }
    }
    for (int layer = 0; layer < m_shape.layers; ++layer) {
        m_shifts.push_back(HalvesShift::of(decode, m_firstHalf, layer));
    }
}

LoadWarnings LoadBalance::warnings(LoadPhase phase, int layer) const {
    const LayerLoad& load = this->load(phase, layer);
    const LoadChance& chance = this->chance(phase);
    LoadWarnings warnings;
    warnings.idle = load.idle > 0 && chance.tells_idle;
    warnings.skewed =
        chance.tells_skew && ((load.variation >= kSkewedVariation && load.variation > chance.variation) ||
                              (load.max_over_mean >= kSkewedMax && load.max_over_mean > chance.max_over_mean));
    const HalvesShift& moved = shift(layer);
    warnings.unstable = phase == LoadPhase::Decode && moved.moved >= kUnstable && moved.beyond_chance;
    return warnings;
}

QStringList LoadBalance::sentences(LoadPhase phase, int layer) const {
    const LayerLoad& load = this->load(phase, layer);
    const LoadChance& chance = this->chance(phase);
    const LoadWarnings warnings = this->warnings(phase, layer);
    const auto number = [](double value) { return fixedText(value, 2); };
    QStringList sentences;
    if (warnings.idle) {
        sentences.append((load.idle == 1 ? tr("1 idle expert; by chance none would be idle, n = %2")
                                         : tr("%1 idle experts; by chance none would be idle, n = %2").arg(load.idle))
                             .arg(groupedText(load.n)));
    }
    if (warnings.skewed) {
        const bool varies = load.variation >= kSkewedVariation && load.variation > chance.variation;
        sentences.append(
            varies ? tr("skewed load: CV %1, warned from %2, by chance at most %3 at n = %4")
                         .arg(number(load.variation), number(kSkewedVariation), number(chance.variation),
                              groupedText(load.n))
                   : tr("skewed load: expert %1 has %2 × the mean, warned from %3, by chance at most %4 at n = %5")
                         .arg(load.busiest)
                         .arg(number(load.max_over_mean), number(kSkewedMax), number(chance.max_over_mean),
                              groupedText(load.n)));
    }
    if (warnings.unstable) {
        const HalvesShift& moved = shift(layer);
        sentences.append(tr("unstable routing: %1 % of the choices moved to other experts in the second half, warned "
                            "from %2 % beyond chance, n = %3 + %4")
                             .arg(moved.moved * 100, 0, 'f', 0)
                             .arg(kUnstable * 100, 0, 'f', 0)
                             .arg(groupedText(moved.first), groupedText(moved.second)));
    }
    return sentences;
}

int LoadBalance::warned(LoadPhase phase) const {
    int layers = 0;
    for (int layer = 0; layer < m_shape.layers; ++layer) {
        layers += warnings(phase, layer).any() ? 1 : 0;
    }
    return layers;
}

} // namespace moescope::ui
