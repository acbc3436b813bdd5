// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"
#include "ui/models/lifttable.h"

#include <QAbstractItemModelTester>
#include <QSignalSpy>
#include <QTest>

#include <cmath>
#include <numeric>
#include <random>
#include <set>

using namespace moescope;
using namespace moescope::ui;

namespace {

constexpr auto strict = QAbstractItemModelTester::FailureReportingMode::QtTest;

QVariant rawAt(const QAbstractItemModel& model, int row, int column) {
    return model.data(model.index(row, column), TabularModel::RawRole);
}

bool chose(const trace::TokenTracePtr& token, int layer, int expert) {
    const trace::RouterTrace& router = token->router;
    for (uint32_t k = 0; k < router.expert_used_count; ++k) {
        if (router.experts[size_t(layer) * router.expert_used_count + k] == expert) {
            return true;
        }
    }
    return false;
}

/** C(n, k) exactly, for small numbers. */
double choose(int n, int k) {
    double ways = k < 0 || k > n ? 0 : 1;
    for (int i = 0; i < k && ways > 0; ++i) {
        ways = ways * (n - i) / (i + 1);
    }
    return ways;
}

/** `size` different experts a token, each set as likely as the product of its members' odds. */
QList<trace::TokenTracePtr> drawn(const TraceShape& shape, int tokens, unsigned seed) {
    std::mt19937 random(seed);
    QList<trace::TokenTracePtr> answer;
    for (int at = 0; at < tokens; ++at) {
        std::vector<uint16_t> experts;
        for (int layer = 0; layer < shape.layers; ++layer) {
            std::vector<uint16_t> all(static_cast<size_t>(shape.experts));
            std::iota(all.begin(), all.end(), uint16_t(0));
            for (int k = 0; k < shape.used; ++k) { // all sets are as likely as each other
                std::swap(all[size_t(k)], all[size_t(k) + random() % (all.size() - size_t(k))]);
                experts.push_back(all[size_t(k)]);
            }
        }
        answer.append(test::plainToken(shape, " x", experts, std::vector<float>(experts.size(), 0.1F)));
    }
    return answer;
}

} // namespace

class TestLift : public QObject {
    Q_OBJECT
private slots:
    void overlapAgainstCounting_data();
    void overlapAgainstCounting();
    void overlapWithAnExpectation();
    void pairsOfAnEvenDraw();
    void pairsAgainstAllSets_data();
    void pairsAgainstAllSets();
    void pairsKeepTheTotals();
    void countsAgainstTheTrace_data();
    void countsAgainstTheTrace();
    void chanceAloneIsSeldomOutside_data();
    void chanceAloneIsSeldomOutside();
    void countsOnlyWhatIsNew();
    void scopes();
    void aWindowGoesWithItsAnswer();
    void expertTwiceInALayer();
    void noPairs();
    void classesAgainstTheTrace();
    void pairRows();
    void tables();
    void largest();
};

void TestLift::overlapAgainstCounting_data() {
    QTest::addColumn<int>("all");
    QTest::addColumn<int>("some");
    QTest::addColumn<int>("others");
    QTest::newRow("balanced") << 40 << 20 << 20;
    QTest::newRow("rare") << 60 << 3 << 5;
    QTest::newRow("must overlap") << 30 << 25 << 22;
    QTest::newRow("all of one") << 20 << 20 << 7;
    QTest::newRow("none") << 20 << 0 << 7;
    QTest::newRow("three say nothing") << 3 << 1 << 2;
}

void TestLift::overlapAgainstCounting() {
    QFETCH(int, all);
    QFETCH(int, some);
    QFETCH(int, others);
    const ChanceInterval interval = ChanceInterval::ofOverlap(all, some, others);
    const auto p = [&](int both) {
        return choose(some, both) * choose(all - some, others - both) / choose(all, others);
    };
    int low = -1;
    int high = -1;
    for (int both = 0; both <= others; ++both) {
        double below = p(both) / 2;
        double above = p(both) / 2;
        for (int other = 0; other <= others; ++other) {
            below += other < both ? p(other) : 0;
            above += other > both ? p(other) : 0;
        }
        const bool possible = p(both) > 0;
        low = possible && low < 0 && (all < 4 || below >= 0.025) ? both : low;
        high = possible && (all < 4 || above >= 0.025) ? both : high;
    }
    QCOMPARE(interval.low, low);
    QCOMPARE(interval.high, high);
}

void TestLift::overlapWithAnExpectation() {
    // Fisher's noncentral distribution by its definition: C(some, x) · C(all − some, others − x) · odds^x.
    const int all = 60;
    const int some = 25;
    const int others = 30;
    for (const double expected : {4.0, 9.0, 12.5, 20.0}) {
        // Odds of four cells that add up to these margins.
        const double odds = expected * (all - some - others + expected) / ((some - expected) * (others - expected));
        std::vector<double> p;
        for (int both = 0; both <= some; ++both) {
            p.push_back(choose(some, both) * choose(all - some, others - both) * std::pow(odds, both));
        }
        const double sum = std::accumulate(p.begin(), p.end(), 0.0);
        const ChanceInterval interval = ChanceInterval::ofOverlap(all, some, others, expected);
        QVERIFY(interval.low < expected && interval.high > expected);
        double below = 0;
        double above = 0;
        for (int both = 0; both <= some; ++both) {
            below += both < interval.low ? p[size_t(both)] / sum : 0;
            above += both > interval.high ? p[size_t(both)] / sum : 0;
        }
        const double atLow = p[size_t(interval.low)] / sum;
        const double atHigh = p[size_t(interval.high)] / sum;
        QVERIFY(below + atLow / 2 >= 0.025 && below - p[size_t(interval.low) - 1] / sum / 2 < 0.025);
        QVERIFY(above + atHigh / 2 >= 0.025 && above - p[size_t(interval.high) + 1] / sum / 2 < 0.025);
    }
    // Without one it is some × others ÷ all.
    const ChanceInterval plain = ChanceInterval::ofOverlap(all, some, others);
    const ChanceInterval same = ChanceInterval::ofOverlap(all, some, others, 12.5);
    QCOMPARE(plain.low, same.low);
    QCOMPARE(plain.high, same.high);
    // What cannot be otherwise.
    QCOMPARE(ChanceInterval::ofOverlap(20, 20, 7, 7).low, 7);
    QCOMPARE(ChanceInterval::ofOverlap(20, 5, 7, 0).high, 0);
}

void TestLift::pairsOfAnEvenDraw() {
    const int experts = 8;
    const int used = 3;
    const int n = 800;
    const auto expected = expectedPairs(std::vector<int>(experts, n * used / experts), n, used);
    for (int a = 0; a < experts; ++a) {
        for (int b = 0; b < experts; ++b) {
            const double right = a == b ? 0 : double(n) * used * (used - 1) / (experts * (experts - 1));
            QVERIFY(std::abs(expected[size_t(a * experts + b)] - right) < 1e-6);
        }
    }
}

void TestLift::pairsAgainstAllSets_data() {
    QTest::addColumn<QList<double>>("odds");
    QTest::addColumn<int>("used");
    QTest::newRow("2 of 5") << QList<double>{1, 2, 0.5, 4, 0.1} << 2;
    QTest::newRow("3 of 6") << QList<double>{1, 9, 0.2, 3, 0.7, 30} << 3;
    QTest::newRow("5 of 7") << QList<double>{1, 1, 2, 2, 0.05, 40, 6} << 5;
}

void TestLift::pairsAgainstAllSets() {
    QFETCH(QList<double>, odds);
    QFETCH(int, used);
    // All sets of `used` experts in turn; counts are made large, so that they are the shares exactly enough.
    const int experts = int(odds.size());
    const int n = 1'000'000'000;
    double all = 0;
    std::vector<double> single(size_t(experts), 0);
    std::vector<double> pairs(size_t(experts * experts), 0);
    for (unsigned set = 0; set < 1U << unsigned(experts); ++set) {
        double weight = 1;
        int size = 0;
        for (int e = 0; e < experts; ++e) {
            if ((set >> unsigned(e) & 1U) != 0) {
                weight *= odds.at(e);
                ++size;
            }
        }
        if (size != used) {
            continue;
        }
        all += weight;
        for (int a = 0; a < experts; ++a) {
            for (int b = 0; b < experts; ++b) {
                if ((set >> unsigned(a) & 1U) != 0 && (set >> unsigned(b) & 1U) != 0) {
                    (a == b ? single[size_t(a)] : pairs[size_t(a * experts + b)]) += weight;
                }
            }
        }
    }
    std::vector<int> chosen;
    for (const double weight : single) {
        chosen.push_back(int(std::lround(weight / all * n)));
    }
    const auto expected = expectedPairs(chosen, n, used);
    for (size_t cell = 0; cell < pairs.size(); ++cell) {
        QVERIFY2(std::abs(expected[cell] / n - pairs[cell] / all) < 1e-6, qPrintable(QString::number(cell)));
    }
}

void TestLift::pairsKeepTheTotals() {
    // One expert always, one never, the others unevenly: each row adds up to the other places of its tokens.
    const std::vector<int> chosen = {100, 0, 99, 60, 25, 10, 5, 1};
    const auto expected = expectedPairs(chosen, 100, 3);
    for (size_t a = 0; a < chosen.size(); ++a) {
        const double sum = std::accumulate(expected.begin() + long(a * 8), expected.begin() + long(a * 8 + 8), 0.0);
        QVERIFY2(std::abs(sum - 2.0 * chosen[a]) < 1e-4, qPrintable(QString::number(sum)));
        QCOMPARE(expected[a * 8], a == 0 ? 0.0 : double(chosen[a])); // always beside the first
    }
    const auto nothing = expectedPairs({0, 0, 0}, 0, 2);
    QCOMPARE(std::accumulate(nothing.begin(), nothing.end(), 0.0), 0.0);
}

void TestLift::countsAgainstTheTrace_data() {
    QTest::addColumn<int>("experts");
    QTest::addColumn<int>("used");
    QTest::newRow("16, top-1") << 16 << 1;
    QTest::newRow("16, top-2") << 16 << 2;
    QTest::newRow("64, top-8") << 64 << 8;
    QTest::newRow("128, top-8") << 128 << 8;
}

void TestLift::countsAgainstTheTrace() {
    QFETCH(int, experts);
    QFETCH(int, used);
    const TraceShape shape = test::syntheticShape(4, experts, used, 0);
    const auto answer = test::syntheticAnswer(shape, 150, false);
    TraceModel trace;
    trace.setRun(1, shape, answer);
    trace.setCurrent(1);
    for (const PairMode mode : {PairMode::WithinLayer, PairMode::ToNextLayer}) {
        const bool within = mode == PairMode::WithinLayer;
        ExpertPairs pairs;
        QVERIFY(pairs.update(trace, Scope::Answer, mode, 2));
        const LiftMatrix& counts = pairs.matrix();
        if (within && used == 1) {
            QCOMPARE(counts.rows(), 0);
            continue;
        }
        QCOMPARE(counts.rows(), experts);
        QCOMPARE(counts.n(), 150);
        int sum = 0;
        double expectedSum = 0;
        for (int a = 0; a < experts; ++a) {
            int total = 0;
            for (const auto& token : answer) {
                total += int(chose(token, 2, a));
            }
            QCOMPARE(counts.rowTotal(a), total);
            for (int b = 0; b < experts; ++b) {
                int both = 0;
                for (const auto& token : answer) {
                    both += int((!within || a != b) && chose(token, 2, a) && chose(token, within ? 2 : 3, b));
                }
                QCOMPARE(counts.observed(a, b), both);
                sum += both;
                expectedSum += counts.expected(a, b);
                if (!within) {
                    const double expected = double(total) * counts.columnTotal(b) / 150;
                    QCOMPARE(counts.expected(a, b), expected);
                    QCOMPARE(counts.lift(a, b), expected > 0 ? both / expected : -1);
                }
            }
        }
        QCOMPARE(sum, 150 * used * (within ? used - 1 : used));
        QVERIFY(std::abs(expectedSum - sum) < 1e-3);
    }
}

void TestLift::chanceAloneIsSeldomOutside_data() {
    QTest::addColumn<int>("mode");
    QTest::addColumn<int>("used");
    QTest::newRow("within, top-2") << int(PairMode::WithinLayer) << 2;
    QTest::newRow("within, top-4") << int(PairMode::WithinLayer) << 4;
    QTest::newRow("next, top-1") << int(PairMode::ToNextLayer) << 1;
    QTest::newRow("next, top-4") << int(PairMode::ToNextLayer) << 4;
}

void TestLift::chanceAloneIsSeldomOutside() {
    QFETCH(int, mode);
    QFETCH(int, used);
    // Layers that know nothing of each other: about 5 % of the cells are outside, neither 15 % nor none.
    const TraceShape shape = test::syntheticShape(2, 16, used, 0);
    int cells = 0;
    int outside = 0;
    for (unsigned seed = 1; seed <= 12; ++seed) {
        TraceModel trace;
        trace.setRun(1, shape, drawn(shape, 2000, seed));
        trace.setCurrent(1);
        ExpertPairs pairs;
        pairs.update(trace, Scope::Answer, PairMode(mode), 0);
        for (int a = 0; a < 16; ++a) {
            for (int b = mode == int(PairMode::WithinLayer) ? a + 1 : 0; b < 16; ++b) {
                ++cells;
                outside += int(pairs.matrix().isOutsideChance(a, b));
            }
        }
    }
    const double share = double(outside) / cells;
    QVERIFY2(share > 0.03 && share < 0.07, qPrintable(QString::number(share)));
}

void TestLift::countsOnlyWhatIsNew() {
    const TraceShape shape = test::syntheticShape(4, 16, 2, 0);
    const auto answer = test::syntheticAnswer(shape, 100, false);
    TraceModel trace;
    trace.begin(1, shape);
    ExpertPairs pairs;
    ClassesByExpert classes;
    for (int at = 0; at < 100; at += 10) {
        trace.append(1, answer.mid(at, 10));
        QVERIFY(pairs.update(trace, Scope::Answer, PairMode::WithinLayer, 1));
        QVERIFY(classes.update(trace, Scope::Answer, 1));
        QVERIFY(!pairs.update(trace, Scope::Answer, PairMode::WithinLayer, 1)); // nothing came
        QVERIFY(!classes.update(trace, Scope::Answer, 1));
    }
    QCOMPARE(pairs.counted(), 100);
    QCOMPARE(classes.counted(), 100);
    ExpertPairs afresh;
    afresh.update(trace, Scope::Answer, PairMode::WithinLayer, 1);
    for (int cell = 0; cell < 256; ++cell) {
        QCOMPARE(pairs.matrix().observed(cell / 16, cell % 16), afresh.matrix().observed(cell / 16, cell % 16));
        QCOMPARE(pairs.matrix().expected(cell / 16, cell % 16), afresh.matrix().expected(cell / 16, cell % 16));
    }
    QVERIFY(pairs.update(trace, Scope::Answer, PairMode::WithinLayer, 2)); // another layer: all of them
    QCOMPARE(pairs.counted(), 200);
    trace.setRun(1, shape, answer.mid(0, 30)); // another answer in its place
    QVERIFY(pairs.update(trace, Scope::Answer, PairMode::WithinLayer, 2));
    QCOMPARE(pairs.matrix().n(), 30);
}

void TestLift::scopes() {
    const TraceShape shape = test::syntheticShape(2, 8, 1, 0);
    TraceShape other = shape;
    other.file = QStringLiteral("other.gguf");
    TraceModel trace;
    trace.setRun(1, shape, test::syntheticAnswer(shape, 40, false, 1));
    trace.setRun(2, shape, test::syntheticAnswer(shape, 50, false, 2));
    trace.setRun(3, other, test::syntheticAnswer(other, 60, false, 3));
    trace.setCurrent(1);
    ExpertPairs pairs;
    const auto counted = [&](Scope scope) {
        pairs.update(trace, scope, PairMode::ToNextLayer, 0);
        return pairs.matrix().n();
    };
    QCOMPARE(counted(Scope::Answer), 40);
    QCOMPARE(counted(Scope::Chat), 90); // another file's experts are other networks
    QCOMPARE(counted(Scope::Window), 0);
    trace.setWindow({10, 19});
    QCOMPARE(counted(Scope::Window), 10);
    QCOMPARE(pairs.matrix().rowTotal(trace.topExpert(12, 0)),
             trace.statistics(Scope::Window).tokens(0, trace.topExpert(12, 0)));
    QCOMPARE(counted(Scope::Chat), 90);
    trace.append(2, test::syntheticAnswer(shape, 5, false, 9));
    QCOMPARE(counted(Scope::Chat), 95);
    trace.setCurrent(3);
    QCOMPARE(counted(Scope::Chat), 60);
}

void TestLift::aWindowGoesWithItsAnswer() {
    const TraceShape shape = test::syntheticShape(2, 8, 1, 0);
    TraceModel trace;
    QSignalSpy changed(&trace, &TraceModel::windowChanged);
    trace.setWindow({0, 5});
    QVERIFY(trace.window().isEmpty()); // no answer
    trace.begin(1, shape);
    trace.append(1, test::syntheticAnswer(shape, 30, false));
    trace.setWindow({20, 8});
    QCOMPARE(trace.window(), (TokenWindow{8, 20}));
    QCOMPARE(trace.window().count(), 13);
    QCOMPARE(changed.size(), 1);
    const RoutingStatistics& counts = trace.statistics(Scope::Window);
    QCOMPARE(counts.n(), 13);
    for (int expert = 0; expert < 8; ++expert) {
        int tokens = 0;
        for (int at = 8; at <= 20; ++at) {
            tokens += int(trace.topExpert(at, 1) == expert);
        }
        QCOMPARE(counts.tokens(1, expert), tokens);
    }
    trace.setWindow({25, 99});
    QCOMPARE(trace.window(), (TokenWindow{25, 29}));
    QCOMPARE(trace.statistics(Scope::Window).n(), 5);
    trace.append(1, test::syntheticAnswer(shape, 10, false));
    QCOMPARE(trace.statistics(Scope::Window).n(), 5);
    trace.setWindow({});
    QCOMPARE(trace.statistics(Scope::Window).n(), 0);
    trace.setWindow({3, 3});
    trace.setRun(2, shape, test::syntheticAnswer(shape, 5, false));
    QCOMPARE(trace.window().count(), 1);
    trace.setCurrent(2);
    QVERIFY(trace.window().isEmpty());
    QCOMPARE(trace.statistics(Scope::Window).n(), 0);
}

void TestLift::expertTwiceInALayer() {
    const TraceShape shape = test::syntheticShape(1, 4, 2, 0);
    TraceModel trace;
    trace.setRun(
        1, shape,
        {test::plainToken(shape, "a", {1, 1}, {0.5F, 0.5F}), test::plainToken(shape, "b", {1, 2}, {0.5F, 0.5F})});
    trace.setCurrent(1);
    ExpertPairs pairs;
    pairs.update(trace, Scope::Answer, PairMode::WithinLayer, 0);
    QCOMPARE(pairs.matrix().n(), 1);
    QCOMPARE(pairs.matrix().expected(1, 2), 1.0);
    QCOMPARE(pairs.matrix().observed(1, 1), 0);
}

void TestLift::noPairs() {
    TraceModel trace;
    ExpertPairs pairs;
    ClassesByExpert classes;
    pairs.update(trace, Scope::Answer, PairMode::WithinLayer, 0);
    classes.update(trace, Scope::Answer, 0);
    QCOMPARE(pairs.matrix().rows(), 0);
    QCOMPARE(classes.matrix().rows(), 0);
    const TraceShape dense = test::syntheticShape(0, 0, 0, 0);
    trace.setRun(1, dense, test::syntheticAnswer(dense, 5, false));
    trace.setCurrent(1);
    pairs.update(trace, Scope::Chat, PairMode::ToNextLayer, 0);
    classes.update(trace, Scope::Chat, 0);
    QCOMPARE(pairs.matrix().rows(), 0);
    QCOMPARE(classes.matrix().rows(), 0);
    const TraceShape shape = test::syntheticShape(3, 8, 2, 0);
    trace.setRun(2, shape, test::syntheticAnswer(shape, 5, false));
    trace.setCurrent(2);
    pairs.update(trace, Scope::Answer, PairMode::ToNextLayer, 2); // the last layer has no next
    QCOMPARE(pairs.matrix().rows(), 0);
    pairs.update(trace, Scope::Answer, PairMode::ToNextLayer, 1);
    QCOMPARE(pairs.matrix().n(), 5);
}

void TestLift::classesAgainstTheTrace() {
    const TraceShape shape = test::syntheticShape(3, 64, 4, 0);
    const auto answer = test::syntheticAnswer(shape, 200, false);
    TraceModel trace;
    trace.setRun(1, shape, answer);
    trace.setCurrent(1);
    ClassesByExpert classes;
    classes.update(trace, Scope::Answer, 1);
    const LiftMatrix& counts = classes.matrix();
    QCOMPARE(counts.n(), 200);
    int sum = 0;
    for (int row = 0; row < counts.rows(); ++row) {
        const auto isIn = [&](const trace::TokenTracePtr& token) {
            return tokenClass(token->text) == tokenClasses().at(row);
        };
        const auto n = int(std::count_if(answer.begin(), answer.end(), isIn));
        QCOMPARE(counts.rowTotal(row), n);
        sum += n;
        for (int expert = 0; expert < 64; ++expert) {
            int both = 0;
            int routed = 0;
            for (const auto& token : answer) {
                routed += int(chose(token, 1, expert));
                both += int(isIn(token) && chose(token, 1, expert));
            }
            QCOMPARE(counts.observed(row, expert), both);
            // Lift: the share of the class among the expert's tokens, over its share among all.
            const bool some = n > 0 && routed > 0;
            const double lift = some ? (double(both) / routed) / (n / 200.0) : -1;
            QVERIFY(std::abs(counts.lift(row, expert) - lift) < 1e-9);
        }
    }
    QCOMPARE(sum, 200);
    QCOMPARE(counts.rowTotal(tokenClassRow(TokenClass::Word)) > 0, true);
    QCOMPARE(std::set<TokenClass>(tokenClasses().begin(), tokenClasses().end()).size(), size_t(9));
}

void TestLift::pairRows() {
    for (const int experts : {2, 3, 16, 128}) {
        const TraceShape shape = test::syntheticShape(1, experts, 2, 0);
        TraceModel trace;
        trace.setRun(1, shape, test::syntheticAnswer(shape, 4, false));
        trace.setCurrent(1);
        PairsTable table(&trace);
        table.update(Scope::Answer, 0);
        QCOMPARE(table.rowCount(), experts * (experts - 1) / 2);
        int row = 0;
        for (int a = 0; a < experts; ++a) {
            QCOMPARE(table.rowOf(a, a), -1);
            for (int b = a + 1; b < experts; ++b, ++row) {
                QCOMPARE(table.rowOf(a, b), row);
                QCOMPARE(table.rowOf(b, a), row);
                QCOMPARE(table.cellOf(row), qMakePair(a, b));
            }
        }
    }
}

void TestLift::tables() {
    const TraceShape shape = test::syntheticShape(3, 16, 2, 0);
    TraceModel trace;
    PairsTable pairs(&trace);
    ClassesTable classes(&trace);
    QAbstractItemModelTester testPairs(&pairs, strict);
    QAbstractItemModelTester testClasses(&classes, strict);
    trace.begin(1, shape);
    trace.append(1, test::syntheticAnswer(shape, 80, false));
    QCOMPARE(pairs.rowCount(), 0); // nobody asked
    QCOMPARE(pairs.counted(), 0);
    pairs.setMode(PairMode::ToNextLayer);
    pairs.update(Scope::Answer, 1);
    classes.update(Scope::Answer, 1);
    QCOMPARE(pairs.rowCount(), 256);
    QCOMPARE(classes.rowCount(), 9 * 16);
    for (int row = 0; row < 256; ++row) {
        const LiftMatrix& counts = pairs.matrix();
        const int a = row / 16;
        const int b = row % 16;
        QCOMPARE(rawAt(pairs, row, LiftTable::Row).toInt(), a);
        QCOMPARE(rawAt(pairs, row, LiftTable::Across).toInt(), b);
        QCOMPARE(rawAt(pairs, row, LiftTable::Observed).toInt(), counts.observed(a, b));
        QCOMPARE(rawAt(pairs, row, LiftTable::Expected).toDouble(), counts.expected(a, b));
        QCOMPARE(rawAt(pairs, row, LiftTable::Lift).isValid(), counts.expected(a, b) > 0);
        const ChanceInterval chance = ChanceInterval::ofOverlap(80, counts.rowTotal(a), counts.columnTotal(b));
        const bool inside = chance.contains(counts.observed(a, b));
        QCOMPARE(rawAt(pairs, row, LiftTable::OutsideChance).toString(), inside ? "no" : "yes");
        QVERIFY(rawAt(pairs, row, LiftTable::Chance).toString().startsWith(QString::number(chance.low)));
        QCOMPARE(rawAt(pairs, row, LiftTable::Count).toInt(), 80);
    }
    QCOMPARE(rawAt(classes, 0, LiftTable::Row).toString(), QStringLiteral("word"));
    QCOMPARE(rawAt(classes, 16 * 3 + 5, LiftTable::Observed).toInt(), classes.matrix().observed(3, 5));
    QSignalSpy changed(&pairs, &QAbstractItemModel::dataChanged);
    pairs.update(Scope::Answer, 1);
    QCOMPARE(changed.size(), 0);
    trace.append(1, test::syntheticAnswer(shape, 3, false));
    pairs.update(Scope::Answer, 1);
    QCOMPARE(changed.size(), 1);
    pairs.setMode(PairMode::WithinLayer);
    pairs.update(Scope::Answer, 1);
    QCOMPARE(pairs.rowCount(), 120);
    trace.clear();
    pairs.update(Scope::Answer, 1);
    QCOMPARE(pairs.rowCount(), 0);
}

void TestLift::largest() {
    const TraceShape shape = test::syntheticShape(2, 128, 8, 0);
    TraceModel trace;
    trace.setRun(1, shape, drawn(shape, 3000, 3));
    trace.setCurrent(1);
    ExpertPairs pairs;
    QBENCHMARK_ONCE {
        pairs.update(trace, Scope::Answer, PairMode::WithinLayer, 0);
        int outside = 0;
        for (int cell = 0; cell < 128 * 128; ++cell) {
            outside += int(pairs.matrix().isOutsideChance(cell / 128, cell % 128));
        }
        QVERIFY(outside < 128 * 128 / 10);
    }
}

QTEST_GUILESS_MAIN(TestLift)
#include "tst_lift.moc"
