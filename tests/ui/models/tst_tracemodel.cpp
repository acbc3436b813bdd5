// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"

#include <QSignalSpy>
#include <QTest>

using namespace moescope;
using namespace moescope::ui;

class TestTraceModel : public QObject {
    Q_OBJECT
private slots:
    void batchesEqualOneLoad();
    void scopes();
    void chatLeavesOutWhatIfs();
    void keepsWhatDoesNotFitOutOfTheCounts();
    void keptAnswersLearnTheirModel();
    void removeAndClear();
    void followsLiveTokens();
    void selectionNamesTheRoutersChoice();
    void historyReachesALiveAnswer();
    void selectionHistory();
    void selectionStaysInRange();
    void filterCountsWhatMatches();
};

void TestTraceModel::batchesEqualOneLoad() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    const auto answer = test::syntheticAnswer(shape, 50, true);
    TraceModel live;
    QSignalSpy appended(&live, &TraceModel::appended);
    live.begin(7, shape);
    QVERIFY(live.isLive());
    live.append(7, answer.mid(0, 20));
    live.append(7, answer.mid(20));
    live.append(8, answer); // another conversation's answer
    QCOMPARE(appended.size(), 2);
    QCOMPARE(appended.at(1).at(0).toInt(), 20);
    QCOMPARE(appended.at(1).at(1).toInt(), 49);
    live.finish(7);
    QVERIFY(!live.isLive());

    TraceModel kept;
    kept.setRun(7, shape, answer);
    kept.setCurrent(7);
    QCOMPARE(kept.tokenCount(), 50);
    for (int layer = 0; layer < 8; ++layer) {
        for (int expert = 0; expert < 16; ++expert) {
            QCOMPARE(live.statistics(Scope::Answer).tokens(layer, expert),
                     kept.statistics(Scope::Answer).tokens(layer, expert));
        }
    }
    QCOMPARE(&live.token(3), answer.at(3).get()); // shared, not copied
}

void TestTraceModel::scopes() {
    const TraceShape nano = test::syntheticShape(4, 8, 2, 1);
    const TraceShape other = test::syntheticShape(4, 8, 2, 1, QStringLiteral("Other"));
    TraceModel model;
    model.setRun(1, nano, test::syntheticAnswer(nano, 10, false, 1));
    model.setRun(2, other, test::syntheticAnswer(other, 30, false, 2));
    model.begin(3, nano);
    model.append(3, test::syntheticAnswer(nano, 5, false, 3));
    QCOMPARE(model.statistics(Scope::Answer).n(), 5);
    QCOMPARE(model.statistics(Scope::Chat).n(), 15); // another model's experts are other networks
    QCOMPARE(model.statistics(Scope::Token, 2).n(), 1);
    QCOMPARE(model.statistics(Scope::Token, -1).n(), 0);
    QCOMPARE(model.statistics(Scope::Token, 2).tokens(1, model.topExpert(2, 1)), 1);
    model.setCurrent(2);
    QCOMPARE(model.statistics(Scope::Chat).n(), 30);
    model.append(3, test::syntheticAnswer(nano, 5, false, 4));
    QCOMPARE(model.statistics(Scope::Chat).n(), 30);
    model.setCurrent(1);
    QCOMPARE(model.statistics(Scope::Chat).n(), 20);
}

void TestTraceModel::chatLeavesOutWhatIfs() {
    const TraceShape shape = test::syntheticShape(4, 8, 1, 1);
    TraceShape more = shape;
    more.used = 2; // by the what-if
    TraceModel model;
    model.setFilter(std::get<Filter>(Filter::parse(QStringLiteral("layer >= 0"))));
    model.setRun(1, shape, test::syntheticAnswer(shape, 10, false, 1));
    model.setRun(2, shape, test::syntheticAnswer(shape, 30, false, 2), true);
    model.setRun(3, more, test::syntheticAnswer(more, 20, false, 2), true);
    model.begin(4, shape, true);
    model.append(4, test::syntheticAnswer(shape, 5, false, 3));
    QCOMPARE(model.statistics(Scope::Answer).n(), 5);
    QCOMPARE(model.statistics(Scope::Chat).n(), 10);
    QCOMPARE(model.matched(Scope::Chat).n(), 10);
    QCOMPARE(model.runs(Scope::Chat), (QList<qint64>{1}));
    QCOMPARE(model.answers(), (QList<qint64>{1, 2, 4}));
    QCOMPARE(model.whatIfAnswers(), 3);
    model.setCurrent(1);
    QCOMPARE(model.statistics(Scope::Chat).n(), 10);
    model.remove(2);
    QCOMPARE(model.whatIfAnswers(), 2);
}

void TestTraceModel::keepsWhatDoesNotFitOutOfTheCounts() {
    const TraceShape shape = test::syntheticShape(2, 4, 1, 0);
    auto last = std::make_shared<trace::TokenTrace>();
    last->text.push_back('.'); // sampled, but never run through the model
    auto broken = std::make_shared<trace::TokenTrace>(*test::plainToken(shape, "x", {1, 2}, {0.5F, 0.5F}));
    broken->router.experts[0] = 400;
    TraceModel model;
    model.begin(1, shape);
    model.append(1, {test::plainToken(shape, "a", {1, 2}, {0.5F, 0.5F}), broken, last});
    QCOMPARE(model.tokenCount(), 3);
    QCOMPARE(model.statistics(Scope::Answer).n(), 1);
    QVERIFY(model.router(0) != nullptr);
    QVERIFY(model.router(1) == nullptr);
    QVERIFY(model.router(2) == nullptr);
    QCOMPARE(model.topExpert(1, 0), -1);
    QCOMPARE(model.topExpert(0, 2), -1);
}

void TestTraceModel::keptAnswersLearnTheirModel() {
    const TraceShape loaded = test::syntheticShape(4, 8, 1, 1);
    TraceShape kept = loaded;
    kept.shared = 0; // a trace does not say
    TraceModel model;
    model.setRun(1, kept, test::syntheticAnswer(kept, 20, false));
    model.setCurrent(1);
    QCOMPARE(model.shape().shared, 0);
    QSignalSpy changed(&model, &TraceModel::currentChanged);
    model.setModel(loaded);
    QCOMPARE(changed.size(), 1);
    QCOMPARE(model.shape(), loaded);
    QCOMPARE(model.statistics(Scope::Answer).n(), 20);
    model.setRun(2, kept, test::syntheticAnswer(kept, 5, false));
    model.begin(3, loaded);
    model.append(3, test::syntheticAnswer(loaded, 7, false));
    QCOMPARE(model.statistics(Scope::Chat).n(), 32); // one model gave all three
    model.setModel(test::syntheticShape(4, 8, 1, 2, QStringLiteral("Another")));
    QCOMPARE(model.shape(), loaded);
}

void TestTraceModel::removeAndClear() {
    const TraceShape shape = test::syntheticShape(2, 4, 1, 0);
    TraceModel model;
    model.setRun(1, shape, test::syntheticAnswer(shape, 6, false));
    model.setRun(2, shape, test::syntheticAnswer(shape, 4, false));
    model.setCurrent(1);
    model.remove(2);
    QCOMPARE(model.statistics(Scope::Chat).n(), 6);
    model.setModel(test::syntheticShape(3, 9, 1, 0));
    QCOMPARE(model.shape().layers, 2);
    QSignalSpy changed(&model, &TraceModel::currentChanged);
    model.remove(1);
    QCOMPARE(changed.size(), 1);
    QCOMPARE(model.current(), -1);
    QCOMPARE(model.tokenCount(), 0);
    QCOMPARE(model.shape().layers, 3);
    QCOMPARE(model.statistics(Scope::Answer).tokens(2, 8), 0);
    QCOMPARE(model.statistics(Scope::Chat).n(), 0);
    model.clear();
    QCOMPARE(model.hasRun(1), false);
}

void TestTraceModel::followsLiveTokens() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    const auto answer = test::syntheticAnswer(shape, 30, false);
    TraceModel model;
    Selection selection;
    bindSelection(&model, &selection);
    model.begin(5, shape);
    QCOMPARE(selection.state(), (SelectionState{5, -1, 0, -1}));
    model.append(5, answer.mid(0, 10));
    QCOMPARE(selection.state().token, 9);
    selection.setFollowing(false);
    selection.setToken(4);
    model.append(5, answer.mid(10, 10));
    QCOMPARE(selection.state().token, 4);
    selection.setFollowing(true);
    QCOMPARE(selection.state().token, 19);
    QVERIFY(!selection.canGoBack() || selection.state().token == 19);
}

void TestTraceModel::selectionNamesTheRoutersChoice() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    TraceModel model;
    Selection selection;
    bindSelection(&model, &selection);
    model.setRun(1, shape, test::syntheticAnswer(shape, 30, false));
    model.setCurrent(1);
    selection.setFollowing(false);
    selection.setToken(12);
    QCOMPARE(selection.state().expert, model.topExpert(12, 0));
    selection.setLayer(5);
    QCOMPARE(selection.state().expert, model.topExpert(12, 5));
    selection.set({1, 12, 3, 9}); // a cell of the map: any expert
    QCOMPARE(selection.state().expert, 9);
    // From there to another token, another layer, another answer: never the expert of what was selected before.
    selection.setToken(13);
    QCOMPARE(selection.state().expert, model.topExpert(13, 3));
    selection.set({1, 14, 2, -1});
    QCOMPARE(selection.state().expert, model.topExpert(14, 2));
    const auto other = test::syntheticAnswer(shape, 40, false).mid(5);
    model.setRun(2, shape, other);
    selection.set({1, 14, 2, 9});
    selection.setToken(2, 30);
    QCOMPARE(model.current(), 2);
    QCOMPARE(selection.state(), (SelectionState{2, 30, 2, int(other[30]->router.experts[2])}));
    selection.goBack(); // what was, also where the router chose another
    QCOMPARE(selection.state(), (SelectionState{1, 14, 2, 9}));
    selection.goForward();
    QCOMPARE(selection.state(), (SelectionState{2, 30, 2, int(other[30]->router.experts[2])}));
    // A layer that the other model does not have.
    const TraceShape small = test::syntheticShape(2, 4, 1, 1);
    model.setRun(2, small, test::syntheticAnswer(small, 35, false));
    QCOMPARE(selection.state(), (SelectionState{2, 30, 1, model.topExpert(2, 30, 1)}));
}

void TestTraceModel::historyReachesALiveAnswer() {
    const TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    const auto answer = test::syntheticAnswer(shape, 20, false);
    TraceModel model;
    Selection selection;
    bindSelection(&model, &selection);
    model.setRun(1, shape, answer);
    model.begin(2, shape);
    model.append(2, answer);
    selection.setFollowing(false);
    selection.set({2, 4, 3, 7});
    selection.setToken(1, 6);
    QCOMPARE(model.current(), 1);
    selection.goBack();
    QCOMPARE(selection.state(), (SelectionState{2, 4, 3, 7})); // not its newest token
    QVERIFY(!selection.isFollowing());
}

void TestTraceModel::selectionHistory() {
    Selection selection;
    selection.setFollowing(false);
    selection.set({1, 3, 0, 2});
    selection.set({1, 4, 0, 2});
    selection.set({1, 5, 0, 2});
    selection.set({1, 5, 0, 2}); // the same: no step
    QVERIFY(selection.canGoBack());
    selection.goBack();
    QCOMPARE(selection.state().token, 4);
    selection.goBack();
    QCOMPARE(selection.state().token, 3);
    QVERIFY(!selection.canGoBack());
    selection.goBack();
    QCOMPARE(selection.state().token, 3);
    selection.goForward();
    QCOMPARE(selection.state().token, 4);
    selection.set({1, 9, 0, 2});
    QVERIFY(!selection.canGoForward());
    selection.setFollowing(true);
    selection.setToken(10);
    selection.setToken(11);
    selection.goBack();
    QCOMPARE(selection.state().token, 4); // steps of following are not kept
    QVERIFY(!selection.isFollowing());
}

void TestTraceModel::selectionStaysInRange() {
    const TraceShape big = test::syntheticShape(8, 16, 1, 1);
    const TraceShape small = test::syntheticShape(2, 4, 1, 1);
    TraceModel model;
    Selection selection;
    bindSelection(&model, &selection);
    model.setRun(1, big, test::syntheticAnswer(big, 10, false));
    model.setRun(2, small, test::syntheticAnswer(small, 3, false));
    model.setCurrent(1);
    selection.set({1, 9, 7, 15});
    model.setCurrent(2);
    QCOMPARE(selection.state(), (SelectionState{2, -1, 1, -1}));
    selection.goBack();
    QCOMPARE(model.current(), 1);
    QCOMPARE(selection.state(), (SelectionState{1, 9, 7, 15}));
    model.setRun(1, big, test::syntheticAnswer(big, 4, false));
    QCOMPARE(selection.state().token, -1);
    model.clear();
    QCOMPARE(selection.state(), (SelectionState{-1, -1, -1, -1}));
}

void TestTraceModel::filterCountsWhatMatches() {
    const TraceShape shape = test::syntheticShape(4, 8, 2, 1);
    const auto first = test::syntheticAnswer(shape, 40, true, 1);
    const auto second = test::syntheticAnswer(shape, 25, true, 2);
    const Filter filter = std::get<Filter>(Filter::parse(QStringLiteral("layer >= 2 && weight < 0.4 && token <= 30")));
    TraceModel model;
    model.setRun(1, shape, first.mid(0, 15));
    model.setRun(2, shape, second);
    model.setCurrent(1);
    QCOMPARE(&model.matched(Scope::Answer), &model.statistics(Scope::Answer)); // no filter leaves nothing out
    QSignalSpy changed(&model, &TraceModel::filterChanged);
    model.setFilter(filter);
    model.setFilter(filter);
    QCOMPARE(changed.size(), 1);
    model.append(1, first.mid(15)); // what arrives later is counted as what was there

    const auto expect = [&](const RoutingStatistics& counts, const QList<const QList<trace::TokenTracePtr>*>& answers,
                            int onlyToken) {
        std::vector<int> tokens(size_t(4 * 8), 0);
        qint64 choices = 0;
        for (const auto* answer : answers) {
            for (int at = 0; at < answer->size(); ++at) {
                for (int layer = 2; layer < 4 && at < 30 && (onlyToken < 0 || at == onlyToken); ++layer) {
                    for (size_t k = 0; k < 2; ++k) {
                        const size_t chosen = size_t(layer) * 2 + k;
                        if (answer->at(at)->router.weights[chosen] < 0.4F) {
                            ++tokens[size_t(layer) * 8 + answer->at(at)->router.experts[chosen]];
                            ++choices;
                        }
                    }
                }
            }
        }
        for (int layer = 0; layer < 4; ++layer) {
            for (int expert = 0; expert < 8; ++expert) {
                QCOMPARE(counts.tokens(layer, expert), tokens[size_t(layer) * 8 + size_t(expert)]);
            }
        }
        QCOMPARE(counts.choices(), choices);
    };
    expect(model.matched(Scope::Answer), {&first}, -1);
    expect(model.matched(Scope::Chat), {&first, &second}, -1);
    expect(model.matched(Scope::Token, 7), {&first}, 7);
    model.setWindow({9, 9});
    expect(model.matched(Scope::Window), {&first}, 9);
    QVERIFY(model.matched(Scope::Answer).choices() > 0);
    QCOMPARE(model.statistics(Scope::Answer).choices(), qint64(40 * 4 * 2)); // it removes nothing
    QVERIFY(!model.matches(3, 1));
    QCOMPARE(model.matches(3, 2), first.at(3)->router.weights[4] < 0.4F || first.at(3)->router.weights[5] < 0.4F);
    QVERIFY(!model.matches(35, 2));
    model.setFilter({});
    QCOMPARE(&model.matched(Scope::Answer), &model.statistics(Scope::Answer));
}

QTEST_GUILESS_MAIN(TestTraceModel)
#include "tst_tracemodel.moc"
