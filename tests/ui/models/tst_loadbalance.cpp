// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"
#include "ui/models/loadtable.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <random>

using namespace moescope;
using namespace moescope::ui;

namespace {

/** An answer whose tokens go to the experts that `choose` names, [used] of each layer. */
template <typename Choose> // token, layer → experts
QList<trace::TokenTracePtr> routed(const TraceShape& shape, int count, Choose choose) {
    QList<trace::TokenTracePtr> answer;
    for (int token = 0; token < count; ++token) {
        std::vector<uint16_t> experts;
        for (int layer = 0; layer < shape.layers; ++layer) {
            for (const int expert : choose(token, layer)) {
                experts.push_back(uint16_t(expert));
            }
        }
        answer.append(test::plainToken(shape, " a", experts, std::vector<float>(experts.size(), 0.5F)));
    }
    return answer;
}

/** Any expert alike, `used` different ones a token. */
QList<trace::TokenTracePtr> fair(const TraceShape& shape, int count, quint32 seed) {
    std::mt19937 random(seed);
    return routed(shape, count, [&](int, int) {
        std::vector<int> all(size_t(shape.experts));
        for (int expert = 0; expert < shape.experts; ++expert) {
            all[size_t(expert)] = expert;
        }
        for (size_t at = 0; at < size_t(shape.used); ++at) {
            std::swap(all[at], all[at + random() % (all.size() - at)]);
        }
        all.resize(size_t(shape.used));
        return all;
    });
}

RoutingStatistics counted(const TraceShape& shape, const QList<trace::TokenTracePtr>& answer) {
    RoutingStatistics counts(shape);
    for (const auto& token : answer) {
        counts.add(token->router);
    }
    return counts;
}

bool near(double a, double b, double distance) { return std::abs(a - b) <= distance; }

QVariant rawAt(const QAbstractItemModel& model, int row, int column) {
    return model.data(model.index(row, column), TabularModel::RawRole);
}

} // namespace

class TestLoadBalance : public QObject {
    Q_OBJECT
private slots:
    void equalsTheDefinitions_data();
    void equalsTheDefinitions();
    void evenAndLopsided();
    void nothingCounted();
    void chiSquare_data();
    void chiSquare();
    void chanceHoldsForFairRouters_data();
    void chanceHoldsForFairRouters();
    void boundsOfTheLargest();
    void idleOnlyWhereChanceLeavesNone();
    void skewedLoad();
    void halves();
    void halvesOfFairRouters();
    void unstableRouting();
    void promptIsCountedApart();
    void growsWithTheAnswer();
    void table();
    void denseModel();
};

void TestLoadBalance::equalsTheDefinitions_data() {
    QTest::addColumn<int>("layers");
    QTest::addColumn<int>("experts");
    QTest::addColumn<int>("used");
    QTest::newRow("8x16 top-1") << 8 << 16 << 1;
    QTest::newRow("4x64 top-8") << 4 << 64 << 8;
    QTest::newRow("3x5 all used") << 3 << 5 << 5;
}

void TestLoadBalance::equalsTheDefinitions() {
    QFETCH(int, layers);
    QFETCH(int, experts);
    QFETCH(int, used);
    const TraceShape shape = test::syntheticShape(layers, experts, used, 1);
    const auto answer = test::syntheticAnswer(shape, 138, false);
    const RoutingStatistics counts = counted(shape, answer);
    for (int layer = 0; layer < layers; ++layer) {
        std::vector<double> tokens(size_t(experts), 0);
        for (const auto& token : answer) {
            for (int k = 0; k < used; ++k) {
                ++tokens[token->router.experts[size_t(layer * used + k)]];
            }
        }
        double sum = 0;
        double shares = 0;
        for (int expert = 0; expert < experts; ++expert) {
            sum += tokens[size_t(expert)];
            shares += counts.share(layer, expert);
        }
        QCOMPARE(sum, 138.0 * used);
        QVERIFY(near(shares, used, 1e-9)); // of the tokens: each has top-k
        const double mean = sum / experts;
        double squares = 0;
        double differences = 0;
        for (const double a : tokens) {
            squares += (a - mean) * (a - mean);
            for (const double b : tokens) {
                differences += std::abs(a - b);
            }
        }
        const LayerLoad load = LayerLoad::of(counts, layer);
        const double most = *std::max_element(tokens.begin(), tokens.end());
        QCOMPARE(load.n, 138);
        QVERIFY(near(load.variation, std::sqrt(squares / experts) / mean, 1e-12));
        QVERIFY(near(load.max_over_mean, most / mean, 1e-12));
        QVERIFY(near(load.gini, differences / (2.0 * experts * experts * mean), 1e-12));
        QCOMPARE(load.idle, int(std::count(tokens.begin(), tokens.end(), 0.0)));
        QCOMPARE(tokens[size_t(load.busiest)], most);
    }
}

void TestLoadBalance::evenAndLopsided() {
    const TraceShape shape = test::syntheticShape(2, 4, 1, 0);
    // Layer 0 deals round; layer 1 sends all to expert 2.
    const auto answer =
        routed(shape, 40, [](int token, int layer) { return std::vector<int>{layer == 0 ? token % 4 : 2}; });
    const RoutingStatistics counts = counted(shape, answer);
    const LayerLoad even = LayerLoad::of(counts, 0);
    QCOMPARE(even.variation, 0.0);
    QCOMPARE(even.max_over_mean, 1.0);
    QCOMPARE(even.gini, 0.0);
    QCOMPARE(even.idle, 0);
    QCOMPARE(even.busiest, 0);
    const LayerLoad lopsided = LayerLoad::of(counts, 1);
    QVERIFY(near(lopsided.variation, std::sqrt(3.0), 1e-12));
    QCOMPARE(lopsided.max_over_mean, 4.0);
    QCOMPARE(lopsided.gini, 0.75); // 1 − 1 ÷ experts
    QCOMPARE(lopsided.idle, 3);
    QCOMPARE(lopsided.busiest, 2);
}

void TestLoadBalance::nothingCounted() {
    const TraceShape shape = test::syntheticShape(2, 4, 1, 0);
    const LayerLoad load = LayerLoad::of(RoutingStatistics(shape), 1);
    QCOMPARE(load.n, 0);
    QCOMPARE(load.busiest, -1);
    QCOMPARE(load.gini, 0.0);
    const LoadChance chance = LoadChance::of(shape, 0);
    QVERIFY(!chance.tells_idle && !chance.tells_skew);
}

void TestLoadBalance::chiSquare_data() {
    QTest::addColumn<int>("degrees");
    QTest::addColumn<double>("tail");
    QTest::addColumn<double>("value");
    // From the tables.
    QTest::newRow("3, 5 %") << 3 << 0.05 << 7.815;
    QTest::newRow("15, 5 %") << 15 << 0.05 << 24.996;
    QTest::newRow("15, 0.1 %") << 15 << 0.001 << 37.697;
    QTest::newRow("63, 1 %") << 63 << 0.01 << 92.010;
    QTest::newRow("100, 5 %") << 100 << 0.05 << 124.342;
}

void TestLoadBalance::chiSquare() {
    QFETCH(int, degrees);
    QFETCH(double, tail);
    QFETCH(double, value);
    QVERIFY2(near(chiSquareBound(tail, degrees) / value, 1, 0.01),
             qPrintable(QString::number(chiSquareBound(tail, degrees))));
    QVERIFY(near(chiSquareTail(value, degrees) / tail, 1, 0.06));
    QVERIFY(near(chiSquareTail(chiSquareBound(tail, degrees), degrees) / tail, 1, 1e-6));
    QCOMPARE(chiSquareTail(0, degrees), 1.0);
}

void TestLoadBalance::chanceHoldsForFairRouters_data() {
    QTest::addColumn<int>("layers");
    QTest::addColumn<int>("experts");
    QTest::addColumn<int>("used");
    QTest::addColumn<int>("tokens");
    QTest::newRow("8x16 top-1") << 8 << 16 << 1 << 138;
    QTest::newRow("4x64 top-8") << 4 << 64 << 8 << 60;
    QTest::newRow("8x8 top-2") << 8 << 8 << 2 << 500;
}

/** Of routers that toss dice, few answers may leave the bounds in any layer: 5 in 100. */
void TestLoadBalance::chanceHoldsForFairRouters() {
    QFETCH(int, layers);
    QFETCH(int, experts);
    QFETCH(int, used);
    QFETCH(int, tokens);
    const TraceShape shape = test::syntheticShape(layers, experts, used, 0);
    const LoadChance chance = LoadChance::of(shape, tokens);
    QVERIFY(chance.tells_skew);
    constexpr int trials = 200;
    int variation = 0;
    int most = 0;
    double greatest = 0;
    for (int trial = 0; trial < trials; ++trial) {
        const RoutingStatistics counts = counted(shape, fair(shape, tokens, quint32(trial + 1)));
        bool varies = false;
        bool tops = false;
        for (int layer = 0; layer < layers; ++layer) {
            const LayerLoad load = LayerLoad::of(counts, layer);
            varies = varies || load.variation > chance.variation;
            tops = tops || load.max_over_mean > chance.max_over_mean;
            greatest = std::max(greatest, load.variation);
        }
        variation += varies ? 1 : 0;
        most += tops ? 1 : 0;
    }
    // 10 expected; 22 or more happen once in two thousand times.
    QVERIFY2(variation < 22, qPrintable(QString::number(variation)));
    QVERIFY2(most < 22, qPrintable(QString::number(most)));
    QVERIFY(chance.variation < 1.25 * greatest); // and they are not out of reach
}

void TestLoadBalance::boundsOfTheLargest() {
    // Hunyuan-Large with 128K tokens, and the least n that tells anything.
    const LoadChance large = LoadChance::of(test::syntheticShape(64, 16, 1, 1), 131072);
    QVERIFY(large.tells_skew && large.tells_idle);
    QVERIFY(large.variation > 0 && large.variation < 0.02);
    QVERIFY(large.max_over_mean > 1 && large.max_over_mean < 1.06);
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    QVERIFY(!LoadChance::of(shape, 79).tells_skew);
    QVERIFY(LoadChance::of(shape, 80).tells_skew);
    QVERIFY(!LoadChance::of(test::syntheticShape(3, 5, 5, 0), 1000).tells_skew); // each token uses all
}

void TestLoadBalance::idleOnlyWhereChanceLeavesNone() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    // 128 experts: chance leaves one of them without a token in 5 of 100 answers of n tokens.
    int n = 1;
    while (128 * std::pow(15.0 / 16, n) >= 0.05) {
        ++n;
    }
    QCOMPARE(n, 122);
    QVERIFY(!LoadChance::of(shape, 121).tells_idle);
    QVERIFY(LoadChance::of(shape, 122).tells_idle);
    for (const int tokens : {121, 138}) {
        // Expert 15 never works.
        TraceModel trace;
        trace.setRun(1, shape, routed(shape, tokens, [](int token, int) { return std::vector<int>{token % 15}; }));
        trace.setCurrent(1);
        LoadBalance balance(&trace);
        balance.refresh();
        QCOMPARE(balance.load(LoadPhase::Decode, 3).idle, 1);
        QCOMPARE(balance.warnings(LoadPhase::Decode, 3).idle, tokens == 138);
        QCOMPARE(balance.warned(LoadPhase::Decode), tokens == 138 ? 8 : 0);
        const QStringList words = balance.sentences(LoadPhase::Decode, 3);
        QCOMPARE(words,
                 tokens == 138 ? QStringList("1 idle expert; by chance none would be idle, n = 138") : QStringList());
    }
}

void TestLoadBalance::skewedLoad() {
    const TraceShape shape = test::syntheticShape(2, 16, 1, 1);
    const auto shareToFirst = [&](int ofTwenty) {
        return routed(shape, 400, [=](int token, int layer) {
            return std::vector<int>{layer == 0 && token % 20 < ofTwenty ? 0 : (token * 7 + token / 20) % 16};
        });
    };
    TraceModel trace;
    LoadBalance balance(&trace);
    trace.setRun(1, shape, shareToFirst(6));
    trace.setCurrent(1);
    balance.refresh();
    const LayerLoad& load = balance.load(LoadPhase::Decode, 0);
    QVERIFY(load.max_over_mean >= 4);
    QVERIFY(balance.warnings(LoadPhase::Decode, 0).skewed);
    QVERIFY(!balance.warnings(LoadPhase::Decode, 1).skewed);
    const QStringList words = balance.sentences(LoadPhase::Decode, 0);
    QCOMPARE(words.size(), 1);
    QVERIFY(words.first().startsWith(QStringLiteral("skewed load: CV ")));
    QVERIFY(words.first().contains(QStringLiteral("warned from 1.00")));
    QVERIFY(words.first().contains(
        QStringLiteral("by chance at most %1").arg(balance.chance(LoadPhase::Decode).variation, 0, 'f', 2)));
    QVERIFY(words.first().endsWith(QStringLiteral("n = 400")));
    // Beyond chance, but an expert with twice the mean is no failure.
    trace.setRun(1, shape, shareToFirst(2));
    balance.refresh();
    QVERIFY(balance.load(LoadPhase::Decode, 0).max_over_mean > balance.chance(LoadPhase::Decode).max_over_mean);
    QVERIFY(!balance.warnings(LoadPhase::Decode, 0).skewed);
    // Large, but four tokens an expert may do that.
    trace.setRun(1, shape,
                 routed(shape, 64, [](int token, int) { return std::vector<int>{token < 40 ? 3 : token % 16}; }));
    balance.refresh();
    QVERIFY(balance.load(LoadPhase::Decode, 0).variation > 1);
    QVERIFY(!balance.warnings(LoadPhase::Decode, 0).skewed);
}

void TestLoadBalance::halves() {
    const TraceShape shape = test::syntheticShape(1, 4, 1, 0);
    // 40 tokens over experts 0 and 1, then 40 over 1 and 2: half of the choices moved.
    const auto answer =
        routed(shape, 80, [](int token, int) { return std::vector<int>{token % 2 + (token < 40 ? 0 : 1)}; });
    const HalvesShift moved = HalvesShift::of(counted(shape, answer), counted(shape, answer.mid(0, 40)), 0);
    QCOMPARE(moved.first, 40);
    QCOMPARE(moved.second, 40);
    QVERIFY(near(moved.moved, 0.5, 1e-12));
    // χ² of (20 20 0 / 0 20 20) is 40 with 2 degrees: P is about 2 · 10⁻⁹.
    QVERIFY(moved.beyond_chance);
    // Eight tokens: no two bins with five expected in each half.
    const HalvesShift few = HalvesShift::of(counted(shape, answer.mid(0, 8)), counted(shape, answer.mid(0, 4)), 0);
    QCOMPARE(few.moved, -1.0);
    QVERIFY(!few.beyond_chance);
    const HalvesShift none = HalvesShift::of(RoutingStatistics(shape), RoutingStatistics(shape), 0);
    QCOMPARE(none.moved, -1.0);
    // χ² by hand: (30 10 / 20 20) is 5.333 with 1 degree, P = 0.021.
    const auto mild = routed(
        shape, 80, [](int token, int) { return std::vector<int>{token < 40 ? (token % 4 == 0 ? 1 : 0) : token % 2}; });
    const HalvesShift hand = HalvesShift::of(counted(shape, mild), counted(shape, mild.mid(0, 40)), 0);
    QVERIFY(near(hand.moved, 0.25, 1e-12));
    QVERIFY(hand.beyond_chance);
    const TraceShape two = test::syntheticShape(4, 4, 1, 0); // four layers: 1.25 % each
    const auto wider = routed(
        two, 80, [](int token, int) { return std::vector<int>{token < 40 ? (token % 4 == 0 ? 1 : 0) : token % 2}; });
    QVERIFY(!HalvesShift::of(counted(two, wider), counted(two, wider.mid(0, 40)), 2).beyond_chance);
}

void TestLoadBalance::halvesOfFairRouters() {
    for (const TraceShape& shape : {test::syntheticShape(8, 16, 1, 1), test::syntheticShape(4, 64, 8, 1)}) {
        int beyond = 0;
        for (int trial = 0; trial < 200; ++trial) {
            const auto answer = fair(shape, 138, quint32(trial + 1000));
            const RoutingStatistics whole = counted(shape, answer);
            const RoutingStatistics half = counted(shape, answer.mid(0, 69));
            bool any = false;
            for (int layer = 0; layer < shape.layers; ++layer) {
                any = any || HalvesShift::of(whole, half, layer).beyond_chance;
            }
            beyond += any ? 1 : 0;
        }
        QVERIFY2(beyond < 22, qPrintable(QString::number(beyond)));
    }
}

void TestLoadBalance::unstableRouting() {
    const TraceShape shape = test::syntheticShape(2, 16, 1, 1);
    // Layer 1 uses experts 0 to 7, then 8 to 15.
    const auto answer = routed(shape, 201, [](int token, int layer) {
        return std::vector<int>{layer == 0 ? token % 16 : token % 8 + (token < 100 ? 0 : 8)};
    });
    TraceModel trace;
    trace.setRun(1, shape, answer);
    trace.setCurrent(1);
    LoadBalance balance(&trace);
    balance.refresh();
    QCOMPARE(balance.shift(1).first, 100);
    QCOMPARE(balance.shift(1).second, 101);
    QVERIFY(near(balance.shift(1).moved, 1, 1e-12));
    QVERIFY(balance.warnings(LoadPhase::Decode, 1).unstable);
    QVERIFY(!balance.warnings(LoadPhase::Decode, 0).any());
    QCOMPARE(
        balance.sentences(LoadPhase::Decode, 1),
        QStringList("unstable routing: 100 % of the choices moved to other experts in the second half, warned from "
                    "25 % beyond chance, n = 100 + 101"));
    QVERIFY(!balance.warnings(LoadPhase::Prefill, 1).any());
}

void TestLoadBalance::promptIsCountedApart() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    const auto prompt = test::syntheticAnswer(shape, 50, false, 7);
    const auto answer = test::syntheticAnswer(shape, 30, false);
    TraceModel trace;
    QSignalSpy changed(&trace, &TraceModel::promptChanged);
    trace.appendPrompt(1, prompt); // no such answer
    trace.begin(1, shape);
    QCOMPARE(trace.promptStatistics().n(), 0);
    trace.appendPrompt(1, prompt.mid(0, 20));
    trace.appendPrompt(1, prompt.mid(20));
    trace.append(1, answer);
    QCOMPARE(changed.size(), 2);
    QCOMPARE(trace.promptStatistics().n(), 50);
    QCOMPARE(trace.statistics(Scope::Answer).n(), 30);
    QCOMPARE(trace.statistics(Scope::Chat).n(), 30);
    QCOMPARE(trace.tokenCount(), 30);
    LoadBalance balance(&trace);
    balance.refresh();
    const RoutingStatistics plain = counted(shape, prompt);
    QCOMPARE(balance.n(LoadPhase::Prefill), 50);
    QCOMPARE(balance.n(LoadPhase::Decode), 30);
    for (int layer = 0; layer < 8; ++layer) {
        QCOMPARE(balance.load(LoadPhase::Prefill, layer).variation, LayerLoad::of(plain, layer).variation);
        QCOMPARE(balance.load(LoadPhase::Prefill, layer).gini, LayerLoad::of(plain, layer).gini);
        for (int expert = 0; expert < 16; ++expert) {
            QCOMPARE(trace.promptStatistics().tokens(layer, expert), plain.tokens(layer, expert));
        }
    }
    // Traces of another shape are not counted, and a prompt goes with its answer.
    trace.appendPrompt(1, test::syntheticAnswer(test::syntheticShape(3, 5, 1, 0), 4, false));
    QCOMPARE(trace.promptStatistics().n(), 50);
    trace.setRun(2, shape, answer);
    trace.appendPrompt(2, prompt.mid(0, 5));
    QCOMPARE(trace.promptStatistics().n(), 50);
    trace.setCurrent(2);
    QCOMPARE(trace.promptStatistics().n(), 5);
    trace.remove(2);
    QCOMPARE(trace.promptStatistics().n(), 0);
}

void TestLoadBalance::growsWithTheAnswer() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    const auto answer = test::syntheticAnswer(shape, 150, false);
    TraceModel live;
    LoadBalance grown(&live);
    live.begin(1, shape);
    for (int at = 0; at < 150; at += 7) {
        live.append(1, answer.mid(at, 7));
        grown.refresh();
    }
    TraceModel kept;
    kept.setRun(1, shape, answer);
    kept.setCurrent(1);
    LoadBalance whole(&kept);
    whole.refresh();
    for (int layer = 0; layer < 8; ++layer) {
        QCOMPARE(grown.load(LoadPhase::Decode, layer).gini, whole.load(LoadPhase::Decode, layer).gini);
        QCOMPARE(grown.shift(layer).moved, whole.shift(layer).moved);
        QCOMPARE(grown.shift(layer).first, 75);
        const HalvesShift plain = HalvesShift::of(counted(shape, answer), counted(shape, answer.mid(0, 75)), layer);
        QCOMPARE(whole.shift(layer).moved, plain.moved);
    }
    QCOMPARE(grown.chance(LoadPhase::Decode).variation, whole.chance(LoadPhase::Decode).variation);
    const TraceShape other = test::syntheticShape(2, 4, 1, 0, QStringLiteral("Other"));
    live.begin(2, other);
    live.append(2, test::syntheticAnswer(other, 150, false)); // as many tokens of another model
    grown.refresh();
    QCOMPARE(grown.shape().layers, 2);
    QCOMPARE(grown.chance(LoadPhase::Decode).variation, LoadChance::of(other, 150).variation);
}

void TestLoadBalance::table() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    TraceModel trace;
    LoadBalance balance(&trace);
    LoadTable table(&balance);
    QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
    trace.begin(1, shape);
    trace.append(1, test::syntheticAnswer(shape, 138, false));
    balance.refresh();
    table.refresh();
    QCOMPARE(table.rowCount(), 16);
    for (int layer = 0; layer < 8; ++layer) {
        const LayerLoad& load = balance.load(LoadPhase::Decode, layer);
        QCOMPARE(table.rowOf(LoadPhase::Decode, layer), layer);
        QCOMPARE(rawAt(table, layer, LoadTable::Layer).toInt(), layer);
        QCOMPARE(rawAt(table, layer, LoadTable::Phase).toString(), QStringLiteral("decode"));
        QCOMPARE(rawAt(table, layer, LoadTable::Variation).toDouble(), load.variation);
        QCOMPARE(rawAt(table, layer, LoadTable::MaxOverMean).toDouble(), load.max_over_mean);
        QCOMPARE(rawAt(table, layer, LoadTable::Gini).toDouble(), load.gini);
        QCOMPARE(rawAt(table, layer, LoadTable::Idle).toInt(), load.idle);
        QCOMPARE(rawAt(table, layer, LoadTable::Busiest).toInt(), load.busiest);
        QVERIFY(near(rawAt(table, layer, LoadTable::BusiestShare).toDouble(),
                     trace.statistics(Scope::Answer).share(layer, load.busiest) * 100, 1e-9));
        QVERIFY(near(rawAt(table, layer, LoadTable::Moved).toDouble(), balance.shift(layer).moved * 100, 1e-9));
        QCOMPARE(rawAt(table, layer, LoadTable::Warnings).toString(),
                 balance.sentences(LoadPhase::Decode, layer).join(QStringLiteral("; ")));
        QCOMPARE(rawAt(table, layer, LoadTable::Count).toInt(), 138);
        // No prompt was computed.
        const int below = table.rowOf(LoadPhase::Prefill, layer);
        QCOMPARE(below, 8 + layer);
        QCOMPARE(table.layerOf(below), layer);
        QCOMPARE(table.phaseOf(below), LoadPhase::Prefill);
        QVERIFY(!rawAt(table, below, LoadTable::Variation).isValid());
        QCOMPARE(table.index(below, LoadTable::Idle).data().toString(), QStringLiteral("–"));
        QCOMPARE(rawAt(table, below, LoadTable::Count).toInt(), 0);
    }
    QCOMPARE(table.rowOf(LoadPhase::Decode, -1), -1);
    trace.begin(2, test::syntheticShape(2, 4, 1, 0, QStringLiteral("Small")));
    balance.refresh(); // the table has not heard of it yet
    QVERIFY(!rawAt(table, 15, LoadTable::Count).isValid());
    table.refresh();
    QCOMPARE(table.rowCount(), 4);
}

void TestLoadBalance::denseModel() {
    const TraceShape dense = test::syntheticShape(0, 0, 0, 0);
    TraceModel trace;
    trace.setRun(1, dense, test::syntheticAnswer(dense, 9, false));
    trace.setCurrent(1);
    LoadBalance balance(&trace);
    LoadTable table(&balance);
    balance.refresh();
    table.refresh();
    QCOMPARE(balance.n(LoadPhase::Decode), 0);
    QCOMPARE(balance.warned(LoadPhase::Decode), 0);
    QCOMPARE(table.rowCount(), 0);
}

QTEST_GUILESS_MAIN(TestLoadBalance)
#include "tst_loadbalance.moc"
