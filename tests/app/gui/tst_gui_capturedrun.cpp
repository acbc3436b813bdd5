// SPDX-License-Identifier: Apache-2.0
// Answers that were recorded elsewhere, as runs of a comparison.
#include "tests/app/gui/appfixture.h"
#include "tests/app/gui/capturefiles.h"

#include "app/exchange/capturefile.h"
#include "app/gui/capturerecorder.h"
#include "app/gui/capturesession.h"
#include "ui/mainwindow/addrunsheet.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/comparepage.h"

#include <QFile>
#include <QFileDialog>
#include <QPushButton>
#include <QTest>
#include <QUrl>

using namespace moescope;
using test::App;

namespace {

constexpr int patience = 120'000; // ms: software Vulkan on a loaded machine
const QString question = QStringLiteral("Where is the boat?");
const QString machine = QStringLiteral("Elsewhere 9000");

const QList<ui::RunView>& runsOf(App& app) { return app.composition.comparison().runs(); }

bool waitForRuns(App& app, int runs) {
    const bool there =
        QTest::qWaitFor([&] { return runsOf(app).size() == runs && app.composition.runs().left() == 0; }, patience);
    app.settle();
    return there;
}

} // namespace

class TestGuiCapturedRun : public QObject {
    Q_OBJECT
private:
    QTemporaryDir m_files;
    QString m_path;
    exchange::Capture m_capture;

    /** The run of the capture says what the capture says. */
    void check(const ui::RunView& run) {
        const store::Message& answer = m_capture.answer();
        QVERIFY2(run.phase == ui::RunPhase::Done, qPrintable(run.error));
        QCOMPARE(run.machine, machine);
        QCOMPARE(run.model, QString::fromStdString(m_capture.model.name));
        QCOMPARE(run.kv_type, QString::fromStdString(m_capture.memory->kv_type));
        QCOMPARE(run.answer_tokens, int(answer.timings.decode_tokens));
        QCOMPARE(run.prompt_tokens, int(answer.timings.prefill_tokens + answer.timings.reused_tokens));
        QCOMPARE(run.first_token_ms, answer.timings.first_token_ms);
        QCOMPARE(run.decode_tps, answer.timings.decode_tokens * 1000.0 / answer.timings.decode_ms);
        QTRY_VERIFY(run.trace != nullptr);
        int generated = 0;
        for (const trace::TokenTracePtr& token : m_capture.tokens) {
            if (token->generated) {
                for (int layer = 0; layer < run.trace->shape().layers; ++layer) {
                    QCOMPARE(run.trace->expert(generated, layer),
                             int(token->router.experts[size_t(layer * run.trace->shape().used)]));
                }
                ++generated;
            }
        }
        QCOMPARE(run.trace->size(), generated);
    }

private slots:
    void initTestCase() {
        m_path = m_files.filePath(QStringLiteral("answer.moescope"));
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::SamplingView brief;
        brief.max_tokens = 12;
        brief.temperature = 0;
        brief.seed = 42;
        emit app.composition.window().chat()->samplingChanged(brief);
        QVERIFY(app.ask(question));
        app.composition.recorder().save(app.composition.session().lastAnswer(), m_path);
        QVERIFY(test::isFile(m_path));
        m_capture = exchange::readCapture(m_path);
        m_capture.device->name = machine.toStdString();
        QFile::remove(m_path);
        exchange::writeCapture(m_path, m_capture);
    }

    void aDroppedCaptureIsTheFirstRunOfAComparisonAndThereAfterARestart() {
        const QTemporaryDir folder;
        qint64 comparison = 0;
        {
            App app(folder.path());
            QVERIFY(app.waitForModel());
            ui::MainWindow& window = app.composition.window();
            window.setLayoutName(ui::LayoutName::Compare);
            emit window.filesDropped({QUrl::fromLocalFile(m_path)});
            QVERIFY(waitForRuns(app, 1));
            comparison = app.composition.comparison().id();
            QCOMPARE(app.composition.comparison().question(), question);
            QTRY_VERIFY(runsOf(app)[0].trace != nullptr);
            check(runsOf(app)[0]);
            QVERIFY(!app.composition.captures().isOpen());

            // Beside it one that is made here, of the same model: their tokens and their routing can be compared.
            ui::RunDraft here;
            here.text = question;
            here.model = test::goldenModel();
            here.model_name = runsOf(app)[0].model;
            here.kv_type = runsOf(app)[0].kv_type;
            here.sampling = runsOf(app)[0].draft.sampling;
            app.composition.compare().addRuns({here});
            QVERIFY(waitForRuns(app, 2));
            QVERIFY2(runsOf(app)[1].phase == ui::RunPhase::Done, qPrintable(runsOf(app)[1].error));
            QCOMPARE(runsOf(app)[1].title, QStringLiteral("On this machine"));
            QCOMPARE(runsOf(app)[0].tokenizer_key, runsOf(app)[1].tokenizer_key);
            QTRY_VERIFY(app.composition.comparison().pair() != nullptr);
            QVERIFY(app.composition.comparison().pair()->routing);

            // It is neither made again nor measured here.
            const qint64 answer = runsOf(app)[0].answer;
            app.composition.compare().runAgain(runsOf(app)[0].id);
            app.composition.compare().measure(runsOf(app)[0].id);
            app.settle();
            QCOMPARE(app.composition.runs().left(), 0);
            QCOMPARE(runsOf(app)[0].answer, answer);
        }
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QTRY_COMPARE_WITH_TIMEOUT(app.composition.comparison().id(), comparison, patience);
        QCOMPARE(runsOf(app).size(), 2);
        QTRY_VERIFY(runsOf(app)[0].trace != nullptr);
        check(runsOf(app)[0]);
    }

    void theSheetAddsACaptureBesideTheRunsInView() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::MainWindow& window = app.composition.window();
        window.setLayoutName(ui::LayoutName::Compare);
        emit window.filesDropped({QUrl::fromLocalFile(m_path)});
        QVERIFY(waitForRuns(app, 1));
        window.openRunSheet();
        auto* sheet = window.findChild<ui::AddRunSheet*>();
        QVERIFY(sheet != nullptr);
        for (auto* button : sheet->findChildren<QPushButton*>()) {
            if (button->text() == QStringLiteral("Add a capture…")) {
                QVERIFY(button->isVisible());
                button->click();
                break;
            }
        }
        QTRY_VERIFY(window.findChild<QFileDialog*>() != nullptr);
        auto* dialog = window.findChild<QFileDialog*>();
        emit dialog->fileSelected(m_path);
        dialog->close();
        QVERIFY(waitForRuns(app, 2));
        check(runsOf(app)[1]);
        app.composition.compare().remove(runsOf(app)[0].id);
        QVERIFY(waitForRuns(app, 1));
    }

    void aFileThatIsNoCaptureIsNamedAndTheOthersAreTaken() {
        const QTemporaryDir folder;
        const QString bad = folder.filePath(QStringLiteral("bad.moescope"));
        QFile file(bad);
        QVERIFY(file.open(QIODevice::WriteOnly));
        file.write("PK\3\4 no capture");
        file.close();
        App app(folder.path());
        QVERIFY(app.waitForModel());
        ui::MainWindow& window = app.composition.window();
        window.setLayoutName(ui::LayoutName::Compare);
        emit window.filesDropped({QUrl::fromLocalFile(bad), QUrl::fromLocalFile(m_path)});
        QVERIFY(waitForRuns(app, 1));
        QTRY_VERIFY(app.shows(QStringLiteral("bad.moescope")));
        // A document that is dropped there is asked of.
        const QString text = folder.filePath(QStringLiteral("story.txt"));
        QVERIFY(QFile::copy(m_path, text));
        emit window.filesDropped({QUrl::fromLocalFile(text)});
        auto* sheet = window.findChild<ui::AddRunSheet*>();
        QVERIFY(sheet != nullptr);
        QVERIFY(!sheet->drafts().isEmpty());
        QVERIFY(sheet->drafts().first().kind == ui::PromptKind::File);
        QCOMPARE(sheet->drafts().first().path, text);
        sheet->close();
    }
};

QTEST_MAIN(TestGuiCapturedRun)
#include "tst_gui_capturedrun.moc"
