// SPDX-License-Identifier: Apache-2.0
// What the panels show and offer of a capture that is opened without its model.
#include "tests/app/gui/appfixture.h"
#include "tests/app/gui/capturefiles.h"
#include "tests/app/gui/npyfile.h"

#include "app/gui/capturerecorder.h"
#include "app/gui/capturesession.h"
#include "ui/panels/capturepanel.h"
#include "ui/panels/conversationspanel.h"
#include "ui/panels/expertspanel.h"
#include "ui/panels/kvcachepanel.h"
#include "ui/panels/ledgerpanel.h"
#include "ui/panels/paneltitlebar.h"
#include "ui/panels/ribbonpanel.h"
#include "ui/panels/timelinepanel.h"
#include "ui/panels/transcript.h"
#include "ui/panels/whatifline.h"
#include "ui/widgets/contextmeter.h"
#include "ui/widgets/iconbutton.h"

#include <QDockWidget>
#include <QFile>
#include <QFileDialog>
#include <QListView>
#include <QPushButton>
#include <QTest>

#include <algorithm>

using namespace moescope;
using gui::CaptureSession;
using test::App;
using test::isFile;
using test::nowhere;

namespace {

constexpr int patience = 20'000; // ms

} // namespace

class TestGuiCapturePanels : public QObject {
    Q_OBJECT
private:
    QTemporaryDir m_files;
    QString m_path; ///< of a capture
    int m_tokens = 0;

private slots:
    void initTestCase() {
        m_path = m_files.filePath(QStringLiteral("answer.moescope"));
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        QVERIFY(app.ask(QStringLiteral("One")));
        m_tokens = app.composition.traces().tokenCount();
        QVERIFY(m_tokens > 0);
        app.composition.recorder().save(app.composition.session().lastAnswer(), m_path);
        QVERIFY(isFile(m_path));
    }

    // What was changed for it is on its map, and its line offers nothing that a file cannot do.
    void theWhatIfOfACaptureIsMarked() {
        const QString path = m_files.filePath(QStringLiteral("banned.moescope"));
        exchange::Capture banned = exchange::readCapture(m_path);
        banned.messages.last().recipe.intervention.banned = {{1, 2}};
        exchange::writeCapture(path, banned);
        const QTemporaryDir folder;
        App app(folder.path(), nowhere(folder));
        gui::Composition& composition = app.composition;
        QVERIFY(app.openCapture(path));
        QVERIFY(!composition.whatIf().model());
        QVERIFY(composition.whatIf().marks(composition.traces().shape()));
        QCOMPARE(composition.whatIf().mark(1, 2), ui::WhatIf::Mark::Banned);
        composition.selection().set({CaptureSession::run, 0, 1, 2});
        QVERIFY(composition.window().findChild<ui::ExpertsPanel*>()->readoutText().contains(
            QStringLiteral("what if: banned")));

        const ui::Transcript* transcript = composition.window().capture()->transcript();
        QVERIFY(app.shows(QStringLiteral("layer 1, expert 2 banned")));
        const auto* line = transcript->findChild<ui::WhatIfLine*>();
        QVERIFY(line != nullptr && line->isVisible());
        for (const QPushButton* button : line->findChildren<QPushButton*>()) {
            QVERIFY2(!button->isEnabled(), qPrintable(button->text()));
        }

        // Another capture has its own, and the chat none.
        composition.captures().open(m_path);
        QTRY_VERIFY_WITH_TIMEOUT(composition.captures().capture().answer().recipe.intervention.empty(), patience);
        QCOMPARE(composition.whatIf().mark(1, 2), ui::WhatIf::Mark::None);
        composition.captures().open(path);
        QTRY_COMPARE_WITH_TIMEOUT(composition.whatIf().mark(1, 2), ui::WhatIf::Mark::Banned, patience);
        composition.captures().close();
        QCOMPARE(composition.whatIf().mark(1, 2), ui::WhatIf::Mark::None);
    }

    // What was planned and allocated for its model, whatever is loaded now.
    void theLedgerIsInTheCapture() {
        const QTemporaryDir folder;
        App app(folder.path(), nowhere(folder));
        gui::Composition& composition = app.composition;
        QVERIFY(app.openCapture(m_path));
        composition.window().showPanel(QStringLiteral("memory-ledger"));
        auto* panel = composition.window().findChild<ui::LedgerPanel*>();
        QVERIFY(panel->isVisible() && !panel->isEmptyShown());
        const auto* rows = qobject_cast<const ui::MemoryLedgerTable*>(panel->table());
        const std::optional<trace::MemoryLedger>& kept = composition.captures().capture().ledger;
        QVERIFY(kept);
        QVERIFY(kept->kv.allocated.total() > 0 && kept->planned.weights() > 0);
        QCOMPARE(*rows->state().all().allocated, quint64(kept->allocated.total()));
        QCOMPARE(*rows->state().all().planned, quint64(kept->planned.total(kept->context, kept->kv_type)));
        QVERIFY(!rows->state().device.isEmpty());

        // One of before tells nothing of it.
        const QString path = m_files.filePath(QStringLiteral("old.moescope"));
        exchange::Capture old = exchange::readCapture(m_path);
        old.ledger.reset();
        exchange::writeCapture(path, old);
        composition.captures().open(path);
        QTRY_VERIFY_WITH_TIMEOUT(panel->isEmptyShown(), patience);
        QVERIFY(app.shows(QStringLiteral("Not in this capture")));
        composition.captures().close();
        QVERIFY(app.shows(QStringLiteral("Nothing is allocated.")));
    }

    // The ribbon, the KV cache and the line at the bottom say the same of it, whatever is loaded.
    void theContextIsThatOfTheCapture() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        gui::Composition& composition = app.composition;
        ui::MainWindow& window = composition.window();
        auto* ribbon = qobject_cast<ui::RibbonPanel*>(window.panel(QStringLiteral("context")));
        const auto* cache = qobject_cast<ui::KvCachePanel*>(window.panel(QStringLiteral("kv-cache")));
        composition.captures().open(m_path);
        QTRY_VERIFY_WITH_TIMEOUT(composition.captures().isOpen(), patience);
        window.showPanel(QStringLiteral("kv-cache"));
        window.showPanel(QStringLiteral("context"));
        const exchange::Capture& capture = composition.captures().capture();
        // Of an answer that filled it the last token was not put into it.
        const int used = int(std::min(capture.tokens.back()->position + 1, capture.memory->context));
        QTRY_COMPARE_WITH_TIMEOUT(ribbon->ribbon()->state().used, used, patience);
        const ui::ContextState state = ribbon->ribbon()->state();
        QVERIFY(state.captured);
        QCOMPARE(state.limit, int(std::max(capture.model.context_length, capture.memory->context)));
        QCOMPARE(state.blocks.size(), 2);
        QCOMPARE(state.blocks.at(0).role, ui::ContextRole::User); // one question, and nothing else before the answer
        QCOMPARE(state.blocks.at(0).tokens, int(composition.traces().token(0).position));
        QCOMPARE(state.blocks.at(0).tokens + state.blocks.at(1).tokens, used);
        QVERIFY(ribbon->ribbon()->readout().first().text.contains(QStringLiteral("when captured")));
        QCOMPARE(cache->bars()->state().used_tokens, quint64(used));
        for (const ui::ReadoutSpan& span : cache->bars()->readout()) {
            QVERIFY2(!span.text.contains(QStringLiteral("left")), qPrintable(span.text));
        }
        QVERIFY(!window.findChild<ui::ContextMeter*>()->isVisible());
        composition.selection().setToken(CaptureSession::run, 1);
        QCOMPARE(ribbon->ribbon()->selectedPosition(), int(composition.traces().token(1).position));

        // No conversation is in view, and none is deleted in its place.
        ui::ConversationsPanel* sidebar = window.conversations();
        QVERIFY(!sidebar->findChild<QListView*>()->currentIndex().isValid());

        // Where messages of the prompt begin is not in the file.
        const QString path = m_files.filePath(QStringLiteral("system.moescope"));
        exchange::Capture told = exchange::readCapture(m_path);
        told.system_prompt = QStringLiteral("Be brief.");
        exchange::writeCapture(path, told);
        composition.captures().open(path);
        QTRY_VERIFY_WITH_TIMEOUT(ribbon->ribbon()->state().isPromptWhole(), patience);
        QCOMPARE(ribbon->ribbon()->state().blockName(0), QStringLiteral("Prompt"));
        QCOMPARE(ribbon->ribbon()->state().blockName(1), QStringLiteral("Answer"));
        composition.captures().close();
        QVERIFY(!ribbon->ribbon()->state().captured);
        QVERIFY(sidebar->findChild<QListView*>()->currentIndex().isValid());
    }

    // Neither is a step of the loaded model one of the capture's, nor is one offered.
    void theTimelineOfACaptureTakesNoSteps() {
        const QTemporaryDir folder;
        App app(folder.path());
        QVERIFY(app.waitForModel());
        gui::Composition& composition = app.composition;
        QVERIFY(app.ask(QStringLiteral("A question")));
        composition.window().setLayoutName(ui::LayoutName::Inspect);
        composition.captures().open(m_path);
        QTRY_VERIFY_WITH_TIMEOUT(composition.captures().isOpen(), patience);
        composition.window().showPanel(QStringLiteral("kernel-timeline"));
        auto* panel = composition.window().findChild<ui::TimelinePanel*>();
        QVERIFY(panel->isEmptyShown());
        QVERIFY(app.shows(QStringLiteral("Not in this capture")));
        for (const QPushButton* button : panel->findChildren<QPushButton*>()) {
            QVERIFY2(!button->isVisible(), qPrintable(button->text()));
        }
        emit composition.controller().stepRecorded(std::make_shared<trace::StepTimeline>());
        QVERIFY(composition.timelines().of(CaptureSession::run).recorded == nullptr);
        composition.captures().close();
        QVERIFY(!app.shows(QStringLiteral("Not in this capture")));
    }

    void theExpertsPanelOffersTheRouting() {
        const QTemporaryDir folder;
        App app(folder.path(), nowhere(folder));
        QVERIFY(app.openCapture(m_path));
        QDockWidget* experts = app.composition.window().panel(QStringLiteral("experts"));
        experts->findChild<ui::PanelTitleBar*>()->menuButton()->click();
        QAction* found = nullptr;
        for (QAction* offered : experts->findChildren<QAction*>()) {
            found = offered->text() == QStringLiteral("Export routing…") ? offered : found;
        }
        QVERIFY(found != nullptr);
        QVERIFY(found->isEnabled());
        found->trigger();
        auto* dialog = app.composition.window().findChild<QFileDialog*>();
        QVERIFY(dialog != nullptr);
        const QString npy = m_files.filePath(QStringLiteral("panel.npy"));
        emit dialog->fileSelected(npy);
        QVERIFY(isFile(npy));
        const ui::TraceShape& shape = app.composition.traces().shape();
        QVERIFY(test::NpyFile(npy).shape == std::vector<qsizetype>({m_tokens, shape.layers, shape.used}));
    }
};

QTEST_MAIN(TestGuiCapturePanels)
#include "tst_gui_capture_panels.moc"
