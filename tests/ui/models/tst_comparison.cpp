// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/samplecomparison.h"
#include "tests/ui/models/synthetictrace.h"
#include "ui/models/comparisontext.h"

#include <QSignalSpy>
#include <QTest>

using namespace moescope;
using namespace moescope::ui;

namespace {

struct Open {
    Open() { test::openSample(&comparison); }
    void wait() {
        QTRY_VERIFY(!comparison.isComparing());
        QVERIFY(comparison.pair() != nullptr);
    }
    Selection selection;
    Comparison comparison{&selection};
};

/** So long that comparing them takes a while. */
std::shared_ptr<const RunTrace> longTrace(bool bent) {
    QStringList texts;
    for (int i = 0; i < 20'000; ++i) {
        texts.append(QStringLiteral(" w%1").arg((i * 7919 + (bent ? i / 3 : 0)) % 3'000));
    }
    TraceShape shape = test::syntheticShape(16, 64, 2, 0);
    shape.file = QStringLiteral("long.gguf");
    return test::sampleTrace(shape, texts, bent);
}

} // namespace

class TestComparison : public QObject {
    Q_OBJECT
private slots:
    void firstTwoWithAnswersStandAsAAndB() {
        Selection selection;
        Comparison comparison(&selection);
        QVERIFY(!comparison.isOpen());
        QVERIFY(comparison.side(Side::A) == nullptr);
        comparison.open(7, QStringLiteral("Where?"));
        QList<RunView> runs = test::sampleRuns();
        runs[0].phase = RunPhase::Failed;
        runs[0].trace.reset();
        runs[2].phase = RunPhase::Queued;
        runs[2].trace.reset();
        comparison.setRuns(runs);
        QCOMPARE(comparison.side(Side::A)->id, 2);
        QCOMPARE(comparison.side(Side::B)->id, 4);
        QCOMPARE(comparison.letter(0), QStringLiteral("C"));
        QCOMPARE(comparison.letter(2), QStringLiteral("D"));
        // What was chosen stays, whatever comes.
        comparison.choose(Side::B, 3);
        comparison.setRun(test::sampleRuns()[0]);
        QCOMPARE(comparison.side(Side::A)->id, 2);
        QCOMPARE(comparison.side(Side::B)->id, 3);
        comparison.choose(Side::A, 3);
        QCOMPARE(comparison.side(Side::A)->id, 3);
        QCOMPARE(comparison.side(Side::B)->id, 2);
        // One that is gone makes room.
        comparison.setRuns(runs.mid(0, 2));
        QCOMPARE(comparison.side(Side::A)->id, 1);
        QCOMPARE(comparison.side(Side::B)->id, 2);
    }

    void thePairIsWhatCompareRunsSays() {
        Open open;
        QSignalSpy compared(&open.comparison, &Comparison::compared);
        QVERIFY(open.comparison.isComparing());
        QVERIFY(open.comparison.pair() == nullptr);
        open.wait();
        QCOMPARE(compared.count(), 1);
        const RunView& a = open.comparison.runs()[0];
        const RunView& b = open.comparison.runs()[1];
        const RunComparison made = compareRuns(a.trace, b.trace, {true, true});
        const RunComparison& shown = *open.comparison.pair();
        QCOMPARE(shown.first_difference.a, 7);
        QCOMPARE(shown.pairs.size(), made.pairs.size());
        QCOMPARE(shown.distance.size(), size_t(8));
        for (size_t layer = 0; layer < 8; ++layer) {
            QCOMPARE(shown.distance[layer].js_bits, made.distance[layer].js_bits);
            QCOMPARE(shown.distance[layer].chance_bits, made.distance[layer].chance_bits);
        }
        const int most = open.comparison.mostDistantLayer();
        for (const LayerDistance& distance : shown.distance) {
            QVERIFY(distance.js_bits <= shown.distance[size_t(most)].js_bits);
        }
    }

    void whoHearsOfTheRunsSeesNoPairOfOthers() {
        Open open;
        open.wait();
        int told = 0;
        const auto seen = [&] {
            ++told;
            QVERIFY(open.comparison.pair() == nullptr);
        };
        connect(&open.comparison, &Comparison::runsChanged, this, seen);
        open.comparison.choose(Side::B, 3);
        QCOMPARE(told, 1);
        disconnect(&open.comparison, &Comparison::runsChanged, this, nullptr);
        open.wait();
        // Nor of an answer that is gone: it is made again.
        connect(&open.comparison, &Comparison::runsChanged, this, seen);
        RunView again = open.comparison.runs()[0];
        again.trace.reset();
        open.comparison.setRun(again);
        QCOMPARE(told, 2);
    }

    void keysSayWhatCanBeCompared() {
        Open open;
        QVERIFY(open.comparison.canAlignTokens());
        open.comparison.choose(Side::B, 3); // another model
        QVERIFY(!open.comparison.canAlignTokens());
        open.wait();
        QVERIFY(!open.comparison.pair()->routing);
        QVERIFY(open.comparison.pair()->tokens.partner.empty());
        QVERIFY(!open.comparison.pair()->pairs.empty()); // by words
        QCOMPARE(open.comparison.mostDistantLayer(), -1);
        // Another file of the same routers: the keys decide, not the file's name.
        QList<RunView> runs = test::sampleRuns();
        TraceShape shape = runs[1].trace->shape();
        shape.file = QStringLiteral("other.gguf");
        runs[1].trace = test::sampleTrace(shape, test::tokensOf(QStringLiteral("The fox left the boat here.")), true);
        open.comparison.setRuns(runs);
        open.comparison.choose(Side::B, 2);
        open.wait();
        QVERIFY(open.comparison.pair()->routing);
        QVERIFY(!open.comparison.pair()->tokens.partner.empty());
    }

    void whatIsOldIsDropped() {
        Selection selection;
        auto comparison = std::make_unique<Comparison>(&selection);
        comparison->open(7, QStringLiteral("Where?"));
        QList<RunView> runs = test::sampleRuns();
        QList<RunView> withLong = runs;
        withLong[0].trace = longTrace(false);
        withLong[1].trace = longTrace(true);
        QSignalSpy compared(comparison.get(), &Comparison::compared);
        comparison->setRuns(withLong);
        comparison->setRuns(runs);
        QTRY_COMPARE(compared.count(), 1);
        QVERIFY(comparison->pair()->a == runs[0].trace);
        QVERIFY(comparison->pair()->b == runs[1].trace);
        QTest::qWait(50);
        QCOMPARE(compared.count(), 1);
        // An answer that grows: what was there stays until there is something newer.
        RunView grown = runs[1];
        grown.trace = test::sampleTrace(runs[1].trace->shape(), test::tokensOf(QStringLiteral("The fox left.")), true);
        comparison->setRun(grown);
        QVERIFY(comparison->pair() != nullptr);
        QTRY_VERIFY(comparison->pair()->b == grown.trace);
        // Progress alone computes nothing.
        grown.progress = 0.5;
        comparison->setRun(grown);
        QVERIFY(!comparison->isComparing());
        // It may go while it computes.
        comparison->setRuns(withLong);
        comparison->setShowsAll(true);
        QVERIFY(comparison->isComparing());
        comparison.reset();
    }

    void distancesToAAreComputedWhenAllAreShown() {
        Open open;
        QList<RunView> runs = test::sampleRuns();
        RunView fifth = runs[1];
        fifth.id = 5;
        fifth.answer = 105;
        fifth.trace = test::sampleTrace(fifth.trace->shape(), test::tokensOf(QStringLiteral("The fox left it.")), true);
        open.comparison.setRun(fifth);
        QVERIFY(!open.comparison.isDistancePending(1));
        open.comparison.setShowsAll(true);
        QVERIFY(open.comparison.isDistancePending(1));
        QTRY_VERIFY(!open.comparison.isDistancePending(1) && !open.comparison.isDistancePending(4));
        const auto made = compareRuns(runs[0].trace, runs[1].trace, {true, true});
        QCOMPARE(open.comparison.distanceToA(1).size(), size_t(8));
        QCOMPARE(open.comparison.distanceToA(1)[5].js_bits, made.distance[5].js_bits);
        QCOMPARE(open.comparison.distanceToA(4)[5].n, 5); // The, fox, left, it and the full stop
        QVERIFY(open.comparison.whyNoDistance(1).isEmpty());
        QVERIFY(open.comparison.distanceToA(2).empty());
        QCOMPARE(open.comparison.whyNoDistance(2), QStringLiteral("another model’s routers"));
        QCOMPARE(open.comparison.whyNoDistance(0), QStringLiteral("run A itself"));
        // To another A they are others.
        open.comparison.choose(Side::A, 5);
        QVERIFY(open.comparison.isDistancePending(0));
        QTRY_VERIFY(!open.comparison.isDistancePending(0));
        QCOMPARE(open.comparison.distanceToA(0)[5].n, 5);
        QVERIFY(open.comparison.distanceToA(4).empty());
    }

    void oneSelectionIsAPlaceInBoth() {
        Open open;
        open.wait();
        Comparison& comparison = open.comparison;
        QVERIFY(comparison.place().isEmpty());
        comparison.select(Side::A, 3, 5);
        QCOMPARE(open.selection.state().run, 101);
        QCOMPARE(open.selection.state().token, 3);
        QCOMPARE(open.selection.state().layer, 5);
        QCOMPARE(comparison.place().b, 3);
        QCOMPARE(comparison.place().pair, 3);
        // Of B alone, and the same from its side.
        comparison.select(Side::B, 8);
        QCOMPARE(open.selection.state().run, 102);
        QCOMPARE(comparison.place().a, -1);
        QCOMPARE(comparison.place().b, 8);
        QCOMPARE(comparison.place().layer, 5);
        const TokenPair last = comparison.pair()->pairs.back();
        comparison.select(Side::B, last.b);
        QCOMPARE(comparison.place().a, last.a);
        // Where the text parts is one place.
        comparison.selectParting();
        QCOMPARE(comparison.place().a, 7);
        QCOMPARE(comparison.place().b, 7);
        QCOMPARE(comparison.place().pair, -1);
        QCOMPARE(comparison.place().layer, comparison.mostDistantLayer());
        comparison.selectLayer(2);
        QCOMPARE(comparison.place().layer, 2);
        comparison.selectLayer(8); // there is none
        QCOMPARE(comparison.place().layer, 2);
        comparison.select(Side::A, 4'000);
        QCOMPARE(comparison.place().a, 7);
        // A token of another answer is no place here.
        open.selection.setToken(55, 3);
        QVERIFY(comparison.place().isEmpty());
        QCOMPARE(comparison.place().layer, -1);
    }

    void anotherComparisonStartsAfresh() {
        Open open;
        open.wait();
        open.comparison.choose(Side::B, 4);
        open.comparison.setShowsAll(true);
        open.comparison.open(8, QStringLiteral("What?"));
        QVERIFY(open.comparison.pair() == nullptr);
        QVERIFY(!open.comparison.isComparing() && !open.comparison.showsAll() && !open.comparison.grid());
        QVERIFY(open.comparison.side(Side::A) == nullptr);
        QTest::qWait(50);
        QVERIFY(open.comparison.pair() == nullptr);
        open.comparison.close();
        QVERIFY(!open.comparison.isOpen());
    }

    void cellsOfAAndB() {
        Open open;
        QCOMPARE(open.comparison.cellOf(Side::A), 1 * 5 + 2);
        QCOMPARE(open.comparison.cellOf(Side::B), 5 * 5 + 2);
        open.comparison.choose(Side::B, 3); // 1,489 tokens: no cell
        QCOMPARE(open.comparison.cellOf(Side::B), -1);
        NeedleGridView whole = test::sampleGrid();
        whole.depths.clear();
        whole.cells.resize(8);
        QCOMPARE(whole.rows(), 1);
        QCOMPARE(whole.find(512, 75), 1);
    }

    void titlesSayWhatDiffers_data() {
        QTest::addColumn<RunDraft>("draft");
        QTest::addColumn<QString>("title");
        const RunDraft first = test::sampleRuns()[0].draft;
        RunDraft draft = first;
        QTest::newRow("nothing") << draft << "512-token prompt";
        draft.length = 1'536;
        QTest::newRow("length") << draft << "1,536-token prompt";
        draft = first;
        draft.depth = 25;
        draft.kv_type = QStringLiteral("q8_0");
        QTest::newRow("depth and cache") << draft << "Needle at 25 % · Q8_0 cache";
        draft = first;
        draft.recipe.banned = {{5, 6}};
        QTest::newRow("banned") << draft << "Expert 6 of layer 5 banned";
        draft.recipe.without_shared = true;
        QTest::newRow("more") << draft << "Layer 5, expert 6 banned · shared expert off";
        draft = first;
        draft.model = draft.model_name = QStringLiteral("OLMoE-1B-7B");
        QTest::newRow("model") << draft << "OLMoE-1B-7B";
        draft = first;
        draft.sampling.seed = 7;
        draft.sampling.temperature = 0.8;
        QTest::newRow("sampling") << draft << "Temperature 0.8 · seed 7";
        draft = first;
        draft.sampling.top_k = 3;
        QTest::newRow("top-k") << draft << "Other sampling";
        draft.passage = QStringLiteral("The code for the lamp is 4711.");
        draft.question = QStringLiteral("What is the code for the lamp?");
        draft.expected = {QStringLiteral("4711")};
        QTest::newRow("needle") << draft << "Passage “The code for the lamp is 4711.”";
        draft = first;
        draft.kind = PromptKind::Text;
        draft.text = QStringLiteral("Where did\nthe fox leave the boat, and who had seen it there before?");
        QTest::newRow("text") << draft << "“Where did the fox leave the boat, and…”";
        draft.kind = PromptKind::File;
        draft.text.clear();
        draft.path = QStringLiteral("/somewhere/tale.txt");
        QTest::newRow("file") << draft << "tale.txt";
    }
    void titlesSayWhatDiffers() {
        QFETCH(RunDraft, draft);
        QFETCH(QString, title);
        QCOMPARE(titleOf(draft, test::sampleRuns()[0].draft), title);
    }

    void whatIsSaidOfARun() {
        RunView run = test::sampleRuns()[1];
        QCOMPARE(runFacts(run), QStringLiteral("Nano Q4_K · needle at 50 % · today 14:52 · 38 tokens reused"));
        run.reused_tokens = 1;
        QVERIFY(runFacts(run).endsWith(QStringLiteral(" · 1 token reused")));
        run.phase = RunPhase::Reading;
        run.progress = 0.45;
        run.left_s = 70;
        QCOMPARE(phaseText(run), QStringLiteral("reading the prompt, 45 % · 1 min 10 s left"));
        QCOMPARE(leftText(0.69), QStringLiteral("1 s left"));
        QCOMPARE(leftText(0.01), QStringLiteral("1 s left"));
        QCOMPARE(leftText(59.4), QStringLiteral("59 s left"));
        QCOMPARE(leftText(59.7), QStringLiteral("1 min 0 s left"));
        // What is the same is one list, also where nothing was computed once.
        Selection selection;
        Comparison comparison(&selection);
        test::openSample(&comparison);
        const QString same = QStringLiteral("4 runs · same question, seed 42, greedy");
        QCOMPARE(comparisonFacts(comparison), same + QStringLiteral(" · 38 prefix tokens computed once"));
        comparison.setEqual(comparison.equal());
        QCOMPARE(comparisonFacts(comparison), same);
        comparison.setEqual({}, QStringLiteral("38 prefix tokens computed once"));
        QCOMPARE(comparisonFacts(comparison), QStringLiteral("4 runs · 38 prefix tokens computed once"));
    }

    void factsAreWhatIsTheSame() {
        QList<RunDraft> drafts{test::sampleRuns()[0].draft, test::sampleRuns()[1].draft};
        QCOMPARE(equalFacts(drafts), (QStringList{QStringLiteral("same question"), QStringLiteral("seed 42, greedy")}));
        drafts[1].question = QStringLiteral("Who?");
        drafts[1].sampling.seed = 43;
        QVERIFY(equalFacts(drafts).isEmpty());
        QVERIFY(equalFacts(drafts.mid(0, 1)).isEmpty());
    }
};

QTEST_GUILESS_MAIN(TestComparison)
#include "tst_comparison.moc"
