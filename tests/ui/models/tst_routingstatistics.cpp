// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"

#include <QTest>

#include <cmath>

using namespace moescope;
using namespace moescope::ui;

class TestRoutingStatistics : public QObject {
    Q_OBJECT
private slots:
    void equalsPlainRecount_data();
    void equalsPlainRecount();
    void variationAndIdle();
    void chanceInterval_data();
    void chanceInterval();
    void chanceAgainstBruteForce();
    void refusesWhatDoesNotFit();
    void entropy();
};

void TestRoutingStatistics::equalsPlainRecount_data() {
    QTest::addColumn<int>("layers");
    QTest::addColumn<int>("experts");
    QTest::addColumn<int>("used");
    QTest::newRow("8x16 top-1") << 8 << 16 << 1;
    QTest::newRow("32x64 top-8") << 32 << 64 << 8;
    QTest::newRow("3x5 top-5: all used") << 3 << 5 << 5;
}

void TestRoutingStatistics::equalsPlainRecount() {
    QFETCH(int, layers);
    QFETCH(int, experts);
    QFETCH(int, used);
    const TraceShape shape = test::syntheticShape(layers, experts, used, 1);
    const auto answer = test::syntheticAnswer(shape, 75, false);
    RoutingStatistics counts(shape);
    for (const auto& token : answer) {
        QVERIFY(shape.fits(token->router));
        counts.add(token->router);
    }
    QCOMPARE(counts.n(), 75);
    int most = 0;
    for (int layer = 0; layer < layers; ++layer) {
        for (int expert = 0; expert < experts; ++expert) {
            int tokens = 0;
            double mass = 0;
            for (const auto& token : answer) {
                for (int k = 0; k < used; ++k) {
                    const size_t entry = size_t(layer * used + k);
                    if (token->router.experts[entry] == expert) {
                        ++tokens;
                        mass += double(token->router.weights[entry]);
                    }
                }
            }
            most = std::max(most, tokens);
            QCOMPARE(counts.tokens(layer, expert), tokens);
            QCOMPARE(counts.gateMass(layer, expert), mass);
            QCOMPARE(counts.meanGate(layer, expert), tokens > 0 ? mass / tokens : 0);
            QCOMPARE(counts.share(layer, expert), tokens / 75.0);
            QCOMPARE(counts.overUniform(layer, expert), tokens / 75.0 / (double(used) / experts));
        }
    }
    QCOMPARE(counts.maxTokens(), most);

    RoutingStatistics twice(shape);
    twice.add(counts);
    twice.add(counts);
    QCOMPARE(twice.n(), 150);
    QCOMPARE(twice.tokens(1, 2), 2 * counts.tokens(1, 2));
}

void TestRoutingStatistics::variationAndIdle() {
    // The row "layer 5" of the design's picture.
    const std::vector<int> row = {5, 8, 4, 15, 6, 7, 5, 3, 3, 9, 16, 4, 7, 15, 15, 16};
    const TraceShape shape = test::syntheticShape(1, 17, 1, 0);
    RoutingStatistics counts(shape);
    QCOMPARE(counts.variation(0), 0.0);
    QCOMPARE(counts.idle(0), 17);
    for (size_t expert = 0; expert < row.size(); ++expert) {
        for (int i = 0; i < row[expert]; ++i) {
            counts.add(test::plainToken(shape, "a", {uint16_t(expert)}, {0.5F})->router);
        }
    }
    QCOMPARE(counts.idle(0), 1);
    const double mean = 138.0 / 17;
    double squares = mean * mean; // of the idle one
    for (const int count : row) {
        squares += (count - mean) * (count - mean);
    }
    QVERIFY(std::abs(counts.variation(0) - std::sqrt(squares / 17) / mean) < 1e-12);
}

void TestRoutingStatistics::chanceInterval_data() {
    QTest::addColumn<int>("trials");
    QTest::addColumn<double>("probability");
    QTest::addColumn<int>("low");
    QTest::addColumn<int>("high");
    // In the design's picture 3 and 15 of 138 carry a number, 4 and 14 do not.
    QTest::newRow("picture") << 138 << 1.0 / 16 << 4 << 14;
    QTest::newRow("nothing") << 0 << 1.0 / 16 << 0 << 0;
    QTest::newRow("too few") << 3 << 1.0 / 16 << 0 << 3;
    QTest::newRow("every expert used") << 20 << 1.0 << 0 << 20;
    QTest::newRow("coin") << 100 << 0.5 << 41 << 59;
}

void TestRoutingStatistics::chanceInterval() {
    QFETCH(int, trials);
    QFETCH(double, probability);
    const ChanceInterval interval = ChanceInterval::of(trials, probability);
    QTEST(interval.low, "low");
    QTEST(interval.high, "high");
}

void TestRoutingStatistics::chanceAgainstBruteForce() {
    for (const int n : {4, 9, 60, 512, 3000}) {
        for (const double p : {1.0 / 128, 1.0 / 16, 8.0 / 64, 0.5}) {
            std::vector<double> pmf(size_t(n) + 1);
            for (int c = 0; c <= n; ++c) {
                pmf[size_t(c)] = std::exp(std::lgamma(n + 1.0) - std::lgamma(c + 1.0) - std::lgamma(n - c + 1.0) +
                                          c * std::log(p) + (n - c) * std::log(1 - p));
            }
            const ChanceInterval interval = ChanceInterval::of(n, p);
            double below = 0;
            for (int c = 0; c <= n; ++c) {
                const double half = pmf[size_t(c)] / 2;
                const bool inside = below + half >= 0.025 && 1 - below - half >= 0.025;
                QVERIFY2(interval.contains(c) == inside,
                         qPrintable(QStringLiteral("n %1 p %2 count %3").arg(n).arg(p).arg(c)));
                below += pmf[size_t(c)];
            }
        }
    }
}

void TestRoutingStatistics::refusesWhatDoesNotFit() {
    const TraceShape shape = test::syntheticShape(2, 4, 1, 0);
    const auto good = test::plainToken(shape, "a", {1, 2}, {0.5F, 0.5F});
    QVERIFY(shape.fits(good->router));
    trace::RouterTrace router = good->router;
    router.experts[1] = 4;
    QVERIFY(!shape.fits(router));
    router = good->router;
    router.weights.pop_back();
    QVERIFY(!shape.fits(router));
    router = good->router;
    router.runner_up[0] = 9;
    QVERIFY(!shape.fits(router));
    router = good->router;
    router.probs.resize(7);
    QVERIFY(!shape.fits(router));
    QVERIFY(!shape.fits(trace::RouterTrace()));
    QVERIFY(!TraceShape().fits(trace::RouterTrace()));
}

void TestRoutingStatistics::entropy() {
    trace::RouterTrace router;
    router.moe_layers = 2;
    router.expert_count = 4;
    QCOMPARE(routerEntropy(router, 0), -1.0);
    router.probs = {0.25F, 0.25F, 0.25F, 0.25F, 1, 0, 0, 0};
    QCOMPARE(routerEntropy(router, 0), 2.0);
    QCOMPARE(routerEntropy(router, 1), 0.0);
}

QTEST_GUILESS_MAIN(TestRoutingStatistics)
#include "tst_routingstatistics.moc"
