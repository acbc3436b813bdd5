// SPDX-License-Identifier: Apache-2.0
// A chat that outgrows its context: nothing of it is cut but by a choice, before sending and in the middle of an answer.
#include "tests/app/gui/appfixture.h"

#include "ui/panels/chatpanel.h"
#include "ui/panels/composer.h"
#include "ui/panels/contextbar.h"
#include "ui/panels/modellibrarypanel.h"
#include "ui/panels/ribbonpanel.h"
#include "ui/panels/transcript.h"

#include <QPushButton>
#include <QSignalSpy>
#include <QTest>

using namespace moescope;
using test::App;

namespace {

constexpr int patience = 60'000; // ms: software Vulkan on a loaded machine
constexpr quint32 wholeContext = 256;
const QString question = QStringLiteral("A fox and a boat, and the river that carries both of them to the sea");

void answerAtMost(App& app, int tokens) {
    ui::SamplingView sampling = app.composition.session().sampling();
    sampling.max_tokens = tokens;
    sampling.temperature = 0;
    emit app.composition.window().chat()->samplingChanged(sampling);
}

const ui::ContextOffer& offer(App& app) { return app.composition.session().offer(); }

/** Asks on until the chat has outgrown its context. */
bool outgrow(App& app) {
    answerAtMost(app, 12);
    for (int turn = 0; turn < 20; ++turn) {
        if (!app.ask(question)) {
            return false;
        }
        if (!offer(app).isEmpty()) {
            return true;
        }
    }
    return false;
}

QPushButton* button(App& app, const QString& text) {
    for (QPushButton* one : app.composition.window().chat()->contextBar()->findChildren<QPushButton*>()) {
        if (one->accessibleName() == text) {
            return one;
        }
    }
    return nullptr;
}

const QString newest = QStringLiteral("Keep the newest turns");
const QString longer = QStringLiteral("Load a longer context");
const QString newChat = QStringLiteral("Start a new chat with this");

bool load(App& app, quint32 context) {
    ui::LoadWish wish;
    wish.path = test::goldenModel().toStdString();
    wish.context = context;
    emit app.composition.window().library()->loadRequested(wish);
    return QTest::qWaitFor(
               [&] {
                   const auto& loaded = app.composition.controller().loaded();
                   return loaded && loaded->memory.context == context;
               },
               patience) &&
           app.waitForModel();
}

bool isListed(App& app) {
    return QTest::qWaitFor(
        [&] { return app.composition.window().library()->models()->rowOf(test::goldenModel().toStdString()) >= 0; },
        patience);
}

QString draft(App& app) { return app.composition.window().chat()->composer()->text(); }

/** Tokens of the answer as they are stored, in order; empty where they are not all there. */
std::vector<uint32_t> positionsOf(App& app, qint64 answer) {
    std::vector<uint32_t> positions;
    app.composition.store().run(
        &app.composition, [answer](store::Store& store) { return store.traces(answer).tokens; },
        [&](const store::TokenTraces& tokens) {
            for (const auto& token : tokens) {
                if (token->generated) {
                    positions.push_back(token->position);
                }
            }
        });
    app.settle();
    return positions;
}

/** A turn, and then an answer that stops because the context is full. */
bool fillMidway(App& app) {
    answerAtMost(app, 12);
    if (!app.ask(question) || !app.ask(question)) {
        return false;
    }
    app.askForLong(1);
    for (quint64 seed = 2; seed < 30; ++seed) {
        if (!app.waitForAnswer()) {
            return false;
        }
        if (app.composition.session().branch().last().stop_reason == trace::StopReason::Context) {
            return QTest::qWaitFor([&] { return !offer(app).isEmpty(); }, patience);
        }
        ui::SamplingView other = app.composition.session().sampling(); // it ended by itself
        other.seed = seed;
        emit app.composition.window().chat()->samplingChanged(other);
        app.composition.session().regenerate(app.composition.session().lastAnswer());
    }
    return false;
}

} // namespace

class TestGuiLimit : public QObject {
    Q_OBJECT
private slots:
    void aMessageThatIsNotStoredYetIsADraftAfterwards() {
        const QTemporaryDir folder;
        for (const bool isNew : {true, false}) {
            const QString text = isNew ? QStringLiteral("Not lost") : QStringLiteral("Not lost either");
            {
                App app(folder.path());
                QVERIFY(app.waitForModel());
                if (!isNew) {
                    QVERIFY(app.ask(question));
                }
                app.settle();
                emit app.composition.window().chat()->sendRequested(text, {});
                QVERIFY(app.composition.session().isStarting());
                // The program ends before it is measured.
            }
            App app(folder.path());
            QVERIFY(app.waitForModel());
            app.settle();
            QTRY_COMPARE(app.composition.window().chat()->draft(), text);
        }
    }

    void nothingIsSentUntilAChoiceIsMade() {
        const QTemporaryDir folder;
        int before = 0;
        {
            App app(folder.path());
            QVERIFY(app.waitForModel());
            QVERIFY(outgrow(app));
            before = static_cast<int>(app.messages().size());
            QVERIFY(before >= 4);
            QVERIFY(app.messages().last().role == ui::Role::Assistant);
            QCOMPARE(draft(app), question);
            QVERIFY(app.composition.window().chat()->contextBar()->isVisible());
            QVERIFY2(offer(app).sentence.contains(QStringLiteral("256")), qPrintable(offer(app).sentence));
            QVERIFY(button(app, newest)->isEnabled());
            QVERIFY(button(app, newChat)->isEnabled());
            // The model can hold no more, and the window says so.
            QVERIFY(!button(app, longer)->isEnabled());
            QVERIFY(app.shows(QStringLiteral("reads at most 256 tokens")));
            QVERIFY(app.composition.window().chat()->composer()->isEnabled());

            emit app.composition.window().chat()->contextBar()->closed();
            QVERIFY(offer(app).isEmpty());
            QVERIFY(!app.composition.window().chat()->contextBar()->isVisible());
            QCOMPARE(draft(app), question);
            app.settle();
            QCOMPARE(static_cast<int>(app.messages().size()), before);
        }
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.settle();
        QCOMPARE(static_cast<int>(app.messages().size()), before);
        QTRY_COMPARE(draft(app), question);
    }

    void aShorterMessageIsSentAfterAll() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(outgrow(app));
        const qsizetype before = app.messages().size();
        answerAtMost(app, 1);
        QVERIFY(app.ask(QStringLiteral("A")));
        if (offer(app).isEmpty()) { // it fitted: then it was sent whole
            QCOMPARE(app.messages().size(), before + 2);
            QVERIFY(app.composition.session().branch().last().view == store::ContextView());
        } else {
            QCOMPARE(app.messages().size(), before);
        }
    }

    void theNewestTurnsAreKeptAndTheLineStays() {
        const QTemporaryDir folder;
        qint64 from = 0;
        quint32 above = 0;
        {
            App app(folder.path());
            QVERIFY(app.waitForModel());
            app.composition.window().setLayoutName(ui::LayoutName::Inspect);
            app.composition.window().showPanel(QStringLiteral("context"));
            QVERIFY(outgrow(app));
            const qsizetype before = app.messages().size();
            QSignalSpy rendered(&app.composition.controller(), &controller::InferenceController::promptRendered);
            QTest::mouseClick(button(app, newest), Qt::LeftButton);
            QVERIFY(app.waitForAnswer());
            QVERIFY(offer(app).isEmpty());
            QVERIFY(draft(app).isEmpty());
            QCOMPARE(app.messages().size(), before + 2);
            const store::Message answer = app.composition.session().branch().last();
            QCOMPARE(answer.text.isEmpty(), false);
            from = answer.view.from;
            above = answer.view.above;
            QVERIFY(from != 0 && above > 0);
            // What was read is what is shown below the line, and leaves a quarter of the context.
            const QList<store::Message> given = app.composition.session().promptMessages(answer);
            QCOMPARE(given.first().id, from);
            QVERIFY(given.size() < before);
            QVERIFY(!rendered.isEmpty());
            QCOMPARE(rendered.last().at(1).value<QList<int>>().size(), given.size() + 1);
            QVERIFY(rendered.last().at(2).toInt() <= int(wholeContext * 3 / 4));
            int lines = 0;
            for (const ui::MessageView& message : app.messages()) {
                lines += message.cut_above ? 1 : 0;
                if (message.cut_above) {
                    QCOMPARE(message.id, from);
                    QCOMPARE(message.cut_tokens, int(above));
                }
            }
            QCOMPARE(lines, 1);
            auto* ribbon = qobject_cast<ui::RibbonPanel*>(app.composition.window().panel(QStringLiteral("context")));
            QTRY_VERIFY(ribbon->ribbon()->state().isCut());
            QCOMPARE(ribbon->ribbon()->state().cut_tokens, int(above));
            QCOMPARE(ribbon->ribbon()->state().cut_messages, int(before + 1 - given.size()));
            QTRY_COMPARE(ribbon->ribbon()->state().blocks.size(), given.size() + 1);
            // Another version is given the same, and so is the next answer.
            app.composition.session().regenerate(answer.id);
            QVERIFY(app.waitForAnswer());
            QVERIFY(app.composition.session().branch().last().view == answer.view);
            answerAtMost(app, 2);
            QVERIFY(app.ask(QStringLiteral("And")));
            QVERIFY(offer(app).isEmpty());
            QVERIFY(app.composition.session().branch().last().view == answer.view);
            // In a branch that begins above the line there is none.
            const qint64 first = app.messages().first().id;
            app.composition.session().edit(first, QStringLiteral("Once"));
            QVERIFY(app.waitForAnswer());
            QVERIFY(app.composition.session().branch().last().view == store::ContextView());
            QVERIFY(!app.messages().first().cut_above && app.messages().size() == 2);
            emit app.composition.window().chat()->versionRequested(app.messages().first().id, -1);
            app.settle();
            QVERIFY(app.messages().size() > 4);
        }
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.settle();
        const store::Message answer = app.composition.session().branch().last();
        QVERIFY(answer.view == (store::ContextView{from, above}));
        int lines = 0;
        for (const ui::MessageView& message : app.messages()) {
            lines += message.cut_above && message.id == from ? 1 : 0;
        }
        QCOMPARE(lines, 1);
    }

    void aLongerContextIsLoadedAndTheMessageSent() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(isListed(app));
        QVERIFY(load(app, 128));
        QVERIFY(outgrow(app));
        const qsizetype before = app.messages().size();
        QVERIFY2(button(app, longer)->isEnabled(), qPrintable(offer(app).longer_refusal));
        QTest::mouseClick(button(app, longer), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(app.messages().size(), before + 2, patience);
        QVERIFY(app.waitForAnswer());
        QCOMPARE(app.composition.controller().loaded()->memory.context, wholeContext);
        QVERIFY(app.composition.session().branch().last().view == store::ContextView());
        QVERIFY(draft(app).isEmpty());
        QVERIFY(offer(app).isEmpty());
    }

    void aMessageThatWaitsForALongerContextComesBeforeARun() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(isListed(app));
        QVERIFY(load(app, 128));
        QVERIFY(outgrow(app));
        const qint64 chat = app.composition.session().conversation();
        const qsizetype before = app.composition.session().branch().size();
        QTest::mouseClick(button(app, longer), Qt::LeftButton);
        ui::RunDraft draft;
        draft.text = QStringLiteral("Go on");
        draft.model = test::goldenModel();
        draft.kv_type = QStringLiteral("f16");
        draft.sampling.max_tokens = 4;
        QSignalSpy opened(&app.composition.compare(), &gui::ComparisonSession::opened);
        QSignalSpy answered(&app.composition.session(), &gui::ChatSession::answerEnded);
        app.composition.compare().create(QStringLiteral("Go on"), {draft});
        QVERIFY(QTest::qWaitFor([&] { return !opened.isEmpty() && !answered.isEmpty(); }, patience));
        QVERIFY(QTest::qWaitFor([&app] { return app.composition.runs().left() == 0; }, patience));
        app.settle();
        const ui::RunView& run = app.composition.comparison().runs().first();
        QVERIFY2(run.phase == ui::RunPhase::Done, qPrintable(run.error));
        app.composition.session().openAgain(chat, 0);
        app.settle();
        QCOMPARE(app.composition.session().branch().size(), before + 2);
        QVERIFY(app.composition.session().branch().last().state == store::MessageState::Complete);
    }

    void aNewChatBeginsWithTheMessage() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(outgrow(app));
        const qint64 old = app.composition.session().conversation();
        const qsizetype before = app.messages().size();
        const ui::SamplingView sampling = app.composition.session().sampling();
        QTest::mouseClick(button(app, newChat), Qt::LeftButton);
        QVERIFY(app.waitForAnswer());
        QVERIFY(app.composition.session().conversation() != old);
        QCOMPARE(app.messages().size(), 2);
        QCOMPARE(app.messages().first().text, question);
        QVERIFY(app.composition.session().sampling() == sampling);
        app.composition.session().open(old);
        app.settle();
        QTRY_COMPARE(app.messages().size(), before);
        QVERIFY(draft(app).isEmpty());
    }

    void anEditThatIsTooLongIsNotSentEither() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        answerAtMost(app, 12);
        QVERIFY(app.ask(question));
        QVERIFY(app.ask(question));
        const qint64 second = app.messages().at(2).id;
        app.composition.session().edit(second, QStringList(20, question).join(QLatin1Char(' ')));
        app.settle();
        QVERIFY(!offer(app).isEmpty());
        QVERIFY(!button(app, newest)->isEnabled()); // it alone is too long
        QVERIFY(!button(app, newChat)->isEnabled());
        QCOMPARE(app.messages().at(2).versions, 1);
        // Shortened in the composer it takes the place that the edit was for.
        app.composition.window().chat()->composer()->setDraft(QStringLiteral("Short"));
        app.composition.session().choose(ui::ContextChoice::Newest, QStringLiteral("Short"), {});
        QVERIFY(app.waitForAnswer());
        QCOMPARE(app.messages().size(), 4);
        QCOMPARE(app.messages().at(2).text, QStringLiteral("Short"));
        QCOMPARE(app.messages().at(2).versions, 2);
    }

    void anAnswerThatFillsTheContextGoesOn() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(fillMidway(app));
        const store::Message full = app.composition.session().branch().last();
        QCOMPARE(app.messages().last().stats.stop_reason, QStringLiteral("context"));
        QVERIFY(app.composition.window().chat()->canContinue());
        QVERIFY(button(app, newest)->isEnabled());
        QVERIFY(!button(app, longer)->isEnabled());
        const size_t tokens = positionsOf(app, full.id).size();
        QVERIFY(tokens > 16);
        QTest::mouseClick(button(app, newest), Qt::LeftButton);
        QVERIFY(app.waitForAnswer());
        const store::Message after = app.composition.session().branch().last();
        QCOMPARE(after.id, full.id);
        QVERIFY(after.view.from != 0);
        QVERIFY(after.text.startsWith(full.text));
        QVERIFY(after.text.size() > full.text.size() || after.stop_reason == trace::StopReason::Eos);
        // Its tokens are those of the context that it stands in now: all of them, one behind the other.
        const std::vector<uint32_t> positions = positionsOf(app, full.id);
        QVERIFY(positions.size() >= tokens);
        for (size_t i = 1; i < positions.size(); ++i) {
            QCOMPARE(positions[i], positions[i - 1] + 1);
        }
        QCOMPARE(after.timings.decode_tokens, uint32_t(positions.size()));
        QVERIFY(positions.front() < wholeContext / 2);
        QCOMPARE(app.composition.traces().tokenCount(full.id), int(positions.size()));
    }

    void aFullAnswerIsLeftAsItIs() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(fillMidway(app));
        const store::Message full = app.composition.session().branch().last();
        emit app.composition.window().chat()->contextBar()->closed();
        app.settle();
        QVERIFY(offer(app).isEmpty());
        QVERIFY(app.composition.session().branch().last().view == full.view);
        QCOMPARE(app.composition.session().branch().last().text, full.text);
        // It does not come back by itself, but by the command.
        app.composition.window().chat()->continueLast();
        app.settle();
        QTRY_VERIFY(!offer(app).isEmpty());
        QCOMPARE(app.composition.session().branch().last().text, full.text);
    }

    void aFullAnswerGoesOnInANewChat() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(fillMidway(app));
        const qint64 old = app.composition.session().conversation();
        const store::Message full = app.composition.session().branch().last();
        const QString asked = app.composition.session().find(full.parent)->text;
        QTest::mouseClick(button(app, newChat), Qt::LeftButton);
        QVERIFY(app.waitForAnswer());
        QVERIFY(app.composition.session().conversation() != old);
        QCOMPARE(app.messages().size(), 2);
        QCOMPARE(app.messages().first().text, asked);
        QVERIFY(app.composition.session().branch().last().text.startsWith(full.text));
        QVERIFY(positionsOf(app, app.messages().last().id).size() >= positionsOf(app, full.id).size());
        app.composition.session().open(old);
        app.settle();
        QTRY_COMPARE(app.composition.session().branch().last().text, full.text);
    }

    void aFullAnswerGoesOnWithALongerContext() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(isListed(app));
        QVERIFY(load(app, 160));
        QVERIFY(fillMidway(app));
        const store::Message full = app.composition.session().branch().last();
        QVERIFY2(button(app, longer)->isEnabled(), qPrintable(offer(app).longer_refusal));
        QTest::mouseClick(button(app, longer), Qt::LeftButton);
        QTRY_COMPARE_WITH_TIMEOUT(app.composition.controller().loaded().has_value() &&
                                      app.composition.controller().loaded()->memory.context == wholeContext,
                                  true, patience);
        QVERIFY(app.waitForAnswer());
        const store::Message after = app.composition.session().branch().last();
        QCOMPARE(after.id, full.id);
        QVERIFY(after.view == store::ContextView());
        QVERIFY(after.text.startsWith(full.text));
    }

    void aSmallerContextAsksBeforeAnAnswerIsMadeAgain() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(outgrow(app));
        emit app.composition.window().chat()->contextBar()->closed();
        QVERIFY(load(app, 128));
        const store::Message last = app.composition.session().branch().last();
        app.composition.session().regenerate(last.id);
        app.settle();
        QVERIFY(!offer(app).isEmpty());
        QCOMPARE(app.messages().last().versions, 1);
        QTest::mouseClick(button(app, newest), Qt::LeftButton);
        QVERIFY(app.waitForAnswer());
        QCOMPARE(app.messages().last().versions, 2);
        QVERIFY(app.composition.session().branch().last().view.from != 0);
        // The older version was given all, and shows no line.
        emit app.composition.window().chat()->versionRequested(app.messages().last().id, -1);
        app.settle();
        for (const ui::MessageView& message : app.messages()) {
            QVERIFY(!message.cut_above);
        }
    }
};

QTEST_MAIN(TestGuiLimit)
#include "tst_gui_limit.moc"
