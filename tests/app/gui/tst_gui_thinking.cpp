// SPDX-License-Identifier: Apache-2.0
#include "tests/app/gui/appfixture.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/composer.h"
#include "ui/panels/messagewidget.h"
#include "ui/panels/thinkingblock.h"
#include "ui/panels/transcript.h"
#include "ui/text/markdownview.h"
#include "ui/widgets/banner.h"

#include <QPushButton>
#include <QTest>

using namespace moescope;
using test::App;

namespace {

/** Turns, and a thinking that the prompt opens unless it is switched off; then it is there, and empty. */
const QString withSwitch =
    QStringLiteral("{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}{{ 'A: <think>\\n' }}"
                   "{% if enable_thinking is defined and not enable_thinking %}{{ '\\n</think>\\n\\n' }}{% endif %}");
const QString mark = QStringLiteral("<think>\n");

QPushButton* thinkingSwitch(App& app) {
    for (auto* button : app.composition.window().chat()->composer()->findChildren<QPushButton*>()) {
        if (button->accessibleName() == QStringLiteral("Thinking before the answer")) {
            return button;
        }
    }
    return nullptr;
}

ui::ThinkingBlock* blockOf(App& app, qint64 message) {
    ui::MessageWidget* widget = app.composition.window().chat()->transcript()->widgetOf(message);
    return widget == nullptr ? nullptr : widget->findChild<ui::ThinkingBlock*>();
}

void setLength(App& app, int tokens) {
    ui::SamplingView brief;
    brief.temperature = 0;
    brief.max_tokens = tokens;
    emit app.composition.window().chat()->samplingChanged(brief);
}

/** What the model read for an answer, as far as its traces hold it: all of the first one. */
QString promptOf(App& app, qint64 message) {
    QString text;
    bool done = false;
    app.composition.store().run(
        &app.composition, [message](store::Store& store) { return store.traces(message); },
        [&](const store::StoredTraces& traces) {
            for (const trace::TokenTracePtr& token : traces.tokens) {
                text += token->generated ? QString() : QString::fromStdString(token->text);
            }
            done = true;
        });
    return QTest::qWaitFor([&] { return done; }) ? text : QString();
}

} // namespace

class TestGuiThinking : public QObject {
    Q_OBJECT

private slots:
    void whatThePromptOpensIsThinkingAlsoAfterARestart() {
        const QTemporaryDir folder;
        const QString model = test::modelWithTemplate(folder.path(), withSwitch);
        ui::MessageView before;
        {
            App app(folder.filePath(QStringLiteral("data")), model);
            QVERIFY(app.waitForModel());
            setLength(app, 12);
            QVERIFY(app.ask(QStringLiteral("Hello there")));
            before = app.messages()[1];
            QVERIFY2(before.text.startsWith(mark), qPrintable(before.text));
            QCOMPARE(before.thinking(), before.text.mid(mark.size()).trimmed());
            QVERIFY(!before.thinking().isEmpty());
            QVERIFY(before.answer().isEmpty());
            QVERIFY(!before.parts.thinks);
            QVERIFY(before.parts.thinking_tokens > 0 && before.parts.thinking_tokens <= 12);
            QVERIFY(before.parts.thinking_ms > 0);
            QVERIFY(blockOf(app, before.id)->isOpen()); // there is nothing else of the answer
            QVERIFY(promptOf(app, before.id).endsWith(QStringLiteral("A: ") + mark));
        }
        App app(folder.filePath(QStringLiteral("data")), model);
        QVERIFY(app.waitForModel());
        app.settle();
        QTRY_COMPARE(app.messages().size(), 2);
        QCOMPARE(app.messages()[1].text, before.text);
        QVERIFY(app.messages()[1].parts == before.parts);
    }

    void aSearchLeavesTheThinkingOut() {
        const QTemporaryDir folder;
        const QString model = test::modelWithTemplate(folder.path(), withSwitch);
        App app(folder.filePath(QStringLiteral("data")), model);
        QVERIFY(app.waitForModel());
        setLength(app, 12);
        const auto found = [&app](const QString& query) {
            int hits = -1;
            app.composition.store().run(
                &app.composition, [query](store::Store& store) { return store.search(query); },
                [&hits](const store::SearchResult& result) { hits = static_cast<int>(result.hits.size()); });
            return QTest::qWaitFor([&hits] { return hits >= 0; }) ? hits : -1;
        };
        QVERIFY(app.ask(QStringLiteral("Hello there")));
        const QString thought = app.messages()[1].thinking().simplified().section(u' ', 0, 0);
        QVERIFY(!thought.isEmpty());
        QCOMPARE(found(thought), 0);
        thinkingSwitch(app)->click();
        QVERIFY(app.ask(QStringLiteral("Once more")));
        const QString said = app.messages()[3].answer().simplified().section(u' ', 0, 0);
        QVERIFY(!said.isEmpty());
        QVERIFY(found(said) > 0);
    }

    void anAnswerStoppedInItsThinkingGoesOn() {
        const QTemporaryDir folder;
        const QString model = test::modelWithTemplate(folder.path(), withSwitch);
        App app(folder.filePath(QStringLiteral("data")), model);
        QVERIFY(app.waitForModel());
        setLength(app, 16);
        QVERIFY(app.ask(QStringLiteral("Hello there")));
        const QString whole = app.messages()[1].text;
        setLength(app, 6);
        emit app.composition.window().chat()->regenerateRequested(app.messages()[1].id);
        QVERIFY(app.waitForAnswer());
        const ui::MessageView begun = app.messages()[1];
        QVERIFY(whole.startsWith(begun.text) && begun.text.size() < whole.size());
        emit app.composition.window().chat()->continueRequested(begun.id);
        QVERIFY(app.waitForAnswer());
        const ui::MessageView gone = app.messages()[1];
        QCOMPARE(gone.id, begun.id);
        QVERIFY2(whole.startsWith(gone.text) && gone.text.size() > begun.text.size(), qPrintable(gone.text));
        QCOMPARE(gone.text.count(QStringLiteral("<think>")), 1); // not once more
        QVERIFY(gone.parts.thinking_tokens > begun.parts.thinking_tokens);
    }

    void stopWithinTheThinkingKeepsItAndSendsNoneOfIt() {
        const QTemporaryDir folder;
        const QString model = test::modelWithTemplate(folder.path(), withSwitch);
        App app(folder.filePath(QStringLiteral("data")), model);
        QVERIFY(app.waitForModel());
        {
            const test::SlowAnswers slow;
            app.askForLong(7);
            QTRY_VERIFY(app.messages().size() == 2 && app.messages()[1].parts.hasThinking());
            emit app.composition.window().chat()->stopRequested();
            QVERIFY(app.waitForAnswer());
        }
        const ui::MessageView stopped = app.messages()[1];
        QCOMPARE(stopped.stats.stop_reason, QStringLiteral("cancelled"));
        QVERIFY(!stopped.parts.thinks && stopped.parts.hasThinking() && stopped.answer().isEmpty());
        QVERIFY(blockOf(app, stopped.id)->isOpen());
        setLength(app, 4);
        QVERIFY(app.ask(QStringLiteral("Go on")));
        const QString sent = promptOf(app, app.messages()[3].id);
        QVERIFY2(sent.endsWith(QStringLiteral("assistant: \nuser: Go on\nA: ") + mark), qPrintable(sent));
    }

    void hostileMarksInWhatIsStored_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QString>("thinking");
        QTest::addColumn<QString>("answer");
        const QString pair = QStringLiteral("<think>x</think>");
        const QString fence = QStringLiteral("```\n<think>\nno\n</think>\n```");
        QTest::newRow("never closed") << "<think>\nOne"
                                      << "One"
                                      << "";
        QTest::newRow("nested") << "<think>One <think>two</think> three</think> four"
                                << "One <think>two"
                                << "three</think> four";
        QTest::newRow("closed only") << "One</think>two"
                                     << ""
                                     << "One</think>two";
        QTest::newRow("nothing in it") << "<think></think>"
                                       << ""
                                       << "";
        QTest::newRow("cut in the mark") << "<thi"
                                         << ""
                                         << "<thi";
        QTest::newRow("in a code block") << fence << "" << fence;
        QTest::newRow("a code block across") << "<think>```\nOne</think>\n```\ntwo"
                                             << "```\nOne"
                                             << "```\ntwo";
        QTest::newRow("further on") << "One <think>two</think>"
                                    << ""
                                    << "One <think>two</think>";
        QTest::newRow("thousands") << pair.repeated(5000) + "end"
                                   << "x" << pair.repeated(4999) + "end";
        QTest::newRow("thousands, open") << QStringLiteral("<think>").repeated(20'000)
                                         << QStringLiteral("<think>").repeated(19'999) << "";
        QTest::newRow("of two kinds") << "<think>One</thinking>[THINK]two</think>three"
                                      << "One</thinking>[THINK]two"
                                      << "three";
    }

    void hostileMarksInWhatIsStored() {
        QFETCH(QString, text);
        QFETCH(QString, thinking);
        QFETCH(QString, answer);
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        qint64 conversation = 0;
        app.composition.store().run(
            &app.composition,
            [text](store::Store& store) {
                const qint64 id = store.addConversation().id;
                const qint64 prompt = store.addPrompt(id, 0, QStringLiteral("?")).id;
                const qint64 stored = store.beginAnswer({id, prompt, {}, {}, {}}).id;
                store.finishAnswer(stored, text, {}, {});
                return id;
            },
            [&conversation](qint64 id) { conversation = id; });
        QTRY_VERIFY(conversation != 0);
        app.composition.session().open(conversation);
        QTRY_COMPARE_WITH_TIMEOUT(app.messages().size(), 2, 10'000);
        const ui::MessageView view = app.messages()[1];
        QCOMPARE(view.thinking(), thinking);
        QCOMPARE(view.answer(), answer);
        QVERIFY(!view.parts.thinks); // it has ended, however it ends
        ui::ThinkingBlock* block = blockOf(app, view.id);
        QVERIFY(block != nullptr);
        QCOMPARE(block->isVisible(), !thinking.isEmpty());
        if (block->isVisible()) {
            QCOMPARE(block->isOpen(), answer.isEmpty());
            block->head()->click();
            block->head()->click();
            QCOMPARE(block->view()->markdown(), thinking);
        }
        QCOMPARE(view.parts.thinking_tokens, 0); // none were counted
    }

    void theSwitchIsGivenToTheTemplateAndRemembered() {
        const QTemporaryDir folder;
        const QString model = test::modelWithTemplate(folder.path(), withSwitch);
        {
            App app(folder.filePath(QStringLiteral("data")), model);
            QVERIFY(app.waitForModel());
            QTRY_VERIFY(thinkingSwitch(app)->isVisible());
            QVERIFY(thinkingSwitch(app)->isChecked());
            QVERIFY(!app.shows(QStringLiteral("chat template")));
            setLength(app, 4);
            thinkingSwitch(app)->click();
            QVERIFY(app.ask(QStringLiteral("Hello there")));
            const ui::MessageView answer = app.messages()[1];
            QVERIFY(!answer.text.startsWith(QStringLiteral("<think>")));
            QVERIFY(!answer.parts.hasThinking());
            QVERIFY(promptOf(app, answer.id).endsWith(QStringLiteral("</think>\n\n")));
            QVERIFY(!blockOf(app, answer.id)->isVisible());
        }
        App app(folder.filePath(QStringLiteral("data")), model);
        QVERIFY(app.waitForModel());
        app.settle();
        QTRY_COMPARE(app.messages().size(), 2);
        QVERIFY(!thinkingSwitch(app)->isChecked()); // of the conversation
        app.composition.session().startNew();
        QVERIFY(!thinkingSwitch(app)->isChecked()); // and of the next one
        thinkingSwitch(app)->click();
        QVERIFY(app.composition.session().samplingDefaults().thinking);
    }

    void wordsForTheSwitchGoIntoTheLastQuestionAlone() {
        const QTemporaryDir folder;
        const QString model = test::modelWithTemplate(
            folder.path(), QStringLiteral("{% for m in messages %}{{ m.role + ': ' + m.content + '\\n' }}{% endfor %}"
                                          "{% if '/no_think' in messages[-1].content %}{{ 'quick ' }}{% endif %}"));
        App app(folder.filePath(QStringLiteral("data")), model);
        QVERIFY(app.waitForModel());
        QTRY_VERIFY(thinkingSwitch(app)->isVisible());
        setLength(app, 4);
        thinkingSwitch(app)->click();
        QVERIFY(app.ask(QStringLiteral("Hello there")));
        QCOMPARE(app.messages()[0].text, QStringLiteral("Hello there"));
        QVERIFY(promptOf(app, app.messages()[1].id).startsWith(QStringLiteral("user: /no_think Hello there")));
        QVERIFY(promptOf(app, app.messages()[1].id).endsWith(QStringLiteral("quick ")));
    }

    void aModelWithoutASwitchShowsNone() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(!thinkingSwitch(app)->isVisible());
        QVERIFY(app.ask(QStringLiteral("Hello there")));
        QVERIFY(app.messages()[1].parts == ui::AnswerParts());
    }

    void aTemplateThatIsMissingIsSaidUntilItIsClosed() {
        const QTemporaryDir folder;
        const QString model = test::modelWithTemplate(folder.path(), QString());
        App app(folder.filePath(QStringLiteral("data")), model);
        QVERIFY(app.waitForModel());
        QTRY_VERIFY(app.shows(QStringLiteral("The model brings no chat template. Turns are written as plain turns")));
        setLength(app, 4);
        QVERIFY(app.ask(QStringLiteral("Hello there")));
        QVERIFY(app.shows(QStringLiteral("The model brings no chat template."))); // it goes for every answer
        for (ui::Banner* banner : app.composition.window().chat()->findChildren<ui::Banner*>()) {
            if (banner->isVisible()) {
                emit banner->closed();
            }
        }
        QVERIFY(!app.shows(QStringLiteral("chat template")));
        app.composition.session().startNew();
        QVERIFY(!app.shows(QStringLiteral("chat template")));
    }

    void aTemplateThatCannotBeReadIsNamed() {
        const QTemporaryDir folder;
        const QString model = test::modelWithTemplate(folder.path(), QStringLiteral("{% for m in messages %}"));
        App app(folder.filePath(QStringLiteral("data")), model);
        QVERIFY(app.waitForModel());
        QTRY_VERIFY(app.shows(QStringLiteral("Turns are written as plain turns instead")));
        app.composition.controller().unload();
        QTRY_VERIFY(!app.shows(QStringLiteral("Turns are written as")));
    }
};

QTEST_MAIN(TestGuiThinking)
#include "tst_gui_thinking.moc"
