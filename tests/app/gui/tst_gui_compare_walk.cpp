// SPDX-License-Identifier: Apache-2.0
// One walk through layout Compare in the window, by pointer: a chat's question as a template of three lengths, where their
// answers and their routing part, a cell of a needle grid as a run, an expert banned, two other models, the table in a
// file, and all of it there again after a restart.
//
// MOESCOPE_WALK_SHOTS=FOLDER walks at three sizes, light and dark, and saves a picture of each step.
#include "tests/app/gui/walkcompare.h"
#include "tests/app/gui/walkform.h"

#include "app/platform/paths.h"
#include "engine/model/quantize_file.h"
#include "ui/mainwindow/addrunsheet.h"
#include "ui/panels/answerspanel.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/comparehead.h"
#include "ui/panels/comparepage.h"
#include "ui/panels/comparepanels.h"
#include "ui/panels/messagewidget.h"
#include "ui/panels/needlepanel.h"
#include "ui/panels/runcard.h"
#include "ui/panels/transcript.h"
#include "ui/widgets/segmentedcontrol.h"

#include <QDir>
#include <QFile>
#include <QTest>

using namespace moescope;
using test::App;
using test::walkPatience;
using ui::Side;

namespace {

constexpr int patience = 240'000; // ms: runs on software Vulkan, on a loaded machine
constexpr int answerTokens = 32;
constexpr quint64 seed = 42;
constexpr int bannedLayer = 5;
const QString question = QStringLiteral("Tell me what happened to the fox and the boat.");
const QString otherQuestion = QStringLiteral("Tell me a story about a fox and a boat.");
const QString passage = QStringLiteral("In the evening the fox left the boat at the quiet beach.");
const QStringList pairPanels{QStringLiteral("compare-answers"), QStringLiteral("compare-agreement"),
                             QStringLiteral("compare-distance"), QStringLiteral("compare-mass"),
                             QStringLiteral("compare-speed")};
const QStringList routingPanels{QStringLiteral("compare-agreement"), QStringLiteral("compare-distance")};
const QString needlePanel = QStringLiteral("compare-needle");
const QString allPanel = QStringLiteral("compare-all");

/** What the walk brings over the restart. */
struct Kept {
    qint64 comparison = 0;
    QStringList titles;
    QHash<QString, QString> tables; ///< CSV by panel
};

} // namespace

class TestGuiCompareWalk : public QObject {
    Q_OBJECT
private:
    test::WalkShots m_shots{QStringLiteral("compare")};
    QString m_folder;
    QSize m_size;
    bool m_dark = false;
    App* m_app = nullptr;
    std::unique_ptr<test::FormHand> m_hand;

    ui::MainWindow& window() { return m_app->composition.window(); }
    ui::ComparePage& page() { return *window().compare(); }
    ui::Comparison& comparison() { return m_app->composition.comparison(); }
    const ui::RunView& run(int index) { return comparison().runs()[index]; }
    const ui::RunRows& speedRows() {
        return qobject_cast<ui::SpeedPanel*>(page().panel(QStringLiteral("compare-speed")))->list()->rows();
    }
    void shoot(const QString& step) { QVERIFY2(m_shots.take(window(), step), qPrintable(step)); }

    /** A window of this walk's size and theme, with its model and a hand for it. */
    bool begin(App& app) {
        m_app = &app;
        if (!QTest::qWaitFor([this] { return window().isVisible(); }, walkPatience)) {
            return false;
        }
        window().resize(m_size);
        m_hand = std::make_unique<test::FormHand>(app.composition);
        window().activateWindow();
        return QTest::qWaitForWindowActive(&window(), walkPatience) && window().size() == m_size && app.waitForModel();
    }

    /** Waits until so many runs are there and all are over, with their answers. */
    bool made(int runs) {
        const bool over = QTest::qWaitFor(
            [&] { return comparison().runs().size() == runs && m_app->composition.runs().left() == 0; }, patience);
        m_app->settle();
        for (const ui::RunView& run : comparison().runs()) {
            if (run.phase != ui::RunPhase::Done) {
                qWarning("“%s”: %s", qPrintable(run.title), qPrintable(run.error));
                return false;
            }
        }
        return over && m_app->waitForModel() && compared();
    }

    bool compared() {
        return QTest::qWaitFor([&] { return comparison().pair() != nullptr && !comparison().isComparing(); },
                               walkPatience);
    }

    /** Puts a run into B by the menu of its card. */
    bool putIntoB(int index) {
        if (comparison().sideIndex(Side::B) == index) {
            return true;
        }
        const QString entry = QStringLiteral("%1  %2").arg(comparison().letter(index), run(index).title.left(60));
        return m_hand->chooseBelow(*page().card(Side::B), entry) && comparison().sideIndex(Side::B) == index &&
               compared();
    }

    /** Looks at a panel's table by its button, and holds it against the store. */
    void follow(const QString& id) {
        QVERIFY2(m_hand->open(id), qPrintable(id));
        QTRY_VERIFY2_WITH_TIMEOUT(!page().panel(id)->isEmptyShown(), qPrintable(id), walkPatience);
        QVERIFY2(!page().panel(id)->readoutText().isEmpty(), qPrintable(id));
        QVERIFY2(m_hand->showTable(id, true), qPrintable(id));
        const QStringList faults = test::comparisonFaults(*m_app, m_folder, id);
        QVERIFY2(faults.isEmpty(), qPrintable(faults.join(u'\n')));
        shoot(QStringLiteral("table-") + id.section(u'-', 1));
        QVERIFY2(m_hand->showTable(id, false), qPrintable(id));
    }

    QHash<QString, QString> tables() {
        QHash<QString, QString> tables;
        for (const bool all : {false, true}) {
            if (!m_hand->pickSegment(QStringLiteral("Runs in view"),
                                     all ? QStringLiteral("All runs") : QStringLiteral("Two runs")) ||
                !waitForDistances()) {
                return {};
            }
            for (const QString& id : all ? QStringList{allPanel, needlePanel} : pairPanels) {
                if (!m_hand->open(id)) {
                    return {};
                }
                tables.insert(id, ui::toCsv(*page().panel(id)->table()));
            }
        }
        return m_hand->pickSegment(QStringLiteral("Runs in view"), QStringLiteral("Two runs"))
                   ? tables
                   : QHash<QString, QString>();
    }

    bool waitForDistances() {
        return QTest::qWaitFor(
            [this] {
                for (int run = 0; comparison().showsAll() && run < comparison().runs().size(); ++run) {
                    if (comparison().isDistancePending(run)) {
                        return false;
                    }
                }
                return true;
            },
            walkPatience);
    }

    void compareTheQuestion() {
        ui::SamplingView sampling;
        sampling.max_tokens = answerTokens;
        sampling.temperature = 0;
        sampling.seed = seed;
        emit window().chat()->samplingChanged(sampling);
        QVERIFY(m_hand->say(question));
        QVERIFY(m_app->waitForAnswer());
        QCOMPARE(m_app->messages().size(), 2);
        auto* asked = window().chat()->transcript()->widgetOf(m_app->messages().first().id);
        QVERIFY(asked != nullptr);
        test::FormHand::pointAt(*asked);
        shoot(QStringLiteral("chat"));
        QVERIFY(m_hand->press(QStringLiteral("Compare with…")));
        QTRY_VERIFY(window().findChild<ui::AddRunSheet*>() != nullptr);
        const auto* sheet = window().findChild<ui::AddRunSheet*>();
        QTRY_VERIFY(sheet->isActiveWindow());
        shoot(QStringLiteral("sheet-question"));
        QVERIFY(m_hand->pickSegment(QStringLiteral("Prompt"), QStringLiteral("Template")));
        QVERIFY(m_hand->fill(QStringLiteral("Marked passage"), passage));
        QVERIFY(m_hand->fill(QStringLiteral("Lengths of the prompt in tokens"), QStringLiteral("512, 1,024, 1,536")));
        QVERIFY(m_hand->fill(QStringLiteral("Depth of the passage in percent"), QStringLiteral("50")));
        QCOMPARE(sheet->problem(), QString());
        QCOMPARE(sheet->drafts().size(), 3);
        QCOMPARE(sheet->drafts().first().question, question);
        QCOMPARE(sheet->drafts().first().model_name, QStringLiteral("Nano"));
        shoot(QStringLiteral("sheet-template"));
        QVERIFY(m_hand->press(QStringLiteral("Start")));
        QVERIFY(m_hand->leaveSheet());
        QCOMPARE(window().layoutName(), ui::LayoutName::Compare);
        QVERIFY(page().isVisible());
        const auto second = [this] {
            return comparison().runs().size() == 3 && run(1).isRunning() && run(1).progress > 0;
        };
        QVERIFY(QTest::qWaitFor(second, patience));
        shoot(QStringLiteral("reading"));
        QVERIFY(made(3));
        QCOMPARE(comparison().question(), question);
        for (int i = 0; i < 3; ++i) {
            const int length = 512 * (i + 1);
            QCOMPARE(run(i).title, QStringLiteral("%1-token prompt").arg(ui::groupedText(length)));
            QVERIFY(run(i).prompt_tokens + answerTokens <= length);
            QVERIFY(run(i).prompt_tokens + answerTokens >= length * 97 / 100);
            QCOMPARE(run(i).passage.passage, passage);
        }
    }

    void followThePair() {
        QVERIFY(putIntoB(2));
        QCOMPARE(page().card(Side::A)->accessibleName(), QStringLiteral("Run A: 512-token prompt"));
        QCOMPARE(page().card(Side::B)->accessibleName(), QStringLiteral("Run B: 1,536-token prompt"));
        QVERIFY(comparison().pair()->routing);
        QVERIFY(!comparison().place().isEmpty());
        shoot(QStringLiteral("pair"));
        for (const QString& id : pairPanels) {
            follow(id);
            if (QTest::currentTestFailed()) {
                return;
            }
        }
        QVERIFY(m_hand->goTo(QStringLiteral("compare-mass")));
        shoot(QStringLiteral("passage"));

        // One selection: a layer's bar, then what was routed in it.
        QVERIFY(m_hand->goTo(QStringLiteral("compare-distance")));
        const auto* distance = qobject_cast<ui::DistancePanel*>(page().panel(QStringLiteral("compare-distance")));
        const int layer = comparison().place().layer == 3 ? 4 : 3;
        m_hand->clickChart(*distance->bars(), distance->bars()->bars().rows.row(layer, 0).center());
        QCOMPARE(comparison().place().layer, layer);
        QTRY_VERIFY2(distance->readoutText().contains(QStringLiteral("Layer %1").arg(layer)),
                     qPrintable(distance->readoutText()));

        QVERIFY(m_hand->pickSegment(QStringLiteral("Runs in view"), QStringLiteral("All runs")));
        QVERIFY(waitForDistances());
        follow(allPanel);
        if (QTest::currentTestFailed()) {
            return;
        }
        shoot(QStringLiteral("all-runs"));
        const auto* all = qobject_cast<ui::AllRunsPanel*>(page().panel(allPanel));
        m_hand->clickChart(*all->list(), all->list()->rows().row(1, 0).center());
        QCOMPARE(comparison().sideIndex(Side::B), 1);
        QVERIFY(m_hand->pickSegment(QStringLiteral("Runs in view"), QStringLiteral("Two runs")));
        QVERIFY(compared());
    }

    void openANeedle() {
        QVERIFY(m_hand->open(needlePanel));
        QVERIFY(m_hand->press(QStringLiteral("Start a grid…")));
        QVERIFY(m_hand->fill(QStringLiteral("Lengths, tokens"), QStringLiteral("160, 256")));
        QVERIFY(m_hand->fill(QStringLiteral("Depths, %"), QStringLiteral("0, 50, 100")));
        QVERIFY(m_hand->fill(QStringLiteral("Cases in a cell"), QStringLiteral("1")));
        shoot(QStringLiteral("sheet-grid"));
        QVERIFY(m_hand->press(QStringLiteral("Start")));
        QVERIFY(m_hand->leaveSheet());
        QTRY_VERIFY_WITH_TIMEOUT(comparison().grid() && comparison().grid()->done >= 1, patience);
        shoot(QStringLiteral("grid-running"));
        QTRY_VERIFY_WITH_TIMEOUT(comparison().grid()->done == comparison().grid()->all, patience);
        QCOMPARE(comparison().grid()->all, 6);
        follow(needlePanel);
        if (QTest::currentTestFailed()) {
            return;
        }
        ui::NeedleChart* chart = page().needle()->cells();
        m_hand->clickChart(*chart, chart->cellRect(1, 2).center(), true);
        QVERIFY(made(4));
        QCOMPARE(run(3).draft.length, 256);
        QCOMPARE(run(3).draft.depth, 100);
        const bool found = comparison().grid()->cells[5].found == 1;
        QCOMPARE(run(3).verdict, found ? ui::NeedleVerdict::Found : ui::NeedleVerdict::Missed);
        QVERIFY(putIntoB(3));
        QCOMPARE(comparison().cellOf(Side::B), 5);
        if (m_size == QSize(1440, 900)) { // the rows of four runs have the room
            QCOMPARE(speedRows().scroll_max, 0);
        }
        shoot(QStringLiteral("needle"));
    }

    /** Adds a run beside run A by the sheet, once `choose` has filled it. */
    void addRun(const std::function<bool()>& choose, const QString& step) {
        const auto runs = comparison().runs().size();
        QVERIFY(m_hand->press(QStringLiteral("Add run")));
        QTRY_VERIFY(window().findChild<ui::AddRunSheet*>() != nullptr);
        QVERIFY(choose());
        const auto* sheet = window().findChild<ui::AddRunSheet*>();
        QCOMPARE(sheet->problem(), QString());
        shoot(QStringLiteral("sheet-") + step);
        QVERIFY(m_hand->press(QStringLiteral("Add run")));
        QVERIFY(m_hand->leaveSheet());
        QTRY_COMPARE_WITH_TIMEOUT(comparison().runs().size(), runs + 1, walkPatience);
    }

    void banAnExpert() {
        const int expert = run(0).trace->expert(0, bannedLayer);
        addRun(
            [&] {
                return m_hand->pick(QStringLiteral("Intervention"), QStringLiteral("Ban an expert")) &&
                       m_hand->fill(QStringLiteral("Layer"), QString::number(bannedLayer)) &&
                       m_hand->fill(QStringLiteral("Expert"), QString::number(expert));
            },
            QStringLiteral("ban"));
        if (QTest::currentTestFailed()) {
            return;
        }
        QVERIFY(made(5));
        QCOMPARE(run(4).title, QStringLiteral("Expert %1 of layer %2 banned").arg(expert).arg(bannedLayer));
        for (int token = 0; token < run(4).trace->size(); ++token) {
            QVERIFY(run(4).trace->expert(token, bannedLayer) != expert);
        }
        QVERIFY(putIntoB(4));
        QVERIFY(comparison().pair()->routing);
        for (const QString& id : routingPanels) {
            follow(id);
            if (QTest::currentTestFailed()) {
                return;
            }
        }
        shoot(QStringLiteral("banned"));
    }

    void addModels() {
        const QString field = QStringLiteral("Model");
        const auto look = [this] { shoot(QStringLiteral("sheet-models")); };
        addRun([&] { return m_hand->pick(field, QStringLiteral("Nano Q4_K"), look); }, QStringLiteral("quantized"));
        if (QTest::currentTestFailed()) {
            return;
        }
        // Its weights are random: what it answers to a long prompt may be nothing.
        addRun(
            [&] {
                return m_hand->pick(field, QStringLiteral("Second BF16")) &&
                       m_hand->pickSegment(QStringLiteral("Prompt"), QStringLiteral("Text")) &&
                       m_hand->fill(QStringLiteral("Text of the prompt"), otherQuestion);
            },
            QStringLiteral("second"));
        if (QTest::currentTestFailed()) {
            return;
        }
        QVERIFY(made(7));
        QCOMPARE(run(5).model_type, QStringLiteral("Q4_K"));
        QCOMPARE(run(5).title, QStringLiteral("Nano Q4_K"));
        QCOMPARE(run(6).model, QStringLiteral("Second"));
        QVERIFY(m_hand->goTo(QStringLiteral("compare-speed")));
        QSet<QString> names;
        for (const ui::RunView& run : comparison().runs()) {
            names.insert(speedRows().nameOf(run));
        }
        QCOMPARE(names.size(), comparison().runs().size());

        // The same vocabulary: tokens can be aligned.
        QVERIFY(putIntoB(5));
        QVERIFY(comparison().canAlignTokens());
        routingIsMissing({run(0).model_type, run(5).model_type});
        if (QTest::currentTestFailed()) {
            return;
        }
        shoot(QStringLiteral("quantized"));
        // Another one: only words can.
        QVERIFY(putIntoB(6));
        QVERIFY(!comparison().canAlignTokens());
        QVERIFY(comparison().pair()->tokens.partner.empty());
        routingIsMissing({run(0).model, run(6).model});
        if (QTest::currentTestFailed()) {
            return;
        }
        for (const QString& id :
             {QStringLiteral("compare-answers"), QStringLiteral("compare-mass"), QStringLiteral("compare-speed")}) {
            follow(id);
            if (QTest::currentTestFailed()) {
                return;
            }
        }
        shoot(QStringLiteral("second"));
    }

    /** The panels of routing say why they are empty, by these words. */
    void routingIsMissing(const QStringList& words) {
        for (const QString& id : routingPanels) {
            QVERIFY2(m_hand->open(id), qPrintable(id));
            const ui::PanelFrame* panel = page().panel(id);
            QTRY_VERIFY2(panel->isEmptyShown(), qPrintable(id));
            for (const QString& word : words) {
                QVERIFY2(m_app->shows(word), qPrintable(word));
            }
        }
    }

    void saveCsv(const QString& path) {
        QVERIFY(m_hand->pressForFile(QStringLiteral("CSV"), path));
        QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(path), walkPatience);
        QTRY_VERIFY(m_app->shows(QStringLiteral("The runs were written to")));
        shoot(QStringLiteral("csv"));
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QList<QStringList> records = test::recordsOf(QString::fromUtf8(file.readAll()));
        QCOMPARE(records.size(), 1 + comparison().runs().size());
        const auto column = records[0].indexOf(QStringLiteral("Prompt, tokens"));
        QVERIFY(column > 0);
        for (int i = 0; i < comparison().runs().size(); ++i) {
            QCOMPARE(records[i + 1].size(), records[0].size());
            QCOMPARE(records[i + 1][0], comparison().letter(i));
            QCOMPARE(records[i + 1][1], run(i).title);
            QCOMPARE(records[i + 1][column].toInt(), run(i).prompt_tokens);
        }
    }

    void findAllAgain(const Kept& kept) {
        QTRY_COMPARE_WITH_TIMEOUT(comparison().id(), kept.comparison, patience);
        QCOMPARE(window().layoutName(), ui::LayoutName::Compare);
        QVERIFY(page().isVisible());
        QCOMPARE(comparison().question(), question);
        QCOMPARE(comparison().runs().size(), kept.titles.size());
        for (int i = 0; i < kept.titles.size(); ++i) {
            QCOMPARE(run(i).title, kept.titles[i]);
            QTRY_VERIFY_WITH_TIMEOUT(run(i).hasAnswer(), walkPatience);
        }
        QVERIFY(compared());
        QTRY_VERIFY_WITH_TIMEOUT(comparison().grid() && comparison().grid()->done == 6, walkPatience);
        shoot(QStringLiteral("restart"));
        const QHash<QString, QString> found = tables();
        QCOMPARE(found.size(), kept.tables.size());
        for (auto table = kept.tables.begin(); table != kept.tables.end(); ++table) {
            const QString difference = test::differenceOf(table.value(), found[table.key()]);
            QVERIFY2(difference.isEmpty(), qPrintable(QStringLiteral("%1: %2").arg(table.key(), difference)));
        }
    }

private slots:
    void initTestCase() { QVERIFY(m_shots.begin()); }

    void walk_data() {
        QTest::addColumn<QSize>("size");
        QTest::addColumn<bool>("dark");
        if (!m_shots.areWanted()) {
            QTest::newRow("1440x900") << QSize(1440, 900) << false;
            return;
        }
        for (const QSize size : {QSize(1440, 900), QSize(1280, 800), QSize(2560, 1440)}) {
            for (const bool dark : {false, true}) {
                QTest::addRow("%dx%d%s", size.width(), size.height(), dark ? " dark" : "") << size << dark;
            }
        }
    }

    void walk() {
        QFETCH(const QSize, size);
        QFETCH(const bool, dark);
        m_size = size;
        m_dark = dark;
        const QTemporaryDir folder;
        m_folder = folder.path();
        const QTemporaryDir files;
        QVERIFY(QDir(m_folder).mkdir(QStringLiteral("models")));
        const QDir models(folder.filePath(QStringLiteral("models")));
        QVERIFY(QFile::copy(QStringLiteral(MOESCOPE_TEST_DATA "/second/second.gguf"),
                            models.filePath(QStringLiteral("second.gguf"))));
        (void)model::quantizeFile(platform::builtinModel(),
                                  models.filePath(QStringLiteral("smaller.gguf")).toStdString(),
                                  {gguf::TensorType::Q4_K, {}});
        Kept kept;
        {
            App app(m_folder, QStringLiteral("builtin"));
            QVERIFY(begin(app));
            QVERIFY(m_hand->choose({QStringLiteral("View"), QStringLiteral("Theme"),
                                    dark ? QStringLiteral("Dark") : QStringLiteral("Light")}));
            const auto steps = {&TestGuiCompareWalk::compareTheQuestion, &TestGuiCompareWalk::followThePair,
                                &TestGuiCompareWalk::openANeedle, &TestGuiCompareWalk::banAnExpert,
                                &TestGuiCompareWalk::addModels};
            for (const auto step : steps) {
                (this->*step)();
                if (QTest::currentTestFailed()) {
                    return;
                }
            }
            QVERIFY(putIntoB(4));
            saveCsv(files.filePath(QStringLiteral("runs.csv")));
            if (QTest::currentTestFailed()) {
                return;
            }
            kept.comparison = comparison().id();
            for (const ui::RunView& run : comparison().runs()) {
                kept.titles << run.title;
            }
            kept.tables = tables();
            QCOMPARE(kept.tables.size(), pairPanels.size() + 2);
            app.settle();
        }
        App app(m_folder, QStringLiteral("builtin"));
        QVERIFY(begin(app));
        findAllAgain(kept);
    }
};

QTEST_MAIN(TestGuiCompareWalk)
#include "tst_gui_compare_walk.moc"
