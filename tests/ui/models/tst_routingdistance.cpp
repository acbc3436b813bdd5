// SPDX-License-Identifier: Apache-2.0
#include "engine/trace/random.h"
#include "ui/models/routingdistance.h"

#include <QElapsedTimer>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <numeric>

using namespace moescope;
using namespace moescope::ui;
using Choices = std::vector<std::vector<uint16_t>>; ///< of one layer: a token each

namespace {

trace::RoutingLog logOf(const Choices& choices, uint32_t experts) {
    const auto used = static_cast<uint32_t>(choices.front().size());
    trace::RoutingLog log(trace::RoutingShape{1, experts, used});
    const std::vector<float> weights(used, 0.5F);
    for (const auto& token : choices) {
        log.append(token, weights);
    }
    return log;
}

std::vector<TokenPair> allPairs(size_t count) {
    std::vector<TokenPair> pairs;
    for (int i = 0; i < static_cast<int>(count); ++i) {
        pairs.push_back({i, i});
    }
    return pairs;
}

/** `used` different experts of a token, the lower ones likelier. */
std::vector<uint16_t> draw(trace::Random& random, uint32_t experts, uint32_t used) {
    std::vector<uint16_t> chosen;
    while (chosen.size() < used) {
        const auto expert = static_cast<uint16_t>(std::min(random.below(experts), random.below(experts)));
        if (std::find(chosen.begin(), chosen.end(), expert) == chosen.end()) {
            chosen.push_back(expert);
        }
    }
    return chosen;
}

/** As the definition reads, with every way to exchange whole tokens. */
double enumeratedChance(const Choices& a, const Choices& b, uint32_t experts) {
    std::vector<double> all;
    for (uint32_t way = 0; way < 1U << a.size(); ++way) {
        std::vector<int64_t> ofA(experts, 0);
        std::vector<int64_t> ofB(experts, 0);
        for (size_t i = 0; i < a.size(); ++i) {
            const bool turned = (way >> i & 1U) != 0;
            for (const uint16_t expert : turned ? b[i] : a[i]) {
                ++ofA[expert];
            }
            for (const uint16_t expert : turned ? a[i] : b[i]) {
                ++ofB[expert];
            }
        }
        all.push_back(jensenShannonBits(ofA, ofB));
    }
    std::sort(all.begin(), all.end());
    return all[static_cast<size_t>(std::ceil(0.95 * static_cast<double>(all.size()))) - 1];
}

} // namespace

class TestRoutingDistance : public QObject {
    Q_OBJECT
private slots:
    void divergenceOfShares() {
        const auto bits = [](std::vector<int64_t> a, std::vector<int64_t> b) { return jensenShannonBits(a, b); };
        QCOMPARE(bits({1, 1}, {2, 2}), 0.0);
        QCOMPARE(bits({4, 0}, {0, 9}), 1.0);
        QCOMPARE(bits({0, 0}, {1, 2}), 0.0);
        // scipy.spatial.distance.jensenshannon([3, 1], [1, 3], 2) ** 2
        QVERIFY(std::abs(bits({3, 1}, {1, 3}) - 0.1887218755408671) < 1e-12);
    }

    void jaccardIsTheMeanOverTokens() {
        const trace::RoutingLog a = logOf({{0, 1}, {0, 1}, {0, 1}}, 4);
        const trace::RoutingLog b = logOf({{1, 0}, {1, 2}, {2, 3}}, 4);
        const auto distance = routingDistance(a, b, allPairs(3)).front();
        QCOMPARE(distance.jaccard, (1.0 + 1.0 / 3 + 0) / 3);
        QCOMPARE(distance.n, 3);
    }

    void chanceIsThatOfAllExchanges() {
        trace::Random random(5);
        for (int round = 0; round < 60; ++round) {
            const uint32_t experts = 2 + static_cast<uint32_t>(random.below(15));
            const uint32_t used = 1 + static_cast<uint32_t>(random.below(std::min(experts - 1, 3U)));
            Choices a;
            Choices b;
            for (uint64_t n = random.between(1, 12); n > 0; --n) {
                a.push_back(draw(random, experts, used));
                b.push_back(random.below(3) == 0 ? a.back() : draw(random, experts, used));
            }
            const auto distance = routingDistance(logOf(a, experts), logOf(b, experts), allPairs(a.size())).front();
            QVERIFY(std::abs(distance.chance_bits - enumeratedChance(a, b, experts)) < 1e-9);
        }
    }

    void manyExchangesComeNear() {
        trace::Random random(6);
        Choices a;
        Choices b;
        for (int i = 0; i < 20; ++i) {
            a.push_back(draw(random, 8, 1));
            b.push_back(draw(random, 8, 1));
        }
        const double exact = enumeratedChance(a, b, 8);
        for (uint64_t seed = 1; seed <= 5; ++seed) {
            const auto distance = routingDistance(logOf(a, 8), logOf(b, 8), allPairs(20), seed).front();
            QVERIFY2(std::abs(distance.chance_bits - exact) < 0.02,
                     qPrintable(QString::number(distance.chance_bits - exact)));
        }
    }

    void onlyAlignedTokensCount() {
        const trace::RoutingLog a = logOf({{0}, {1}, {2}, {3}}, 4);
        const trace::RoutingLog b = logOf({{3}, {0}, {2}}, 4);
        const std::vector<TokenPair> pairs{{0, 1}, {2, 2}};
        const auto distance = routingDistance(a, b, pairs).front();
        QCOMPARE(distance.js_bits, 0.0);
        QCOMPARE(distance.jaccard, 1.0);
        QVERIFY(!distance.isOutsideChance());
        QCOMPARE(routingDistance(a, b, {}).front().n, 0);
    }

    void whatDiffersAlwaysIsOutsideChance() {
        const trace::RoutingLog a = logOf(Choices(40, {0}), 4);
        const trace::RoutingLog b = logOf(Choices(40, {1}), 4);
        const auto distance = routingDistance(a, b, allPairs(40)).front();
        QCOMPARE(distance.js_bits, 1.0);
        QVERIFY(distance.isOutsideChance());
        // One token says nothing.
        QVERIFY(!routingDistance(a, b, allPairs(1)).front().isOutsideChance());
    }

    void manyPairsThatDifferAlikeHaveAnExactChance() {
        // Exchanged alike: A has k of n with the other expert. JS is that of two binomial shares.
        for (const size_t n : {100UL, 2'000UL, 5'000UL}) {
            const auto distance =
                routingDistance(logOf(Choices(n, {0}), 4), logOf(Choices(n, {1}), 4), allPairs(n)).front();
            QCOMPARE(distance.js_bits, 1.0);
            // |2k − n| stays below 1.96 √n in 95 of 100 cases: the divergence of shares ½ ± z ÷ 2√n is about z² ÷ (2 n ln 2).
            const double about = 1.96 * 1.96 / (2 * double(n) * std::log(2.0));
            QVERIFY2(std::abs(distance.chance_bits / about - 1) < 0.15,
                     qPrintable(QString::number(distance.chance_bits / about)));
        }
    }

    void longRunsTakeASecondAndCanBeCancelled() {
        trace::Random random(8);
        trace::RoutingLog a(trace::RoutingShape{64, 16, 1});
        trace::RoutingLog b(trace::RoutingShape{64, 16, 1});
        const std::vector<float> weights(64, 0.5F);
        std::vector<uint16_t> ofA(64);
        std::vector<uint16_t> ofB(64);
        for (int token = 0; token < 32'768; ++token) {
            for (size_t layer = 0; layer < 64; ++layer) {
                ofA[layer] = draw(random, 16, 1).front();
                ofB[layer] = draw(random, 16, 1).front();
            }
            a.append(ofA, weights);
            b.append(ofB, weights);
        }
        const std::vector<TokenPair> pairs = allPairs(32'768);
        QElapsedTimer clock;
        clock.start();
        QCOMPARE(routingDistance(a, b, pairs).size(), size_t(64));
        QVERIFY(clock.elapsed() < 20'000); // 0.6 s on two cores
        qInfo() << "32,768 tokens of 64 layers:" << clock.elapsed() << "ms";
        const std::atomic<bool> cancelled = true;
        QVERIFY_EXCEPTION_THROWN(routingDistance(a, b, pairs, 1, &cancelled), trace::Error);
    }
};

QTEST_APPLESS_MAIN(TestRoutingDistance)
#include "tst_routingdistance.moc"
