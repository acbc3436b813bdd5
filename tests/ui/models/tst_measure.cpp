// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"
#include "ui/models/routingtables.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include <cmath>

using namespace moescope;
using namespace moescope::ui;

namespace {

/** An answer of one layer: `counts[e]` tokens for expert e. */
QList<trace::TokenTracePtr> answerOf(const TraceShape& shape, const std::vector<int>& counts) {
    QList<trace::TokenTracePtr> answer;
    for (size_t expert = 0; expert < counts.size(); ++expert) {
        for (int at = 0; at < counts[expert]; ++at) {
            answer.append(test::plainToken(shape, " x", {uint16_t(expert)}, {0.5F}));
        }
    }
    return answer;
}

QVariant rawAt(const QAbstractItemModel& model, int row, int column) {
    return model.data(model.index(row, column), TabularModel::RawRole);
}

} // namespace

class TestMeasure : public QObject {
    Q_OBJECT
private slots:
    void uniform();
    void againstAnAnswer();
    void fishersTest_data();
    void fishersTest();
    void theChatWithoutTheBaseline();
    void whatCannotBeABaseline();
    void theTableFollows();
};

void TestMeasure::uniform() {
    const TraceShape shape = test::syntheticShape(4, 16, 2, 0);
    TraceModel trace;
    trace.setRun(1, shape, test::syntheticAnswer(shape, 100, false));
    trace.setCurrent(1);
    const Measure measure = Measure::of(trace, Scope::Answer, -1, -1);
    QVERIFY(measure.isUniform());
    const RoutingStatistics& counts = trace.statistics(Scope::Answer);
    for (int expert = 0; expert < 16; ++expert) {
        QCOMPARE(measure.ratio(2, expert), counts.overUniform(2, expert));
        QCOMPARE(measure.isOutsideChance(2, expert), counts.isOutsideChance(2, expert));
    }
}

void TestMeasure::againstAnAnswer() {
    const TraceShape shape = test::syntheticShape(1, 4, 1, 0);
    TraceModel trace;
    trace.setRun(1, shape, answerOf(shape, {30, 10, 10, 0}));
    trace.setRun(2, shape, answerOf(shape, {20, 0, 20, 0}));
    trace.setCurrent(1);
    const Measure measure = Measure::of(trace, Scope::Answer, -1, 2);
    QVERIFY(!measure.isUniform());
    QCOMPARE(measure.counts.n(), 50);
    QCOMPARE(measure.baseline.n(), 40);
    QCOMPARE(measure.ratio(0, 0), 0.6 / 0.5);
    QVERIFY(std::isinf(measure.ratio(0, 1)));
    QCOMPARE(measure.ratio(0, 2), 0.2 / 0.5);
    QCOMPARE(measure.ratio(0, 3), 0.0);
    QVERIFY(!measure.isOutsideChance(0, 0)); // 30 of 50 and 20 of 40
    QVERIFY(measure.isOutsideChance(0, 1));
    QVERIFY(measure.isOutsideChance(0, 2));
    QVERIFY(!measure.isOutsideChance(0, 3));
    trace.setWindow({0, 4});
    QCOMPARE(Measure::of(trace, Scope::Window, -1, 2).counts.n(), 5);
    QCOMPARE(Measure::of(trace, Scope::Token, 31, 2).counts.tokens(0, 1), 1);
}

void TestMeasure::fishersTest_data() {
    QTest::addColumn<int>("tokens");
    QTest::addColumn<int>("n");
    QTest::addColumn<int>("before");
    QTest::addColumn<int>("beforeN");
    QTest::newRow("same") << 10 << 100 << 12 << 120;
    QTest::newRow("clearly more") << 30 << 100 << 5 << 100;
    QTest::newRow("few") << 2 << 6 << 1 << 9;
    QTest::newRow("on the edge") << 14 << 60 << 6 << 60;
    QTest::newRow("beyond it") << 17 << 60 << 6 << 60;
    QTest::newRow("less") << 3 << 90 << 20 << 110;
}

void TestMeasure::fishersTest() {
    QFETCH(int, tokens);
    QFETCH(int, n);
    QFETCH(int, before);
    QFETCH(int, beforeN);
    // Mid-p of the hypergeometric distribution, by factorials: both tails at 2.5 %.
    const auto logChoose = [](int all, int some) {
        return std::lgamma(all + 1.0) - std::lgamma(some + 1.0) - std::lgamma(all - some + 1.0);
    };
    const int total = tokens + before;
    double less = 0;
    double more = 0;
    for (int x = std::max(0, total - beforeN); x <= std::min(total, n); ++x) {
        const double p = std::exp(logChoose(n, x) + logChoose(beforeN, total - x) - logChoose(n + beforeN, total));
        less += x < tokens ? p : x == tokens ? p / 2 : 0;
        more += x > tokens ? p : x == tokens ? p / 2 : 0;
    }
    const TraceShape shape = test::syntheticShape(1, 2, 1, 0);
    TraceModel trace;
    trace.setRun(1, shape, answerOf(shape, {tokens, n - tokens}));
    trace.setRun(2, shape, answerOf(shape, {before, beforeN - before}));
    trace.setCurrent(1);
    QCOMPARE(Measure::of(trace, Scope::Answer, -1, 2).isOutsideChance(0, 0), less < 0.025 || more < 0.025);
}

void TestMeasure::theChatWithoutTheBaseline() {
    const TraceShape shape = test::syntheticShape(1, 4, 1, 0);
    TraceModel trace;
    trace.setRun(1, shape, answerOf(shape, {3, 1, 0, 0}));
    trace.setRun(2, shape, answerOf(shape, {0, 5, 0, 0}));
    trace.setRun(3, shape, answerOf(shape, {0, 0, 7, 0}));
    trace.setCurrent(1);
    const Measure measure = Measure::of(trace, Scope::Chat, -1, 2);
    QCOMPARE(measure.counts.n(), 11); // no token is on both sides
    QCOMPARE(measure.counts.tokens(0, 1), 1);
    QCOMPARE(measure.baseline.tokens(0, 1), 5);
    QCOMPARE(Measure::of(trace, Scope::Chat, -1, -1).counts.n(), 16);
}

void TestMeasure::whatCannotBeABaseline() {
    const TraceShape shape = test::syntheticShape(1, 4, 1, 0);
    TraceShape other = shape;
    other.file = QStringLiteral("other.gguf");
    TraceModel trace;
    trace.setRun(4, shape, answerOf(shape, {3, 1, 0, 0}));
    trace.setRun(5, other, answerOf(other, {3, 1, 0, 0})); // other networks
    trace.setRun(6, shape, {});                            // nothing to compare with
    trace.setRun(7, shape, answerOf(shape, {1, 1, 1, 0}));
    trace.setCurrent(4);
    QCOMPARE(baselineRuns(trace), (QList<qint64>{7}));
    QCOMPARE(answerNumber(trace, 4), 1);
    QCOMPARE(answerNumber(trace, 7), 3);
    QCOMPARE(answerNumber(trace, 5), 0);
    trace.setRun(8, shape, answerOf(shape, {0, 2, 1, 0}), true); // what a what-if changes is best measured so
    QCOMPARE(baselineRuns(trace), (QList<qint64>{7, 8}));
    QCOMPARE(answerNumber(trace, 8), 4);
    QCOMPARE(baselineName(trace, 8), QString("answer 4"));
    // The same answer without its what-if is no other answer of the chat.
    const int chat = trace.statistics(Scope::Chat).n();
    trace.setVersion(2, shape, answerOf(shape, {2, 2, 0, 0}));
    QCOMPARE(trace.statistics(Scope::Chat).n(), chat);
    QCOMPARE(trace.whatIfAnswers(), 1);
    QCOMPARE(baselineRuns(trace), (QList<qint64>{7, 8, 2}));
    QCOMPARE(baselineName(trace, 8), QString("answer 4"));
    QCOMPARE(baselineName(trace, 2), QString("other version"));
    QCOMPARE(Measure::of(trace, Scope::Answer, -1, 2).baseline.n(), 4);
    for (const qint64 run : {4, 5, 6, 99}) {
        QVERIFY(Measure::of(trace, Scope::Answer, -1, run).isUniform());
    }
}

void TestMeasure::theTableFollows() {
    const TraceShape shape = test::syntheticShape(1, 4, 1, 0);
    TraceModel trace;
    ExpertsTable table(&trace);
    QAbstractItemModelTester tester(&table, QAbstractItemModelTester::FailureReportingMode::QtTest);
    trace.setRun(1, shape, answerOf(shape, {30, 10, 10, 0}));
    trace.setRun(2, shape, answerOf(shape, {20, 0, 20, 0}));
    trace.setCurrent(1);
    const auto title = [&] { return table.headerData(ExpertsTable::OverUniform, Qt::Horizontal, Qt::DisplayRole); };
    QCOMPARE(title().toString(), QStringLiteral("÷ uniform"));
    QCOMPARE(rawAt(table, 0, ExpertsTable::OverUniform).toDouble(), 2.4);
    QSignalSpy head(&table, &QAbstractItemModel::headerDataChanged);
    table.setBaseline(2);
    QCOMPARE(head.size(), 1);
    QCOMPARE(title().toString(), QStringLiteral("÷ answer 2"));
    QCOMPARE(rawAt(table, 0, ExpertsTable::OverUniform).toDouble(), 0.6 / 0.5);
    QCOMPARE(table.index(1, ExpertsTable::OverUniform).data().toString(), QStringLiteral("∞"));
    QCOMPARE(rawAt(table, 0, ExpertsTable::OutsideChance).toString(), QStringLiteral("no"));
    QCOMPARE(rawAt(table, 2, ExpertsTable::OutsideChance).toString(), QStringLiteral("yes"));
    trace.append(1, answerOf(shape, {0, 0, 30, 0}));
    QCOMPARE(rawAt(table, 2, ExpertsTable::OverUniform).toDouble(), 0.5 / 0.5);
    trace.setWindow({0, 9});
    table.setScope(Scope::Window, -1);
    QCOMPARE(rawAt(table, 0, ExpertsTable::Count).toInt(), 10);
    trace.setWindow({0, 19});
    QCOMPARE(rawAt(table, 0, ExpertsTable::Count).toInt(), 20);
}

QTEST_GUILESS_MAIN(TestMeasure)
#include "tst_measure.moc"
