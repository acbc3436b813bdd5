// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"
#include "ui/models/routertables.h"

#include <QAbstractItemModelTester>
#include <QTest>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

using namespace moescope;
using namespace moescope::ui;

namespace {

/** As NumPy's default: linear between the two nearest values in order. */
double sortedPercentile(std::vector<double> values, double percent) {
    std::sort(values.begin(), values.end());
    const double place = percent / 100 * double(values.size() - 1);
    const auto low = size_t(place);
    return std::lerp(values[low], values[std::min(low + 1, values.size() - 1)], place - double(low));
}

/** The most by which a percentile is another than that of the sorted values. */
double offBy(const Percentiles& found, const std::vector<double>& values) {
    double most = 0;
    for (size_t at = 0; at < found.size(); ++at) {
        most = std::max(most, std::abs(found[at] - sortedPercentile(values, kPercentiles[at])));
    }
    return most;
}

double plainEntropy(const trace::RouterTrace& router, int layer) {
    double bits = 0;
    for (uint32_t expert = 0; expert < router.expert_count; ++expert) {
        const auto p = double(router.probs[size_t(layer) * router.expert_count + expert]);
        bits -= p > 0 ? p * std::log(p) / std::log(2.0) : 0;
    }
    return bits;
}

double plainMargin(const trace::RouterTrace& router, int layer) {
    const uint32_t used = router.expert_used_count;
    return double(router.chosen_probs[size_t(layer) * used + used - 1]) - double(router.runner_up_prob[size_t(layer)]);
}

QVariant rawAt(const QAbstractItemModel& model, int row, int column) {
    return model.data(model.index(row, column), TabularModel::RawRole);
}

QString textAt(const QAbstractItemModel& model, int row, int column) {
    return model.data(model.index(row, column)).toString();
}

bool near(double a, double b, double distance) { return std::abs(a - b) <= distance; }

} // namespace

class TestRouterUncertainty : public QObject {
    Q_OBJECT
private slots:
    void percentilesEqualSorting_data();
    void percentilesEqualSorting();
    void valuesOutsideAreEnds();
    void spreadsEqualTheTrace_data();
    void spreadsEqualTheTrace();
    void batchesCountOnce();
    void withoutProbabilities();
    void probabilitiesFromSomeTokenOn();
    void everyExpertUsed();
    void hostileNumbers();
    void anotherAnswer();
    void layersTable();
    void timeTable();
    void denseModel();
};

void TestRouterUncertainty::percentilesEqualSorting_data() {
    QTest::addColumn<int>("count");
    QTest::addColumn<double>("top");
    QTest::addColumn<double>("power"); // how the values crowd near 0
    QTest::newRow("one") << 1 << 1.0 << 1.0;
    QTest::newRow("two") << 2 << 1.0 << 1.0;
    QTest::newRow("four") << 4 << 4.0 << 1.0;
    QTest::newRow("a story") << 138 << 4.0 << 2.0;
    QTest::newRow("crowded") << 3000 << 1.0 << 9.0;
    QTest::newRow("32k tokens") << 32768 << 7.0 << 1.0;
}

void TestRouterUncertainty::percentilesEqualSorting() {
    QFETCH(int, count);
    QFETCH(double, top);
    QFETCH(double, power);
    std::mt19937 random{quint32(count)};
    std::vector<double> values;
    BinnedValues binned(top);
    QCOMPARE(binned.binWidth(), top / 4096);
    QCOMPARE(binned.percentiles(), (Percentiles{-1, -1, -1, -1, -1}));
    for (int at = 0; at < count; ++at) {
        values.push_back(top * std::pow(double(random()) / 4294967296.0, power));
        binned.add(values.back());
    }
    QCOMPARE(binned.n(), count);
    QCOMPARE_LE(offBy(binned.percentiles(), values), binned.binWidth());
}

void TestRouterUncertainty::valuesOutsideAreEnds() {
    BinnedValues binned(2);
    for (const double value : {-3.0, 0.0, 2.0, 5.0, std::numeric_limits<double>::infinity()}) {
        binned.add(value);
    }
    QCOMPARE(binned.n(), 5);
    const Percentiles found = binned.percentiles();
    QVERIFY(near(found[1], 0, binned.binWidth()));
    QVERIFY(near(found[2], 2, binned.binWidth()));
    QVERIFY(near(found[4], 2, binned.binWidth()));
}

void TestRouterUncertainty::spreadsEqualTheTrace_data() {
    QTest::addColumn<int>("layers");
    QTest::addColumn<int>("experts");
    QTest::addColumn<int>("used");
    QTest::newRow("8x16 top-1") << 8 << 16 << 1;
    QTest::newRow("4x64 top-8") << 4 << 64 << 8;
    QTest::newRow("3x5 top-2") << 3 << 5 << 2;
}

void TestRouterUncertainty::spreadsEqualTheTrace() {
    QFETCH(int, layers);
    QFETCH(int, experts);
    QFETCH(int, used);
    const TraceShape shape = test::syntheticShape(layers, experts, used, 1);
    const auto answer = test::syntheticAnswer(shape, 138, true);
    TraceModel trace;
    trace.setRun(1, shape, answer);
    trace.setCurrent(1);
    RouterUncertainty uncertainty(&trace);
    uncertainty.refresh();
    QCOMPARE(uncertainty.n(), 138);
    QCOMPARE(uncertainty.tokens(), 138);
    QVERIFY(near(uncertainty.maxEntropy(), std::log2(double(experts)), 1e-12));
    std::vector<double> entropyOf(138, 0);
    std::vector<double> marginOf(138, 0);
    for (int layer = 0; layer < layers; ++layer) {
        std::vector<double> entropies;
        std::vector<double> margins;
        int close = 0;
        for (int token = 0; token < 138; ++token) {
            const trace::RouterTrace& router = answer.at(token)->router;
            entropies.push_back(plainEntropy(router, layer));
            margins.push_back(plainMargin(router, layer));
            close += isCloseCall(router, layer) ? 1 : 0;
            entropyOf[size_t(token)] += entropies.back() / layers;
            marginOf[size_t(token)] += margins.back() / layers;
        }
        const UncertaintySpread& spread = uncertainty.spread(layer);
        QCOMPARE(spread.n, 138);
        QCOMPARE(spread.entropy_n, 138);
        QCOMPARE(spread.close_calls, close);
        QCOMPARE_LE(offBy(spread.entropy, entropies), uncertainty.maxEntropy() / 4096);
        QCOMPARE_LE(offBy(spread.margin, margins), 1.0 / 4096);
    }
    for (int token = 0; token < 138; ++token) {
        QVERIFY(near(uncertainty.token(token).entropy, entropyOf[size_t(token)], 1e-9));
        QVERIFY(near(uncertainty.token(token).margin, marginOf[size_t(token)], 1e-6));
        const int first = std::max(0, token - 15);
        double entropy = 0;
        double margin = 0;
        for (int at = first; at <= token; ++at) {
            entropy += entropyOf[size_t(at)] / (token - first + 1);
            margin += marginOf[size_t(at)] / (token - first + 1);
        }
        QVERIFY(near(uncertainty.slidingMean(token).entropy, entropy, 1e-9));
        QVERIFY(near(uncertainty.slidingMean(token).margin, margin, 1e-6));
    }
}

void TestRouterUncertainty::batchesCountOnce() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    const auto answer = test::syntheticAnswer(shape, 60, true);
    TraceModel trace;
    RouterUncertainty live(&trace);
    trace.begin(1, shape);
    for (int at = 0; at < 60; at += 7) {
        trace.append(1, answer.mid(at, 7));
        live.refresh();
        live.refresh();
    }
    TraceModel kept;
    kept.setRun(1, shape, answer);
    kept.setCurrent(1);
    RouterUncertainty whole(&kept);
    whole.refresh();
    QCOMPARE(live.n(), 60);
    for (int layer = 0; layer < 8; ++layer) {
        QCOMPARE(live.spread(layer).entropy, whole.spread(layer).entropy);
        QCOMPARE(live.spread(layer).margin, whole.spread(layer).margin);
        QCOMPARE(live.spread(layer).close_calls, whole.spread(layer).close_calls);
    }
    QCOMPARE(live.slidingMean(59).entropy, whole.slidingMean(59).entropy);
}

void TestRouterUncertainty::withoutProbabilities() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    TraceModel trace;
    trace.setRun(1, shape, test::syntheticAnswer(shape, 20, false));
    trace.setCurrent(1);
    RouterUncertainty uncertainty(&trace);
    uncertainty.refresh();
    QCOMPARE(uncertainty.n(), 20);
    QCOMPARE(uncertainty.entropyN(), 0);
    QCOMPARE(uncertainty.marginN(), 20);
    QCOMPARE(uncertainty.spread(3).entropy, (Percentiles{-1, -1, -1, -1, -1}));
    QVERIFY(uncertainty.spread(3).margin[kMedian] > 0);
    QCOMPARE(uncertainty.token(5).entropy, -1.0);
    QCOMPARE(uncertainty.slidingMean(19).entropy, -1.0);
    QVERIFY(uncertainty.slidingMean(19).margin > 0);
}

void TestRouterUncertainty::probabilitiesFromSomeTokenOn() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    TraceModel trace;
    RouterUncertainty uncertainty(&trace);
    trace.begin(1, shape);
    trace.append(1, test::syntheticAnswer(shape, 10, false));
    const auto later = test::syntheticAnswer(shape, 6, true, 5);
    trace.append(1, later);
    uncertainty.refresh();
    QCOMPARE(uncertainty.n(), 16);
    QCOMPARE(uncertainty.entropyN(), 6);
    QCOMPARE(uncertainty.spread(0).entropy_n, 6);
    QCOMPARE(uncertainty.spread(0).n, 16);
    QCOMPARE(uncertainty.slidingMean(9).entropy, -1.0);
    double sum = 0;
    for (const auto& token : later) {
        for (int layer = 0; layer < 8; ++layer) {
            sum += plainEntropy(token->router, layer) / 8 / 6;
        }
    }
    QVERIFY(near(uncertainty.slidingMean(15).entropy, sum, 1e-9)); // of the six that have them
}

void TestRouterUncertainty::everyExpertUsed() {
    const TraceShape shape = test::syntheticShape(3, 4, 4, 0);
    TraceModel trace;
    trace.setRun(1, shape, test::syntheticAnswer(shape, 8, true));
    trace.setCurrent(1);
    RouterUncertainty uncertainty(&trace);
    uncertainty.refresh();
    QCOMPARE(uncertainty.n(), 8);
    QCOMPARE(uncertainty.marginN(), 0);
    QCOMPARE(uncertainty.spread(1).n, 0);
    QCOMPARE(uncertainty.spread(1).close_calls, 0);
    QCOMPARE(uncertainty.token(2).margin, -1.0);
    QVERIFY(uncertainty.spread(1).entropy[kMedian] > 0);
}

void TestRouterUncertainty::hostileNumbers() {
    const TraceShape shape = test::syntheticShape(2, 4, 1, 0);
    auto bad = std::make_shared<trace::TokenTrace>(*test::syntheticAnswer(shape, 1, true).first());
    bad->router.probs[0] = std::numeric_limits<float>::quiet_NaN();
    bad->router.probs[5] = std::numeric_limits<float>::infinity();
    bad->router.chosen_probs[0] = std::numeric_limits<float>::infinity();
    bad->router.runner_up_prob[0] = std::numeric_limits<float>::infinity();
    bad->router.chosen_probs[1] = -7;
    TraceModel trace;
    trace.setRun(1, shape, {bad, test::syntheticAnswer(shape, 1, true, 3).first()});
    trace.setCurrent(1);
    RouterUncertainty uncertainty(&trace);
    uncertainty.refresh();
    for (int token = 0; token < 2; ++token) {
        const TokenUncertainty mean = uncertainty.slidingMean(token);
        QVERIFY(mean.entropy >= 0 && mean.entropy <= 2);
        QVERIFY(mean.margin >= 0 && mean.margin <= 1);
    }
    for (int layer = 0; layer < 2; ++layer) {
        for (const double value : uncertainty.spread(layer).margin) {
            QVERIFY(value >= 0 && value <= 1);
        }
    }
}

void TestRouterUncertainty::anotherAnswer() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    const TraceShape other = test::syntheticShape(3, 5, 2, 0, QStringLiteral("Other"));
    TraceModel trace;
    RouterUncertainty uncertainty(&trace);
    trace.setRun(1, shape, test::syntheticAnswer(shape, 30, true));
    trace.setRun(2, other, test::syntheticAnswer(other, 12, true));
    trace.setCurrent(1);
    uncertainty.refresh();
    QCOMPARE(uncertainty.n(), 30);
    trace.setCurrent(2);
    QCOMPARE(uncertainty.n(), 30); // nothing is counted unasked
    uncertainty.refresh();
    QCOMPARE(uncertainty.n(), 12);
    QCOMPARE(uncertainty.shape().layers, 3);
    trace.clear();
    uncertainty.refresh();
    QCOMPARE(uncertainty.n(), 0);
    QCOMPARE(uncertainty.tokens(), 0);
}

void TestRouterUncertainty::layersTable() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    TraceModel trace;
    RouterUncertainty uncertainty(&trace);
    RouterLayersTable table(&uncertainty);
    QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
    trace.begin(1, shape);
    trace.append(1, test::syntheticAnswer(shape, 50, true));
    QCOMPARE(table.rowCount(), 0);
    uncertainty.refresh();
    table.refresh();
    QCOMPARE(table.rowCount(), 8);
    QCOMPARE(table.columnCount(), int(RouterLayersTable::EntropyCount) + 1);
    for (int layer = 0; layer < 8; ++layer) {
        const UncertaintySpread& spread = uncertainty.spread(layer);
        QCOMPARE(rawAt(table, layer, RouterLayersTable::Layer).toInt(), layer);
        for (int at = 0; at < 5; ++at) {
            QCOMPARE(rawAt(table, layer, RouterLayersTable::EntropyP10 + at).toDouble(), spread.entropy[size_t(at)]);
            QCOMPARE(rawAt(table, layer, RouterLayersTable::MarginP10 + at).toDouble(), spread.margin[size_t(at)]);
        }
        QCOMPARE(rawAt(table, layer, RouterLayersTable::CloseCalls).toInt(), spread.close_calls);
        QCOMPARE(rawAt(table, layer, RouterLayersTable::Count).toInt(), 50);
        QCOMPARE(rawAt(table, layer, RouterLayersTable::EntropyCount).toInt(), 50);
        QCOMPARE(textAt(table, layer, RouterLayersTable::EntropyP50), QString::number(spread.entropy[kMedian], 'f', 2));
    }
    // Columns of the CSV can be told apart.
    QSet<QString> names;
    for (int column = 0; column < table.columnCount(); ++column) {
        names.insert(table.headerData(column, Qt::Horizontal, Qt::DisplayRole).toString());
    }
    QCOMPARE(int(names.size()), table.columnCount());
    trace.begin(2, shape);
    trace.append(2, test::syntheticAnswer(shape, 5, false));
    uncertainty.refresh();
    table.refresh();
    QVERIFY(!rawAt(table, 0, RouterLayersTable::EntropyP50).isValid());
    QCOMPARE(textAt(table, 0, RouterLayersTable::EntropyP50), QStringLiteral("–"));
    QCOMPARE(rawAt(table, 0, RouterLayersTable::EntropyCount).toInt(), 0);
    const TraceShape small = test::syntheticShape(2, 4, 1, 0, QStringLiteral("Small"));
    trace.begin(3, small);
    uncertainty.refresh(); // the table has not heard of it yet
    QVERIFY(!rawAt(table, 7, RouterLayersTable::Count).isValid());
    table.refresh();
    QCOMPARE(table.rowCount(), 2);
}

void TestRouterUncertainty::timeTable() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    TraceModel trace;
    RouterUncertainty uncertainty(&trace);
    RouterTimeTable table(&trace, &uncertainty);
    QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
    trace.begin(1, shape);
    trace.append(1, test::syntheticAnswer(shape, 40, true));
    uncertainty.refresh();
    table.refresh();
    QCOMPARE(table.rowCount(), 40);
    for (const int row : {0, 15, 16, 39}) {
        QCOMPARE(rawAt(table, row, RouterTimeTable::Token).toInt(), row + 1);
        QCOMPARE(rawAt(table, row, RouterTimeTable::Entropy).toDouble(), uncertainty.token(row).entropy);
        QCOMPARE(rawAt(table, row, RouterTimeTable::Margin).toDouble(), uncertainty.token(row).margin);
        QCOMPARE(rawAt(table, row, RouterTimeTable::SlidingEntropy).toDouble(), uncertainty.slidingMean(row).entropy);
        QCOMPARE(rawAt(table, row, RouterTimeTable::SlidingMargin).toDouble(), uncertainty.slidingMean(row).margin);
        QCOMPARE(rawAt(table, row, RouterTimeTable::Count).toInt(), 8);
    }
    QCOMPARE(textAt(table, 1, RouterTimeTable::Text), QStringLiteral("·upon"));
    trace.append(1, test::syntheticAnswer(shape, 3, true));
    uncertainty.refresh();
    table.refresh();
    QCOMPARE(table.rowCount(), 43);
    // A shorter answer comes into view and nobody has told the table.
    trace.begin(2, shape);
    QVERIFY(!rawAt(table, 42, RouterTimeTable::Entropy).isValid());
    QCOMPARE(textAt(table, 42, RouterTimeTable::Text), QString());
    uncertainty.refresh();
    table.refresh();
    QCOMPARE(table.rowCount(), 0);
}

void TestRouterUncertainty::denseModel() {
    const TraceShape dense = test::syntheticShape(0, 0, 0, 0);
    TraceModel trace;
    trace.setRun(1, dense, test::syntheticAnswer(dense, 9, false));
    trace.setCurrent(1);
    RouterUncertainty uncertainty(&trace);
    RouterLayersTable table(&uncertainty);
    uncertainty.refresh();
    table.refresh();
    QCOMPARE(uncertainty.n(), 0);
    QCOMPARE(uncertainty.tokens(), 9);
    QCOMPARE(uncertainty.slidingMean(8).margin, -1.0);
    QCOMPARE(table.rowCount(), 0);
}

QTEST_GUILESS_MAIN(TestRouterUncertainty)
#include "tst_routeruncertainty.moc"
