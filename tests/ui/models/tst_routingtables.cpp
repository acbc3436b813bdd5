// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"
#include "ui/models/kvcache.h"
#include "ui/models/routingtables.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

using namespace moescope;
using namespace moescope::ui;

namespace {

constexpr auto strict = QAbstractItemModelTester::FailureReportingMode::QtTest;

QVariant rawAt(const QAbstractItemModel& model, int row, int column) {
    return model.data(model.index(row, column), TabularModel::RawRole);
}

QString textAt(const QAbstractItemModel& model, int row, int column) {
    return model.data(model.index(row, column)).toString();
}

} // namespace

class TestRoutingTables : public QObject {
    Q_OBJECT
private slots:
    void experts();
    void tokenStrip();
    void tokenPath();
    void marginsAddUp_data();
    void marginsAddUp();
    void denseModel();
    void kvCache();
    void kvComparisons_data();
    void kvComparisons();
    void kvOfNothing();
    void kvGroups();
    void kvOfHunyuanLarge();
    void exports();
};

void TestRoutingTables::experts() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    TraceModel trace;
    ExpertsTable table(&trace);
    QAbstractItemModelTester tester(&table, strict);
    QCOMPARE(table.rowCount(), 0);
    trace.begin(1, shape);
    QCOMPARE(table.rowCount(), 128);
    QSignalSpy changed(&table, &QAbstractItemModel::dataChanged);
    trace.append(1, test::syntheticAnswer(shape, 100, false));
    QCOMPARE(changed.size(), 1);
    int sum = 0;
    for (int row = table.rowOf(5, 0); row < table.rowOf(6, 0); ++row) {
        QCOMPARE(rawAt(table, row, ExpertsTable::Layer).toInt(), 5);
        const int tokens = rawAt(table, row, ExpertsTable::Tokens).toInt();
        sum += tokens;
        QCOMPARE(rawAt(table, row, ExpertsTable::Share).toDouble(), double(tokens));
        QCOMPARE(rawAt(table, row, ExpertsTable::OverUniform).toDouble(), tokens / 100.0 * 16);
        QCOMPARE(rawAt(table, row, ExpertsTable::Count).toInt(), 100);
        const bool chance = ChanceInterval::of(100, 1.0 / 16).contains(tokens);
        QCOMPARE(textAt(table, row, ExpertsTable::OutsideChance), chance ? "no" : "yes");
    }
    QCOMPARE(sum, 100);
    // Without a what-if nothing is to be said of one.
    QVERIFY(table.headerData(ExpertsTable::WhatIfMark, Qt::Horizontal, TabularModel::SilentRole).toBool());
    QVERIFY(!table.headerData(ExpertsTable::MeanGate, Qt::Horizontal, TabularModel::SilentRole).toBool());
    const auto alignment = [&](int column) {
        return table.headerData(column, Qt::Horizontal, Qt::TextAlignmentRole).value<Qt::Alignment>();
    };
    QVERIFY(alignment(ExpertsTable::OverUniform).testFlag(Qt::AlignRight));
    QVERIFY(alignment(ExpertsTable::OutsideChance).testFlag(Qt::AlignHCenter));
    QCOMPARE(table.index(0, ExpertsTable::OutsideChance).data(Qt::TextAlignmentRole).value<Qt::Alignment>(),
             alignment(ExpertsTable::OutsideChance));
    table.setScope(Scope::Token, 42);
    QCOMPARE(rawAt(table, table.rowOf(5, trace.topExpert(42, 5)), ExpertsTable::Tokens).toInt(), 1);
    QCOMPARE(rawAt(table, 0, ExpertsTable::Count).toInt(), 1);
    const int other = (trace.topExpert(42, 5) + 1) % 16;
    QVERIFY(!rawAt(table, table.rowOf(5, other), ExpertsTable::MeanGate).isValid());
    QCOMPARE(textAt(table, table.rowOf(5, other), ExpertsTable::MeanGate), QStringLiteral("–"));
    trace.clear();
    QCOMPARE(table.rowCount(), 0);
}

void TestRoutingTables::tokenStrip() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    TraceModel trace;
    TokenStripTable table(&trace);
    QAbstractItemModelTester tester(&table, strict);
    const auto answer = test::syntheticAnswer(shape, 40, true);
    trace.begin(1, shape);
    QSignalSpy inserted(&table, &QAbstractItemModel::rowsInserted);
    trace.append(1, answer.mid(0, 30));
    trace.append(1, answer.mid(30));
    QCOMPARE(inserted.size(), 2);
    QCOMPARE(table.rowCount(), 40);
    table.setLayer(5);
    const trace::RouterTrace& router = answer.at(33)->router;
    QCOMPARE(textAt(table, 33, TokenStripTable::Text), QStringLiteral("·boat"));
    QCOMPARE(rawAt(table, 33, TokenStripTable::Text).toString(), QStringLiteral(" boat"));
    QCOMPARE(textAt(table, 33, TokenStripTable::Class), QStringLiteral("word"));
    QCOMPARE(rawAt(table, 33, TokenStripTable::Id).toInt(), answer.at(33)->token);
    QCOMPARE(rawAt(table, 33, TokenStripTable::Expert).toInt(), int(router.experts[5]));
    QCOMPARE(rawAt(table, 33, TokenStripTable::Gate).toFloat(), router.weights[5]);
    QCOMPARE(rawAt(table, 33, TokenStripTable::RunnerUp).toInt(), int(router.runner_up[5]));
    QCOMPARE(rawAt(table, 33, TokenStripTable::RunnerUpGate).toFloat(), router.runner_up_prob[5]);
    QCOMPARE(rawAt(table, 33, TokenStripTable::Margin).toFloat(), router.margin(5));
    QCOMPARE(rawAt(table, 33, TokenStripTable::Entropy).toDouble(), routerEntropy(router, 5));
}

void TestRoutingTables::tokenPath() {
    const TraceShape shape = test::syntheticShape(32, 64, 8, 1);
    TraceModel trace;
    TokenPathTable table(&trace);
    QAbstractItemModelTester tester(&table, strict);
    const auto answer = test::syntheticAnswer(shape, 4, false);
    trace.begin(1, shape);
    trace.append(1, answer);
    QCOMPARE(table.rowCount(), 0);
    table.setToken(2);
    QCOMPARE(table.rowCount(), 32);
    QCOMPARE(rawAt(table, 7, TokenPathTable::Expert).toString(), expertsText(answer.at(2)->router, 7));
    QCOMPARE(expertsText(answer.at(2)->router, 7).count(QLatin1Char(',')), 7);
    QVERIFY(!rawAt(table, 7, TokenPathTable::Entropy).isValid());
    table.setToken(-1);
    QCOMPARE(table.rowCount(), 0);
}

void TestRoutingTables::marginsAddUp_data() {
    QTest::addColumn<float>("gate");
    QTest::addColumn<float>("runnerUp");
    QTest::addColumn<QStringList>("shown"); // gate, runner-up, margin
    QTest::addColumn<bool>("close");
    QTest::newRow("certain") << 0.996F << 0.004F << QStringList{"1.00", "0.00", "1.00"} << false;
    QTest::newRow("0.0350") << 0.1951F << 0.1601F << QStringList{"0.20", "0.16", "0.04"} << true;
    QTest::newRow("0.0997, called a tenth") << 0.2996F << 0.1999F << QStringList{"0.30", "0.20", "0.10"} << false;
    QTest::newRow("0.0960, less than a tenth") << 0.2940F << 0.1980F << QStringList{"0.29", "0.20", "0.09"} << true;
    QTest::newRow("0.0990, less than a tenth") << 0.3042F << 0.2052F << QStringList{"0.30", "0.21", "0.09"} << true;
    QTest::newRow("halves") << 0.625F << 0.125F << QStringList{"0.63", "0.13", "0.50"} << false;
}

void TestRoutingTables::marginsAddUp() {
    QFETCH(float, gate);
    QFETCH(float, runnerUp);
    QFETCH(QStringList, shown);
    QFETCH(bool, close);
    const TraceShape shape = test::syntheticShape(1, 4, 1, 0);
    auto token = std::make_shared<trace::TokenTrace>(*test::plainToken(shape, "a", {2}, {gate}));
    token->router.runner_up_prob[0] = runnerUp;
    TraceModel trace;
    trace.setRun(1, shape, {token});
    trace.setCurrent(1);
    TokenStripTable strip(&trace);
    TokenPathTable path(&trace);
    path.setToken(0);
    using Strip = TokenStripTable;
    using Path = TokenPathTable;
    QCOMPARE((QStringList{textAt(strip, 0, Strip::Gate), textAt(strip, 0, Strip::RunnerUpGate),
                          textAt(strip, 0, Strip::Margin)}),
             shown);
    QCOMPARE(
        (QStringList{textAt(path, 0, Path::Gate), textAt(path, 0, Path::RunnerUpGate), textAt(path, 0, Path::Margin)}),
        shown);
    QCOMPARE(rawAt(path, 0, Path::Margin).toFloat(), gate - runnerUp); // files keep what was measured
    QCOMPARE(marginText(token->router, 0), shown.last());
    QCOMPARE(isCloseCall(token->router, 0), close);
}

void TestRoutingTables::denseModel() {
    const TraceShape dense = test::syntheticShape(0, 0, 0, 0, QStringLiteral("Dense"));
    TraceModel trace;
    ExpertsTable experts(&trace);
    TokenStripTable strip(&trace);
    TokenPathTable path(&trace);
    QAbstractItemModelTester testExperts(&experts, strict);
    QAbstractItemModelTester testStrip(&strip, strict);
    trace.begin(1, dense);
    trace.append(1, test::syntheticAnswer(dense, 3, false));
    path.setToken(1);
    QCOMPARE(experts.rowCount(), 0);
    QCOMPARE(strip.rowCount(), 3);
    QCOMPARE(path.rowCount(), 0);
    QCOMPARE(textAt(strip, 1, TokenStripTable::Gate), QStringLiteral("–"));
}

void TestRoutingTables::kvCache() {
    trace::MemoryInfo memory;
    memory.kv_bytes_per_token = 1024;
    memory.context = 1024;
    memory.kv_type = "f16";
    KvCacheTable table;
    QAbstractItemModelTester tester(&table, strict);
    table.setState(KvCacheState::of(test::syntheticModel(8, 16, 2), memory, 603));
    QCOMPARE(table.rowCount(), 4);
    QCOMPARE(textAt(table, 2, KvCacheTable::Layers), QStringLiteral("L4–5"));
    QCOMPARE(rawAt(table, 2, KvCacheTable::UsedBytes).toULongLong(), 603ULL * 256);
    QCOMPARE(textAt(table, 2, KvCacheTable::UsedBytes), QStringLiteral("151 KiB"));
    QCOMPARE(rawAt(table, 2, KvCacheTable::ReservedBytes).toULongLong(), 1024ULL * 256);
    QCOMPARE(rawAt(table, 2, KvCacheTable::LimitBytes).toULongLong(), 2048ULL * 256);
    const KvCacheState& state = table.state();
    QCOMPARE(state.tokensUntilFull(), 421ULL);
    QCOMPARE(state.rowOf(5), 2);
    QCOMPARE(state.rowOf(8), -1);
    quint64 sum = 0;
    for (int row = 0; row < table.rowCount(); ++row) {
        sum += rawAt(table, row, KvCacheTable::UsedBytes).toULongLong();
    }
    QCOMPARE(sum, state.usedBytes());
    table.setState({});
    QCOMPARE(table.rowCount(), 0);
}

void TestRoutingTables::kvComparisons_data() {
    QTest::addColumn<int>("kvHeads");
    QTest::addColumn<int>("share");
    QTest::addColumn<QString>("names");
    QTest::newRow("GQA and CLA") << 2 << 2 << "MHA|GQA only|GQA + CLA, in use";
    QTest::newRow("GQA") << 2 << 1 << "MHA|GQA, in use";
    QTest::newRow("CLA") << 8 << 2 << "MHA|CLA, in use";
    QTest::newRow("MHA") << 8 << 1 << "MHA, in use";
}

void TestRoutingTables::kvComparisons() {
    QFETCH(int, kvHeads);
    QFETCH(int, share);
    trace::ModelInfo model = test::syntheticModel(8, 16, share);
    model.head_count_kv = uint32_t(kvHeads);
    trace::MemoryInfo memory;
    memory.kv_type = "f32";
    memory.kv_bytes_per_token = 2ULL * model.kvOwners() * model.head_count_kv * model.head_dim * 4;
    memory.context = 512;
    const auto list = KvCacheState::of(model, memory, 100).comparisons();
    QStringList names;
    for (const auto& comparison : list) {
        names.append(comparison.name);
    }
    QTEST(names.join(QLatin1Char('|')), "names");
    QCOMPARE(list.first().bytes, 100ULL * 2 * 8 * 8 * 32 * 4);
    QCOMPARE(list.last().bytes, 100 * memory.kv_bytes_per_token);
    QCOMPARE(list.last().percent, 100.0 * kvHeads / 8 / share);
    QVERIFY(list.last().in_use);
}

void TestRoutingTables::kvOfNothing() {
    trace::MemoryInfo memory;
    memory.kv_bytes_per_token = 1024;
    memory.context = 1024;
    memory.kv_type = "f16";
    trace::ModelInfo model = test::syntheticModel(8, 16, 2);
    model.context_length = 2048;
    const KvCacheState used = KvCacheState::of(model, memory, 100);
    QCOMPARE(used.comparedTokens(), 100ULL);
    QCOMPARE(used.comparisons().last().bytes, 102400ULL);
    const KvCacheState empty = KvCacheState::of(model, memory, 0);
    QCOMPARE(empty.comparedTokens(), 2048ULL); // the limit
    QCOMPARE(empty.comparisons().last().bytes, 2097152ULL);
    QCOMPARE(empty.usedBytes(), 0ULL);
}

void TestRoutingTables::kvGroups() {
    trace::MemoryInfo memory;
    memory.kv_type = "f16";
    memory.kv_bytes_per_token = 48ULL * 256;
    memory.context = 4096;
    const KvCacheState state = KvCacheState::of(test::syntheticModel(48, 128, 1), memory, 10);
    QCOMPARE(int(state.rows.size()), 12);
    QCOMPARE(state.rowLabel(11), QStringLiteral("L44–47"));
    quint64 perToken = 0;
    for (int row = 0; row < state.rows.size(); ++row) {
        perToken += state.rowBytesPerToken(row);
    }
    QCOMPARE(perToken, memory.kv_bytes_per_token);
}

void TestRoutingTables::kvOfHunyuanLarge() {
    trace::ModelInfo model = test::syntheticModel(64, 16, 2);
    model.head_count = 80;
    model.head_count_kv = 8;
    model.head_dim = 80;
    trace::MemoryInfo memory;
    memory.kv_type = "f16";
    memory.kv_bytes_per_token = 81920;
    memory.context = 262144;
    const auto list = KvCacheState::of(model, memory, 1).comparisons();
    QCOMPARE(list.at(0).bytes, 1638400ULL);
    QCOMPARE(list.at(1).bytes, 163840ULL);
    QCOMPARE(list.at(2).bytes, 81920ULL);
    QCOMPARE(list.at(2).percent, 5.0);
}

void TestRoutingTables::exports() {
    const TraceShape shape = test::syntheticShape(1, 4, 1, 0);
    TraceModel trace;
    TokenStripTable table(&trace);
    trace.begin(1, shape);
    auto token = std::make_shared<trace::TokenTrace>(*test::plainToken(shape, " \"a\",\n", {2}, {0.5F}));
    token->probability = 0.125F; // 3 bits
    trace.append(1, {token});
    QCOMPARE(toCsv(table), QStringLiteral("Position,Text,Id,Class,Expert,Gate,Runner-up,Its gate,Margin,"
                                          "\"Entropy, bits\",\"Surprise, bits\"\r\n"
                                          "1,\" \"\"a\"\",\n\",0,mixed,2,0.5,3,0.125,0.375,,3\r\n"));
    QCOMPARE(toTabSeparated(table).section(QLatin1Char('\n'), 1, 1),
             QStringLiteral("1\t \"a\", \t0\tmixed\t2\t0.5\t3\t0.125\t0.375\t\t3"));
}

QTEST_GUILESS_MAIN(TestRoutingTables)
#include "tst_routingtables.moc"
