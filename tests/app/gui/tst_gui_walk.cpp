// SPDX-License-Identifier: Apache-2.0
// One walk through the window, by pointer and by keys alone: an answer, a token of it in every panel, its expert banned,
// the answer made again, both compared, kept in a capture, and read without the model.
//
// MOESCOPE_WALK_SHOTS=FOLDER walks at four sizes, light and dark, and saves a picture of each step.
#include "tests/app/gui/appfixture.h"
#include "tests/app/gui/walkform.h"
#include "tests/app/gui/walkpanels.h"

#include "app/gui/capturesession.h"
#include "ui/mainwindow/filterline.h"
#include "ui/panels/capturepanel.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/messagewidget.h"
#include "ui/panels/transcript.h"
#include "ui/panels/whatifbar.h"
#include "ui/panels/whatifline.h"
#include "ui/panels/whatifpanel.h"

#include <QApplication>
#include <QFile>
#include <QLineEdit>
#include <QListWidget>
#include <QRegularExpression>
#include <QTest>

using namespace moescope;
using test::Hand;
using test::walkPatience;

namespace {

constexpr int answerTokens = 48;
constexpr quint64 seed = 11;
constexpr int selectedToken = 9;
constexpr int selectedLayer = 3;
const QString question = QStringLiteral("Tell me a story about a fox and a boat.");
const QString note = QStringLiteral("The ban shows here");

/** These have nothing to show of an answer that was made in Chat, without a what-if, by one expert a layer. */
const QStringList emptyBefore{QStringLiteral("kernel-timeline"), QStringLiteral("what-if"),
                              QStringLiteral("co-activation")};
/** Without a model there is no conversation in a context, only one answer, no memory is taken, and nothing is computed. */
const QStringList ofTheModel{QStringLiteral("context"), QStringLiteral("what-if"), QStringLiteral("attention"),
                             QStringLiteral("memory-ledger")};

struct Walk {
    QString hand;
    QSize size;
    ui::Scheme scheme = ui::Scheme::Light;
};

/** What the walk brings from the window with a model to the one without. */
struct Kept {
    QHash<QString, QString> tables; ///< CSV by panel
    ui::SelectionState selection;
    int tokens = 0;
};

} // namespace

namespace {

/** A table without what it says of the loaded model: its weights, and the what-if that is made for it. */
QString ofTheAnswer(const QString& csv) {
    QStringList lines = csv.split(QStringLiteral("\r\n"));
    lines.erase(std::remove_if(lines.begin(), lines.end(),
                               [](const QString& line) { return line.startsWith(QLatin1String("Weights")); }),
                lines.end());
    lines.replaceInStrings(QRegularExpression(QStringLiteral(",banned,")), QStringLiteral(",,"));
    return lines.join(QStringLiteral("\r\n"));
}

} // namespace

class TestGuiWalk : public QObject {
    Q_OBJECT
private:
    test::WalkShots m_shots{QStringLiteral("walk")};
    Walk m_walk;
    test::App* m_app = nullptr;
    std::unique_ptr<Hand> m_hand;

    gui::Composition& composition() { return m_app->composition; }
    ui::MainWindow& window() { return composition().window(); }

    /** A window of this walk's size and theme with the keys, and a hand for it. */
    bool begin(test::App& app) {
        m_app = &app;
        const bool there = QTest::qWaitFor([this] { return window().isVisible(); }, walkPatience);
        window().resize(m_walk.size);
        if (m_walk.hand == QLatin1String("keys")) {
            m_hand = std::make_unique<test::KeyHand>(composition());
        } else {
            m_hand = std::make_unique<test::MouseHand>(composition());
        }
        window().activateWindow();
        return there && QTest::qWaitForWindowActive(&window(), walkPatience) && window().size() == m_walk.size;
    }

    void shoot(const QString& step) { QVERIFY(m_shots.take(window(), step)); }

    /** Opens every panel and holds it against the selection. */
    void follow() {
        const ui::SelectionState selection = composition().selection().state();
        for (ui::PanelFrame* panel : test::panelsOf(window())) {
            const QString id = panel->objectName();
            QVERIFY2(m_hand->open(id), qPrintable(id));
            QCOMPARE(composition().selection().state(), selection);
            if (!emptyBefore.contains(id)) { // what is computed for a panel takes its time
                QVERIFY2(QTest::qWaitFor([panel] { return !panel->isEmptyShown(); }, walkPatience), qPrintable(id));
            }
            shoot(QStringLiteral("panel-") + id);
            if (panel->isEmptyShown()) {
                continue;
            }
            const QStringList faults = test::disagreements(*panel, composition().traces(), selection);
            QVERIFY2(faults.isEmpty(), qPrintable(faults.join(QLatin1Char('\n'))));
        }
    }

    QHash<QString, QString> tables() {
        QHash<QString, QString> tables;
        for (ui::PanelFrame* panel : test::panelsOf(window())) {
            const QString id = panel->objectName();
            const auto isFilled = [panel, &id] {
                return ofTheModel.contains(id) || panel->isEmptyShown() || panel->table()->rowCount() > 0;
            };
            if (!m_hand->open(id) || !QTest::qWaitFor(isFilled, walkPatience)) {
                qWarning("%s has no table", qPrintable(id));
                return {};
            }
            tables.insert(id, ofTheAnswer(ui::toCsv(*panel->table())));
        }
        return tables;
    }

    void banAndCompare(qint64 untouched) {
        const ui::SelectionState chosen = composition().selection().state();
        const ui::TraceModel& traces = composition().traces();
        QVERIFY(m_hand->open(QStringLiteral("experts")));
        Hand::key(Qt::Key_F);
        auto* filter = window().findChild<ui::FilterLine*>();
        QCOMPARE(filter->text(), QStringLiteral("layer == %1 && expert == %2").arg(chosen.layer).arg(chosen.expert));
        QCOMPARE(traces.filter().line(), filter->text());
        QVERIFY(traces.matched(ui::Scope::Answer).choices() > 0);
        QCOMPARE(traces.matched(ui::Scope::Answer).choices(),
                 traces.statistics(ui::Scope::Answer).tokens(chosen.layer, chosen.expert));
        shoot(QStringLiteral("filter"));
        Hand::key(Qt::Key_F);
        QCOMPARE(filter->text(), QString());

        Hand::key(Qt::Key_B);
        ui::ChatPanel* chat = window().chat();
        QTRY_VERIFY(chat->whatIfBar()->isVisible());
        const QString ban = QStringLiteral("layer %1, expert %2 banned").arg(chosen.layer).arg(chosen.expert);
        QVERIFY(chat->whatIfBar()->accessibleName().contains(ban));
        shoot(QStringLiteral("ban"));
        QVERIFY(m_hand->press(QStringLiteral("Re-run with the same seed")));
        QTRY_VERIFY_WITH_TIMEOUT(composition().session().lastAnswer() != untouched, walkPatience);
        QVERIFY(m_app->waitForAnswer());

        const qint64 changed = m_app->messages().last().id;
        QVERIFY(changed != untouched);
        QTRY_COMPARE_WITH_TIMEOUT(traces.current(), changed, walkPatience);
        QVERIFY(traces.tokenCount() > 0);
        for (int token = 0; token < traces.tokenCount(); ++token) {
            const trace::RouterTrace* router = traces.router(token);
            QVERIFY(router != nullptr);
            for (uint32_t k = 0; k < router->expert_used_count; ++k) {
                QVERIFY(router->experts[size_t(chosen.layer) * router->expert_used_count + k] != chosen.expert);
            }
        }
        QCOMPARE(composition().session().find(changed)->seed, composition().session().find(untouched)->seed);
        QTRY_VERIFY_WITH_TIMEOUT(chat->transcript()->widgetOf(changed) != nullptr, walkPatience);
        const auto* recipe = chat->transcript()->widgetOf(changed)->findChild<ui::WhatIfLine*>();
        QTRY_VERIFY_WITH_TIMEOUT(recipe->isVisible(), walkPatience);
        QVERIFY(recipe->accessibleName().contains(QStringLiteral("expert %1 banned").arg(chosen.expert)));
        shoot(QStringLiteral("rerun"));

        QVERIFY(m_hand->open(QStringLiteral("what-if")));
        auto* panel = window().findChild<ui::WhatIfPanel*>();
        QTRY_COMPARE_WITH_TIMEOUT(panel->state(), ui::WhatIfPanel::State::Ready, walkPatience);
        const ui::WhatIfDiff& diff = *panel->model();
        QCOMPARE(diff.untouched().run, untouched);
        QCOMPARE(diff.whatIf().run, changed);
        const int first = diff.firstDifference();
        if (first >= 0) {
            QVERIFY(diff.textA(first) != diff.textB(first));
        }
        QVERIFY(first >= 0 || diff.firstRoutingDifference().row >= 0);
        shoot(QStringLiteral("diff"));
        QVERIFY(m_hand->press(QStringLiteral("Compute KL by token")));
        QTRY_VERIFY_WITH_TIMEOUT(diff.hasDivergence(), 3 * walkPatience);
        QVERIFY(diff.mostKl() > 0);
        shoot(QStringLiteral("diff-kl"));
    }

    void save(const QString& path, Kept& kept) {
        QVERIFY(m_hand->selectToken(selectedToken));
        QVERIFY(m_hand->selectLayer(selectedLayer));
        kept.selection = composition().selection().state();
        kept.tokens = composition().traces().tokenCount();
        kept.tables = tables();
        QVERIFY(!kept.tables.isEmpty());
        QCOMPARE(composition().selection().state(), kept.selection);
        Hand::key(Qt::Key_S, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(m_hand->answerFileDialog(path));
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path), walkPatience);
    }

    void openWithoutAModel(const QString& path, const Kept& kept) {
        Hand::key(Qt::Key_O, Qt::ControlModifier | Qt::ShiftModifier);
        QVERIFY(m_hand->answerFileDialog(path));
        QTRY_VERIFY_WITH_TIMEOUT(composition().captures().isOpen(), walkPatience);
        QCOMPARE(composition().controller().state(), controller::InferenceController::State::Empty);
        shoot(QStringLiteral("capture"));
        const ui::Selection& selection = composition().selection();
        QCOMPARE(selection.state().token, 0);
        for (int token = 1; token <= kept.selection.token; ++token) {
            QVERIFY(m_hand->stepCapture());
            QCOMPARE(selection.state().token, token);
        }
        QVERIFY(m_hand->goTo(QStringLiteral("token-strip")));
        QVERIFY(m_hand->selectLayer(kept.selection.layer));
        QCOMPARE(selection.state().expert, kept.selection.expert);
        const QHash<QString, QString> shown = tables();
        QCOMPARE(shown.size(), kept.tables.size());
        for (auto table = kept.tables.begin(); table != kept.tables.end(); ++table) {
            if (!ofTheModel.contains(table.key())) {
                const QStringList saved = table.value().split(u'\n');
                const QStringList opened = shown[table.key()].split(u'\n');
                for (qsizetype line = 0; line < saved.size(); ++line) {
                    QVERIFY2(
                        opened.value(line) == saved[line],
                        qPrintable(QStringLiteral("%1\n%2\n%3").arg(table.key(), saved[line], opened.value(line))));
                }
                QCOMPARE(opened.size(), saved.size());
            }
        }
        QCOMPARE(composition().traces().tokenCount(), kept.tokens);
    }

    void mark(const QString& path) {
        ui::CapturePanel* panel = window().capture();
        QVERIFY(m_hand->goTo(QStringLiteral("experts")));
        if (m_walk.hand == QLatin1String("keys")) {
            Hand::key(Qt::Key_N);
        } else {
            QVERIFY(m_hand->press(QStringLiteral("Add a note (N)")));
        }
        QTRY_VERIFY(panel->noteField()->hasFocus());
        Hand::type(note);
        Hand::key(Qt::Key_Return);
        if (m_walk.hand == QLatin1String("keys")) {
            Hand::key(Qt::Key_D, Qt::ControlModifier);
        } else {
            QVERIFY(m_hand->press(QStringLiteral("Bookmark this token (Ctrl+D)")));
        }
        QTRY_COMPARE(panel->marks()->count(), 2);
        const auto isKept = [&] {
            const exchange::Capture read = exchange::readCapture(path);
            return read.notes.size() == 1 && read.bookmarks.size() == 1 && read.notes[0].text == note &&
                   read.notes[0].token == selectedToken && read.bookmarks[0].token == selectedToken;
        };
        QTRY_VERIFY_WITH_TIMEOUT(isKept(), walkPatience);
        shoot(QStringLiteral("capture-marks"));
    }

private slots:
    void initTestCase() { QVERIFY(m_shots.begin()); }

    void walk_data() {
        QTest::addColumn<QString>("hand");
        QTest::addColumn<QSize>("size");
        QTest::addColumn<bool>("dark");
        if (!m_shots.areWanted()) {
            QTest::newRow("pointer") << QStringLiteral("pointer") << QSize(1440, 900) << false;
            QTest::newRow("keys") << QStringLiteral("keys") << QSize(1440, 900) << true;
            return;
        }
        for (const QSize size : {QSize(1280, 800), QSize(1440, 900), QSize(2560, 1440), QSize(1100, 700)}) {
            for (const bool dark : {false, true}) {
                QTest::addRow("%dx%d%s", size.width(), size.height(), dark ? " dark" : "")
                    << QStringLiteral("keys") << size << dark;
            }
        }
    }

    void walk() {
        QFETCH(const QString, hand);
        QFETCH(const QSize, size);
        QFETCH(const bool, dark);
        m_walk = {hand, size, dark ? ui::Scheme::Dark : ui::Scheme::Light};
        const QTemporaryDir files;
        const QString path = files.filePath(QStringLiteral("answer.moescope"));
        const test::PointerWatch pointer;
        Kept kept;
        {
            const QTemporaryDir folder;
            test::App app(folder.path(), QStringLiteral("builtin"));
            QVERIFY(begin(app));
            QVERIFY(app.waitForModel());
            QVERIFY(m_hand->choose({QStringLiteral("View"), QStringLiteral("Theme"),
                                    dark ? QStringLiteral("Dark") : QStringLiteral("Light")}));
            QTRY_COMPARE(ui::theme().scheme(), m_walk.scheme);
            ui::SamplingView sampling;
            sampling.temperature = 0.8;
            sampling.max_tokens = answerTokens;
            sampling.seed = seed;
            emit window().chat()->samplingChanged(sampling);

            QVERIFY(m_hand->say(question));
            QVERIFY(app.waitForAnswer());
            QCOMPARE(app.messages().size(), 2);
            const qint64 untouched = app.messages().last().id;
            QVERIFY(composition().traces().tokenCount() > selectedToken);
            shoot(QStringLiteral("chat"));
            if (hand == QLatin1String("keys")) {
                Hand::key(Qt::Key_2, Qt::ControlModifier);
            } else {
                QVERIFY(m_hand->choose({QStringLiteral("View"), QStringLiteral("Inspect")}));
            }
            QCOMPARE(window().layoutName(), ui::LayoutName::Inspect);
            QVERIFY(m_hand->selectToken(selectedToken));
            QVERIFY(m_hand->selectLayer(selectedLayer));
            const ui::SelectionState chosen = composition().selection().state();
            QCOMPARE(chosen.run, untouched);
            QCOMPARE(chosen.expert, composition().traces().topExpert(selectedToken, selectedLayer));
            shoot(QStringLiteral("select"));
            follow();
            if (QTest::currentTestFailed()) {
                return;
            }
            banAndCompare(untouched);
            if (QTest::currentTestFailed()) {
                return;
            }
            save(path, kept);
            if (QTest::currentTestFailed()) {
                return;
            }
        }
        const QTemporaryDir folder;
        test::App app(folder.path(), folder.filePath(QStringLiteral("none.gguf")));
        QVERIFY(begin(app));
        app.settle();
        QVERIFY(m_hand->choose({QStringLiteral("View"), QStringLiteral("Theme"),
                                dark ? QStringLiteral("Dark") : QStringLiteral("Light")}));
        openWithoutAModel(path, kept);
        if (QTest::currentTestFailed()) {
            return;
        }
        mark(path);
        if (hand == QLatin1String("keys")) {
            QCOMPARE(pointer.count(), 0);
        } else {
            QVERIFY(pointer.count() > 0);
        }
    }
};

QTEST_MAIN(TestGuiWalk)
#include "tst_gui_walk.moc"
