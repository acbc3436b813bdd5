// SPDX-License-Identifier: Apache-2.0
// The memory ledger of a model that was really loaded.
#include "tests/app/gui/appfixture.h"

#include "ui/models/modelfit.h"
#include "ui/models/whatif.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/ledgerpanel.h"
#include "ui/panels/modellibrarypanel.h"
#include "ui/widgets/statusitem.h"

#include <QTest>

#include <algorithm>

using namespace moescope;
using ui::LedgerState;
using Kind = LedgerState::Kind;
using Column = ui::MemoryLedgerTable::Column;

namespace {

constexpr int patience = 60'000; // ms: software Vulkan on a loaded machine

ui::LedgerPanel* panelOf(test::App& app) { return app.composition.window().findChild<ui::LedgerPanel*>(); }

const LedgerState& shownIn(const ui::LedgerPanel* panel) {
    return static_cast<ui::MemoryLedgerTable*>(panel->table())->state();
}

/** What was asked for of parts with these numbers. */
quint64 sumOf(const LedgerState& state, const QList<int>& parts) {
    quint64 sum = 0;
    for (const LedgerState::Row& row : state.rows) {
        sum += parts.contains(row.part) ? row.asked : 0;
    }
    return sum;
}

/** The item of the KV cache in the line at the bottom can be seen and ends so. */
bool statusBarEnds(test::App& app, const QString& ending) {
    const auto items = app.composition.window().findChildren<ui::StatusItem*>();
    return std::any_of(items.begin(), items.end(), [&ending](const ui::StatusItem* item) {
        return item->isVisible() && item->accessibleName().startsWith(QStringLiteral("KV ")) &&
               item->accessibleName().endsWith(ending);
    });
}

} // namespace

class TestGuiLedger : public QObject {
    Q_OBJECT
private slots:
    void agreesWithTheEngineAndTheStatusBar();
    void aWhatIfTakesMore();
    void goesWithTheModel();
};

void TestGuiLedger::agreesWithTheEngineAndTheStatusBar() {
    const QTemporaryDir folder;
    test::App app(folder.path());
    QVERIFY(app.waitForModel());
    ui::LedgerPanel* panel = panelOf(app);
    QVERIFY(panel != nullptr && panel->isHidden()); // until it is asked for
    QCOMPARE(panel->chart()->syncCount(), 0);
    QCOMPARE(panel->table()->rowCount(), 0);

    app.composition.window().showPanel(panel->objectName());
    QTRY_VERIFY_WITH_TIMEOUT(panel->isVisible() && !panel->isEmptyShown(), patience);
    const LedgerState& state = shownIn(panel);
    const controller::Loaded& loaded = *app.composition.controller().loaded();
    QCOMPARE(sumOf(state, {0, 1, 2}), loaded.memory.weights_bytes);
    QCOMPARE(sumOf(state, {3}), loaded.memory.kv_bytes);
    QCOMPARE(sumOf(state, {4}), loaded.memory.workspace_bytes);
    // As planned, part by part; and the parts are all that the device has given.
    QVERIFY2(state.warnings().isEmpty(), qPrintable(state.warnings().join(QLatin1Char(' '))));
    quint64 allocated = 0;
    for (int part = 0; part < state.parts(); ++part) {
        allocated += *state.rows.at(part).allocated;
        QVERIFY(*state.rows.at(part).allocated >= state.rows.at(part).asked);
    }
    QCOMPARE(*state.all().allocated, allocated);
    QCOMPARE(loaded.ledger.allocated.total(), allocated);
    QCOMPARE(*state.all().planned, loaded.ledger.planned.total(loaded.memory.context, loaded.ledger.kv_type));
    QCOMPARE(state.free_before_bytes, quint64{loaded.device.free_bytes});

    // The line at the bottom of the window names the same cache.
    app.composition.window().resize(1440, 900);
    app.composition.window().setLayoutName(ui::LayoutName::Inspect);
    const int kv =
        int(std::find_if(state.rows.begin(), state.rows.end(), [](const auto& row) { return row.part == 3; }) -
            state.rows.begin());
    const QString ending = QStringLiteral(" of %1").arg(ui::bytesText(*state.rows.at(kv).planned));
    QTRY_VERIFY_WITH_TIMEOUT(statusBarEnds(app, ending), 10'000);
    app.composition.window().showPanel(panel->objectName());
    QTRY_VERIFY(panel->isVisible());

    // The page of the models plans the same for this device.
    const ui::ModelListModel* models = app.composition.window().library()->models();
    const int row = models->rowOf(loaded.model.path);
    if (row >= 0) {
        const trace::MemoryNeeds& needs = models->at(row).card.needsOn(loaded.device.type == "software").value();
        QCOMPARE(quint64{needs.weights()}, sumOf(state, {0, 1, 2}));
        QCOMPARE(quint64{needs.kv(loaded.memory.context, loaded.ledger.kv_type)}, sumOf(state, {3}));
        QCOMPARE(quint64{needs.workspace(loaded.memory.context)}, *state.rows.at(4).planned);
    }

    // An answer takes no more.
    ui::SamplingView brief;
    brief.max_tokens = 4;
    emit app.composition.window().chat()->samplingChanged(brief);
    const int synced = panel->chart()->syncCount();
    panel->hide();
    QVERIFY(app.ask(QStringLiteral("What does it cost?")));
    app.settle();
    QCOMPARE(panel->chart()->syncCount(), synced);
    QCOMPARE(*shownIn(panel).all().allocated, allocated);
}

void TestGuiLedger::aWhatIfTakesMore() {
    const QTemporaryDir folder;
    test::App app(folder.path());
    QVERIFY(app.waitForModel());
    ui::LedgerPanel* panel = panelOf(app);
    app.composition.window().showPanel(panel->objectName());
    QTRY_VERIFY_WITH_TIMEOUT(panel->isVisible() && !panel->isEmptyShown(), patience);
    ui::SamplingView brief;
    brief.max_tokens = 4;
    emit app.composition.window().chat()->samplingChanged(brief);
    const LedgerState before = shownIn(panel);

    app.composition.whatIf().setExpertsUsed(4);
    QVERIFY(app.ask(QStringLiteral("Four experts a token")));
    QTRY_VERIFY(sumOf(shownIn(panel), {4}) > sumOf(before, {4}));
    const LedgerState whatIf = shownIn(panel);
    QCOMPARE(whatIf.warnings().size(), 1); // no plan has them
    QVERIFY(whatIf.warnings().first().startsWith(QStringLiteral("Workspace: ")));
    QCOMPARE(*whatIf.all().allocated - *before.all().allocated,
             *whatIf.rows.at(4).allocated - *before.rows.at(4).allocated);

    app.composition.whatIf().clear();
    QVERIFY(app.ask(QStringLiteral("And as it is")));
    QTRY_COMPARE(sumOf(shownIn(panel), {4}), sumOf(before, {4}));
    QVERIFY(shownIn(panel).warnings().isEmpty());
}

void TestGuiLedger::goesWithTheModel() {
    const QTemporaryDir folder;
    test::App app(folder.path());
    QVERIFY(app.waitForModel());
    ui::LedgerPanel* panel = panelOf(app);
    app.composition.window().showPanel(panel->objectName());
    QTRY_VERIFY_WITH_TIMEOUT(!panel->isEmptyShown(), patience);
    const quint64 kv = sumOf(shownIn(panel), {3});

    // The what-if comes true.
    const int whatIf = shownIn(panel).rowOf(Kind::WhatIf);
    const quint64 inF32 = *shownIn(panel).rows.at(whatIf).planned;
    const controller::Loaded before = *app.composition.controller().loaded();
    QCOMPARE(before.memory.kv_type, std::string("f16"));
    ui::LoadWish wish;
    wish.path = before.model.path;
    wish.context = before.memory.context;
    wish.kv = trace::KvType::F32;
    emit app.composition.window().library()->loadRequested(wish);
    QVERIFY(app.waitForModel());
    QTRY_COMPARE_WITH_TIMEOUT(app.composition.controller().loaded()->memory.kv_type, std::string("f32"), patience);
    QTRY_COMPARE_WITH_TIMEOUT(sumOf(shownIn(panel), {3}), 2 * kv, patience);
    QCOMPARE(*shownIn(panel).all().planned, inF32);

    emit app.composition.window().library()->unloadRequested();
    QTRY_VERIFY_WITH_TIMEOUT(panel->isEmptyShown(), patience);
    QCOMPARE(panel->table()->rowCount(), 0);
}

QTEST_MAIN(TestGuiLedger)
#include "tst_gui_ledger.moc"
