// SPDX-License-Identifier: Apache-2.0
// The panel Attention in the app, and what the turns of a chat leave each other in the KV cache.
#include "tests/app/gui/appfixture.h"

#include "ui/panels/attentionpanel.h"
#include "ui/panels/chatpanel.h"
#include "ui/widgets/emptystate.h"

#include <QComboBox>
#include <QPushButton>
#include <QTest>

#include <cmath>
#include <numeric>

using namespace moescope;
using test::App;

namespace {

constexpr int patience = 60'000; // ms: software Vulkan on a loaded machine

ui::AttentionPanel* panelOf(App& app) { return app.composition.window().findChild<ui::AttentionPanel*>(); }

QString missing(const ui::AttentionPanel* panel) {
    const auto* page = panel->findChild<ui::EmptyState*>();
    return page->isVisible() ? page->accessibleName() : QString();
}

trace::StepTimings timingsOf(App& app) { return app.composition.session().branch().last().timings; }

/** A short answer that no tokenizer would split as it was sampled. */
void answerAtRandom(App& app, quint64 seed) {
    ui::SamplingView hot;
    hot.temperature = 1.5;
    hot.top_k = 0;
    hot.top_p = 1;
    hot.seed = seed;
    hot.max_tokens = 12;
    emit app.composition.window().chat()->samplingChanged(hot);
}

} // namespace

class TestGuiAttention : public QObject {
    Q_OBJECT
private slots:
    void thePanelShowsWhatTheSelectedTokenLookedAt();
    void whileAnsweringItComesAfterwards();
    void whatTheModelNeverReadIsSaidSo();
    void anAnswerThatIsNotInTheCacheIsASentence();
    void aSecondTurnReadsItsNewTokensAlone();
};

void TestGuiAttention::thePanelShowsWhatTheSelectedTokenLookedAt() {
    const QTemporaryDir folder;
    App app(folder.path());
    QVERIFY(app.waitForModel());
    int computed = 0;
    connect(&app.composition.controller(), &controller::InferenceController::attentionComputed, &app.composition,
            [&] { ++computed; });
    ui::AttentionPanel* panel = panelOf(app);
    QVERIFY(panel != nullptr);
    QVERIFY2(panel->isHidden(), "it is opened by whoever wants it");
    answerAtRandom(app, 5);
    QVERIFY(app.ask("Hello there"));
    ui::TraceModel& traces = app.composition.traces();
    QTRY_VERIFY(traces.tokenCount() > 2);
    app.composition.selection().setToken(traces.current(), 1);
    QTest::qWait(100);
    QCOMPARE(computed, 0);

    panel->show();
    panel->raise();
    QTRY_COMPARE_WITH_TIMEOUT(computed, 1, patience);
    const ui::AttentionState& state = panel->headsChart()->state();
    QTRY_VERIFY(!state.isEmpty());
    QCOMPARE(state.position(), int(traces.token(1).position));
    QCOMPARE(state.heads(), int(app.composition.controller().loaded()->model.head_count));
    for (int head = 0; head < state.heads(); ++head) {
        const auto masses = state.byMessage(head);
        const double sum = std::accumulate(masses.begin(), masses.end(), 0.0,
                                           [](double all, const auto& mass) { return all + mass.share; });
        QVERIFY(std::abs(sum - 1) < 1e-5);
    }
    QCOMPARE(state.byMessage(0).first().label, QString("You 1"));
    QCOMPARE(state.byMessage(0).last().label, QString("This answer"));

    // Another token and another layer, from wherever they are chosen.
    app.composition.selection().setToken(traces.current(), 0);
    QTRY_COMPARE(state.position(), int(traces.token(0).position));
    const int layer = state.layer() == 0 ? 1 : 0;
    panel->layerBox()->setCurrentIndex(layer);
    QTRY_COMPARE(state.layer(), layer);
    panel->hide();
    const int before = computed;
    app.composition.selection().setToken(traces.current(), 1);
    QTest::qWait(100);
    QCOMPARE(computed, before);
}

void TestGuiAttention::whileAnsweringItComesAfterwards() {
    const QTemporaryDir folder;
    App app(folder.path());
    QVERIFY(app.waitForModel());
    ui::AttentionPanel* panel = panelOf(app);
    panel->show();
    panel->raise();
    {
        const test::SlowAnswers slow;
        app.askForLong(3);
        QTRY_VERIFY_WITH_TIMEOUT(app.composition.traces().tokenCount() > 0, patience);
        QCOMPARE(app.composition.controller().state(), controller::InferenceController::State::Generating);
        QTRY_VERIFY2(missing(panel).contains("After the answer"), qPrintable(missing(panel)));
        app.composition.session().stop();
        QVERIFY(app.waitForAnswer());
    }
    // The last token was sampled, but Stop may have come before the model read it.
    app.composition.selection().setToken(app.composition.traces().current(), 0);
    QTRY_VERIFY_WITH_TIMEOUT(!panel->headsChart()->state().isEmpty(), patience);
    QVERIFY(missing(panel).isEmpty());
}

void TestGuiAttention::whatTheModelNeverReadIsSaidSo() {
    const QTemporaryDir folder;
    App app(folder.path());
    QVERIFY(app.waitForModel());
    ui::AttentionPanel* panel = panelOf(app);
    panel->show();
    panel->raise();
    app.askForLong(3);
    QVERIFY(app.waitForAnswer());
    QCOMPARE(app.messages().last().stats.stop_reason, QStringLiteral("context"));
    // The last token ended the answer: there was no room to read it.
    QTRY_VERIFY2_WITH_TIMEOUT(missing(panel).contains("Never read"), qPrintable(missing(panel)), patience);
    QVERIFY(app.shows("The context of 256 tokens was full when this token was chosen."));
    QVERIFY(panel->headsChart()->state().isEmpty());
    for (const QPushButton* button : panel->findChildren<QPushButton*>()) {
        QVERIFY(button->accessibleName() != "Read it again" || !button->isVisible());
    }
    const int tokens = app.composition.traces().tokenCount();
    app.composition.selection().setToken(app.composition.traces().current(), tokens - 2);
    QTRY_VERIFY_WITH_TIMEOUT(!panel->headsChart()->state().isEmpty(), patience);
    QVERIFY(missing(panel).isEmpty());
}

void TestGuiAttention::anAnswerThatIsNotInTheCacheIsASentence() {
    const QTemporaryDir folder;
    App app(folder.path());
    QVERIFY(app.waitForModel());
    ui::AttentionPanel* panel = panelOf(app);
    panel->show();
    panel->raise();
    answerAtRandom(app, 5);
    QVERIFY(app.ask("Hello there"));
    QTRY_VERIFY_WITH_TIMEOUT(!panel->headsChart()->state().isEmpty(), patience);
    const qint64 first = app.composition.session().conversation();
    app.composition.session().startNew();
    QTRY_VERIFY(missing(panel).contains("No token selected"));
    answerAtRandom(app, 6);
    QVERIFY(app.ask("Quite another question"));
    QTRY_VERIFY_WITH_TIMEOUT(!panel->headsChart()->state().isEmpty(), patience);

    app.composition.session().open(first);
    QTRY_COMPARE(app.composition.session().conversation(), first);
    QTRY_COMPARE(app.composition.traces().current(), app.composition.session().lastAnswer());
    app.composition.selection().setToken(app.composition.traces().current(), 0);
    QTRY_VERIFY2_WITH_TIMEOUT(missing(panel).contains("Not in the KV cache"), qPrintable(missing(panel)), patience);
    QVERIFY(panel->headsChart()->state().isEmpty());
    QVERIFY(!missing(panel).contains("Regenerate")); // that would be another answer
    QPushButton* again = nullptr;
    for (QPushButton* button : panel->findChildren<QPushButton*>()) {
        again = button->accessibleName() == "Read it again" ? button : again;
    }
    QVERIFY(again != nullptr && again->isVisible());
    again->click();
    QTRY_VERIFY_WITH_TIMEOUT(!panel->headsChart()->state().isEmpty(), patience);
    QVERIFY(missing(panel).isEmpty());
    QCOMPARE(panel->headsChart()->state().position(), int(app.composition.traces().token(0).position));
    QCOMPARE(app.messages().last().versions, 1); // nothing was made anew
    app.composition.selection().setToken(app.composition.traces().current(), 1);
    QTRY_COMPARE(panel->headsChart()->state().position(), int(app.composition.traces().token(1).position));
}

void TestGuiAttention::aSecondTurnReadsItsNewTokensAlone() {
    const QTemporaryDir folder;
    App app(folder.path());
    QVERIFY(app.waitForModel());
    app.answerBriefly();
    answerAtRandom(app, 5);
    QVERIFY(app.ask("Hello there"));
    const trace::StepTimings first = timingsOf(app);
    QCOMPARE(first.reused_tokens, 0U);
    QVERIFY(first.decode_tokens > 3);
    const uint32_t held = first.prefill_tokens + first.decode_tokens;
    QVERIFY(app.ask("And why?"));
    const trace::StepTimings second = timingsOf(app);
    QCOMPARE(second.reused_tokens, held);
    QVERIFY(second.prefill_tokens > 0 && second.prefill_tokens < held);

    // Opened again, what the answers were sampled as comes from the store.
    const qint64 conversation = app.composition.session().conversation();
    app.composition.session().startNew();
    app.settle();
    app.composition.session().open(conversation);
    QTRY_COMPARE(app.composition.session().conversation(), conversation);
    app.settle();
    QTRY_VERIFY(app.composition.traces().tokenCount() > 0);
    QVERIFY(app.ask("Go on"));
    QCOMPARE(timingsOf(app).reused_tokens, second.reused_tokens + second.prefill_tokens + second.decode_tokens);

    // An answer made again reads one token; an edited first message has only what all prompts begin with.
    app.composition.session().regenerate(app.composition.session().lastAnswer());
    QVERIFY(app.waitForAnswer());
    QCOMPARE(timingsOf(app).prefill_tokens, 1U);
    app.composition.session().edit(app.composition.session().branch().first().id, "Hello you");
    QVERIFY(app.waitForAnswer());
    const trace::StepTimings edited = timingsOf(app);
    QVERIFY(edited.reused_tokens < first.prefill_tokens);
    QVERIFY(edited.prefill_tokens > 0);
}

QTEST_MAIN(TestGuiAttention)
#include "tst_gui_attention.moc"
