// SPDX-License-Identifier: Apache-2.0
#include "tests/app/gui/appfixture.h"

#include "app/gui/values.h"
#include "engine/gguf/reader.h"
#include "engine/inference/memory_plan.h"
#include "ui/mainwindow/settingsdialog.h"
#include "ui/mainwindow/statusline.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/composer.h"
#include "ui/panels/conversationspanel.h"
#include "ui/panels/transcript.h"
#include "ui/text/markdownview.h"
#include "ui/widgets/contextmeter.h"
#include "ui/widgets/statusitem.h"

#include <QFile>
#include <QSignalSpy>
#include <QTest>
#include <QThread>

#include <algorithm>

using namespace moescope;
using test::App;

namespace {

constexpr int patience = 60'000; // ms: software Vulkan on a loaded machine

} // namespace

class TestGui : public QObject {
    Q_OBJECT

private slots:
    void aConversationOutlivesTheProgram() {
        const QTemporaryDir folder;
        QString answer;
        QList<int> experts;
        int tokens = 0;
        {
            App app(folder.path());
            QVERIFY(app.waitForModel());
            QVERIFY(app.messages().isEmpty());
            QVERIFY(app.ask(QStringLiteral("Tell me a story about a fox and a boat.")));
            QCOMPARE(app.messages().size(), 2);
            QCOMPARE(app.messages()[0].text, QStringLiteral("Tell me a story about a fox and a boat."));
            answer = app.messages()[1].text;
            tokens = app.composition.traces().tokenCount();
            QVERIFY(tokens > 0);
            QCOMPARE(app.composition.traces().current(), app.messages()[1].id);
            QVERIFY(app.composition.traces().hasRouting());
            for (int i = 0; i < tokens; ++i) {
                experts.append(app.composition.traces().topExpert(i, 0));
            }
        }
        {
            App app(folder.path());
            QVERIFY(app.waitForModel());
            app.settle();
            QTRY_COMPARE(app.messages().size(), 2);
            QCOMPARE(app.messages()[1].text, answer);
            QCOMPARE(app.messages()[1].state, ui::AnswerState::Complete);
            QTRY_COMPARE(app.composition.traces().tokenCount(), tokens);
            for (int i = 0; i < tokens; ++i) {
                QCOMPARE(app.composition.traces().topExpert(i, 0), experts[i]);
            }
            QCOMPARE(
                app.composition.window().conversations()->model()->rowOf(app.composition.session().conversation()) >= 0,
                true);
        }
    }

    void aContextThatDoesNotFitIsShorterAndSaidSo() {
        const QTemporaryDir folder;
        const gguf::Reader file(test::goldenModel().toStdString());
        const model::ModelConfig config = model::readConfig(file);
        QVERIFY(config.context_length > 200);
        const auto planned = inference::planMemory(config, file, 200, inference::KvType::F16).total();
        App app(folder.path(), test::goldenModel(), planned * 16 / 15 + 16);
        QVERIFY(app.waitForModel());
        QCOMPARE(app.composition.controller().loaded()->memory.context, 192U);
        QTRY_VERIFY(app.shows(QStringLiteral("The context holds 192 of this model's 256 tokens")));
        app.composition.session().startNew(); // what a conversation has to say does not take its place
        QVERIFY(app.shows(QStringLiteral("The context holds 192")));
        QVERIFY(app.ask(QStringLiteral("Hello there")));
        QVERIFY(!app.messages()[1].text.isEmpty());
        QVERIFY(!app.shows(QStringLiteral("The context holds 192")));

        // One for which all of it fits says nothing of the kind.
        const QTemporaryDir other;
        App roomy(other.path());
        QVERIFY(roomy.waitForModel());
        QVERIFY(!roomy.shows(QStringLiteral("The context holds")));
    }

    void aFullContextHoldsNoMoreThanItCan() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        bool full = false;
        for (quint64 seed = 1; seed <= 20 && !full; ++seed) { // some answers end before that
            app.composition.session().startNew();
            app.askForLong(seed);
            QVERIFY(app.waitForAnswer());
            full = app.messages().last().stats.stop_reason == QStringLiteral("context");
        }
        QVERIFY(full);
        QCOMPARE(app.composition.window().findChild<ui::ContextMeter*>()->accessibleName(),
                 QStringLiteral("Context, 256 of 256 tokens, full"));
    }

    void regenerateMakesAVersionAndEditABranch() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(app.ask(QStringLiteral("One")));
        const qint64 first = app.messages()[1].id;
        ui::ChatPanel* chat = app.composition.window().chat();
        emit chat->regenerateRequested(first);
        QVERIFY(app.waitForAnswer());
        QCOMPARE(app.messages().size(), 2);
        QCOMPARE(app.messages()[1].versions, 2);
        QCOMPARE(app.messages()[1].version, 2);
        emit chat->versionRequested(app.messages()[1].id, -1);
        QCOMPARE(app.messages()[1].id, first);
        QCOMPARE(app.messages()[1].version, 1);
        QTRY_COMPARE(app.composition.traces().current(), first);

        emit chat->editRequested(app.messages()[0].id, QStringLiteral("Two"), {});
        QVERIFY(app.waitForAnswer());
        QCOMPARE(app.messages()[0].text, QStringLiteral("Two"));
        QCOMPARE(app.messages()[0].versions, 2);
    }

    void stopKeepsWhatIsThere() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        const test::SlowAnswers slow;
        app.askForLong(7);
        QTRY_VERIFY(app.composition.session().run().isActive());
        emit app.composition.window().chat()->stopRequested();
        QTRY_VERIFY_WITH_TIMEOUT(!app.composition.session().run().isActive(), 2000);
        app.settle();
        QCOMPARE(app.messages().size(), 2);
        QCOMPARE(app.messages()[1].state, ui::AnswerState::Complete);
    }

    void aWordClickedInTheChatStaysSelected() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::SamplingView seeded;
        seeded.seed = 1;
        seeded.max_tokens = 48;
        emit app.composition.window().chat()->samplingChanged(seeded);
        QVERIFY(app.ask(QStringLiteral("Tell me a story about a fox and a boat.")));
        ui::MainWindow& window = app.composition.window();
        ui::Selection& selection = app.composition.selection();
        QCOMPARE(window.layoutName(), ui::LayoutName::Chat);
        QVERIFY(selection.isFollowing());
        ui::MarkdownView* text = nullptr;
        for (auto* view : window.chat()->findChildren<ui::MarkdownView*>()) {
            text = view->isVisible() && !app.messages().last().text.isEmpty() ? view : text;
        }
        QVERIFY(text != nullptr);
        const auto marks = [text] { // pixels of the selection's frame
            const QImage image = text->grab().toImage();
            int found = 0;
            for (int y = 0; y < image.height(); ++y) {
                for (int x = 0; x < image.width(); ++x) {
                    found += image.pixelColor(x, y) == ui::theme().color(ui::Color::AccentText) ? 1 : 0;
                }
            }
            return found;
        };
        QCOMPARE(marks(), 0); // the newest token is not marked in a chat
        QTest::mouseClick(text, Qt::LeftButton, {}, QPoint(6, 10));
        const ui::SelectionState chosen = selection.state();
        QVERIFY(!selection.isFollowing());
        const ui::TraceModel& traces = app.composition.traces();
        std::vector<std::string_view> words;
        for (int token = 0; token < traces.tokenCount(); ++token) {
            words.push_back(traces.token(token).text);
        }
        const QList<ui::TokenRange> ranges = gui::rangesOf(words, app.messages().last().text);
        const auto first = std::find_if(ranges.cbegin(), ranges.cend(), // tokens before it are control tokens
                                        [](const ui::TokenRange& range) { return range.end > range.begin; });
        QVERIFY(first != ranges.cend());
        QCOMPARE(chosen.token, int(first - ranges.cbegin()));
        QVERIFY(app.messages().last().text.startsWith(QString::fromUtf8(traces.token(chosen.token).text)));
        QVERIFY(marks() > 20);
        window.setLayoutName(ui::LayoutName::Inspect);
        QCOMPARE(selection.state().token, chosen.token);
        window.setLayoutName(ui::LayoutName::Chat);
        QVERIFY(marks() > 20);
    }

    void theTimeToTheFirstTokenIsOneWhileAnsweringAndAfterwards() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        const gui::AnswerRun& run = app.composition.session().run();
        double said = 0;
        connect(&run, &gui::AnswerRun::progressed, this, [&] {
            ui::MessageView view;
            run.fill(view);
            said = view.stats.first_token_ms;
        });
        QVERIFY(app.ask(QStringLiteral("How long does it take?")));
        QVERIFY(said > 0);
        QCOMPARE(app.messages().last().stats.first_token_ms, said);
    }

    void aStoppedAnswerGoesOnAndHasOneSpeed() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        {
            const test::SlowAnswers slow;
            app.askForLong(7);
            QTRY_VERIFY_WITH_TIMEOUT(!app.composition.session().run().answer().text.isEmpty(), patience);
            app.composition.session().stop();
            QVERIFY(app.waitForAnswer());
        }
        QCOMPARE(app.messages().size(), 2);
        QCOMPARE(app.messages()[1].stats.stop_reason, QStringLiteral("cancelled"));
        const ui::MessageView kept = app.messages()[1];
        QVERIFY(kept.stats.tokens > 0);
        emit app.composition.window().chat()->continueRequested(kept.id);
        QVERIFY(app.waitForAnswer());
        QCOMPARE(app.messages().size(), 2);
        const ui::MessageView whole = app.messages()[1];
        QCOMPARE(whole.id, kept.id);
        QVERIFY(whole.text.startsWith(kept.text));
        QVERIFY(whole.stats.tokens > kept.stats.tokens);
        QVERIFY(whole.stats.stop_reason != QLatin1String("cancelled"));
        QTRY_COMPARE(app.composition.traces().tokenCount(), whole.stats.tokens);
        // The line of the answer and the status bar say the same.
        const QString speed = QStringLiteral("%1 tok/s").arg(ui::figureText(whole.stats.tokens_per_second));
        QStringList said;
        for (const auto* part :
             app.composition.window().findChild<ui::StatusLine*>()->findChildren<ui::StatusItem*>()) {
            said.append(part->accessibleName());
        }
        QVERIFY2(said.contains(speed),
                 qPrintable(said.join(QStringLiteral(" · ")) + QStringLiteral(" without ") + speed));
    }

    void closingWhileAnsweringLeavesAnInterruptedAnswerToContinue() {
        const QTemporaryDir folder;
        QString begun;
        {
            App app(folder.path());
            QVERIFY(app.waitForModel());
            const test::SlowAnswers slow;
            app.askForLong(7);
            QTRY_VERIFY_WITH_TIMEOUT(!app.composition.session().run().answer().text.isEmpty(), patience);
            QVERIFY(app.composition.session().run().isActive());
            begun = app.composition.session().run().answer().text;
        }
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.settle();
        QTRY_COMPARE(app.messages().size(), 2);
        QCOMPARE(app.messages()[1].state, ui::AnswerState::Interrupted);
        QVERIFY(app.messages()[1].text.startsWith(begun));
        const QString kept = app.messages()[1].text;
        const int before = app.messages()[1].stats.tokens;
        QVERIFY(before > 0);
        QTRY_COMPARE(app.composition.traces().tokenCount(), before);
        emit app.composition.window().chat()->continueRequested(app.messages()[1].id);
        QVERIFY(app.waitForAnswer());
        QCOMPARE(app.messages().size(), 2);
        QVERIFY(app.messages()[1].text.startsWith(kept));
        QCOMPARE(app.messages()[1].state, ui::AnswerState::Complete);
        QVERIFY(app.messages()[1].stats.tokens > before);
        QTRY_COMPARE(app.composition.traces().tokenCount(), app.messages()[1].stats.tokens);
    }

    void tracesThatAreStillBeingReadArriveAfterAQuestion() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::SamplingView brief; // both answers must fit in the small context
        brief.max_tokens = 16;
        emit app.composition.window().chat()->samplingChanged(brief);
        QVERIFY(app.ask(QStringLiteral("One")));
        const qint64 conversation = app.composition.session().conversation();
        const qint64 first = app.messages()[1].id;
        app.composition.session().startNew();
        // The store is slow: the traces of the first answer come after the next question was sent.
        connect(&app.composition.session(), &gui::ChatSession::shown, this,
                [&app] { app.composition.store().run([](store::Store&) { QThread::msleep(300); }); });
        app.composition.session().open(conversation);
        QTRY_COMPARE(app.composition.session().conversation(), conversation);
        QVERIFY(app.ask(QStringLiteral("Two")));
        QCOMPARE(app.messages().size(), 4);
        QVERIFY(app.composition.traces().tokenCount() > 0);
        app.composition.traces().setCurrent(first);
        QVERIFY(app.composition.traces().tokenCount() > 0);
    }

    void aModelThatGoesWhileThePromptIsStoredLeavesAnInterruptedAnswer() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.settle();
        app.composition.store().run([](store::Store&) { QThread::msleep(500); });
        app.composition.session().send(QStringLiteral("Hello"));
        controller::LoadJob missing;
        missing.model = "/nonexistent/model.gguf";
        app.composition.controller().load(missing);
        QTRY_COMPARE(app.messages().size(), 2);
        QTRY_COMPARE(app.messages()[1].state, ui::AnswerState::Interrupted);
    }

    void anotherDeviceLoadsTheModelAgain() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QSignalSpy loads(&app.composition.controller(), &controller::InferenceController::modelLoaded);
        emit app.composition.window().deviceSettingsRequested();
        auto* dialog = app.composition.window().findChild<ui::SettingsDialog*>();
        QVERIFY(dialog != nullptr);
        const QString device = QString::fromStdString(app.composition.controller().loaded()->device.name);
        emit dialog->deviceChosen(device);
        QCOMPARE(app.composition.controller().state(), controller::InferenceController::State::Loading);
        QVERIFY(app.waitForModel());
        QCOMPARE(loads.size(), 1);
        emit dialog->deviceChosen(device);
        QCOMPARE(app.composition.controller().state(), controller::InferenceController::State::Ready);
        dialog->close();
    }

    void deleteCanBeUndoneAndSearchFindsText() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(app.ask(QStringLiteral("Where do the reeds grow?")));
        const qint64 conversation = app.composition.session().conversation();
        ui::ConversationsPanel* list = app.composition.window().conversations();
        emit list->deleteRequested(conversation);
        app.settle();
        QCOMPARE(app.composition.session().conversation(), 0);
        QVERIFY(app.messages().isEmpty());
        QVERIFY(list->model()->rowOf(conversation) < 0);
        emit app.composition.window().undoRequested();
        app.settle();
        QTRY_COMPARE(app.composition.session().conversation(), conversation);
        QCOMPARE(app.messages().size(), 2);

        QList<ui::SearchHit> hits;
        gui::ConversationBook book(app.composition.store());
        connect(&book, &gui::ConversationBook::found, this,
                [&](const QString&, const QList<ui::SearchHit>& found) { hits = found; });
        book.search(QStringLiteral("reeds grow"));
        QTRY_VERIFY(!hits.isEmpty());
        QCOMPARE(hits[0].conversation, conversation);
    }

    void draftsAndLayoutsAreKept() {
        const QTemporaryDir folder;
        {
            App app(folder.path());
            QVERIFY(app.waitForModel());
            app.composition.window().chat()->setDraft(QStringLiteral("not sent yet"));
            app.composition.window().setLayoutName(ui::LayoutName::Inspect);
            app.composition.window().close();
        }
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.settle();
        QCOMPARE(app.composition.window().chat()->draft(), QStringLiteral("not sent yet"));
        QCOMPARE(app.composition.window().layoutName(), ui::LayoutName::Inspect);
    }

    void withoutADataFolderTheChatWorksAndSaysSo() {
        const QTemporaryDir folder;
        QFile inTheWay(folder.filePath(QStringLiteral("file")));
        QVERIFY(inTheWay.open(QIODevice::WriteOnly));
        inTheWay.write("x");
        inTheWay.close();
        App app(inTheWay.fileName());
        QVERIFY(app.waitForModel());
        app.settle();
        QTRY_VERIFY(app.shows(QStringLiteral("is not kept")));
        QVERIFY(app.ask(QStringLiteral("Hello")));
        QCOMPARE(app.messages().size(), 2);
        QVERIFY(inTheWay.open(QIODevice::ReadOnly));
        QCOMPARE(inTheWay.readAll(), QByteArray("x"));
    }

    void aSecondInstanceLeavesTheFirstAlone() {
        const QTemporaryDir folder;
        App first(folder.path());
        QVERIFY(first.waitForModel());
        first.answerBriefly();
        QVERIFY(first.ask(QStringLiteral("First")));
        {
            App second(folder.path());
            QVERIFY(second.waitForModel());
            second.settle();
            QTRY_VERIFY(second.shows(QStringLiteral("is not kept")));
            QVERIFY(second.ask(QStringLiteral("Second")));
        }
        QVERIFY(first.ask(QStringLiteral("Third")));
        QCOMPARE(first.messages().size(), 4);
    }

    void aDamagedDatabaseIsSetAsideWithASentence() {
        const QTemporaryDir folder;
        QFile database(folder.filePath(QStringLiteral("moescope.sqlite")));
        QVERIFY(database.open(QIODevice::WriteOnly));
        database.write(QByteArray(8192, 'x'));
        database.close();
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.settle();
        QTRY_VERIFY(app.shows(QStringLiteral("moescope.sqlite")));
        QVERIFY(app.ask(QStringLiteral("Hello")));
        QCOMPARE(app.messages().size(), 2);
    }

    void withoutAModelTheHistoryCanBeRead() {
        const QTemporaryDir folder;
        {
            App app(folder.path());
            QVERIFY(app.waitForModel());
            QVERIFY(app.ask(QStringLiteral("Hello")));
        }
        App app(folder.path(), QStringLiteral("/nonexistent/model.gguf"));
        QTRY_VERIFY(app.shows(QStringLiteral("model.gguf")));
        app.settle();
        QTRY_COMPARE(app.messages().size(), 2);
        app.composition.session().send(QStringLiteral("not now"));
        app.settle();
        QCOMPARE(app.messages().size(), 2);
    }
};

QTEST_MAIN(TestGui)
#include "tst_gui.moc"
