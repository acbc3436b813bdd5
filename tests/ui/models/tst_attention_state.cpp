// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/attentionsample.h"

#include <QAbstractItemModelTester>
#include <QTest>

#include <numeric>

using namespace moescope;
using namespace moescope::ui;

namespace {

double sumOf(const QList<AttentionState::Mass>& masses) {
    return std::accumulate(masses.begin(), masses.end(), 0.0,
                           [](double sum, const AttentionState::Mass& mass) { return sum + mass.share; });
}

} // namespace

class TestAttentionState : public QObject {
    Q_OBJECT
private slots:
    void sharesAddUpToTheWeightsTheyCameFrom();
    void distancesAndMessagesAreNamed();
    void messagesThatTheTemplateLeavesOutAreNotThere();
    void aPromptWhoseMessagesAreOthersIsOne();
    void binsKeepTheLargest();
    void topsAreInOrder();
    void tablesHoldTheSameNumbers();
};

void TestAttentionState::sharesAddUpToTheWeightsTheyCameFrom() {
    for (const int position : {0, 1, 2, 3, 15, 16, 200}) {
        for (const bool sinks : {false, true}) {
            const AttentionState state = test::attentionSample(4, position, sinks);
            for (int head = -1; head < 4; ++head) {
                QVERIFY(std::abs(sumOf(state.byDistance(head)) + state.learnedSink(head) - 1) < 1e-5);
                QVERIFY(std::abs(sumOf(state.byMessage(head)) + state.learnedSink(head) - 1) < 1e-5);
                int positions = 0;
                for (const AttentionState::Mass& mass : state.byDistance(head)) {
                    positions += mass.n();
                    double sum = 0;
                    for (int p = mass.first; p <= mass.last; ++p) {
                        sum += state.weight(head, p);
                    }
                    QVERIFY(std::abs(sum - mass.share) < 1e-5);
                }
                QCOMPARE(positions, position + 1);
            }
            double mean = 0;
            for (int head = 0; head < 4; ++head) {
                mean += state.weight(head, 0) / 4;
            }
            QVERIFY(std::abs(mean - state.weight(-1, 0)) < 1e-6);
        }
    }
    QVERIFY(AttentionState().isEmpty());
    QCOMPARE(AttentionState().positions(), 0);
}

void TestAttentionState::distancesAndMessagesAreNamed() {
    const AttentionState state = test::attentionSample(2, 20);
    QStringList names;
    for (const AttentionState::Mass& mass : state.byDistance(0)) {
        names.append(mass.label);
    }
    QCOMPARE(names, QStringList({"0", "1–3", "4–15", "16–20"}));
    QCOMPARE(state.byDistance(0)[1].first, 17);
    QCOMPARE(state.byDistance(0)[1].last, 19);
    names.clear();
    for (const AttentionState::Mass& mass : state.byMessage(0)) {
        names.append(mass.label);
    }
    QCOMPARE(names, QStringList({"System", "You 1", "Answer 1", "You 3", "This answer"}));
    QCOMPARE(state.messageAt(0), QString("System"));
    QCOMPARE(state.messageAt(20), QString("This answer"));
    QCOMPARE(state.token(7), QString("·w7"));
}

void TestAttentionState::messagesThatTheTemplateLeavesOutAreNotThere() {
    const AttentionState state = test::attentionSample(2, 20);
    // The second of the two that begin at one place is the one with the tokens.
    QCOMPARE(state.byMessage(0).size(), 5);
    QCOMPARE(state.messageAt(10), QString("You 3"));
}

void TestAttentionState::aPromptWhoseMessagesAreOthersIsOne() {
    auto weights = std::make_shared<trace::AttentionWeights>();
    weights->position = 3;
    weights->heads = 1;
    weights->weights = {0.5F, 0.125F, 0.25F, 0.125F};
    const AttentionState state(weights, std::make_shared<const std::vector<std::string>>(4, "w"),
                               {{QString(), 0}, {QStringLiteral("assistant"), 2}});
    QCOMPARE(state.byMessage(0).size(), 2);
    QCOMPARE(state.byMessage(0)[0].label, QString("Prompt"));
    QCOMPARE(state.byMessage(0)[0].share + state.byMessage(0)[1].share, 1.0);
    QCOMPARE(state.messageAt(1), QString("Prompt"));
}

void TestAttentionState::binsKeepTheLargest() {
    const AttentionState state = test::attentionSample(3, 100);
    for (const int size : {1, 3, 7, 101, 500}) {
        const std::vector<double> bins = state.binned(1, size);
        QCOMPARE(bins.size(), size_t((101 + size - 1) / size));
        for (size_t bin = 0; bin < bins.size(); ++bin) {
            double most = 0;
            for (int p = int(bin) * size; p < std::min(101, int(bin + 1) * size); ++p) {
                most = std::max(most, state.weight(1, p));
            }
            QCOMPARE(bins[bin], most);
        }
    }
}

void TestAttentionState::topsAreInOrder() {
    const AttentionState state = test::attentionSample(3, 50);
    const QList<int> tops = state.tops(2, 60);
    QCOMPARE(tops.size(), 51);
    for (qsizetype i = 1; i < tops.size(); ++i) {
        QVERIFY(state.weight(2, tops[i]) <= state.weight(2, tops[i - 1]));
    }
    QCOMPARE(state.tops(2, 3), tops.mid(0, 3));
    QCOMPARE(state.top(2), tops[0]);
    QCOMPARE(state.most(),
             std::max({state.weight(0, state.top(0)), state.weight(1, state.top(1)), state.weight(2, state.top(2))}));
}

void TestAttentionState::tablesHoldTheSameNumbers() {
    AttentionTable table;
    QAbstractItemModelTester tester(&table);
    const AttentionState state = test::attentionSample(4, 40, true);
    table.setState(state, -1);
    QCOMPARE(table.rowCount(), 4);
    const auto column = [&](const QString& title) {
        for (int i = 0; i < table.columnCount(); ++i) {
            if (table.headerData(i, Qt::Horizontal, Qt::DisplayRole).toString() == title) {
                return i;
            }
        }
        return -1;
    };
    const auto raw = [&](int row, const QString& title) {
        const int at = column(title);
        return at < 0 ? -1.0 : table.data(table.index(row, at), TabularModel::RawRole).toDouble();
    };
    for (int head = 0; head < 4; ++head) {
        QCOMPARE(raw(head, "First token, %"), 100 * state.weight(head, 0));
        QCOMPARE(raw(head, "Learned sink, %"), 100 * state.learnedSink(head));
        QCOMPARE(int(raw(head, "Most at")), state.top(head) + 1);
        QCOMPARE(raw(head, "This answer, %"), 100 * state.byMessage(head).last().share);
        QCOMPARE(raw(head, "Distance 1–3, %"), 100 * state.byDistance(head)[1].share);
        double sum = raw(head, "Learned sink, %");
        for (const AttentionState::Mass& mass : state.byDistance(head)) {
            sum += raw(head, QString("Distance %1, %").arg(mass.label));
        }
        QVERIFY(std::abs(sum - 100) < 1e-3);
    }
    table.setState(state, 2);
    QCOMPARE(table.rowCount(), 41);
    QCOMPARE(table.columnCount(), 5);
    double sum = 0;
    for (int row = 0; row < 41; ++row) {
        QCOMPARE(int(raw(row, "Position")), row + 1);
        QCOMPARE(int(raw(row, "Distance")), 40 - row);
        sum += raw(row, "Weight, %");
    }
    QVERIFY(std::abs(sum - 98) < 1e-3); // 2 % are the learned sink's
    QCOMPARE(table.data(table.index(3, 1), Qt::DisplayRole).toString(), QString("·w3"));
    QCOMPARE(table.data(table.index(40, 2), Qt::DisplayRole).toString(), QString("This answer"));

    // Another layer without sinks, and nothing at all.
    table.setState(test::attentionSample(2, 5), -1);
    QCOMPARE(column("Learned sink, %"), -1);
    QCOMPARE(table.rowCount(), 2);
    table.setState({}, -1);
    QCOMPARE(table.rowCount(), 0);
    QVERIFY(!toCsv(table).isEmpty());
}

QTEST_GUILESS_MAIN(TestAttentionState)
#include "tst_attention_state.moc"
