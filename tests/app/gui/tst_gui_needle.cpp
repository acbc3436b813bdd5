// SPDX-License-Identifier: Apache-2.0
// Grids of needles in the app: run in the background, paused, gone on with after a restart, a cell opened as a run.
#include "tests/app/gui/appfixture.h"

#include "engine/needle/grid_file.h"

#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QTest>

using namespace moescope;
using test::App;

namespace {

constexpr int patience = 240'000;      // ms: software Vulkan on a loaded machine
constexpr int longSentences = 400'000; ///< some 18 MB, which take seconds to become tokens

ui::NeedleGridSettings smallGrid() {
    ui::NeedleGridSettings settings;
    settings.kind = QStringLiteral("single");
    settings.lengths = {160, 192};
    settings.depths = {0, 100};
    settings.cases = 2;
    return settings;
}

const ui::NeedleGridView& gridOf(App& app) { return *app.composition.comparison().grid(); }

bool hasGrid(App& app) { return app.composition.comparison().grid().has_value(); }

/** A comparison without runs. */
bool makeComparison(App& app) {
    QSignalSpy opened(&app.composition.compare(), &gui::ComparisonSession::opened);
    app.composition.compare().create(QStringLiteral("What is the code?"), {});
    return QTest::qWaitFor([&opened] { return !opened.isEmpty(); }, patience);
}

bool waitForCases(App& app, int cases) {
    return QTest::qWaitFor([&] { return hasGrid(app) && gridOf(app).done >= cases; }, patience);
}

std::vector<std::pair<int, int>> foundIn(App& app) {
    std::vector<std::pair<int, int>> found;
    for (const ui::NeedleGridView::Cell& cell : gridOf(app).cells) {
        found.emplace_back(cell.found, cell.n);
    }
    return found;
}

} // namespace

class TestGuiNeedle : public QObject {
    Q_OBJECT

private slots:
    void aGridIsPausedAndGoneOnWithAfterARestart() {
        const QTemporaryDir folder;
        qint64 comparison = 0;
        int before = 0;
        {
            App app(folder.path(), QStringLiteral("builtin"));
            QVERIFY(app.waitForModel());
            QVERIFY(makeComparison(app));
            comparison = app.composition.comparison().id();
            QVERIFY(!hasGrid(app));
            app.composition.needles().start(smallGrid());
            QTRY_VERIFY(hasGrid(app));
            QCOMPARE(gridOf(app).all, 8);
            QVERIFY(waitForCases(app, 2));
            QVERIFY(gridOf(app).left_s > 0);
            app.composition.needles().pause();
            QTRY_VERIFY_WITH_TIMEOUT(!gridOf(app).running, patience);
            before = gridOf(app).done;
            QVERIFY(before < 8);
            QVERIFY(gridOf(app).paused);
            QVERIFY(gridOf(app).error.isEmpty());
            app.settle();
        }
        // Of a comparison that is gone for good, and what is no grid of this app.
        const QString gone = folder.filePath(QStringLiteral("needle/987654.grid"));
        const QString foreign = folder.filePath(QStringLiteral("needle/mine.grid"));
        const QString kept = folder.filePath(QStringLiteral("needle/%1.grid").arg(comparison));
        QVERIFY(QFile::copy(kept, gone));
        QVERIFY(QFile::copy(kept, foreign));
        App app(folder.path(), QStringLiteral("builtin"));
        QVERIFY(app.waitForModel());
        QTRY_VERIFY(!QFile::exists(gone));
        QVERIFY(QFile::exists(foreign));
        QVERIFY(QFile::exists(kept));
        app.composition.compare().open(comparison);
        QTRY_VERIFY(hasGrid(app));
        QTRY_COMPARE(gridOf(app).done, before);
        QVERIFY(gridOf(app).paused);
        QSignalSpy progress(&app.composition.controller(), &controller::InferenceController::gridProgressed);
        app.composition.needles().resume();
        QVERIFY(waitForCases(app, 8));
        // Once at its begin, then once a case that was not over.
        QCOMPARE(progress.size(), 1 + 8 - before);
        QVERIFY(!gridOf(app).running);
        QVERIFY(!gridOf(app).paused);
        QCOMPARE(gridOf(app).left_s, 0.0);
        const auto found = foundIn(app);

        // An undisturbed one has the same results.
        QVERIFY(makeComparison(app));
        app.composition.needles().start(smallGrid());
        QTRY_VERIFY(hasGrid(app));
        QVERIFY(waitForCases(app, 8));
        QVERIFY(foundIn(app) == found);
        const auto state = [&folder](qint64 id) {
            return needle::readGrid(folder.filePath(QStringLiteral("needle/%1.grid").arg(id)).toStdString());
        };
        QCOMPARE(needle::csvOf(*state(comparison)), needle::csvOf(*state(app.composition.comparison().id())));
    }

    void anAnswerComesBetweenAndACellBecomesARun() {
        const QTemporaryDir folder;
        App app(folder.path(), QStringLiteral("builtin"));
        QVERIFY(app.waitForModel());
        QVERIFY(makeComparison(app));
        ui::NeedleGridSettings settings = smallGrid();
        settings.cases = 50;
        app.composition.needles().start(settings);
        QVERIFY(waitForCases(app, 1));
        QVERIFY(app.ask(QStringLiteral("What is the KV cache?")));
        QVERIFY(gridOf(app).running);
        QVERIFY(gridOf(app).done < gridOf(app).all);
        const int done = gridOf(app).done;
        QVERIFY(waitForCases(app, done + 1));
        app.composition.needles().pause();
        QTRY_VERIFY_WITH_TIMEOUT(!gridOf(app).running, patience);

        app.composition.needles().openCell(192, 100);
        const ui::Comparison& view = app.composition.comparison();
        QTRY_COMPARE_WITH_TIMEOUT(view.runs().size(), 1, patience);
        QTRY_VERIFY_WITH_TIMEOUT(view.runs()[0].phase == ui::RunPhase::Done, patience);
        const ui::RunView& run = view.runs()[0];
        QCOMPARE(run.draft.length, 192);
        QCOMPARE(run.draft.depth, 100);
        QVERIFY(run.verdict != ui::NeedleVerdict::None);
        QVERIFY(!run.passage.isEmpty());
        QVERIFY(run.prompt_tokens + run.draft.sampling.max_tokens <= 192);
    }

    void anAnswerComesBeforeAGridThatIsBeingSetUp() {
        const QTemporaryDir folder;
        App app(folder.path(), QStringLiteral("builtin"));
        QVERIFY(app.waitForModel());
        QVERIFY(makeComparison(app));
        app.answerBriefly();
        QFile document(folder.filePath(QStringLiteral("long.txt")));
        QVERIFY(document.open(QIODevice::WriteOnly));
        for (int i = 0; i < longSentences; ++i) {
            document.write(QByteArrayLiteral("The boat went") + QByteArrayLiteral(" on and on").repeated(i % 7) + ". ");
        }
        document.close();
        ui::NeedleGridSettings settings = smallGrid();
        settings.haystack = document.fileName();
        QSignalSpy progress(&app.composition.controller(), &controller::InferenceController::gridProgressed);
        QSignalSpy made(&app.composition.controller(), &controller::InferenceController::caseMade);
        std::vector<std::pair<qsizetype, qsizetype>> before; // what was told when the answer was there
        connect(&app.composition.session(), &gui::ChatSession::answerEnded, this,
                [&] { before.emplace_back(progress.size(), made.size()); });
        app.composition.needles().start(settings);
        QVERIFY(app.ask(QStringLiteral("What is the KV cache?")));
        QCOMPARE(before.size(), size_t(1));
        QCOMPARE(before[0].first, 0);
        QVERIFY2(gridOf(app).running, qPrintable(gridOf(app).error));
        QVERIFY(waitForCases(app, 1));
        app.composition.needles().pause();
        QTRY_VERIFY_WITH_TIMEOUT(!gridOf(app).running, patience);

        // So does one before a case that is opened, and it takes no other's place.
        app.composition.needles().openCell(192, 100);
        QVERIFY(app.ask(QStringLiteral("What is the router?")));
        QCOMPARE(before.size(), size_t(2));
        QCOMPARE(before[1].second, 0);
        app.composition.needles().openCell(160, 0);
        const ui::Comparison& view = app.composition.comparison();
        QTRY_COMPARE_WITH_TIMEOUT(view.runs().size(), 2, patience);
        for (const ui::RunView& run : view.runs()) {
            QTRY_VERIFY_WITH_TIMEOUT(view.side(ui::Side::A) != nullptr && app.composition.runs().left() == 0, patience);
            QCOMPARE(run.draft.depth, run.draft.length == 192 ? 100 : 0);
        }
        for (const ui::RunView& run : view.runs()) {
            QVERIFY(run.prompt_tokens + run.draft.sampling.max_tokens <= run.draft.length);
            QVERIFY(run.prompt_tokens + run.draft.sampling.max_tokens >= run.draft.length * 97 / 100);
        }
    }

    void aCellBecomesARunOfTheSamePrompt() {
        const QTemporaryDir folder;
        // The grid's cases are made at a fixed time, and with nothing said of thinking.
        App app(folder.path(),
                test::modelWithTemplate(folder.path(),
                                        QStringLiteral("{% if strftime_now('%Y') == '2024' %}In that year {% endif %}"
                                                       "{% if enable_thinking is defined %}think {% endif %}"
                                                       "{{ messages[-1].content }}")));
        QVERIFY(app.waitForModel());
        QVERIFY(makeComparison(app));
        ui::NeedleGridSettings settings = smallGrid();
        settings.lengths = {240};
        settings.cases = 1;
        app.composition.needles().start(settings);
        QVERIFY(waitForCases(app, 2));
        QVERIFY2(gridOf(app).error.isEmpty(), qPrintable(gridOf(app).error));
        std::optional<needle::NeedleCase> made;
        connect(&app.composition.controller(), &controller::InferenceController::caseMade, this,
                [&made](qint64, const needle::CaseId&, const needle::NeedleCase& one) { made = one; });
        app.composition.needles().openCell(240, 100);
        const ui::Comparison& view = app.composition.comparison();
        QTRY_COMPARE_WITH_TIMEOUT(view.runs().size(), 1, patience);
        QTRY_VERIFY_WITH_TIMEOUT(view.runs()[0].phase == ui::RunPhase::Done, patience);
        QCOMPARE(view.runs()[0].prompt_tokens, static_cast<int>(made->prompt.size()));
        QVERIFY(view.runs()[0].draft.needle_case);
    }

    void aGridEndsNoOther() {
        const QTemporaryDir folder;
        App app(folder.path(), QStringLiteral("builtin"));
        QVERIFY(app.waitForModel());
        QVERIFY(makeComparison(app));
        const qint64 first = app.composition.comparison().id();
        ui::NeedleGridSettings settings = smallGrid();
        settings.cases = 50;
        app.composition.needles().start(settings);
        QVERIFY(waitForCases(app, 1));
        // Begun anew it goes on.
        app.composition.needles().start(settings);
        QVERIFY(waitForCases(app, 2));
        QVERIFY(gridOf(app).running);
        // Another comparison's takes its place, and is not ended by its end.
        QVERIFY(makeComparison(app));
        app.composition.needles().start(smallGrid());
        QVERIFY(waitForCases(app, 8));
        QVERIFY2(gridOf(app).error.isEmpty(), qPrintable(gridOf(app).error));
        app.composition.compare().open(first);
        QTRY_COMPARE(app.composition.comparison().id(), first);
        QTRY_VERIFY(hasGrid(app));
        QVERIFY(gridOf(app).paused);
        QVERIFY(gridOf(app).error.isEmpty());
        // A message between two cases, or in the making of one, pauses nothing.
        app.composition.needles().resume();
        app.answerBriefly();
        for (int i = 0; i < 4; ++i) {
            QVERIFY(app.ask(QStringLiteral("What is the KV cache?")));
            QVERIFY(gridOf(app).running);
        }
        QVERIFY(waitForCases(app, gridOf(app).done + 1));
    }

    void withoutSavedStatesAGridRunsToo() {
        const QTemporaryDir folder;
        {
            App app(folder.path());
            QVERIFY(app.waitForModel());
            app.composition.store().run(
                [](store::Store& store) { store.setSetting(QStringLiteral("kv.states_budget"), 0); });
            app.settle();
        }
        App app(folder.path(), QStringLiteral("builtin"));
        QVERIFY(app.waitForModel());
        QVERIFY(makeComparison(app));
        ui::NeedleGridSettings settings = smallGrid();
        settings.lengths = {160};
        settings.cases = 1;
        app.composition.needles().start(settings);
        QVERIFY(waitForCases(app, 2));
        QVERIFY2(gridOf(app).error.isEmpty(), qPrintable(gridOf(app).error));
    }

    void whatCannotBeRunSaysWhy() {
        const QTemporaryDir folder;
        App app(folder.path(), QStringLiteral("builtin"));
        QVERIFY(app.waitForModel());
        QVERIFY(makeComparison(app));
        ui::NeedleGridSettings settings = smallGrid();
        settings.lengths = {8};
        app.composition.needles().start(settings);
        QTRY_VERIFY(hasGrid(app));
        QTRY_VERIFY_WITH_TIMEOUT(!gridOf(app).error.isEmpty(), patience);
        QVERIFY(!gridOf(app).running);
        settings = smallGrid();
        app.composition.needles().start(settings);
        QVERIFY(waitForCases(app, 1));
        settings.haystack = folder.filePath(QStringLiteral("missing.txt"));
        app.composition.needles().start(settings);
        QTRY_VERIFY_WITH_TIMEOUT(gridOf(app).error.contains(QStringLiteral("missing.txt")), patience);
        QVERIFY(!gridOf(app).running);
        // What the grid before it had found does not stand for it.
        const qint64 comparison = app.composition.comparison().id();
        QVERIFY(makeComparison(app));
        QTRY_VERIFY(!hasGrid(app));
        app.composition.compare().open(comparison);
        QTRY_VERIFY(hasGrid(app));
        app.settle();
        QTest::qWait(100); // its file would be read by now
        QCOMPARE(gridOf(app).done, 0);
    }
};

QTEST_MAIN(TestGuiNeedle)
#include "tst_gui_needle.moc"
