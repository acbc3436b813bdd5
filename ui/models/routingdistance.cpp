// SPDX-License-Identifier: Apache-2.0
#include "ui/models/routingdistance.h"

#include "engine/trace/random.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <numeric>

namespace moescope::ui {

namespace {

constexpr double mostWays = 8'192; ///< that are all gone through: 13 pairs that differ, or more that differ alike
constexpr int exchanges = 1'000;
// Of few tokens the divergence varies more, and an exchange costs less.
constexpr size_t fewPairs = 256;
constexpr int exchangesOfFew = 10'000;
constexpr double chanceShare = 0.95;

using Counts = std::vector<int64_t>;

/** What an exchange of a pair moves: experts that only A's token, and that only B's has. */
struct Move {
    std::vector<uint16_t> only_a;
    std::vector<uint16_t> only_b;

    auto operator<=>(const Move&) const = default;
};

/** One layer of both runs. */
struct Layer {
    Counts a;
    Counts b;
    std::map<Move, uint64_t> moves; ///< how many pairs have each
    double jaccard = 0;             ///< sum over the pairs
};

void exchange(const Move& move, int64_t times, Counts& a, Counts& b) {
    for (const uint16_t expert : move.only_a) {
        a[expert] -= times;
        b[expert] += times;
    }
    for (const uint16_t expert : move.only_b) {
        a[expert] += times;
        b[expert] -= times;
    }
}

Layer layerOf(const trace::RoutingLog& a, const trace::RoutingLog& b, std::span<const TokenPair> pairs,
              uint32_t layer) {
    const trace::RoutingShape& shape = a.shape();
    Layer counted{Counts(shape.experts, 0), Counts(shape.experts, 0), {}, 0};
    std::vector<uint16_t> ofA(shape.used);
    std::vector<uint16_t> ofB(shape.used);
    for (const TokenPair& pair : pairs) {
        for (uint32_t i = 0; i < shape.used; ++i) {
            ofA[i] = a.expert(static_cast<size_t>(pair.a), layer, i);
            ofB[i] = b.expert(static_cast<size_t>(pair.b), layer, i);
            ++counted.a[ofA[i]];
            ++counted.b[ofB[i]];
        }
        std::sort(ofA.begin(), ofA.end());
        std::sort(ofB.begin(), ofB.end());
        Move move;
        std::set_difference(ofA.begin(), ofA.end(), ofB.begin(), ofB.end(), std::back_inserter(move.only_a));
        std::set_difference(ofB.begin(), ofB.end(), ofA.begin(), ofA.end(), std::back_inserter(move.only_b));
        const auto common = static_cast<double>(shape.used - move.only_a.size());
        counted.jaccard += common / (static_cast<double>(shape.used) + static_cast<double>(move.only_b.size()));
        if (!move.only_a.empty()) {
            ++counted.moves[std::move(move)];
        }
    }
    return counted;
}

/** A divergence and how likely an exchange gives it, in any unit. */
struct Outcome {
    double bits = 0;
    double weight = 1;
};

/** Probability that k of n fair coins fall on one side. */
double binomial(uint64_t n, uint64_t k) {
    const auto of = [](uint64_t number) { return std::lgamma(static_cast<double>(number) + 1); };
    return std::exp(of(n) - of(k) - of(n - k) - static_cast<double>(n) * std::numbers::ln2);
}

using Moves = std::map<Move, uint64_t>;

/** Every way to exchange pairs: of those with the same move only how many counts. Leaves the counts as they were. */
void addAll(Moves::const_iterator move, Moves::const_iterator end, Counts& a, Counts& b, double weight,
            std::vector<Outcome>& found) {
    if (move == end) {
        found.push_back({jensenShannonBits(a, b), weight});
        return;
    }
    for (uint64_t times = 0; times <= move->second; ++times) {
        addAll(std::next(move), end, a, b, weight * binomial(move->second, times), found);
        exchange(move->first, 1, a, b);
    }
    exchange(move->first, -static_cast<int64_t>(move->second) - 1, a, b);
}

std::vector<Outcome> allExchanges(Layer layer) {
    std::vector<Outcome> found;
    addAll(layer.moves.begin(), layer.moves.end(), layer.a, layer.b, 1, found);
    return found;
}

std::vector<Outcome> someExchanges(const Layer& layer, int count, trace::Random random, trace::CancelFlag cancel) {
    std::vector<Outcome> found;
    Counts a;
    Counts b;
    for (int i = 0; i < count; ++i) {
        trace::stopIfCancelled(cancel);
        a = layer.a;
        b = layer.b;
        for (const auto& [move, times] : layer.moves) {
            exchange(move, static_cast<int64_t>(random.halfOf(times)), a, b);
        }
        found.push_back({jensenShannonBits(a, b)});
    }
    return found;
}

/** The smallest divergence that at least `share` of them do not exceed. */
double quantile(std::vector<Outcome> outcomes, double share) {
    std::sort(outcomes.begin(), outcomes.end(),
              [](const Outcome& one, const Outcome& other) { return one.bits < other.bits; });
    double all = 0;
    for (const Outcome& outcome : outcomes) {
        all += outcome.weight;
    }
    double running = 0;
    for (const Outcome& outcome : outcomes) {
        running += outcome.weight;
        if (running >= share * all * (1 - 1e-12)) {
            return outcome.bits;
        }
    }
    return outcomes.back().bits;
}

/** Ways to exchange that differ in what they count. */
double waysOf(const Layer& layer) {
    double ways = 1;
    for (const auto& [move, times] : layer.moves) {
        ways *= static_cast<double>(times) + 1;
    }
    return ways;
}

double chanceOf(const Layer& layer, size_t pairs, uint64_t seed, trace::CancelFlag cancel) {
    if (waysOf(layer) <= mostWays) {
        return quantile(allExchanges(layer), chanceShare);
    }
    const int count = pairs <= fewPairs ? exchangesOfFew : exchanges;
    return quantile(someExchanges(layer, count, trace::Random(seed), cancel), chanceShare);
}

} // namespace

double jensenShannonBits(std::span<const int64_t> a, std::span<const int64_t> b) {
    const auto allA = static_cast<double>(std::accumulate(a.begin(), a.end(), int64_t{0}));
    const auto allB = static_cast<double>(std::accumulate(b.begin(), b.end(), int64_t{0}));
    if (allA == 0 || allB == 0) {
        return 0;
    }
    double bits = 0;
    for (size_t i = 0; i < a.size(); ++i) {
        const double p = static_cast<double>(a[i]) / allA;
        const double q = static_cast<double>(b[i]) / allB;
        const double middle = (p + q) / 2;
        bits += p > 0 ? p * std::log2(p / middle) / 2 : 0;
        bits += q > 0 ? q * std::log2(q / middle) / 2 : 0;
    }
    return std::clamp(bits, 0.0, 1.0);
}

std::vector<LayerDistance> routingDistance(const trace::RoutingLog& a, const trace::RoutingLog& b,
                                           std::span<const TokenPair> pairs, uint64_t seed, trace::CancelFlag cancel) {
    std::vector<LayerDistance> distances(a.shape().layers);
    for (uint32_t layer = 0; layer < a.shape().layers && !pairs.empty(); ++layer) {
        trace::stopIfCancelled(cancel);
        const Layer counted = layerOf(a, b, pairs, layer);
        LayerDistance& distance = distances[layer];
        distance.n = static_cast<int>(pairs.size());
        distance.js_bits = jensenShannonBits(counted.a, counted.b);
        distance.jaccard = counted.jaccard / static_cast<double>(pairs.size());
        distance.chance_bits = chanceOf(counted, pairs.size(), trace::Random(seed, layer).next(), cancel);
    }
    return distances;
}

} // namespace moescope::ui
