// SPDX-License-Identifier: Apache-2.0
#include "ui/models/routingstatistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moescope::ui {

TraceShape TraceShape::of(const trace::ModelInfo& model) {
    TraceShape shape;
    shape.model = QString::fromStdString(model.name);
    shape.file = QString::fromStdString(model.file_name);
    shape.layers = static_cast<int>(model.moeLayers());
    shape.experts = shape.layers > 0 ? static_cast<int>(model.expert_count) : 0;
    shape.used = shape.layers > 0 ? static_cast<int>(model.expert_used_count) : 0;
    shape.shared = static_cast<int>(model.expert_shared_count);
    shape.first_block = static_cast<int>(model.leading_dense_block_count);
    return shape;
}

bool TraceShape::fitsChoices(const trace::RouterTrace& router) const {
    const size_t chosen = size_t(layers) * size_t(used);
    return layers > 0 && int(router.moe_layers) == layers && int(router.expert_count) == experts &&
           int(router.expert_used_count) == used && router.experts.size() == chosen &&
           router.weights.size() == chosen &&
           std::all_of(router.experts.begin(), router.experts.end(),
                       [this](uint16_t expert) { return expert < experts; });
}

bool TraceShape::fits(const trace::RouterTrace& router) const {
    const size_t all = size_t(layers) * size_t(experts);
    return fitsChoices(router) && router.chosen_probs.size() == size_t(layers) * size_t(used) &&
           router.runner_up.size() == size_t(layers) && router.runner_up_prob.size() == size_t(layers) &&
           (router.probs.empty() || router.probs.size() == all) &&
           (used == experts || std::all_of(router.runner_up.begin(), router.runner_up.end(),
                                           [this](uint16_t expert) { return expert < experts; }));
}

namespace {

/** A weight that is no number adds nothing. */
double massOf(float weight) { return std::isfinite(weight) ? double(weight) : 0; }

/** The middle 95 % of a distribution over first…last by the ratios of neighbours' probabilities, which fall. Begins at
 *  `near`, a count close to the most likely one; what lies so far out that it adds nothing to a tail is left away. */
template <typename Ratio> // count → P(count + 1) ÷ P(count)
ChanceInterval middleOf(int first, int last, int near, Ratio ratio) {
    constexpr double nothing = 1e-12;
    int mode = std::clamp(near, first, last);
    while (mode < last && ratio(mode) > 1) {
        ++mode;
    }
    while (mode > first && ratio(mode - 1) < 1) {
        --mode;
    }
    // Against P(mode): P(mode), P(mode − 1) … and P(mode + 1), P(mode + 2) …
    std::vector<double> down{1};
    for (int count = mode - 1; count >= first && down.back() > nothing; --count) {
        down.push_back(down.back() / ratio(count));
    }
    std::vector<double> up;
    double next = 1;
    for (int count = mode; count < last && next > nothing; ++count) {
        next *= ratio(count);
        up.push_back(next);
    }
    const double all = std::accumulate(down.begin(), down.end(), 0.0) + std::accumulate(up.begin(), up.end(), 0.0);
    const int begin = mode - int(down.size()) + 1;
    const int end = mode + int(up.size());
    const auto pmf = [&](int count) {
        return (count <= mode ? down[size_t(mode - count)] : up[size_t(count - mode - 1)]) / all;
    };
    ChanceInterval interval{begin, end};
    double below = 0;
    while (interval.low < end && below + pmf(interval.low) / 2 < 0.025) {
        below += pmf(interval.low++);
    }
    double above = 0;
    while (interval.high > begin && above + pmf(interval.high) / 2 < 0.025) {
        above += pmf(interval.high--);
    }
    return interval;
}

} // namespace

ChanceInterval ChanceInterval::of(int trials, double probability) {
    if (trials < 4 || probability <= 0 || probability >= 1) {
        return {0, std::max(trials, 0)};
    }
    const double odds = probability / (1 - probability);
    return middleOf(0, trials, int(trials * probability),
                    [&](int count) { return double(trials - count) / (count + 1) * odds; });
}

ChanceInterval ChanceInterval::ofOverlap(int all, int some, int others, double expected) {
    const int first = std::max(0, some + others - all);
    const int last = std::min(some, others);
    if (all < 4 || first >= last) {
        return {first, std::max(first, last)};
    }
    double odds = 1;
    if (expected >= 0) {
        const double neither = all - some - others + expected;
        if (expected <= first || neither <= 0 || expected >= last) {
            const int certain = std::clamp(int(std::lround(expected)), first, last);
            return {certain, certain};
        }
        odds = expected * neither / ((some - expected) * (others - expected));
    } else {
        expected = double(some) * others / all;
    }
    return middleOf(first, last, int(expected), [&](int count) {
        return double(some - count) * double(others - count) /
               (double(count + 1) * double(all - some - others + count + 1)) * odds;
    });
}

RoutingStatistics::RoutingStatistics(const TraceShape& shape)
    : m_shape(shape), m_tokens(size_t(shape.layers) * size_t(shape.experts), 0),
      m_mass(size_t(shape.layers) * size_t(shape.experts), 0) {}

void RoutingStatistics::add(const trace::RouterTrace& router) {
    ++m_n;
    size_t entry = 0;
    for (int layer = 0; layer < m_shape.layers; ++layer) {
        for (int k = 0; k < m_shape.used; ++k, ++entry) {
            const size_t cell = index(layer, router.experts[entry]);
            ++m_tokens[cell];
            m_mass[cell] += massOf(router.weights[entry]);
        }
    }
    m_choices += static_cast<qint64>(entry);
}

void RoutingStatistics::add(const trace::RouterTrace& router, const std::function<bool(int layer, int rank)>& matches) {
    ++m_n;
    size_t entry = 0;
    for (int layer = 0; layer < m_shape.layers; ++layer) {
        for (int k = 0; k < m_shape.used; ++k, ++entry) {
            if (matches(layer, k)) {
                const size_t cell = index(layer, router.experts[entry]);
                ++m_tokens[cell];
                ++m_choices;
                m_mass[cell] += massOf(router.weights[entry]);
            }
        }
    }
}

void RoutingStatistics::add(const RoutingStatistics& other) {
    m_n += other.m_n;
    m_choices += other.m_choices;
    for (size_t cell = 0; cell < m_tokens.size(); ++cell) {
        m_tokens[cell] += other.m_tokens[cell];
        m_mass[cell] += other.m_mass[cell];
    }
}

void RoutingStatistics::clear() { *this = RoutingStatistics(m_shape); }

double RoutingStatistics::meanGate(int layer, int expert) const {
    const int count = tokens(layer, expert);
    return count > 0 ? gateMass(layer, expert) / count : 0;
}

double RoutingStatistics::share(int layer, int expert) const {
    return m_n > 0 ? double(tokens(layer, expert)) / m_n : 0;
}

double RoutingStatistics::overUniform(int layer, int expert) const {
    return m_n > 0 ? share(layer, expert) / m_shape.uniformShare() : 0;
}

ChanceInterval RoutingStatistics::chance() const {
    if (m_chanceN != m_n) {
        m_chance = ChanceInterval::of(m_n, m_shape.uniformShare());
        m_chanceN = m_n;
    }
    return m_chance;
}

bool RoutingStatistics::isOutsideChance(int layer, int expert) const {
    return !chance().contains(tokens(layer, expert));
}

double RoutingStatistics::variation(int layer) const {
    double sum = 0;
    double squares = 0;
    for (int expert = 0; expert < m_shape.experts; ++expert) {
        const double count = tokens(layer, expert);
        sum += count;
        squares += count * count;
    }
    if (sum <= 0) {
        return 0;
    }
    const double mean = sum / m_shape.experts;
    return std::sqrt(std::max(0.0, squares / m_shape.experts - mean * mean)) / mean;
}

int RoutingStatistics::idle(int layer) const {
    int count = 0;
    for (int expert = 0; expert < m_shape.experts; ++expert) {
        count += tokens(layer, expert) == 0 ? 1 : 0;
    }
    return count;
}

int RoutingStatistics::maxTokens() const {
    return m_tokens.empty() ? 0 : *std::max_element(m_tokens.begin(), m_tokens.end());
}

double RoutingStatistics::maxGateMass() const {
    return m_mass.empty() ? 0 : *std::max_element(m_mass.begin(), m_mass.end());
}

double routerEntropy(const trace::RouterTrace& router, int layer) {
    if (router.probs.empty()) {
        return -1;
    }
    double bits = 0;
    const auto* probs = router.probs.data() + size_t(layer) * router.expert_count;
    for (uint32_t expert = 0; expert < router.expert_count; ++expert) {
        const auto p = double(probs[expert]);
        bits -= p > 0 ? p * std::log2(p) : 0;
    }
    return bits;
}

int hundredths(double value) { return std::isfinite(value) ? int(std::lround(value * 100)) : 0; }

int marginHundredths(const trace::RouterTrace& router, int layer) {
    const size_t last = (size_t(layer) + 1) * router.expert_used_count - 1;
    return hundredths(double(router.chosen_probs[last])) - hundredths(double(router.runner_up_prob[size_t(layer)]));
}

QString marginText(const trace::RouterTrace& router, int layer) {
    if (!std::isfinite(router.margin(uint32_t(layer)))) {
        return QStringLiteral("–");
    }
    return QString::number(marginHundredths(router, layer) / 100.0, 'f', 2);
}

} // namespace moescope::ui
