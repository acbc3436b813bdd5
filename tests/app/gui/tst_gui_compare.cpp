// SPDX-License-Identifier: Apache-2.0
// From a question in a chat to a comparison: its runs, what Inspect follows, a needle as a run, the table in a file, and all of it
// there again after a restart.
#include "tests/app/gui/appfixture.h"

#include "ui/mainwindow/addrunsheet.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/comparepage.h"
#include "ui/panels/conversationspanel.h"

#include <QFile>
#include <QTest>

using namespace moescope;
using test::App;

namespace {

constexpr int patience = 240'000; // ms: software Vulkan on a loaded machine

const ui::Comparison& viewOf(App& app) { return app.composition.comparison(); }

bool allMade(App& app, int runs) {
    const bool made = QTest::qWaitFor(
        [&] { return viewOf(app).runs().size() == runs && app.composition.runs().left() == 0; }, patience);
    app.settle();
    return made;
}

/** Templates of a question at some lengths. */
QList<ui::RunDraft> templatesOf(ui::RunDraft draft, const QList<int>& lengths) {
    draft.kind = ui::PromptKind::Template;
    draft.passage = QStringLiteral("The code for the lamp is 4711.");
    draft.sampling.max_tokens = 16;
    QList<ui::RunDraft> drafts;
    for (const int length : lengths) {
        draft.length = length;
        drafts.append(draft);
    }
    return drafts;
}

} // namespace

class TestGuiCompare : public QObject {
    Q_OBJECT

private slots:
    void aQuestionIsComparedAndAllIsThereAfterARestart() {
        const QTemporaryDir folder;
        const QString csv = folder.filePath(QStringLiteral("runs.csv"));
        qint64 comparison = 0;
        QStringList titles;
        {
            App app(folder.path(), QStringLiteral("builtin"));
            QVERIFY(app.waitForModel());
            ui::MainWindow& window = app.composition.window();
            ui::SamplingView brief;
            brief.max_tokens = 12;
            emit window.chat()->samplingChanged(brief);
            QVERIFY(app.ask(QStringLiteral("What is the code for the lamp?")));

            emit window.chat()->compareWithRequested(app.messages()[1].id);
            auto* sheet = window.findChild<ui::AddRunSheet*>();
            QVERIFY(sheet != nullptr);
            QVERIFY2(!sheet->drafts().isEmpty(), qPrintable(sheet->problem()));
            const ui::RunDraft offered = sheet->drafts().first();
            QCOMPARE(offered.text, QStringLiteral("What is the code for the lamp?"));
            QCOMPARE(offered.model, QStringLiteral("builtin"));
            QVERIFY2(sheet->problem().isEmpty(), qPrintable(sheet->problem()));
            emit sheet->drafted(templatesOf(offered, {256, 384}));
            sheet->close();

            QVERIFY(allMade(app, 2));
            QVERIFY(window.layoutName() == ui::LayoutName::Compare);
            QVERIFY(window.compare()->isVisible());
            comparison = viewOf(app).id();
            QCOMPARE(viewOf(app).question(), QStringLiteral("What is the code for the lamp?"));
            for (const ui::RunView& run : viewOf(app).runs()) {
                QVERIFY2(run.phase == ui::RunPhase::Done, qPrintable(run.error));
            }
            QTRY_VERIFY(viewOf(app).pair() != nullptr);
            QVERIFY(viewOf(app).pair()->routing);
            QCOMPARE(viewOf(app).pair()->distance.size(), size_t(8));

            // Inspect has run A, and B to be measured against.
            QVERIFY(viewOf(app).side(ui::Side::A) != nullptr);
            QVERIFY(viewOf(app).side(ui::Side::B) != nullptr);
            const ui::RunView a = *viewOf(app).side(ui::Side::A);
            const ui::RunView b = *viewOf(app).side(ui::Side::B);
            QTRY_COMPARE_WITH_TIMEOUT(app.composition.traces().current(), a.answer, patience);
            QCOMPARE(app.composition.traces().tokenCount(), a.trace->size());
            QTRY_VERIFY(app.composition.traces().hasRun(b.answer));
            app.composition.comparison().select(ui::Side::B, 1, 3);
            QCOMPARE(app.composition.traces().current(), b.answer);
            QCOMPARE(app.composition.selection().state().token, 1);
            QCOMPARE(app.composition.selection().state().layer, 3);

            // A needle as a run, and one with a banned expert.
            ui::NeedleGridSettings grid;
            grid.kind = QStringLiteral("single");
            grid.lengths = {160};
            grid.depths = {50};
            grid.cases = 1;
            emit window.gridChosen(grid);
            QTRY_VERIFY_WITH_TIMEOUT(viewOf(app).grid() && viewOf(app).grid()->done == 1, patience);
            emit window.compare()->gridCellRequested(160, 50);
            QVERIFY(allMade(app, 3));
            const bool found = viewOf(app).grid()->cells[0].found == 1;
            QCOMPARE(viewOf(app).runs()[2].verdict, found ? ui::NeedleVerdict::Found : ui::NeedleVerdict::Missed);
            ui::RunDraft banned = viewOf(app).runs()[0].draft;
            banned.recipe.banned = {{5, 6}};
            emit window.runsDrafted({banned});
            QVERIFY(allMade(app, 4));
            QCOMPARE(viewOf(app).runs()[3].title, QStringLiteral("Expert 6 of layer 5 banned"));
            for (int token = 0; token < viewOf(app).runs()[3].trace->size(); ++token) {
                QVERIFY(viewOf(app).runs()[3].trace->expert(token, 5) != 6);
            }

            window.compare()->saveCsvTo(csv);
            QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(csv), patience);
            QFile file(csv);
            QVERIFY(file.open(QIODevice::ReadOnly));
            QCOMPARE(file.readAll().count("\r\n"), 1 + 4);
            for (const ui::RunView& run : viewOf(app).runs()) {
                titles.append(run.title);
            }
            app.settle();
        }
        App app(folder.path(), QStringLiteral("builtin"));
        QVERIFY(app.waitForModel());
        QTRY_COMPARE_WITH_TIMEOUT(viewOf(app).id(), comparison, patience);
        QCOMPARE(viewOf(app).runs().size(), 4);
        for (int i = 0; i < 4; ++i) {
            QCOMPARE(viewOf(app).runs()[i].title, titles[i]);
            QTRY_VERIFY(viewOf(app).runs()[i].hasAnswer());
        }
        QTRY_VERIFY(viewOf(app).grid() && viewOf(app).grid()->done == 1);
        QTRY_VERIFY(viewOf(app).pair() != nullptr);
        QCOMPARE(app.composition.runs().left(), 0);
    }

    void theListOpensChatsAndComparisonsInTheirLayouts() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::MainWindow& window = app.composition.window();
        ui::SamplingView brief;
        brief.max_tokens = 4;
        emit window.chat()->samplingChanged(brief);
        QVERIFY(app.ask(QStringLiteral("Go on")));
        const qint64 chat = app.composition.session().conversation();
        ui::RunDraft draft;
        draft.text = QStringLiteral("And on");
        draft.model = test::goldenModel();
        draft.kv_type = QStringLiteral("f16");
        draft.sampling.max_tokens = 4;
        emit window.comparisonDrafted({draft});
        QVERIFY(allMade(app, 1));
        const qint64 comparison = viewOf(app).id();
        emit window.conversations()->conversationActivated(chat, 0);
        QTRY_COMPARE(app.composition.session().conversation(), chat);
        QVERIFY(window.layoutName() == ui::LayoutName::Chat);
        app.settle();
        emit window.conversations()->conversationActivated(comparison, 0);
        QVERIFY(window.layoutName() == ui::LayoutName::Compare);
        // The chat comes back with its layout, and stays when a run ends meanwhile.
        app.settle();
        window.setLayoutName(ui::LayoutName::Chat);
        QTRY_COMPARE(app.composition.session().conversation(), chat);
        app.composition.compare().addRuns({draft});
        QVERIFY(allMade(app, 2));
        QCOMPARE(app.composition.session().conversation(), chat);
        window.setLayoutName(ui::LayoutName::Compare);
        QTRY_COMPARE(app.composition.session().conversation(), comparison);
        // Its run is looked at in Inspect, and not gone on from.
        emit window.compare()->openInInspectRequested(viewOf(app).runs()[0].id);
        QTRY_COMPARE(app.composition.session().conversation(), comparison);
        QVERIFY(window.layoutName() == ui::LayoutName::Inspect);
        QTRY_VERIFY(app.saysWhyNothingIsSent(QStringLiteral("This is a run of a comparison.")));
        const int messages = static_cast<int>(app.messages().size());
        emit window.chat()->sendRequested(QStringLiteral("And then?"), {});
        app.settle();
        QCOMPARE(app.messages().size(), messages);
        // Deleted, it is gone from the page.
        emit window.conversations()->deleteRequested(comparison);
        QTRY_VERIFY(!viewOf(app).isOpen());
    }
};

QTEST_MAIN(TestGuiCompare)
#include "tst_gui_compare.moc"
