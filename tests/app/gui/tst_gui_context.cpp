// SPDX-License-Identifier: Apache-2.0
// What the context ribbon says is what the engine computed and what the window shows beside it.
#include "tests/app/gui/appfixture.h"

#include "ui/panels/chatpanel.h"
#include "ui/panels/kvcachepanel.h"
#include "ui/panels/ribbonpanel.h"

#include <QSignalSpy>
#include <QTest>

using namespace moescope;
using test::App;

namespace {

ui::RibbonPanel* ribbonOf(App& app) {
    return qobject_cast<ui::RibbonPanel*>(app.composition.window().panel(QStringLiteral("context")));
}

const ui::ContextState& stateOf(App& app) { return ribbonOf(app)->ribbon()->state(); }

void openRibbon(App& app) {
    app.composition.window().setLayoutName(ui::LayoutName::Inspect);
    app.composition.window().showPanel(QStringLiteral("context")); // in a low window it is behind the strip
}

/** Answers that leave room for more turns. */
void answerBriefly(App& app) {
    ui::SamplingView sampling = app.composition.session().sampling();
    sampling.max_tokens = 12;
    app.composition.session().setSampling(sampling);
}

int cacheTokens(App& app) {
    auto* cache = qobject_cast<ui::KvCachePanel*>(app.composition.window().panel(QStringLiteral("kv-cache")));
    return static_cast<int>(cache->bars()->state().used_tokens);
}

} // namespace

class TestGuiContext : public QObject {
    Q_OBJECT
private slots:
    void blocksFollowTheChat();
    void anUnreadConversationIsRendered();
    void whatTheCacheHoldsIsSaid();
    void nobodyLooksNothingIsRendered();
};

void TestGuiContext::blocksFollowTheChat() {
    const QTemporaryDir folder;
    App app(folder.path());
    QVERIFY(app.waitForModel());
    answerBriefly(app);
    openRibbon(app);
    QVERIFY(app.ask(QStringLiteral("A fox and a boat")));
    QTRY_COMPARE(stateOf(app).blocks.size(), 2);
    const ui::ContextState first = stateOf(app);
    QCOMPARE(first.blocks.at(0).role, ui::ContextRole::User);
    QCOMPARE(first.blocks.at(1).role, ui::ContextRole::Model);
    QCOMPARE(first.blocks.at(0).first, 0);
    QCOMPARE(first.blocks.at(1).first, first.blocks.at(0).tokens);
    QCOMPARE(first.tokens(), first.used);
    QCOMPARE(first.used, cacheTokens(app));
    QCOMPARE(first.reused, 0);

    QVERIFY(app.ask(QStringLiteral("And the river")));
    QTRY_COMPARE(stateOf(app).blocks.size(), 4);
    const ui::ContextState second = stateOf(app);
    int position = 0;
    for (const ui::ContextBlock& block : second.blocks) {
        QCOMPARE(block.first, position);
        QVERIFY(block.tokens > 0);
        position += block.tokens;
    }
    QCOMPARE(position, second.used);
    QCOMPARE(second.used, cacheTokens(app));
    QCOMPARE(second.blocks.at(0).tokens, first.blocks.at(0).tokens);
    // What the second turn reused is the first turn, as the answer itself tells.
    const store::Message answer = app.composition.session().branch().last();
    QCOMPARE(second.reused, int(answer.timings.reused_tokens));
    QVERIFY(second.reused >= first.blocks.at(0).tokens);
    QVERIFY(second.reused <= first.used + 1);
    QSignalSpy scrolled(ribbonOf(app), &ui::RibbonPanel::messageChosen);
    ribbonOf(app)->ribbon()->setFocus();
    QTest::keyClick(ribbonOf(app)->ribbon(), Qt::Key_End);
    QTest::keyClick(ribbonOf(app)->ribbon(), Qt::Key_Return);
    QCOMPARE(scrolled.at(0).at(0).toLongLong(), answer.id);
}

void TestGuiContext::anUnreadConversationIsRendered() {
    const QTemporaryDir folder;
    ui::ContextState before;
    {
        App app(folder.path());
        QVERIFY(app.waitForModel());
        answerBriefly(app);
        openRibbon(app);
        QVERIFY(app.ask(QStringLiteral("A fox and a boat")));
        QVERIFY(app.ask(QStringLiteral("And the river")));
        QTRY_COMPARE(stateOf(app).blocks.size(), 4);
        before = stateOf(app);
        app.settle();
    }
    App app(folder.path());
    QVERIFY(app.waitForModel());
    openRibbon(app);
    app.settle();
    QTRY_COMPARE(stateOf(app).blocks.size(), 4);
    const ui::ContextState& after = stateOf(app);
    // Nothing of it is in the KV cache of a model that was just loaded, and nothing says so.
    QCOMPARE(after.used, 0);
    QCOMPARE(after.reused, 0);
    QCOMPARE(after.tokens(), before.tokens());
    QCOMPARE(cacheTokens(app), 0);
    for (int block = 0; block < 3; ++block) {
        QCOMPARE(after.blocks.at(block).first, before.blocks.at(block).first);
        QCOMPARE(after.blocks.at(block).tokens, before.blocks.at(block).tokens);
        QCOMPARE(after.blocks.at(block).message, before.blocks.at(block).message);
    }
}

void TestGuiContext::whatTheCacheHoldsIsSaid() {
    const QTemporaryDir folder;
    App app(folder.path());
    QVERIFY(app.waitForModel());
    answerBriefly(app);
    openRibbon(app);
    const controller::InferenceController& controller = app.composition.controller();
    QCOMPARE(controller.cached().answer, qint64{-1});
    QVERIFY(app.ask(QStringLiteral("A fox and a boat")));
    const qint64 chat = app.composition.session().conversation();
    const qint64 first = app.messages().last().id;
    QCOMPARE(controller.cached().answer, first);
    QTRY_COMPARE(stateOf(app).used, stateOf(app).tokens());
    const int whole = stateOf(app).used;
    QVERIFY(whole > 0);
    QVERIFY(std::abs(whole - int(controller.cached().tokens)) <= 1);

    // Of another version the cache holds what stands before both.
    app.composition.session().regenerate(first);
    QVERIFY(app.waitForAnswer());
    const qint64 second = app.messages().last().id;
    QCOMPARE(controller.cached().answer, second);
    emit app.composition.window().chat()->versionRequested(second, -1);
    QTRY_COMPARE(app.composition.traces().current(), first);
    QTRY_COMPARE(stateOf(app).blocks.size(), 2);
    QTRY_COMPARE(stateOf(app).used, stateOf(app).blocks.at(1).first);
    QCOMPARE(stateOf(app).tokens(), whole);
    QCOMPARE(cacheTokens(app), stateOf(app).used);

    // Of another chat nothing, and nothing of this one once the other was computed.
    app.composition.session().startNew();
    QVERIFY(app.ask(QStringLiteral("Quite another question")));
    QTRY_COMPARE(stateOf(app).used, stateOf(app).tokens());
    app.composition.session().open(chat);
    QTRY_COMPARE(app.composition.session().conversation(), chat);
    QTRY_COMPARE(stateOf(app).tokens(), whole);
    QCOMPARE(stateOf(app).used, 0);
    QCOMPARE(cacheTokens(app), 0);
}

void TestGuiContext::nobodyLooksNothingIsRendered() {
    const QTemporaryDir folder;
    App app(folder.path());
    QVERIFY(app.waitForModel());
    app.composition.window().setLayoutName(ui::LayoutName::Chat);
    QVERIFY(app.ask(QStringLiteral("A fox")));
    QVERIFY(ribbonOf(app)->ribbon()->state().isEmpty()); // a hidden panel gets no data
    openRibbon(app);
    QTRY_COMPARE(stateOf(app).blocks.size(), 2);
}

QTEST_MAIN(TestGuiContext)
#include "tst_gui_context.moc"
