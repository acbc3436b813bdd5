// SPDX-License-Identifier: Apache-2.0
#include "ui/models/routingdistance.h"

#include "engine/trace/random.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace moescope::ui {

namespace {

constexpr size_t mostEnumerated = 12; // pairs: 4,096 exchanges
constexpr int exchanges = 1'000;
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

/** Divergences of all ways to exchange the pairs that differ. */
std::vector<double> allExchanges(const Layer& layer, size_t differing) {
    std::vector<const Move*> each;
    for (const auto& [move, times] : layer.moves) {
        each.insert(each.end(), times, &move);
    }
    std::vector<double> found;
    for (uint32_t way = 0; way < 1U << differing; ++way) {
        Counts a = layer.a;
        Counts b = layer.b;
        for (size_t i = 0; i < differing; ++i) {
            if ((way >> i & 1U) != 0) {
                exchange(*each[i], 1, a, b);
            }
        }
        found.push_back(jensenShannonBits(a, b));
    }
    return found;
}

std::vector<double> someExchanges(const Layer& layer, trace::Random random, trace::CancelFlag cancel) {
    std::vector<double> found;
    Counts a;
    Counts b;
    for (int i = 0; i < exchanges; ++i) {
        trace::stopIfCancelled(cancel);
        a = layer.a;
        b = layer.b;
        for (const auto& [move, times] : layer.moves) {
            exchange(move, static_cast<int64_t>(random.halfOf(times)), a, b);
        }
        found.push_back(jensenShannonBits(a, b));
    }
    return found;
}

/** The smallest of `values` that at least `share` of them do not exceed. */
double quantile(std::vector<double> values, double share) {
    const auto at = static_cast<ptrdiff_t>(std::ceil(share * static_cast<double>(values.size()))) - 1;
    std::nth_element(values.begin(), values.begin() + at, values.end());
    return values[static_cast<size_t>(at)];
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
        uint64_t differing = 0;
        for (const auto& [move, times] : counted.moves) {
            differing += times;
        }
        LayerDistance& distance = distances[layer];
        distance.n = static_cast<int>(pairs.size());
        distance.js_bits = jensenShannonBits(counted.a, counted.b);
        distance.jaccard = counted.jaccard / static_cast<double>(pairs.size());
        distance.chance_bits =
            quantile(differing <= mostEnumerated ? allExchanges(counted, static_cast<size_t>(differing))
                                                 : someExchanges(counted, trace::Random(seed, layer), cancel),
                     chanceShare);
    }
    return distances;
}

} // namespace moescope::ui
