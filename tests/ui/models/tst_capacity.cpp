// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"
#include "ui/models/capacity.h"

#include <QTest>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

using namespace moescope;
using namespace moescope::ui;

namespace {

/** Softmax over all, the `used` best; weights of several are renormalised, as Hunyuan's routers do. */
trace::TokenTracePtr routed(const std::vector<double>& logits, size_t used) {
    auto token = std::make_shared<trace::TokenTrace>();
    token->generated = true;
    trace::RouterTrace& router = token->router;
    router.moe_layers = 1;
    router.expert_count = uint32_t(logits.size());
    router.expert_used_count = uint32_t(used);
    double sum = 0;
    for (const double logit : logits) {
        sum += std::exp(logit);
    }
    for (const double logit : logits) {
        router.probs.push_back(float(std::exp(logit) / sum));
    }
    std::vector<uint16_t> order(logits.size());
    std::iota(order.begin(), order.end(), uint16_t(0));
    std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return logits[a] > logits[b]; });
    double mass = 0;
    for (size_t k = 0; k < used; ++k) {
        mass += double(router.probs[order[k]]);
    }
    for (size_t k = 0; k < used; ++k) {
        router.experts.push_back(order[k]);
        router.chosen_probs.push_back(router.probs[order[k]]);
        router.weights.push_back(used == 1 ? router.probs[order[k]] : float(double(router.probs[order[k]]) / mass));
    }
    router.runner_up.push_back(order[used]);
    router.runner_up_prob.push_back(router.probs[order[used]]);
    return token;
}

/** The router goldens of the specification: six tokens, three experts. */
QList<trace::TokenTracePtr> goldens(size_t used) {
    const std::vector<std::vector<double>> rows = {{2, 1, 0},   {1.5, .5, 1}, {3, -1, 0},
                                                   {.2, .1, 0}, {0, 1, .5},   {0, .5, 1}};
    QList<trace::TokenTracePtr> tokens;
    for (const auto& row : rows) {
        tokens.append(routed(row, used));
    }
    return tokens;
}

std::vector<const trace::RouterTrace*> batchOf(const QList<trace::TokenTracePtr>& tokens) {
    std::vector<const trace::RouterTrace*> batch;
    for (const trace::TokenTracePtr& token : tokens) {
        batch.push_back(&token->router);
    }
    return batch;
}

/** Empty: the same to 1e-6. */
QString difference(const std::vector<float>& found, const std::vector<double>& wanted) {
    if (found.size() != wanted.size()) {
        return QStringLiteral("%1 values").arg(found.size());
    }
    for (size_t i = 0; i < found.size(); ++i) {
        if (std::abs(double(found[i]) - wanted[i]) > 1e-6) {
            return QStringLiteral("%1: %2, not %3").arg(i).arg(double(found[i]), 0, 'f', 7).arg(wanted[i], 0, 'f', 7);
        }
    }
    return {};
}

} // namespace

class TestCapacity : public QObject {
    Q_OBJECT
private slots:
    void capacityOfAFactor();
    void recyclesAsTheSpecificationSays();
    void dropsAsTheSpecificationSays();
    void topTwoKeepsFirstChoicesFirst();
    void dropsWhatFindsNoPlace();
    void neverExceedsTheCapacity_data();
    void neverExceedsTheCapacity();
    void rowsOfTheAnswerInView();
    void needsProbabilitiesToRecycle();
};

void TestCapacity::capacityOfAFactor() {
    QCOMPARE(expertCapacity(1, 6, 3, 1), 2);
    QCOMPARE(expertCapacity(1.25, 6, 3, 1), 3);
    QCOMPARE(expertCapacity(1, 7, 3, 1), 3); // rounded up
    QCOMPARE(expertCapacity(1, 6, 3, 2), 4);
    QCOMPARE(expertCapacity(0.1, 6, 3, 1), 1);
    QCOMPARE(expertCapacity(1.1, 10, 1, 1), 11); // not 12, for the error of a binary fraction
}

void TestCapacity::recyclesAsTheSpecificationSays() {
    const auto tokens = goldens(1);
    const CapacityOutcome outcome = withCapacity(batchOf(tokens), 0, 2, CapacityRule::Recycle);
    QVERIFY((outcome.kept == std::vector<int>{2, 1, 1}));
    QVERIFY((outcome.experts == std::vector<int>{0, 0, 1, 2, 1, 2}));
    QCOMPARE(difference(outcome.weights, {.665241, .506480, .017148, .300610, .506480, .506480}), QString());
    QCOMPARE(outcome.moved, 2);
    QCOMPARE(outcome.dropped, 0);
}

void TestCapacity::dropsAsTheSpecificationSays() {
    const auto tokens = goldens(1);
    const CapacityOutcome outcome = withCapacity(batchOf(tokens), 0, 2, CapacityRule::Drop);
    QVERIFY((outcome.experts == std::vector<int>{0, 0, -1, -1, 1, 2}));
    QCOMPARE(difference(outcome.weights, {.665241, .506480, 0, 0, .506480, .506480}), QString());
    QCOMPARE(outcome.dropped, 2);
    QCOMPARE(outcome.moved, 0);
    // As released, C = S: nothing is dropped, and the weight is the largest probability.
    const CapacityOutcome free = withCapacity(batchOf(tokens), 0, 6, CapacityRule::Drop);
    QVERIFY((free.experts == std::vector<int>{0, 0, 0, 0, 1, 2}));
    QCOMPARE(difference(free.weights, {.665241, .506480, .936240, .367165, .506480, .506480}), QString());
    QCOMPARE(free.dropped, 0);
}

void TestCapacity::topTwoKeepsFirstChoicesFirst() {
    const auto tokens = goldens(2);
    const CapacityOutcome free = withCapacity(batchOf(tokens), 0, 12, CapacityRule::Drop);
    QVERIFY((std::vector<int>(free.experts.begin(), free.experts.begin() + 4) == std::vector<int>{0, 1, 0, 2}));
    QCOMPARE(difference({free.weights.begin(), free.weights.begin() + 4}, {.731059, .268941, .622459, .377541}),
             QString());
    // C = ⌊k·S/E⌋ = 4, of the 12 choices expert 0 has 4, expert 1 has 4 and expert 2 has 4: none is too many.
    QCOMPARE(withCapacity(batchOf(tokens), 0, 4, CapacityRule::Drop).dropped, 0);
    // With 3 places, each expert loses the choice that comes last: second choices go after all first ones.
    const CapacityOutcome tight = withCapacity(batchOf(tokens), 0, 3, CapacityRule::Drop);
    QVERIFY((tight.experts == std::vector<int>{0, 1, 0, 2, 0, 2, -1, 1, 1, -1, 2, -1}));
    QCOMPARE(tight.dropped, 3);
    QCOMPARE(double(tight.weights[0]), double(free.weights[0])); // what is left is not renormalised
}

void TestCapacity::dropsWhatFindsNoPlace() {
    const auto tokens = goldens(1);
    const CapacityOutcome outcome = withCapacity(batchOf(tokens), 0, 1, CapacityRule::Recycle);
    QVERIFY((outcome.experts == std::vector<int>{0, -1, -1, -1, 1, 2}));
    QCOMPARE(outcome.dropped, 3);
    QCOMPARE(outcome.moved, 0);
    QVERIFY(withCapacity({}, 0, 1, CapacityRule::Recycle).experts.empty());
}

void TestCapacity::neverExceedsTheCapacity_data() {
    QTest::addColumn<int>("used");
    QTest::addColumn<double>("factor");
    QTest::newRow("top-1, tight") << 1 << 0.5;
    QTest::newRow("top-1") << 1 << 1.0;
    QTest::newRow("top-1, wide") << 1 << 16.0;
    QTest::newRow("top-4") << 4 << 1.0;
}

void TestCapacity::neverExceedsTheCapacity() {
    QFETCH(const int, used);
    QFETCH(const double, factor);
    const TraceShape shape = test::syntheticShape(4, 16, used, 0);
    const auto tokens = test::syntheticAnswer(shape, 200, true);
    const int capacity = expertCapacity(factor, 200, 16, used);
    for (int layer = 0; layer < 4; ++layer) {
        for (const CapacityRule rule : {CapacityRule::Drop, CapacityRule::Recycle}) {
            const CapacityOutcome outcome = withCapacity(batchOf(tokens), layer, capacity, rule);
            std::map<int, int> taken;
            for (const int expert : outcome.experts) {
                ++taken[expert];
            }
            QCOMPARE(taken[-1], outcome.dropped);
            for (int expert = 0; expert < 16; ++expert) {
                QVERIFY(taken[expert] <= capacity);
            }
            if (rule == CapacityRule::Recycle && used == 1 && factor >= 1) {
                QCOMPARE(outcome.dropped, 0); // there are at least as many places as tokens
                QVERIFY(factor > 10 || outcome.moved > 0);
            }
        }
    }
}

void TestCapacity::rowsOfTheAnswerInView() {
    TraceModel trace;
    TraceShape shape = test::syntheticShape(1, 3, 1, 1);
    QVERIFY(capacityRows(trace, 1, CapacityRule::Drop).isEmpty());
    trace.setRun(1, shape, goldens(1));
    trace.setCurrent(1);
    CapacityTable table;
    table.setRows(capacityRows(trace, 1, CapacityRule::Drop), 1);
    QCOMPARE(table.rowCount(), 1);
    const auto raw = [&](int column) { return table.index(0, column).data(TabularModel::RawRole).toDouble(); };
    QCOMPARE(raw(CapacityTable::Tokens), 6.0);
    QCOMPARE(raw(CapacityTable::Capacity), 2.0);
    QCOMPARE(raw(CapacityTable::Busiest), 4.0);
    QCOMPARE(raw(CapacityTable::Dropped), 2.0);
    QVERIFY(std::abs(raw(CapacityTable::DroppedShare) - 100.0 / 3) < 1e-9);
    QCOMPARE(raw(CapacityTable::Moved), 0.0);
    const double before = .6652410 + .5064804 + .9362396 + .3671654 + .5064804 + .5064804;
    QVERIFY(std::abs(raw(CapacityTable::LostWeight) - 100 * (.9362396 + .3671654) / before) < 1e-4);
    table.setRows(capacityRows(trace, 1, CapacityRule::Recycle), 1);
    QCOMPARE(raw(CapacityTable::Dropped), 0.0);
    QCOMPARE(raw(CapacityTable::Moved), 2.0);
    QVERIFY(std::abs(raw(CapacityTable::LostWeight) - 100 * (.9362396 + .3671654 - .0171478 - .3006096) / before) <
            1e-4);
}

void TestCapacity::needsProbabilitiesToRecycle() {
    TraceModel trace;
    const TraceShape shape = test::syntheticShape(2, 8, 1, 0);
    trace.setRun(1, shape, test::syntheticAnswer(shape, 20, false));
    trace.setCurrent(1);
    QVERIFY(!canRecycle(trace));
    QVERIFY(capacityRows(trace, 1, CapacityRule::Recycle).isEmpty());
    QCOMPARE(capacityRows(trace, 1, CapacityRule::Drop).size(), 2);
    const TraceShape two = test::syntheticShape(2, 8, 2, 0);
    trace.setRun(2, two, test::syntheticAnswer(two, 20, true));
    trace.setCurrent(2);
    QVERIFY(!canRecycle(trace));
}

QTEST_GUILESS_MAIN(TestCapacity)
#include "tst_capacity.moc"
