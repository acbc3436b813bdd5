// SPDX-License-Identifier: Apache-2.0
// Runs of comparisons: made one after the other, stored, measured, and there again after a restart.
#include "tests/app/gui/appfixture.h"

#include "ui/mainwindow/statusline.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/conversationspanel.h"
#include "ui/widgets/statusitem.h"

#include <QDir>
#include <QFile>
#include <QSignalSpy>
#include <QTest>

using namespace moescope;
using test::App;

namespace {

constexpr int patience = 120'000; // ms: software Vulkan on a loaded machine

ui::RunDraft draftFor(const QString& text, const QString& model = test::goldenModel()) {
    ui::RunDraft draft;
    draft.text = text;
    draft.model = model;
    draft.model_name = QStringLiteral("Tiny");
    draft.kv_type = QStringLiteral("f16");
    draft.sampling.temperature = 0;
    draft.sampling.seed = 42;
    draft.sampling.max_tokens = 12;
    return draft;
}

/** Answers of the chat are short: the context holds 256 tokens. */
void answerBriefly(App& app) {
    ui::SamplingView sampling;
    sampling.temperature = 0;
    sampling.max_tokens = 8;
    emit app.composition.window().chat()->samplingChanged(sampling);
}

bool allMade(App& app) {
    const bool made = QTest::qWaitFor([&app] { return app.composition.runs().left() == 0; }, patience);
    app.settle();
    return made;
}

/** Makes a comparison, and waits for its runs. */
bool compare(App& app, const QList<ui::RunDraft>& drafts) {
    QSignalSpy opened(&app.composition.compare(), &gui::ComparisonSession::opened);
    app.composition.compare().create(QStringLiteral("Where is the boat?"), drafts);
    return QTest::qWaitFor([&opened] { return !opened.isEmpty(); }, patience) && allMade(app);
}

const QList<ui::RunView>& runsOf(App& app) { return app.composition.comparison().runs(); }

store::Message answerOf(App& app, const ui::RunView& run) {
    store::Message found;
    app.composition.store().run([&found, id = run.answer](store::Store& store) { found = store.message(id); });
    app.settle();
    return found;
}

int filesIn(const QString& folder) { return static_cast<int>(QDir(folder).entryList(QDir::Files).size()); }

} // namespace

class TestGuiRuns : public QObject {
    Q_OBJECT

private slots:
    void runsAreMadeAndThereAgainAfterARestart() {
        const QTemporaryDir folder;
        QString answer;
        qint64 comparison = 0;
        {
            App app(folder.path());
            QVERIFY(app.waitForModel());
            QVERIFY(compare(app, {draftFor("Go on and on"), draftFor("Go on and off")}));
            QCOMPARE(runsOf(app).size(), 2);
            comparison = app.composition.comparison().id();
            for (const ui::RunView& run : runsOf(app)) {
                QVERIFY2(run.phase == ui::RunPhase::Done, qPrintable(run.error));
                const store::Message stored = answerOf(app, run);
                QVERIFY(run.hasAnswer());
                QCOMPARE(run.trace->size(), int(stored.timings.decode_tokens));
                QCOMPARE(run.answer_tokens, int(stored.timings.decode_tokens));
                QCOMPARE(run.prompt_tokens, int(stored.timings.prefill_tokens + stored.timings.reused_tokens));
                QCOMPARE(run.decode_tps, gui::speedOf(stored.timings.decode_tokens, stored.timings.decode_ms));
                QVERIFY(run.kv_bytes > 0);
            }
            QVERIFY(runsOf(app)[0].title != runsOf(app)[1].title);
            QTRY_VERIFY(app.composition.comparison().pair() != nullptr);
            QVERIFY(app.composition.comparison().pair()->routing);
            answer = answerOf(app, runsOf(app)[1]).text;
        }
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.composition.compare().open(comparison);
        QTRY_COMPARE(runsOf(app).size(), 2);
        QTRY_VERIFY(runsOf(app)[1].hasAnswer());
        QVERIFY(runsOf(app)[1].phase == ui::RunPhase::Done);
        QCOMPARE(answerOf(app, runsOf(app)[1]).text, answer);
        QCOMPARE(app.composition.comparison().question(), QStringLiteral("Where is the boat?"));
        QTRY_VERIFY(app.composition.comparison().pair() != nullptr);
    }

    void aCommonPrefixIsComputedOnce() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        const QString common = QStringLiteral("On and on it went. ").repeated(4);
        QVERIFY(compare(app, {draftFor(common + "Alpha?"), draftFor(common + "Beta!"), draftFor(common + "Gamma,"),
                              draftFor(common + "Delta;")}));
        const QList<ui::RunView> runs = runsOf(app);
        const int prefix = runs[1].reused_tokens;
        QVERIFY(prefix > 16);
        int computed = 0;
        int whole = 0;
        for (const ui::RunView& run : runs) {
            const trace::StepTimings timings = answerOf(app, run).timings;
            computed += int(timings.prefill_tokens);
            whole += run.prompt_tokens - prefix;
            if (&run != &runs.first()) {
                QCOMPARE(run.reused_tokens, prefix);
            }
        }
        QCOMPARE(computed, prefix + whole);
        QCOMPARE(app.composition.comparison().once(), QStringLiteral("%1 prefix tokens computed once").arg(prefix));
        // The routing of what was not computed comes from where it was.
        store::StoredTraces traces;
        app.composition.store().run([&](store::Store& store) { traces = store.traces(runs[2].answer); });
        app.settle();
        QCOMPARE(int(traces.tokens.size()), runs[2].prompt_tokens + runs[2].answer_tokens);
        QVERIFY(!traces.tokens.front()->router.empty());
    }

    void aMeasuredRunKeepsItsAnswer() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(compare(app, {draftFor("Go on and on"), draftFor("Go on and off")}));
        const ui::RunView before = runsOf(app)[1];
        QVERIFY(before.reused_tokens > 0);
        QSignalSpy finished(&app.composition.controller(), &controller::InferenceController::finished);
        app.composition.compare().measure(before.id);
        QVERIFY(allMade(app));
        QCOMPARE(finished.size(), gui::ComparisonRuns::kMeasured);
        std::vector<double> speeds;
        for (const QList<QVariant>& end : finished) {
            const auto& timings = end[1].value<controller::Finished>().timings;
            QCOMPARE(timings.reused_tokens, 0U);
            speeds.push_back(gui::speedOf(timings.prefill_tokens, timings.prefill_ms));
        }
        std::sort(speeds.begin(), speeds.end());
        const ui::RunView after = runsOf(app)[1];
        QCOMPARE(after.measured, gui::ComparisonRuns::kMeasured);
        QCOMPARE(after.prefill_tps, speeds[1]);
        QCOMPARE(after.answer, before.answer);
        QCOMPARE(after.trace, before.trace);
        QVERIFY(after.phase == ui::RunPhase::Done);
    }

    void anotherModelIsLoadedAndTheFirstComesBack() {
        const QTemporaryDir folder;
        const QString other = test::modelWithTemplate(
            folder.path(), QStringLiteral("{% for message in messages %}{{ message.content }}{% endfor %}"));
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::RunDraft elsewhere = draftFor("Go on and on", other);
        ui::RunDraft wide = draftFor("Go on and on");
        wide.kv_type = QStringLiteral("q8_0");
        QSignalSpy loads(&app.composition.controller(), &controller::InferenceController::modelLoaded);
        QVERIFY(compare(app, {draftFor("Go on and on"), elsewhere, wide}));
        QCOMPARE(runsOf(app)[1].model, QStringLiteral("Templated"));
        for (const ui::RunView& run : runsOf(app)) {
            QVERIFY2(run.phase == ui::RunPhase::Done, qPrintable(run.error));
        }
        QVERIFY(app.waitForModel());
        QCOMPARE(loads.size(), 3); // the other, the first with another cache, the first as it was
        const auto& loaded = app.composition.controller().loaded();
        QCOMPARE(QString::fromStdString(loaded->model.file_name), QStringLiteral("large_like.gguf"));
        QCOMPARE(loaded->memory.kv_type, std::string("f16"));
        QCOMPARE(runsOf(app)[2].kv_type, QStringLiteral("q8_0"));
        // No speed of another model stands beside the name of the one that is loaded.
        for (const auto* part :
             app.composition.window().findChild<ui::StatusLine*>()->findChildren<ui::StatusItem*>()) {
            const bool speed = part->accessibleName().contains(QStringLiteral("tok/s"));
            QVERIFY2(!speed || part->isHidden(), qPrintable(part->accessibleName()));
        }
        QVERIFY(runsOf(app)[2].kv_bytes <= runsOf(app)[0].kv_bytes); // rows of this model are of the same 16 bytes
        QVERIFY(app.ask(QStringLiteral("And the chat?")));
    }

    void aRunThatCannotBeMadeSaysWhyAndTheOthersGoOn() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::RunDraft missing = draftFor("Go on", folder.filePath(QStringLiteral("missing.gguf")));
        ui::RunDraft impossible = draftFor("Go on");
        impossible.recipe.banned = {{500, 0}};
        ui::RunDraft file = draftFor({});
        file.kind = ui::PromptKind::File;
        file.path = folder.path();
        QVERIFY(compare(app, {missing, impossible, file, draftFor("Go on and on")}));
        for (int i = 0; i < 3; ++i) {
            QVERIFY(runsOf(app)[i].phase == ui::RunPhase::Failed);
            QVERIFY(!runsOf(app)[i].error.isEmpty());
        }
        QVERIFY2(runsOf(app)[0].error.contains(QStringLiteral("missing.gguf")), qPrintable(runsOf(app)[0].error));
        QVERIFY(runsOf(app)[3].phase == ui::RunPhase::Done);
        QVERIFY(app.waitForModel());
    }

    void whatIsStoppedIsNotMade() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        std::optional<test::SlowAnswers> slow(std::in_place);
        QSignalSpy opened(&app.composition.compare(), &gui::ComparisonSession::opened);
        ui::RunDraft endless = draftFor("Go on and on");
        endless.sampling.temperature = 1.5;
        endless.sampling.max_tokens = 0;
        app.composition.compare().create(QStringLiteral("?"), {endless, draftFor("b"), draftFor("c")});
        QVERIFY(QTest::qWaitFor([&] { return !opened.isEmpty(); }, patience));
        QTRY_VERIFY_WITH_TIMEOUT(runsOf(app)[0].isRunning(), patience);
        QVERIFY(runsOf(app)[1].phase == ui::RunPhase::Queued);
        QVERIFY(app.saysWhyNothingIsSent(QStringLiteral("3 runs of a comparison are being made.")));
        app.composition.compare().stop(runsOf(app)[1].id);
        QTRY_VERIFY(runsOf(app)[1].phase == ui::RunPhase::Cancelled);
        app.composition.compare().stop(runsOf(app)[0].id);
        slow.reset();
        QVERIFY(allMade(app));
        QVERIFY(runsOf(app)[0].phase == ui::RunPhase::Cancelled);
        QVERIFY(runsOf(app)[2].phase == ui::RunPhase::Done);
        // And made after all.
        app.composition.compare().runAgain(runsOf(app)[1].id);
        QTRY_VERIFY_WITH_TIMEOUT(runsOf(app)[1].phase == ui::RunPhase::Done, patience);
    }

    void aMessageThatIsBeingSentComesBeforeARun() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        answerBriefly(app);
        // What the engine does first lets the run come before the message, were it not held.
        controller::GenerateJob busy;
        busy.messages = {{"user", QByteArrayLiteral("On and on. ").repeated(500'000).toStdString()}};
        app.composition.controller().render(busy);
        app.send(QStringLiteral("Go on"));
        QVERIFY(app.composition.session().isStarting());
        const qint64 chat = app.composition.session().conversation();
        QSignalSpy opened(&app.composition.compare(), &gui::ComparisonSession::opened);
        QSignalSpy answered(&app.composition.session(), &gui::ChatSession::answerEnded);
        bool held = false; // the run is there before the message is stored
        connect(&app.composition.runs(), &gui::ComparisonRuns::leftChanged, this,
                [&](int left) { held = held || (left == 1 && app.composition.session().isStarting()); });
        app.composition.compare().create(QStringLiteral("Where is the boat?"), {draftFor("Go on and off")});
        QVERIFY(QTest::qWaitFor([&] { return !opened.isEmpty() && !answered.isEmpty(); }, patience));
        QVERIFY(held);
        QVERIFY(allMade(app));
        QCOMPARE(runsOf(app).size(), 1);
        QVERIFY2(runsOf(app)[0].phase == ui::RunPhase::Done, qPrintable(runsOf(app)[0].error));
        store::Message answer;
        app.composition.store().run(
            [&, id = answered.first()[0].toLongLong()](store::Store& store) { answer = store.message(id); });
        app.settle();
        QVERIFY(answer.conversation != app.composition.comparison().id());
        QVERIFY(chat == 0 || answer.conversation == chat);
        QVERIFY(answer.state == store::MessageState::Complete);
        QVERIFY(!answer.text.isEmpty());
    }

    void aRemovedRunIsGone() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(compare(app, {draftFor("Go on and on"), draftFor("Go on and off")}));
        app.composition.compare().remove(runsOf(app)[0].id);
        QTRY_COMPARE(runsOf(app).size(), 1);
        QList<store::Message> left;
        app.composition.store().run(
            [&, id = app.composition.comparison().id()](store::Store& store) { left = store.messages(id); });
        app.settle();
        QCOMPARE(left.size(), 2);
        QCOMPARE(left[1].id, runsOf(app)[0].answer);
    }

    void aTemplateIsFilledToItsLengthAndItsPassageWeighed() {
        const QTemporaryDir folder;
        App app(folder.path(), QStringLiteral("builtin"));
        QVERIFY(app.waitForModel());
        ui::RunDraft draft = draftFor({}, QStringLiteral("builtin"));
        draft.kind = ui::PromptKind::Template;
        draft.passage = QStringLiteral("The code for the lamp is 4711.");
        draft.question = QStringLiteral("What is the code for the lamp?");
        draft.expected = {QStringLiteral("4711")};
        draft.length = 256;
        ui::RunDraft deeper = draft;
        deeper.length = 384;
        deeper.depth = 100;
        QVERIFY(compare(app, {draft, deeper}));
        for (const ui::RunView& run : runsOf(app)) {
            QVERIFY2(run.phase == ui::RunPhase::Done, qPrintable(run.error));
            QVERIFY(run.prompt_tokens + run.draft.sampling.max_tokens <= run.draft.length);
            QVERIFY(run.prompt_tokens + run.draft.sampling.max_tokens >= run.draft.length * 97 / 100);
            QCOMPARE(run.passage.passage, draft.passage);
            QVERIFY(run.passage.tokens > 5);
            QVERIFY(run.verdict != ui::NeedleVerdict::None);
            QCOMPARE(run.passage_mass.size(), size_t(8));
            QVERIFY(run.passage_mass_n > 0);
            for (const float share : run.passage_mass) {
                QVERIFY(share > 0 && share < 1);
            }
        }
        QCOMPARE(runsOf(app)[0].title, QStringLiteral("256-token prompt"));
        QVERIFY(runsOf(app)[1].passage.first_token > runsOf(app)[0].passage.first_token);
    }

    void aChatIsComparedFromItsMessages() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        answerBriefly(app);
        QVERIFY(app.ask(QStringLiteral("Go on")));
        QVERIFY(app.ask(QStringLiteral("And on")));
        ui::RunDraft draft = draftFor({});
        draft.kind = ui::PromptKind::Chat;
        draft.message = app.messages()[2].id;
        QVERIFY(compare(app, {draft}));
        QVERIFY2(runsOf(app)[0].phase == ui::RunPhase::Done, qPrintable(runsOf(app)[0].error));
        QList<store::Message> messages;
        app.composition.store().run(
            [&, id = app.composition.comparison().id()](store::Store& store) { messages = store.messages(id); });
        app.settle();
        QCOMPARE(messages.size(), 4);
        QCOMPARE(messages[0].text, QStringLiteral("Go on"));
        QVERIFY(messages[1].role == store::Role::Assistant);
        QCOMPARE(messages[2].text, QStringLiteral("And on"));
    }

    void stateOfAChatComesBackAfterARestartAndGoesWithIt() {
        const QTemporaryDir folder;
        const QString states = folder.filePath(QStringLiteral("kv-states"));
        quint32 known = 0;
        {
            App app(folder.path());
            QVERIFY(app.waitForModel());
            QSignalSpy saved(&app.composition.controller(), &controller::InferenceController::stateSaved);
            answerBriefly(app);
            QVERIFY(app.ask(QStringLiteral("Go on and on it went for a while")));
            QTRY_COMPARE_WITH_TIMEOUT(saved.size(), 1, patience);
            QVERIFY(filesIn(states) > 0);
            QCOMPARE(QFile::permissions(states + u'/' + QDir(states).entryList(QDir::Files).first()) &
                         (QFile::ReadGroup | QFile::ReadOther),
                     QFile::Permissions());
            known = app.composition.controller().cached().tokens;
            QVERIFY(known > 0);
            app.settle();
            QCOMPARE(app.composition.states().conversations(), 1);
            QVERIFY(app.composition.states().bytes() > 0);
        }
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.settle();
        QSignalSpy restored(&app.composition.states(), &gui::StateKeeper::restored);
        answerBriefly(app);
        QVERIFY(app.ask(QStringLiteral("And then?")));
        QCOMPARE(restored.size(), 1);
        QCOMPARE(restored.first()[1].toString(), QStringLiteral("%1 tokens came back from the disk.").arg(known));
        store::Message answer;
        app.composition.store().run(
            [&, id = app.messages()[3].id](store::Store& store) { answer = store.message(id); });
        app.settle();
        QCOMPARE(answer.timings.reused_tokens, known);
        QTRY_VERIFY(filesIn(states) > 0);
        emit app.composition.window().conversations()->deleteRequested(app.composition.session().conversation());
        QTRY_COMPARE(filesIn(states), 0);
        QTRY_COMPARE(app.composition.states().bytes(), 0U);
    }

    void statesGoAtOnceWhenTheyAreSwitchedOff() {
        const QTemporaryDir folder;
        const QString states = folder.filePath(QStringLiteral("kv-states"));
        App app(folder.path());
        QVERIFY(app.waitForModel());
        answerBriefly(app);
        QVERIFY(app.ask(QStringLiteral("Go on and on")));
        QTRY_VERIFY_WITH_TIMEOUT(filesIn(states) > 0, patience);
        app.composition.states().setBudget(0);
        QTRY_COMPARE(filesIn(states), 0);
        QVERIFY(app.ask(QStringLiteral("And on")));
        QTest::qWait(200);
        QCOMPARE(filesIn(states), 0);
        // One that is larger than the budget says so.
        app.composition.states().setBudget(100);
        QSignalSpy notices(&app.composition.states(), &gui::StateKeeper::noticeChanged);
        QVERIFY(app.ask(QStringLiteral("Once more")));
        QTRY_COMPARE(notices.size(), 1);
        QVERIFY(notices.first()[1].toString().contains(QStringLiteral("so it is not saved")));
    }
};

QTEST_MAIN(TestGuiRuns)
#include "tst_gui_runs.moc"
