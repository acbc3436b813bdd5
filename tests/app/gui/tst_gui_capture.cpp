// SPDX-License-Identifier: Apache-2.0
// An answer is saved as a capture and shown again where no model is.
#include "tests/app/gui/appfixture.h"
#include "tests/app/gui/capturefiles.h"
#include "tests/app/gui/npyfile.h"

#include "app/gui/capturerecorder.h"
#include "app/gui/capturesession.h"
#include "ui/models/routingtables.h"
#include "ui/panels/capturepanel.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/conversationspanel.h"
#include "ui/panels/expertspanel.h"
#include "ui/panels/messagewidget.h"
#include "ui/panels/timelinepanel.h"
#include "ui/panels/transcript.h"
#include "ui/panels/whatifpanel.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/iconbutton.h"
#include "ui/widgets/statusitem.h"

#include <QAction>
#include <QFile>
#include <QFileDialog>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>
#include <QTest>

using namespace moescope;
using gui::CaptureSession;
using test::App;
using test::isFile;
using test::nowhere;

namespace {

constexpr int patience = 20'000; // ms

/** What the panels' tables say of the answer in view. */
QStringList panelNumbers(gui::Composition& composition) {
    ui::TraceModel* traces = &composition.traces();
    QStringList tables{ui::toCsv(ui::ExpertsTable(traces))};
    for (int layer = 0; layer < traces->shape().layers; ++layer) {
        ui::TokenStripTable strip(traces);
        strip.setLayer(layer);
        tables << ui::toCsv(strip);
    }
    for (const int token : {0, traces->tokenCount() / 2, traces->tokenCount() - 1}) {
        ui::TokenPathTable path(traces);
        path.setToken(token);
        tables << ui::toCsv(path);
    }
    return tables;
}

QAction* action(const ui::MainWindow& window, const QString& text) {
    for (QAction* found : window.findChildren<QAction*>()) {
        if (found->text() == text) {
            return found;
        }
    }
    return nullptr;
}

/** Words of the status bar. */
QStringList statusOf(gui::Composition& composition) {
    QStringList words;
    for (const auto* part : composition.window().findChildren<ui::StatusItem*>()) {
        words.append(part->accessibleName());
    }
    return words;
}

} // namespace

class TestGuiCapture : public QObject {
    Q_OBJECT
private:
    QTemporaryDir m_files;
    QString m_path; ///< of a capture that the first test saved
    QStringList m_numbers;
    QStringList m_texts;
    int m_tokens = 0;

private slots:
    void initTestCase() {
        m_path = m_files.filePath(QStringLiteral("answer.moescope"));
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::SamplingView brief;
        brief.max_tokens = 16;
        const auto sample = [&app, &brief](quint64 seed) {
            brief.seed = seed;
            emit app.composition.window().chat()->samplingChanged(brief);
        };
        sample(1);
        QVERIFY(app.ask(QStringLiteral("One")));
        QVERIFY(app.ask(QStringLiteral("Two")));
        for (quint64 seed = 2; seed < 40 && app.composition.traces().tokenCount() < 6;
             ++seed) { // chance ends some early
            sample(seed);
            app.composition.session().regenerate(app.composition.session().lastAnswer());
            QVERIFY(app.waitForAnswer());
        }
        gui::Composition& composition = app.composition;
        const qint64 answer = composition.session().lastAnswer();
        QCOMPARE(composition.traces().current(), answer);
        m_numbers = panelNumbers(composition);
        m_tokens = composition.traces().tokenCount();
        QVERIFY(m_tokens >= 6);
        for (const ui::MessageView& message : app.messages()) {
            m_texts << message.text;
        }
        QCOMPARE(m_texts.size(), 4);
        composition.recorder().save(answer, m_path);
        QVERIFY(isFile(m_path));

        const QString npy = m_files.filePath(QStringLiteral("routing.npy"));
        composition.recorder().exportRouting(answer, npy);
        QVERIFY(isFile(npy));
        const ui::TraceModel& traces = composition.traces();
        const test::NpyFile experts(npy);
        const trace::RouterTrace* router = traces.router(1);
        QVERIFY(experts.shape == std::vector<qsizetype>({m_tokens, traces.shape().layers, traces.shape().used}));
        QVERIFY(router != nullptr);
        for (int layer = 0; layer < traces.shape().layers; ++layer) {
            for (int k = 0; k < traces.shape().used; ++k) {
                QCOMPARE(experts.at<qint32>(1, layer, k),
                         qint32(router->experts[size_t(layer * traces.shape().used + k)]));
            }
        }
        // Unlike the panels the file holds the prompt too, and the machine.
        const exchange::Capture capture = exchange::readCapture(m_path);
        QVERIFY(capture.tokens.size() > size_t(m_tokens));
        QVERIFY(capture.device && capture.device->name == composition.controller().loaded()->device.name);
        const trace::MemoryLedger& ledger = composition.controller().loaded()->ledger;
        QVERIFY(capture.ledger && capture.ledger->allocated == ledger.allocated && capture.ledger->kv == ledger.kv);
        QVERIFY(capture.ledger->staging == ledger.staging &&
                capture.ledger->free_after_bytes == ledger.free_after_bytes);
    }

    void aCaptureShowsTheSameNumbersWithoutAModel() {
        const QTemporaryDir folder;
        App app(folder.path(), nowhere(folder));
        gui::Composition& composition = app.composition;
        QVERIFY(app.openCapture(m_path));
        QCOMPARE(composition.controller().state(), controller::InferenceController::State::Empty);
        QCOMPARE(panelNumbers(composition), m_numbers);
        QCOMPARE(composition.window().layoutName(), ui::LayoutName::Inspect);
        const ui::CapturePanel* panel = composition.window().capture();
        QVERIFY(panel->isVisible());
        QVERIFY(!composition.window().chat()->isVisible());
        QStringList texts;
        for (const ui::MessageView& message : panel->transcript()->messages()) {
            texts << message.text;
        }
        QCOMPARE(texts, m_texts);
        QVERIFY(app.shows(QStringLiteral("Nothing is computed")));
        QVERIFY(app.shows(QStringLiteral("Capture of")));

        // Token by token, by the same keys as ever, and by itself.
        QCOMPARE(composition.selection().state().token, 0);
        action(composition.window(), QStringLiteral("Next token"))->trigger();
        QCOMPARE(composition.selection().state().token, 1);
        QCOMPARE(composition.selection().state().run, CaptureSession::run);
        composition.captures().setPlaying(true);
        QTRY_COMPARE_WITH_TIMEOUT(composition.selection().state().token, m_tokens - 1, 300 * m_tokens + patience);

        // Closed, the chat is back, and empty as it was.
        action(composition.window(), QStringLiteral("Close the capture"))->trigger();
        QVERIFY(!composition.captures().isOpen());
        QVERIFY(composition.window().chat()->isVisible());
        QVERIFY(!panel->isVisible());
        QCOMPARE(composition.traces().current(), qint64(-1));
    }

    void notesAndBookmarksAreKeptInTheFile() {
        const QString path = m_files.filePath(QStringLiteral("noted.moescope"));
        QVERIFY(QFile::copy(m_path, path));
        const QTemporaryDir folder;
        App app(folder.path(), nowhere(folder));
        gui::Composition& composition = app.composition;
        QVERIFY(app.openCapture(path));
        ui::CapturePanel* panel = composition.window().capture();

        composition.selection().setToken(CaptureSession::run, 1);
        action(composition.window(), QStringLiteral("Add a note…"))->trigger();
        QVERIFY(panel->noteField()->isVisible());
        QTest::keyClicks(panel->noteField(), QStringLiteral("It turns here"));
        QTest::keyClick(panel->noteField(), Qt::Key_Return);
        QVERIFY(!panel->noteField()->isVisible());
        action(composition.window(), QStringLiteral("Bookmark the token"))->trigger();
        composition.selection().setToken(CaptureSession::run, 0);
        action(composition.window(), QStringLiteral("Bookmark the token"))->trigger();
        QCOMPARE(panel->marks()->count(), 3);
        const auto kept = [&] {
            const exchange::Capture read = exchange::readCapture(path);
            return std::pair(read.notes.size(), read.bookmarks.size());
        };
        QTRY_VERIFY_WITH_TIMEOUT(kept() == std::pair(qsizetype(1), qsizetype(2)), patience);
        const exchange::Capture read = exchange::readCapture(path);
        QCOMPARE(read.notes[0].text, QStringLiteral("It turns here"));
        QCOMPARE(read.notes[0].token, 1);
        QCOMPARE(read.notes[0].message, 3);
        QCOMPARE(read.bookmarks[0].token, 0);

        // A mark leads to its token; Delete takes it away, from the file too.
        emit panel->markActivated(0);
        QCOMPARE(composition.selection().state().token, 1);
        action(composition.window(), QStringLiteral("Bookmark the token"))->trigger();
        panel->marks()->setCurrentRow(0);
        QTest::keyClick(panel->marks(), Qt::Key_Delete);
        QTRY_VERIFY_WITH_TIMEOUT(kept() == std::pair(qsizetype(0), qsizetype(1)), patience);
        QCOMPARE(composition.captures().capture().notes.size(), 0);
    }

    // The second is noted while the first is being written, and the capture is left at once.
    void notesAreKeptWhenTheCaptureIsLeft() {
        const QString path = m_files.filePath(QStringLiteral("left.moescope"));
        QVERIFY(QFile::copy(m_path, path));
        const QTemporaryDir folder;
        App app(folder.path(), nowhere(folder));
        CaptureSession& captures = app.composition.captures();
        QVERIFY(app.openCapture(path));
        captures.addNote(QStringLiteral("First"));
        captures.addNote(QStringLiteral("Second"));
        captures.close();
        const auto notes = [&path] { return exchange::readCapture(path).notes.size(); };
        QTRY_COMPARE_WITH_TIMEOUT(notes(), 2, patience);

        // Opened anew in the same moment, it is shown with what is being written.
        captures.open(path);
        QTRY_VERIFY_WITH_TIMEOUT(captures.isOpen(), patience);
        captures.addNote(QStringLiteral("Third"));
        captures.addNote(QStringLiteral("Fourth"));
        captures.open(path);
        QTRY_COMPARE_WITH_TIMEOUT(notes(), 4, patience);
        QTRY_COMPARE_WITH_TIMEOUT(captures.capture().notes.size(), 4, patience);
    }

    void oneNotesToAMessageOfOnesOwn() {
        const QString path = m_files.filePath(QStringLiteral("own.moescope"));
        QVERIFY(QFile::copy(m_path, path));
        const QTemporaryDir folder;
        App app(folder.path(), nowhere(folder));
        QVERIFY(app.openCapture(path));
        ui::CapturePanel* panel = app.composition.window().capture();
        panel->transcript()->scrollToMessage(3);
        QTRY_VERIFY(panel->transcript()->widgetOf(3) != nullptr);
        ui::IconButton* note = nullptr;
        for (ui::IconButton* button : panel->transcript()->widgetOf(3)->findChildren<ui::IconButton*>()) {
            QVERIFY(!button->accessibleName().startsWith(QLatin1String("Edit")));
            note = button->accessibleName() == QLatin1String("Add a note") ? button : note;
        }
        QVERIFY(note != nullptr && note->isEnabled());
        note->setFocus(Qt::TabFocusReason);
        QTest::keyClick(note, Qt::Key_Space);
        QVERIFY(panel->noteField()->isVisible());
        QTest::keyClicks(panel->noteField(), QStringLiteral("A leading question"));
        QTest::keyClick(panel->noteField(), Qt::Key_Return);
        QTRY_COMPARE_WITH_TIMEOUT(exchange::readCapture(path).notes.size(), 1, patience);
        const exchange::Note kept = exchange::readCapture(path).notes.first();
        QCOMPARE(kept.message, 2);
        QCOMPARE(kept.token, -1);
        QCOMPARE(kept.text, QStringLiteral("A leading question"));
    }

    void inACaptureNothingIsChangedMeasuredOrCompared() {
        exchange::Capture changed = exchange::readCapture(m_path);
        changed.messages.last().recipe.intervention.without_shared = true;
        const QString path = m_files.filePath(QStringLiteral("changed.moescope"));
        exchange::writeCapture(path, changed);
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        gui::Composition& composition = app.composition;
        composition.captures().open(path);
        QTRY_VERIFY_WITH_TIMEOUT(composition.captures().isOpen(), patience);
        const auto button = [](const QWidget* in, const QString& name) -> QPushButton* {
            for (QPushButton* found : in->findChildren<QPushButton*>()) {
                if (found->accessibleName() == name) {
                    return found;
                }
            }
            return nullptr;
        };
        // What cannot be done says why.
        const ui::CapturePanel* panel = composition.window().capture();
        for (const QString& name :
             {QStringLiteral("Compare with the untouched answer"), QStringLiteral("Use this what-if again")}) {
            const QPushButton* dead = button(panel, name);
            QVERIFY(dead != nullptr && dead->isVisible());
            QVERIFY(!dead->isEnabled());
            QVERIFY2(dead->toolTip().contains(QStringLiteral("A capture")), qPrintable(dead->toolTip()));
        }
        composition.window().showPanel(QStringLiteral("what-if"));
        const auto* diff = composition.window().findChild<ui::WhatIfPanel*>();
        QTRY_COMPARE(diff->state(), ui::WhatIfPanel::State::Captured);
        composition.window().showPanel(QStringLiteral("kernel-timeline"));
        const auto* timeline = composition.window().findChild<ui::TimelinePanel*>();
        QTRY_VERIFY(timeline->isEmptyShown());
        const QPushButton* record = button(timeline, QStringLiteral("Record a step"));
        QVERIFY(record == nullptr || !record->isVisible());
        QVERIFY(timeline->findChild<ui::EmptyState*>()->accessibleDescription().contains(
            QStringLiteral("nothing is computed here")));
        auto* experts = composition.window().findChild<ui::ExpertsPanel*>();
        composition.selection().set({CaptureSession::run, 1, 0, 0});
        QTest::keyClick(experts->chart(), Qt::Key_B);
        QVERIFY(composition.whatIf().isEmpty());
        QVERIFY(app.shows(QStringLiteral("A capture computes nothing")));
        // Back in the chat it is as ever.
        composition.captures().close();
        QVERIFY(composition.whatIf().refusal().isEmpty());
    }

    void aHostileFileIsASentenceAndNothingIsLost() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.answerBriefly();
        QVERIFY(app.ask(QStringLiteral("A question")));
        gui::Composition& composition = app.composition;
        const QStringList before = panelNumbers(composition);
        const qint64 answer = composition.traces().current();
        QFile good(m_path);
        QVERIFY(good.open(QIODevice::ReadOnly));
        const QString bad = m_files.filePath(QStringLiteral("bad.moescope"));
        {
            QFile file(bad);
            QVERIFY(file.open(QIODevice::WriteOnly));
            file.write(good.readAll().chopped(300));
        }
        composition.captures().open(bad);
        QTRY_VERIFY_WITH_TIMEOUT(app.shows(QStringLiteral("bad.moescope")), patience);
        QVERIFY(!composition.captures().isOpen());
        QCOMPARE(composition.traces().current(), answer);
        QCOMPARE(panelNumbers(composition), before);
        QCOMPARE(app.messages().size(), 2);

        // With a capture in view that one stays; from it one goes to the chat, whose panels are as before.
        composition.captures().open(m_path);
        QTRY_VERIFY_WITH_TIMEOUT(composition.captures().isOpen(), patience);
        composition.captures().open(bad);
        QTRY_VERIFY_WITH_TIMEOUT(app.shows(QStringLiteral("bad.moescope")), patience);
        QVERIFY(composition.captures().isOpen());
        QCOMPARE(panelNumbers(composition), m_numbers);
        emit composition.window().conversations()->conversationActivated(composition.session().conversation(), 0);
        QVERIFY(!composition.captures().isOpen());
        QTRY_COMPARE_WITH_TIMEOUT(composition.traces().current(), answer, patience);
        QVERIFY(app.ask(QStringLiteral("Another")));
        QCOMPARE(app.messages().size(), 4);
    }

    // The chat goes on behind a capture and does not come into its panels.
    void anAnswerGoesOnBehindACapture() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        {
            const test::SlowAnswers slow;
            app.askForLong(7);
            QTRY_VERIFY_WITH_TIMEOUT(app.composition.session().run().isActive(), patience);
            app.composition.captures().open(m_path);
            QTRY_VERIFY_WITH_TIMEOUT(app.composition.captures().isOpen(), patience);
            QVERIFY(app.composition.session().run().isActive());
        }
        QVERIFY(app.waitForAnswer());
        QCOMPARE(panelNumbers(app.composition), m_numbers);
        const qint64 answer = app.composition.session().lastAnswer();
        app.composition.captures().close();
        QTRY_COMPARE_WITH_TIMEOUT(app.composition.traces().current(), answer, patience);
        QVERIFY(app.composition.traces().tokenCount() > 0);
    }

    void aNamedCaptureIsOpenedAtTheStart() {
        const QTemporaryDir folder;
        gui::StartOptions options;
        options.data_folder = folder.path();
        options.model = nowhere(folder);
        options.capture = m_path;
        gui::Composition composition(options);
        composition.start();
        QTRY_VERIFY_WITH_TIMEOUT(composition.captures().isOpen(), patience);
        composition.store().flush();
        QTest::qWait(50);
        QVERIFY(composition.captures().isOpen());
        QCOMPARE(panelNumbers(composition), m_numbers);
    }

    void aCaptureAtTheStartLoadsNoModelUntilItIsClosed() {
        const QTemporaryDir folder;
        gui::StartOptions options;
        options.data_folder = folder.path();
        options.capture = m_path;
        gui::Composition composition(options);
        composition.start();
        QTRY_VERIFY_WITH_TIMEOUT(composition.captures().isOpen(), patience);
        QTest::qWait(50);
        QCOMPARE(composition.controller().state(), controller::InferenceController::State::Empty);
        QVERIFY(statusOf(composition).contains(QStringLiteral("No model")));
        composition.captures().close();
        QTRY_COMPARE_WITH_TIMEOUT(composition.controller().state(), controller::InferenceController::State::Ready,
                                  patience);

        // Of a file that is none the same.
        const QTemporaryDir other;
        options.data_folder = other.path();
        options.capture = other.filePath(QStringLiteral("none.moescope"));
        gui::Composition second(options);
        second.start();
        QTRY_COMPARE_WITH_TIMEOUT(second.controller().state(), controller::InferenceController::State::Ready, patience);
        QVERIFY(!second.captures().isOpen());
    }

    void withoutAModelTheWindowSaysSo() {
        const QTemporaryDir folder;
        App app(folder.path(), nowhere(folder));
        QTRY_VERIFY_WITH_TIMEOUT(app.composition.window().isVisible(), patience);
        QTRY_VERIFY_WITH_TIMEOUT(statusOf(app.composition).contains(QStringLiteral("No model")), patience);
    }

    void droppedCapturesAreOpenedAndOtherFilesGivenBack() {
        const QTemporaryDir folder;
        App app(folder.path(), nowhere(folder));
        QTRY_VERIFY_WITH_TIMEOUT(app.composition.window().isVisible(), patience);
        const QUrl model = QUrl::fromLocalFile(nowhere(folder));
        QCOMPARE(app.composition.captures().takeCaptures({QUrl::fromLocalFile(m_path), model}), QList<QUrl>({model}));
        QTRY_VERIFY_WITH_TIMEOUT(app.composition.captures().isOpen(), patience);
    }

    // While it is on, steps are timed; their times lie in the file.
    void recordingTimesTheSteps() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        app.answerBriefly();
        app.composition.recorder().setRecording(true);
        QVERIFY(app.ask(QStringLiteral("A question")));
        const QString path = m_files.filePath(QStringLiteral("timed.moescope"));
        app.composition.recorder().save(app.composition.session().lastAnswer(), path);
        QVERIFY(isFile(path));
        const exchange::Capture capture = exchange::readCapture(path);
        QVERIFY(!capture.steps.empty());
        QVERIFY(capture.steps.back()->total_us > 0 && !capture.steps.back()->spans.empty());
        const bool whole = std::all_of(capture.tokens.begin(), capture.tokens.end(), [](const auto& token) {
            return token->router.empty() || !token->router.probs.empty();
        });
        QVERIFY(whole);

        // Of the answer before the last the window still has them, and its file is called after its own question.
        const qint64 first = app.composition.session().lastAnswer();
        QVERIFY(app.ask(QStringLiteral("Another one")));
        QVERIFY(app.composition.session().lastAnswer() != first);
        const QString again = m_files.filePath(QStringLiteral("timed-before.moescope"));
        app.composition.recorder().save(first, again);
        QVERIFY(isFile(again));
        QCOMPARE(exchange::readCapture(again).steps.size(), capture.steps.size());

        app.composition.recorder().askToSave(app.composition.session().lastAnswer());
        auto* dialog = app.composition.window().findChild<QFileDialog*>();
        QVERIFY(dialog != nullptr);
        QCOMPARE(QFileInfo(dialog->selectedFiles().value(0)).fileName(), QStringLiteral("Another one.moescope"));
        const QString third = m_files.filePath(QStringLiteral("third.moescope"));
        emit dialog->fileSelected(third);
        delete dialog;
        QVERIFY(isFile(third));
        app.composition.recorder().askToSave(first); // where the last file went
        dialog = app.composition.window().findChild<QFileDialog*>();
        QVERIFY(dialog != nullptr);
        QCOMPARE(dialog->directory().canonicalPath(), QFileInfo(third).canonicalPath());
        QCOMPARE(QFileInfo(dialog->selectedFiles().value(0)).fileName(), QStringLiteral("A question.moescope"));
        delete dialog;
    }

    void recordingEndsWithAnAnswerOrASentence() {
        const QTemporaryDir folder;
        App app(folder.path(), nowhere(folder));
        QTRY_VERIFY_WITH_TIMEOUT(app.composition.window().isVisible(), patience);
        QAction* record = action(app.composition.window(), QStringLiteral("Record a capture"));
        QCOMPARE(record->shortcut(), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_R));
        record->trigger();
        QVERIFY(app.composition.recorder().isRecording());
        QVERIFY(record->isChecked());
        record->trigger();
        QVERIFY(!app.composition.recorder().isRecording());
        QVERIFY(!record->isChecked());
        QVERIFY(app.shows(QStringLiteral("nothing to save")));
    }
};

QTEST_MAIN(TestGuiCapture)
#include "tst_gui_capture.moc"
