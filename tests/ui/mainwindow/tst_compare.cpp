// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/mainwindow/windowboard.h"
#include "tests/ui/models/samplecomparison.h"
#include "ui/mainwindow/addrunsheet.h"
#include "ui/mainwindow/needlesheet.h"
#include "ui/mainwindow/windowtoolbar.h"
#include "ui/panels/comparehead.h"
#include "ui/panels/comparepage.h"
#include "ui/panels/needlepanel.h"
#include "ui/panels/runcard.h"
#include "ui/widgets/segmentedcontrol.h"

#include <QComboBox>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QMenu>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QSpinBox>
#include <QTemporaryDir>

using namespace moescope;
using namespace moescope::ui;

namespace {

/** A window in layout Compare. */
struct CompareWindow {
    explicit CompareWindow(const QSize& size, const QByteArray& kept = {}) {
        window.setSelection(&selection);
        window.setComparison(&comparison);
        WindowState state;
        state.layout = LayoutName::Compare;
        state.compare = kept;
        window.restore(state);
        window.resize(size);
        window.show();
        (void)QTest::qWaitForWindowActive(&window);
        test::openSample(&comparison);
        QTRY_VERIFY(!comparison.isComparing());
        QTest::qWait(1);
    }
    PanelFrame* panel(const char* id) const { return window.compare()->panel(QLatin1String(id)); }
    static bool areTabs(const PanelFrame* one, PanelFrame* other) {
        const auto* docks = qobject_cast<const QMainWindow*>(one->parentWidget());
        return docks->tabifiedDockWidgets(other).contains(const_cast<PanelFrame*>(one));
    }
    QAction* action(const QString& text) const {
        for (QAction* action : window.actions()) {
            if (action->text() == text) {
                return action;
            }
        }
        return nullptr;
    }

    Selection selection;
    Comparison comparison{&selection};
    MainWindow window;
};

QAction* entry(QMenu& menu, const QString& text) {
    for (QAction* action : menu.actions()) {
        if (action->text().startsWith(text)) {
            return action;
        }
    }
    return nullptr;
}

template <typename Widget>
Widget* named(const QWidget& parent, const QString& name) {
    for (Widget* widget : parent.findChildren<Widget*>()) {
        if (widget->accessibleName() == name) {
            return widget;
        }
    }
    return nullptr;
}

const QList<ModelChoice> models{{QStringLiteral("Nano"), QStringLiteral("Nano"), QStringLiteral("Q4_K")},
                                {QStringLiteral("olmoe"), QStringLiteral("OLMoE-1B-7B"), QStringLiteral("Q8_0")}};

} // namespace

class TestCompare : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

    void placesPanelsByTheSizeOfTheWindow_data() {
        QTest::addColumn<QSize>("size");
        QTest::addColumn<bool>("rightTabs");
        QTest::addColumn<bool>("leftTabs");
        QTest::newRow("picture") << QSize(1440, 900) << false << false;
        QTest::newRow("narrow") << QSize(1280, 860) << true << false;
        QTest::newRow("low") << QSize(1440, 800) << false << true;
        QTest::newRow("small") << QSize(1000, 640) << true << true;
    }
    void placesPanelsByTheSizeOfTheWindow() {
        QFETCH(QSize, size);
        QFETCH(bool, rightTabs);
        QFETCH(bool, leftTabs);
        const CompareWindow s(size);
        QCOMPARE(s.window.layoutName(), LayoutName::Compare);
        QVERIFY(s.window.isComparisonShown());
        QCOMPARE(CompareWindow::areTabs(s.panel("compare-speed"), s.panel("compare-distance")), rightTabs);
        QCOMPARE(CompareWindow::areTabs(s.panel("compare-needle"), s.panel("compare-distance")), rightTabs);
        QCOMPARE(CompareWindow::areTabs(s.panel("compare-agreement"), s.panel("compare-answers")), leftTabs);
        QVERIFY(CompareWindow::areTabs(s.panel("compare-mass"), s.panel("compare-distance")));
        const int right = s.panel("compare-distance")->width();
        QVERIFY2(std::abs(right - size.width() * 43 / 100) <= 8, qPrintable(QString::number(right)));
        QVERIFY(s.panel("compare-all")->isHidden());
        QCOMPARE(s.window.size(), size); // nothing pushed it
    }

    void aComparisonThatOpensWhileThePageIsSeenIsPlaced() {
        Selection selection;
        Comparison comparison(&selection);
        MainWindow window;
        window.setSelection(&selection);
        window.setComparison(&comparison);
        WindowState state;
        state.layout = LayoutName::Compare;
        window.restore(state);
        window.resize(1440, 900);
        window.show();
        (void)QTest::qWaitForWindowActive(&window);
        comparison.open(7, QStringLiteral("Where?"));
        comparison.setRuns(test::sampleRuns().mid(0, 1));
        const PanelFrame* answers = window.compare()->panel(QStringLiteral("compare-answers"));
        const PanelFrame* distance = window.compare()->panel(QStringLiteral("compare-distance"));
        QTRY_VERIFY(std::abs(distance->width() - 1440 * 43 / 100) <= 8);
        QVERIFY(answers->geometry().right() < distance->geometry().left());
    }

    void allRunsTakeThePlaceOfTheAnswers() {
        CompareWindow s({1440, 900});
        auto* view = s.window.compare()->head()->view();
        view->setCurrentIndex(1);
        QVERIFY(s.comparison.showsAll());
        QTRY_VERIFY(!s.panel("compare-all")->isHidden());
        QVERIFY(s.panel("compare-answers")->isHidden() && s.panel("compare-agreement")->isHidden());
        QVERIFY(s.panel("compare-all")->width() > 600);
        view->setCurrentIndex(0);
        QTRY_VERIFY(s.panel("compare-all")->isHidden());
        QVERIFY(!s.panel("compare-answers")->isHidden());
    }

    void theCrumbNamesThePlace() {
        CompareWindow s({1440, 900});
        // Something is selected by itself: where the text parts.
        QTRY_COMPARE(s.comparison.place().a, 7);
        auto* crumb = s.window.findChild<SelectionCrumb*>();
        QCOMPARE(crumb->text(), QStringLiteral("Runs A, B › Token 8 › Layer %1").arg(s.comparison.mostDistantLayer()));
        s.action(QStringLiteral("Next token"))->trigger();
        QCOMPARE(s.comparison.place().a, 8);
        s.comparison.select(Side::A, 3, 4);
        QCOMPARE(crumb->text(), QStringLiteral("Runs A, B › Token 4 › Layer 4"));
        s.action(QStringLiteral("Back"))->trigger();
        QCOMPARE(s.comparison.place().a, 8);
    }

    void cardsSayAndDoWhatIsToBeDone() {
        CompareWindow s({1440, 900});
        RunCard* a = s.window.compare()->card(Side::A);
        RunCard* b = s.window.compare()->card(Side::B);
        QCOMPARE(a->accessibleName(), QStringLiteral("Run A: 512-token prompt"));
        QCOMPARE(b->statusText(), QStringLiteral("Nano Q4_K · needle at 50 % · today 14:52 · 38 tokens reused"));
        QMenu menu;
        b->fillMenu(&menu);
        QSignalSpy measured(s.window.compare(), &ComparePage::measureRequested);
        QSignalSpy removed(s.window.compare(), &ComparePage::removeRequested);
        QSignalSpy inspected(s.window.compare(), &ComparePage::openInInspectRequested);
        entry(menu, QStringLiteral("Measure"))->trigger();
        entry(menu, QStringLiteral("Remove"))->trigger();
        entry(menu, QStringLiteral("Open in Inspect"))->trigger();
        QCOMPARE(measured.value(0).value(0).toLongLong(), 2);
        QCOMPARE(removed.value(0).value(0).toLongLong(), 2);
        QCOMPARE(inspected.value(0).value(0).toLongLong(), 2);
        QVERIFY(entry(menu, QStringLiteral("Stop")) == nullptr);
        entry(menu, QStringLiteral("C  "))->trigger();
        QCOMPARE(s.comparison.side(Side::B)->id, 3);
        // One that runs can be stopped, and not removed.
        RunView run = s.comparison.runs()[2];
        run.phase = RunPhase::Reading;
        run.progress = 0.45;
        run.left_s = 12;
        s.comparison.setRun(run);
        QVERIFY(b->statusText().startsWith(QStringLiteral("Reading the prompt, 45 % · 12 s left · OLMoE-1B-7B")));
        QMenu running;
        b->fillMenu(&running);
        QSignalSpy stopped(s.window.compare(), &ComparePage::stopRequested);
        entry(running, QStringLiteral("Stop"))->trigger();
        QCOMPARE(stopped.value(0).value(0).toLongLong(), 3);
        QVERIFY(!entry(running, QStringLiteral("Remove"))->isEnabled());
        QVERIFY(!entry(running, QStringLiteral("Measure"))->isEnabled());
    }

    void headAndNote() {
        CompareWindow s({1440, 900});
        ComparePage* page = s.window.compare();
        QCOMPARE(page->head()->factsText(),
                 QStringLiteral("4 runs · same question, seed 42, greedy · 38 prefix tokens computed once"));
        QCOMPARE(
            page->note()->text(),
            QStringLiteral("Run B has the marked passage at token 769 of 1,536. Its attention to it is 2.1 % of all "
                           "mass in layers 4–7, against 11.8 % in run A."));
        QSignalSpy added(page, &ComparePage::addRunRequested);
        QSignalSpy again(page, &ComparePage::runAgainRequested);
        named<QPushButton>(*page->head(), QStringLiteral("Add run"))->click();
        named<QPushButton>(*page->head(), QStringLiteral("Run again"))->click();
        QCOMPARE(added.count(), 1);
        QCOMPARE(again.count(), 1);
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("runs.csv"));
        QSignalSpy said(page, &ComparePage::messageRequested);
        page->saveCsvTo(path);
        QTRY_COMPARE(said.count(), 1);
        QFile file(path);
        QVERIFY(file.open(QIODevice::ReadOnly));
        const QStringList lines = QString::fromUtf8(file.readAll()).split(QStringLiteral("\r\n"), Qt::SkipEmptyParts);
        QCOMPARE(lines.size(), 5);
        QVERIFY(lines[0].startsWith(QStringLiteral("Run,Title,Model,\"L0 JS, bits\"")));
        QVERIFY(lines[2].startsWith(QStringLiteral("B,\"1,536-token prompt\",Nano Q4_K,")));
        const double js = lines[2].section(QStringLiteral("Nano Q4_K,"), 1).section(u',', 5, 5).toDouble();
        QVERIFY(std::abs(js - s.comparison.pair()->distance[5].js_bits) < 1e-6);
    }

    void theNoteKeepsItsPlaceWhileAnAnswerIsMissing() {
        CompareWindow s({1440, 900});
        const CompareNote* note = s.window.compare()->note();
        const QRect before = s.panel("compare-answers")->geometry();
        auto* inspect = note->findChild<QPushButton*>();
        QVERIFY(note->isVisible() && inspect->isEnabled());
        s.comparison.choose(Side::A, 1);
        s.comparison.choose(Side::B, 2);
        RunView run = s.comparison.runs()[1];
        run.trace.reset();
        run.phase = RunPhase::Reading;
        s.comparison.setRun(run);
        QTest::qWait(10);
        QCOMPARE(note->text(), QStringLiteral("What sets A and B apart is said here once both have answered."));
        QVERIFY(note->isVisible());
        QCOMPARE(s.panel("compare-answers")->geometry(), before);
        QVERIFY(s.panel("compare-answers")->readoutText().startsWith(QStringLiteral("Waiting for run B")));
        run.phase = RunPhase::Cancelled;
        s.comparison.setRun(run);
        QCOMPARE(note->text(), QStringLiteral("Run B has no answer to compare."));
        QCOMPARE(s.panel("compare-answers")->readoutText(), QStringLiteral("No answer of run B"));
        // Of a run without an answer there is nothing to open.
        run = s.comparison.runs()[0];
        run.trace.reset();
        run.phase = RunPhase::Queued;
        s.comparison.setRun(run);
        QVERIFY(!inspect->isEnabled());
    }

    void fileDialogsHoldNothingUp() {
        CompareWindow s({1440, 900});
        QTemporaryDir folder;
        const QString path = folder.filePath(QStringLiteral("all.csv"));
        const auto choose = [](const QWidget& window, const QString& file) {
            auto* dialog = window.findChild<QFileDialog*>();
            QVERIFY(dialog != nullptr && dialog->isVisible());
            QCOMPARE(dialog->windowModality(), Qt::WindowModal);
            emit dialog->fileSelected(file);
            dialog->close();
            QTRY_VERIFY(window.findChild<QFileDialog*>() == nullptr);
        };
        named<QPushButton>(*s.window.compare()->head(), QStringLiteral("CSV"))->click();
        choose(s.window, path);
        QTRY_VERIFY(QFile::exists(path));
        AddRunSheet sheet(AddRunSheet::Purpose::AddRun, test::sampleRuns()[0].draft, models, nullptr);
        sheet.show();
        const auto browse = [](const QWidget& of) {
            for (auto* button : of.findChildren<QAbstractButton*>()) {
                if (button->accessibleName() == QLatin1String("Choose a file") && button->isVisible()) {
                    button->click();
                    return;
                }
            }
        };
        browse(sheet);
        choose(sheet, path);
        QCOMPARE(sheet.drafts().first().path, path);
        NeedleSheet grid({}, 0, nullptr);
        grid.show();
        browse(grid);
        choose(grid, path);
        QCOMPARE(grid.settings().haystack, path);
    }

    void modelsOfOneNameAndTypeSayTheirFiles() {
        const QString nano = QStringLiteral("Nano");
        const QString type = QStringLiteral("Q4_K");
        const QList<ModelChoice> alike{
            {QStringLiteral("builtin"), nano, type, QStringLiteral("built in")},
            {QStringLiteral("/one/nano.gguf"), nano, type, QStringLiteral("nano.gguf")},
            {QStringLiteral("/two/nano.gguf"), nano, type, QStringLiteral("nano.gguf")},
            {QStringLiteral("/two/other.gguf"), nano, QStringLiteral("BF16"), QStringLiteral("other.gguf")}};
        RunDraft from = test::sampleRuns()[0].draft;
        from.model = QStringLiteral("builtin");
        AddRunSheet sheet(AddRunSheet::Purpose::AddRun, from, alike, nullptr);
        auto* box = named<QComboBox>(sheet, QStringLiteral("Model"));
        QStringList said;
        for (int row = 0; row < box->count(); ++row) {
            said << box->itemText(row);
        }
        QCOMPARE(said, (QStringList{QStringLiteral("Nano Q4_K · built in"), QStringLiteral("Nano Q4_K · one/nano.gguf"),
                                    QStringLiteral("Nano Q4_K · two/nano.gguf"), QStringLiteral("Nano BF16")}));
        box->setCurrentIndex(2);
        QCOMPARE(sheet.title(), QStringLiteral("Nano Q4_K · two/nano.gguf"));
    }

    void namesStandOnTheLineOfTheirFields() {
        AddRunSheet sheet(AddRunSheet::Purpose::AddRun, test::sampleRuns()[0].draft, models, nullptr);
        sheet.show();
        const auto middle = [&sheet](const QWidget* widget) {
            return widget->mapTo(&sheet, widget->rect().center()).y();
        };
        const auto label = [&sheet](const QString& text) {
            for (auto* each : sheet.findChildren<QLabel*>()) {
                if (each->text() == text) {
                    return each;
                }
            }
            return static_cast<QLabel*>(nullptr);
        };
        const QList<std::pair<QString, QWidget*>> rows{
            {QStringLiteral("Prompt"), sheet.findChild<SegmentedControl*>()},
            {QStringLiteral("Length and depth"),
             named<QLineEdit>(sheet, QStringLiteral("Lengths of the prompt in tokens"))},
            {QStringLiteral("Model"), named<QComboBox>(sheet, QStringLiteral("Model"))},
            {QStringLiteral("KV cache"), named<QComboBox>(sheet, QStringLiteral("Type of the KV cache"))},
            {QStringLiteral("Seed and sampling"), named<QLineEdit>(sheet, QStringLiteral("Seed"))},
            {QStringLiteral("Intervention"), named<QComboBox>(sheet, QStringLiteral("Intervention"))}};
        for (const auto& [name, field] : rows) {
            QVERIFY2(std::abs(middle(label(name)) - middle(field)) <= 1, qPrintable(name));
        }
        // The text of a prompt takes the room that the fields of a template have: no hole below it.
        const auto* text = named<QPlainTextEdit>(sheet, QStringLiteral("Text of the prompt"));
        sheet.findChild<SegmentedControl*>()->setCurrentIndex(static_cast<int>(PromptKind::Text));
        QTest::qWait(1);
        QCOMPARE(text->height(), text->parentWidget()->height());
    }

    void keepsItsOwnArrangement() {
        QByteArray kept;
        {
            CompareWindow s({1440, 900});
            QVERIFY(s.window.state().compare.isEmpty());
            PanelFrame* mass = s.panel("compare-mass");
            auto* docks = qobject_cast<QMainWindow*>(mass->parentWidget());
            docks->splitDockWidget(s.panel("compare-needle"), mass, Qt::Vertical);
            s.panel("compare-speed")->toggleViewAction()->trigger();
            QTest::qWait(10);
            kept = s.window.state().compare;
            QVERIFY(!kept.isEmpty());
            QCOMPARE(s.window.state().layout, LayoutName::Compare);
        }
        CompareWindow s({1440, 900}, kept);
        QTest::qWait(10);
        QVERIFY(!CompareWindow::areTabs(s.panel("compare-mass"), s.panel("compare-distance")));
        QVERIFY(s.panel("compare-speed")->isHidden());
        s.window.resetLayout();
        QVERIFY(CompareWindow::areTabs(s.panel("compare-mass"), s.panel("compare-distance")));
        QVERIFY(!s.panel("compare-speed")->isHidden());
        QVERIFY(s.window.state().compare.isEmpty());
    }

    void theOtherLayoutsStayAsTheyWere() {
        test::WindowBoard s({1440, 900});
        Comparison comparison(&s.selection);
        s.window->setComparison(&comparison);
        s.window->setLayoutName(LayoutName::Inspect);
        const QList<QRect> before{s.experts->geometry(), s.strip->geometry(), s.path->geometry()};
        QTest::keyClick(s.window.get(), Qt::Key_3, Qt::ControlModifier);
        QCOMPARE(s.window->layoutName(), LayoutName::Compare);
        QVERIFY(s.experts->isHidden() && s.strip->isHidden());
        QMenu* menu = s.panelsMenu();
        int shown = 0;
        for (QAction* action : menu->actions()) {
            shown += action->isVisible() ? 1 : 0;
        }
        QCOMPARE(shown, 7); // those of the page
        QTest::keyClick(s.window.get(), Qt::Key_2, Qt::ControlModifier);
        QCOMPARE(s.window->layoutName(), LayoutName::Inspect);
        QVERIFY(!s.window->isComparisonShown());
        QVERIFY(!s.experts->isHidden());
        QTRY_COMPARE((QList<QRect>{s.experts->geometry(), s.strip->geometry(), s.path->geometry()}), before);
        // A new chat leaves the comparison.
        s.window->setLayoutName(LayoutName::Compare);
        s.action(QStringLiteral("New chat"))->trigger();
        QCOMPARE(s.window->layoutName(), LayoutName::Chat);
        // Without a comparison there is no such layout.
        test::WindowBoard none({1440, 900});
        none.window->setLayoutName(LayoutName::Compare);
        QCOMPARE(none.window->layoutName(), LayoutName::Chat);
    }

    void f6GoesThroughTheParts() {
        CompareWindow s({1440, 900});
        s.window.compare()->card(Side::A)->setFocus();
        QSet<QWidget*> stops;
        for (int i = 0; i < 9; ++i) {
            s.window.focusNextPanel();
            QVERIFY(QApplication::focusWidget() != nullptr);
            stops.insert(QApplication::focusWidget());
        }
        QVERIFY(stops.contains(s.window.compare()->card(Side::A)));
        QVERIFY(stops.contains(s.panel("compare-answers")->focusTarget()));
        QVERIFY(stops.contains(s.panel("compare-needle")->focusTarget()));
    }

    void theSheetMakesDraftsOfSixFields() {
        const RunDraft from = test::sampleRuns()[0].draft;
        AddRunSheet sheet(AddRunSheet::Purpose::AddRun, from, models, nullptr);
        QCOMPARE(sheet.problem(), QString());
        QList<RunDraft> drafts = sheet.drafts();
        QCOMPARE(drafts.size(), 1);
        QVERIFY(drafts[0] == from);
        named<QLineEdit>(sheet, QStringLiteral("Lengths of the prompt in tokens"))
            ->setText(QStringLiteral("512, 1,024, 1,536"));
        drafts = sheet.drafts();
        QCOMPARE(drafts.size(), 3);
        QCOMPARE(drafts[1].length, 1'024);
        QVERIFY(sheet.title().contains(QStringLiteral("1,024-token prompt, 1,536-token prompt")));
        named<QLineEdit>(sheet, QStringLiteral("Lengths of the prompt in tokens"))->setText(QStringLiteral("512"));
        named<QSpinBox>(sheet, QStringLiteral("Depth of the passage in percent"))->setValue(25);
        named<QComboBox>(sheet, QStringLiteral("Model"))->setCurrentIndex(1);
        named<QComboBox>(sheet, QStringLiteral("Type of the KV cache"))->setCurrentIndex(1);
        named<QLineEdit>(sheet, QStringLiteral("Seed"))->setText(QStringLiteral("7"));
        auto* recipe = named<QComboBox>(sheet, QStringLiteral("Intervention"));
        recipe->setCurrentIndex(recipe->findText(QStringLiteral("Ban an expert")));
        named<QSpinBox>(sheet, QStringLiteral("Layer"))->setValue(5);
        named<QSpinBox>(sheet, QStringLiteral("Expert"))->setValue(6);
        auto* words =
            named<QLineEdit>(sheet, QStringLiteral("Words that the answer must have to have found the passage"));
        words->setText(QStringLiteral(" quiet beach,, boat "));
        QCOMPARE(sheet.drafts().first().expected, (QStringList{QStringLiteral("quiet beach"), QStringLiteral("boat")}));
        words->clear();
        const RunDraft made = sheet.drafts().first();
        QCOMPARE(made.depth, 25);
        QCOMPARE(made.model, QStringLiteral("olmoe"));
        QCOMPARE(made.kv_type, QStringLiteral("q8_0"));
        QCOMPARE(made.sampling.seed.value_or(0), 7U);
        QCOMPARE(made.sampling.temperature, from.sampling.temperature);
        QCOMPARE(made.recipe.banned, (std::vector<trace::ExpertPlace>{{5, 6}}));
        QCOMPARE(sheet.title(),
                 QStringLiteral("Needle at 25 % · OLMoE-1B-7B · Q8_0 cache · seed 7 · expert 6 of layer 5 "
                                "banned"));
        // What differs is marked.
        QStringList marks;
        for (const QLabel* label : sheet.findChildren<QLabel*>()) {
            marks << label->text();
        }
        QVERIFY(marks.contains(QStringLiteral("A: Nano")));
        QVERIFY(marks.contains(QStringLiteral("A: F16")));
        QVERIFY(!marks.contains(QStringLiteral("another prompt than A")));
        QSignalSpy drafted(&sheet, &AddRunSheet::drafted);
        named<QPushButton>(sheet, QStringLiteral("Add run"))->click();
        QCOMPARE(drafted.count(), 1);
        QCOMPARE(drafted[0][0].value<QList<RunDraft>>().first(), made);
    }

    void theWindowOpensTheSheets() {
        CompareWindow s({1440, 900});
        s.window.setModelChoices(models);
        NeedleGridSettings grid;
        grid.lengths = {256};
        grid.depths = {50};
        s.window.setGridDefaults(grid, 2'048);
        QSignalSpy drafted(&s.window, &MainWindow::runsDrafted);
        QSignalSpy begun(&s.window, &MainWindow::comparisonDrafted);
        QSignalSpy chosen(&s.window, &MainWindow::gridChosen);
        emit s.window.compare()->head()->addRunRequested();
        auto* sheet = s.window.findChild<AddRunSheet*>();
        QVERIFY(sheet != nullptr && sheet->isVisible());
        named<QPushButton>(*sheet, QStringLiteral("Add run"))->click();
        QCOMPARE(drafted.count(), 1);
        QVERIFY(drafted[0][0].value<QList<RunDraft>>().first() == s.comparison.runs()[0].draft);
        QTRY_VERIFY(s.window.findChild<AddRunSheet*>() == nullptr);
        emit s.window.compare()->gridStartRequested();
        named<QPushButton>(*s.window.findChild<NeedleSheet*>(), QStringLiteral("Start"))->click();
        QCOMPARE(chosen.count(), 1);
        // Where no comparison is open, the sheet begins one.
        s.comparison.close();
        s.window.setDraftDefaults(test::sampleRuns()[0].draft);
        emit s.window.compare()->addRunRequested();
        sheet = s.window.findChild<AddRunSheet*>();
        QCOMPARE(sheet->windowTitle(), QStringLiteral("New comparison"));
        named<QPushButton>(*sheet, QStringLiteral("Start"))->click();
        QCOMPARE(begun.count(), 1);
    }

    void badInputSaysWhy() {
        AddRunSheet sheet(AddRunSheet::Purpose::NewComparison, test::sampleRuns()[0].draft, models, nullptr);
        auto* lengths = named<QLineEdit>(sheet, QStringLiteral("Lengths of the prompt in tokens"));
        auto* start = named<QPushButton>(sheet, QStringLiteral("Start"));
        lengths->setText(QStringLiteral("512, many"));
        QCOMPARE(sheet.problem(), QStringLiteral("Length: “many” is no whole number."));
        QVERIFY(!start->isEnabled());
        lengths->setText(QStringLiteral("12"));
        QCOMPARE(sheet.problem(), QStringLiteral("A prompt of 12 tokens cannot be filled: from 64 to 1,048,576 can."));
        lengths->setText(QStringLiteral("4,096"));
        QVERIFY(start->isEnabled());
        sheet.setCheck([](const RunDraft& draft) {
            return draft.length > 2'048 ? QStringLiteral("Nano has room for 2,048 tokens.") : QString();
        });
        QCOMPARE(sheet.problem(), QStringLiteral("Nano has room for 2,048 tokens."));
        lengths->setText(QStringLiteral("512"));
        named<QLineEdit>(sheet, QStringLiteral("Marked passage"))->clear();
        QCOMPARE(sheet.problem(), QStringLiteral("The passage that is to be found is empty."));
        sheet.findChild<SegmentedControl*>()->setCurrentIndex(static_cast<int>(PromptKind::Chat));
        QVERIFY(sheet.problem().startsWith(QStringLiteral("No message of a chat")));
        sheet.findChild<SegmentedControl*>()->setCurrentIndex(static_cast<int>(PromptKind::File));
        QCOMPARE(sheet.problem(), QStringLiteral("No file was chosen."));
        named<QLineEdit>(sheet, QStringLiteral("File"))->setText(QStringLiteral("/nowhere/tale.txt"));
        QCOMPARE(sheet.problem(), QStringLiteral("“/nowhere/tale.txt” is no file that can be read."));
        sheet.findChild<SegmentedControl*>()->setCurrentIndex(static_cast<int>(PromptKind::Text));
        QCOMPARE(sheet.problem(), QString()); // the question stands there
        named<QPlainTextEdit>(sheet, QStringLiteral("Text of the prompt"))->clear();
        QCOMPARE(sheet.problem(), QStringLiteral("The prompt is empty."));
    }

    void numbersOfAField_data() {
        QTest::addColumn<QString>("text");
        QTest::addColumn<QList<int>>("numbers");
        QTest::newRow("grouped") << "512, 1,024, 1,536" << QList<int>{512, 1'024, 1'536};
        QTest::newRow("spaces") << "512 1024  1536" << QList<int>{512, 1'024, 1'536};
        QTest::newRow("plain commas") << "512,1024,1536" << QList<int>{512, 1'024, 1'536};
        QTest::newRow("semicolons") << "0;25;100" << QList<int>{0, 25, 100};
        QTest::newRow("million") << "1,048,576" << QList<int>{1'048'576};
        QTest::newRow("words") << "a few" << QList<int>{};
        QTest::newRow("minus") << "-5" << QList<int>{};
        QTest::newRow("nothing") << " " << QList<int>{};
    }
    void numbersOfAField() {
        QFETCH(QString, text);
        QFETCH(QList<int>, numbers);
        QString problem;
        QCOMPARE(numbersOf(text, &problem), numbers);
        QCOMPARE(problem.isEmpty(), !numbers.isEmpty());
    }

    void theGridIsChosenInASheet() {
        NeedleGridSettings settings;
        settings.kind = QStringLiteral("multikey");
        settings.lengths = {256, 512};
        settings.depths = {0, 50, 100};
        NeedleSheet sheet(settings, 2'048, nullptr);
        QCOMPARE(sheet.problem(), QString());
        QVERIFY(sheet.settings() == settings);
        named<QLineEdit>(sheet, QStringLiteral("Lengths, tokens"))->setText(QStringLiteral("256, 4,096"));
        QCOMPARE(sheet.problem(), QStringLiteral("4,096 tokens are more than the 2,048 that the model has room for."));
        named<QLineEdit>(sheet, QStringLiteral("Lengths, tokens"))->setText(QStringLiteral("256"));
        named<QLineEdit>(sheet, QStringLiteral("Depths, %"))->setText(QStringLiteral("50, 101"));
        QCOMPARE(sheet.problem(), QStringLiteral("A depth of 101 % is behind the end of the text."));
        auto* kind = named<QComboBox>(sheet, QStringLiteral("Kind"));
        kind->setCurrentIndex(kind->findData(QStringLiteral("vartrack")));
        QCOMPARE(sheet.problem(), QString());
        QVERIFY(sheet.settings().depths.empty()); // it has none
        QSignalSpy chosen(&sheet, &NeedleSheet::chosen);
        named<QPushButton>(sheet, QStringLiteral("Start"))->click();
        QCOMPARE(chosen.count(), 1);
    }
};

QTEST_MAIN(TestCompare)
#include "tst_compare.moc"
