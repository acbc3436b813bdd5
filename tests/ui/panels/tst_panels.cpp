// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/panels/panelboard.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/segmentedcontrol.h"
#include "ui/widgets/tabletwin.h"

#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QHeaderView>
#include <QMainWindow>
#include <QMenu>
#include <QScrollBar>
#include <QTemporaryDir>
#include <QTimer>

#include <numeric>

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

class TestPanels : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void emptyStates();
    void anAnswerWithoutTokens();
    void theReadoutUnderATableFollows();
    void noLayerBeforeAnAnswer();
    void legendMovesNothing_data();
    void legendMovesNothing();
    void denseModel();
    void anotherModelsAnswerIsNotInTheCache();
    void oneSelectionInAllPanels();
    void liveAnswer();
    void hiddenPanelsDoNoWork();
    void tableTwin();
    void twinFitsItsDock();
    void exportsTheSameNumbers();
    void chartMenuHasNoDeadEntries();
    void darkAndLarge();
    void accessibility();
};

void TestPanels::initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

void TestPanels::emptyStates() {
    Board board(0);
    board.kv->setState({});
    board.show();
    for (PanelFrame* panel : {static_cast<PanelFrame*>(board.experts), static_cast<PanelFrame*>(board.strip),
                              static_cast<PanelFrame*>(board.path), static_cast<PanelFrame*>(board.kv)}) {
        QVERIFY2(panel->isEmptyShown(), qPrintable(panel->objectName()));
    }
    // Who opens one stands in it, and in its chart once there is one.
    QWidget* missing = board.experts->focusTarget();
    missing->setFocus(Qt::OtherFocusReason);
    QVERIFY(missing->hasFocus());
    QCOMPARE(missing->accessibleName(), QStringLiteral("No answer yet"));
    board.trace.begin(1, board.shape);
    QVERIFY(board.experts->isEmptyShown());
    board.trace.append(1, test::syntheticAnswer(board.shape, 2, true));
    QVERIFY(!board.experts->isEmptyShown());
    QVERIFY(board.experts->chart()->hasFocus());
    QVERIFY(!board.strip->isEmptyShown());
    QVERIFY(!board.path->isEmptyShown()); // the newest token is selected
    QVERIFY(board.kv->isEmptyShown());
    // The focus stays in the panel's content, whichever that is.
    board.kv->focusTarget()->setFocus(Qt::OtherFocusReason);
    QVERIFY(qobject_cast<EmptyState*>(QApplication::focusWidget()) != nullptr);
    board.kv->setState(cache(3));
    QVERIFY(!board.kv->isEmptyShown());
    QCOMPARE(QApplication::focusWidget(), board.kv->chart());
    board.kv->setState({});
    QVERIFY(qobject_cast<EmptyState*>(QApplication::focusWidget()) != nullptr);
}

void TestPanels::anAnswerWithoutTokens() {
    Board board(0);
    board.show();
    const auto says = [](const PanelFrame* panel, const QString& sentence) {
        const auto* page = panel->findChild<EmptyState*>();
        return page->isVisible() && page->accessibleName().contains(sentence);
    };
    QVERIFY(says(board.strip, QStringLiteral("No answer yet")));
    board.trace.begin(1, board.shape); // one was sent: nobody is asked to send any
    for (const PanelFrame* panel : {static_cast<PanelFrame*>(board.experts), static_cast<PanelFrame*>(board.strip),
                                    static_cast<PanelFrame*>(board.path)}) {
        QVERIFY2(says(panel, QStringLiteral("Reading the prompt")), qPrintable(panel->objectName()));
    }
    board.trace.finish(1); // it failed before its first token
    QVERIFY(says(board.strip, QStringLiteral("No tokens")));
    QVERIFY(says(board.experts, QStringLiteral("No tokens")));
    board.trace.clear();
    board.trace.setRun(1, board.shape, {}); // the same, read from the store
    board.trace.setCurrent(1);
    QVERIFY(says(board.strip, QStringLiteral("No tokens")));
}

void TestPanels::theReadoutUnderATableFollows() {
    Board board;
    QMainWindow window;
    auto* panel = new ExpertsPanel(&board.trace, &board.selection, &window);
    window.addDockWidget(Qt::RightDockWidgetArea, panel);
    window.resize(800, 600);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    panel->setScope(Scope::Chat);
    panel->setTwinShown(true);
    QVERIFY(panel->readoutText().contains(QStringLiteral(" 60 tokens")));
    board.trace.setRun(2, board.shape, test::syntheticAnswer(board.shape, 7, false)); // another answer of the chat
    QVERIFY(panel->readoutText().contains(QStringLiteral(" 67 tokens")));
    // Another conversation, while the dock is hidden.
    panel->hide();
    board.trace.clear();
    board.trace.setRun(3, board.shape, test::syntheticAnswer(board.shape, 25, false));
    board.trace.setCurrent(3);
    panel->show();
    QVERIFY(panel->readoutText().contains(QStringLiteral(" 25 tokens")));
    board.selection.setToken(4);
    QVERIFY(panel->readoutText().contains(QStringLiteral(" of 25 tokens")));
}

void TestPanels::noLayerBeforeAnAnswer() {
    Board board(0);
    board.kv->setState(cache(0));
    board.show();
    board.selection.setLayer(2);
    KvChart* bars = board.kv->bars();
    const QRect row = bars->geometryOfBars().row(1, 0);
    QVERIFY(!holds(painted(bars), row, theme().color(Color::AccentTint)));
    board.trace.begin(1, board.shape);
    board.trace.append(1, test::syntheticAnswer(board.shape, 2, true));
    QVERIFY(holds(painted(bars), row, theme().color(Color::AccentTint)));
}

void TestPanels::legendMovesNothing_data() {
    QTest::addColumn<bool>("tabbed");
    QTest::newRow("at the right") << false;
    QTest::newRow("in a tab, at the left") << true;
}

void TestPanels::legendMovesNothing() {
    QFETCH(bool, tabbed);
    Board board;
    QMainWindow window;
    auto* other = new KvCachePanel(&board.trace, &board.selection, &window);
    auto* strip = new TokenStripPanel(&board.trace, &board.selection, &window);
    window.addDockWidget(Qt::RightDockWidgetArea, strip);
    if (tabbed) {
        window.addDockWidget(Qt::RightDockWidgetArea, other);
        window.tabifyDockWidget(other, strip);
        strip->raise();
    }
    window.resize(800, 400);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    QTest::qWait(20); // docks learn of their tabs afterwards
    const auto* segments = strip->findChild<SegmentedControl*>();
    const QPoint before = segments->mapTo(strip, QPoint());
    QCOMPARE(before.x() < strip->width() / 2, tabbed);
    for (const StripMode mode : {StripMode::Gate, StripMode::Margin, StripMode::Expert}) {
        strip->setMode(mode);
        QCoreApplication::processEvents();
        QCOMPARE(segments->mapTo(strip, QPoint()), before);
    }
}

void TestPanels::denseModel() {
    Board board(0);
    board.show();
    const TraceShape dense = test::syntheticShape(0, 0, 0, 0, QStringLiteral("Dense"));
    board.trace.setRun(2, dense, test::syntheticAnswer(dense, 5, false));
    board.trace.setCurrent(2);
    board.selection.setToken(3);
    QVERIFY(board.experts->isEmptyShown());
    QVERIFY(board.path->isEmptyShown());
    QVERIFY(!board.strip->isEmptyShown());
    QVERIFY(!board.strip->readoutText().contains(QStringLiteral("expert")));
}

void TestPanels::anotherModelsAnswerIsNotInTheCache() {
    Board board;
    board.show();
    auto* chart = board.kv->findChild<KvChart*>();
    const auto isMarked = [chart] {
        return test::holds(test::painted(chart), chart->viewport()->rect(), theme().color(Color::AccentTint));
    };
    board.selection.setToken(3);
    board.selection.setLayer(5);
    QVERIFY(isMarked());
    TraceShape other = board.shape; // as large, from another file
    other.file = QStringLiteral("other.gguf");
    board.trace.setRun(2, other, test::syntheticAnswer(other, 20, false));
    board.selection.setToken(2, 3);
    board.selection.setLayer(5);
    QCOMPARE(board.trace.current(), 2);
    QVERIFY(!isMarked());
    chart->setFocus();
    for (int y = 20; y < 120; y += 10) {
        QTest::mouseClick(chart->viewport(), Qt::LeftButton, Qt::NoModifier, QPoint(60, y));
    }
    QCOMPARE(board.selection.state().layer, 5);
    int counted = 0; // of this model alone
    for (int expert = 0; expert < other.experts; ++expert) {
        counted += board.trace.statistics(Scope::Chat).tokens(0, expert);
    }
    QCOMPARE(counted, 20);
    board.selection.setToken(1, 3);
    QTest::mouseClick(chart->viewport(), Qt::LeftButton, Qt::NoModifier, QPoint(60, 40));
    QVERIFY(board.selection.state().layer != 5);
}

void TestPanels::oneSelectionInAllPanels() {
    Board board;
    board.show();
    board.selection.setLayer(5);
    board.selection.setToken(33);
    const int expert = board.trace.topExpert(33, 5);
    QCOMPARE(board.selection.state(), (SelectionState{1, 33, 5, expert}));
    QVERIFY(board.experts->readoutText().startsWith(QStringLiteral("Layer 5, expert %1").arg(expert)));
    QVERIFY(board.strip->readoutText().startsWith(QStringLiteral("Token 34 of 60")));
    QVERIFY(board.strip->readoutText().contains(QStringLiteral("expert %1, gate").arg(expert)));

    // The same line in every picture.
    const QColor line = theme().color(Color::AccentText);
    const auto& map = board.experts->map()->geometryOfMap();
    const QRect cell = map.cellOf(5, expert, 0);
    QVERIFY(holds(painted(board.experts->map()), cell.adjusted(-4, -4, 4, 4), line));
    QVERIFY(!holds(painted(board.experts->map()), map.cellOf(2, (expert + 5) % 16, 0), line));
    const QRect box = board.strip->strip()->geometryOfStrip().rect(33);
    const int scroll = board.strip->strip()->verticalScrollBar()->value();
    QVERIFY(holds(painted(board.strip->strip()), box.translated(0, -scroll).adjusted(-4, -4, 4, 4), line));
    const QRect gate = board.path->path()->geometryOfPath().gate(5, expert, 0);
    QVERIFY(holds(painted(board.path->path()), gate.adjusted(-4, -4, 4, 4), line));
    QVERIFY(holds(painted(board.kv->bars()), board.kv->bars()->geometryOfBars().bar(2, 0).adjusted(0, -3, 0, 3), line));
    QVERIFY(!holds(painted(board.kv->bars()), board.kv->bars()->geometryOfBars().bar(0, 0), line));
}

void TestPanels::liveAnswer() {
    Board board(0);
    board.show();
    const auto answer = test::syntheticAnswer(board.shape, 12, true);
    board.trace.begin(1, board.shape);
    board.trace.append(1, answer.mid(0, 6));
    QCOMPARE(board.selection.state().token, 5);
    const auto& map = board.experts->map()->geometryOfMap();
    const int newest = board.trace.topExpert(5, 3);
    const QRect cell = map.cellOf(3, newest, 0);
    QVERIFY(near(painted(board.experts->map()).pixelColor(cell.topLeft()), theme().color(Color::Text)));
    board.trace.append(1, answer.mid(6));
    QCOMPARE(board.selection.state().token, 11);
    QVERIFY(board.strip->readoutText().startsWith(QStringLiteral("Token 12 of 12")));
    board.trace.finish(1);
    QVERIFY(!near(painted(board.experts->map()).pixelColor(cell.topLeft()), theme().color(Color::Text)));
}

void TestPanels::hiddenPanelsDoNoWork() {
    Board board(0);
    QMainWindow window;
    auto* front = new ExpertsPanel(&board.trace, &board.selection, &window);
    auto* back = new TokenPathPanel(&board.trace, &board.selection, &window);
    auto* hidden = new TokenStripPanel(&board.trace, &board.selection, &window);
    window.addDockWidget(Qt::RightDockWidgetArea, front);
    window.tabifyDockWidget(front, back);
    window.addDockWidget(Qt::BottomDockWidgetArea, hidden);
    hidden->hide();
    window.resize(800, 600);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    front->raise();
    QCoreApplication::processEvents();
    board.trace.begin(1, board.shape);
    const auto answer = test::syntheticAnswer(board.shape, 200, true);
    const int before = back->chart()->syncCount();
    const int hiddenBefore = hidden->chart()->syncCount();
    const int frontBefore = front->chart()->syncCount();
    for (int at = 0; at < 200; at += 4) {
        board.trace.append(1, answer.mid(at, 4));
        QCoreApplication::processEvents();
    }
    QCOMPARE(back->chart()->syncCount(), before);
    QCOMPARE(hidden->chart()->syncCount(), hiddenBefore);
    QVERIFY(front->chart()->syncCount() >= frontBefore + 50);
    // Both catch up when they come into view.
    back->raise();
    QTRY_VERIFY(back->chart()->syncCount() > before);
    QVERIFY(!back->isEmptyShown());
    hidden->show();
    QTRY_COMPARE(static_cast<StripChart*>(hidden->chart())->geometryOfStrip().count(), 200);
    QVERIFY(hidden->readoutText().startsWith(QStringLiteral("Token 200 of 200")));
}

void TestPanels::tableTwin() {
    Board board;
    board.show();
    board.selection.set({1, 12, 5, 6});
    ExpertsChart* map = board.experts->map();
    map->setFocus();
    QTest::keyClick(map, Qt::Key_T);
    QVERIFY(board.experts->isTwinShown());
    TableTwin* twin = board.experts->twin();
    QVERIFY(twin->isVisible());
    QCOMPARE(twin->currentSourceRow(), 5 * 16 + 6);
    QCOMPARE(twin->model()->rowCount(), 128);
    board.selection.set({1, 12, 2, 3});
    QCOMPARE(twin->currentSourceRow(), 2 * 16 + 3);
    QTest::keyClick(twin, Qt::Key_Down);
    QCOMPARE(board.selection.state(), (SelectionState{1, 12, 2, 4}));
    QTest::keyClick(twin, Qt::Key_T);
    QVERIFY(!board.experts->isTwinShown());
    QVERIFY(map->isVisible());
    QVERIFY(map->hasFocus());
    QCOMPARE(twin->model()->rowCount(), 0); // no source while it is hidden
    board.strip->setTwinShown(true);
    QTest::keyClick(board.strip->twin(), Qt::Key_Down);
    QCOMPARE(board.selection.state().token, 13);
}

void TestPanels::twinFitsItsDock() {
    Board board;
    board.show();
    board.experts->setTwinShown(true);
    TableTwin* twin = board.experts->twin();
    QTRY_VERIFY(twin->model()->rowCount() == 128);
    // As in Inspect at 1440 × 900; wider where the font at hand is wider than the pictures' one.
    const QList<int> columns = twin->columnWidths();
    const int whole = std::accumulate(columns.begin(), columns.end(), 0);
    board.experts->resize(std::max(594, whole + twin->verticalScrollBar()->sizeHint().width() + 2), 340);
    QCoreApplication::processEvents();
    const QHeaderView* header = twin->horizontalHeader();
    QTRY_VERIFY(!twin->horizontalScrollBar()->isVisible());
    QTRY_COMPARE(header->length(), twin->viewport()->width()); // nothing cut, no blank strip
    const QFontMetrics words(theme().font(TextStyle::Small));
    for (int column = 0; column < header->count(); ++column) {
        const QString title = twin->model()->headerData(column, Qt::Horizontal).toString();
        const bool silent = column == ExpertsTable::WhatIfMark || column == ExpertsTable::Shared;
        QCOMPARE(header->isSectionHidden(column), silent); // without a what-if
        QVERIFY2(silent || header->sectionSize(column) >= words.horizontalAdvance(title) + 10, qPrintable(title));
    }
    QVERIFY(!twin->model()->index(0, ExpertsTable::Share).data().toString().contains(QLatin1Char('%')));
    // Scrolled to any row, the first one lies whole below the head.
    board.selection.set({1, 12, 5, 6});
    const int first = twin->rowAt(0);
    QVERIFY(first > 0);
    QCOMPARE(twin->rowViewportPosition(first), 0);
}

void TestPanels::exportsTheSameNumbers() {
    Board board;
    board.show();
    ExpertsChart* map = board.experts->map();
    map->setFocus();
    QTest::keyClick(map, Qt::Key_C, Qt::ControlModifier);
    const QStringList lines = QGuiApplication::clipboard()->text().split(QLatin1Char('\n'));
    QCOMPARE(lines.size(), 1 + 128 + 1);
    const QStringList cells = lines.at(1 + 5 * 16 + 6).split(QLatin1Char('\t'));
    QCOMPARE(cells.at(0), QStringLiteral("5"));
    QCOMPARE(cells.at(1), QStringLiteral("6"));
    QCOMPARE(cells.at(2).toInt(), board.trace.statistics(Scope::Answer).tokens(5, 6));
    QTest::keyClick(map, Qt::Key_C, Qt::ControlModifier | Qt::ShiftModifier);
    QCOMPARE(QGuiApplication::clipboard()->image().size(), painted(map).size());
    QTemporaryDir folder;
    const QString path = folder.filePath(QStringLiteral("strip.csv"));
    QCOMPARE(board.strip->writeCsv(path), QString());
    QFile file(path);
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(QString::fromUtf8(file.readAll()), toCsv(*board.strip->table()));
    const QString sentence = board.strip->writeCsv(folder.filePath(QStringLiteral("missing/strip.csv")));
    QVERIFY(sentence.contains(QStringLiteral("strip.csv")));
    QVERIFY(sentence.endsWith(QLatin1Char('.')));
}

void TestPanels::chartMenuHasNoDeadEntries() {
    Board board;
    board.show();
    board.selection.set({1, 12, 5, 6}); // what an expert is needed for
    QStringList texts;
    QTimer::singleShot(50, qApp, [&] {
        auto* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
        QVERIFY(menu != nullptr);
        for (const QAction* action : menu->actions()) {
            if (!action->isSeparator()) {
                QVERIFY(action->isEnabled());
                texts.append(action->text());
            }
        }
        menu->close();
    });
    emit board.experts->map()->menuRequested(board.window.mapToGlobal(QPoint(50, 50)));
    QCOMPARE(texts, (QStringList{QStringLiteral("Show expert card"), QStringLiteral("Show as table"),
                                 QStringLiteral("Filter to this expert"), QStringLiteral("Copy as table"),
                                 QStringLiteral("Copy as image"), QStringLiteral("Save as CSV…"),
                                 QStringLiteral("Export routing…")}));
}

void TestPanels::darkAndLarge() {
    Board board;
    board.show();
    board.selection.set({1, 12, 5, 6});
    const int box = board.strip->strip()->geometryOfStrip().rect(12).height();
    setTheme(*qApp, Theme(Scheme::Dark, 1.5));
    QCoreApplication::processEvents();
    const QColor panel = theme().color(Color::Panel);
    QCOMPARE(theme().scheme(), Scheme::Dark);
    for (ChartView* chart : {board.experts->chart(), board.strip->chart(), board.path->chart(), board.kv->chart()}) {
        QVERIFY2(near(painted(chart).pixelColor(3, 3), panel), qPrintable(chart->accessibleName()));
    }
    QCOMPARE(board.strip->strip()->geometryOfStrip().rect(12).height(), box * 3 / 2);
    setTheme(*qApp, Theme(Scheme::Light));
    QCoreApplication::processEvents();
    QCOMPARE(board.strip->strip()->geometryOfStrip().rect(12).height(), box);
}

void TestPanels::accessibility() {
    Board board;
    board.show();
    board.selection.set({1, 12, 5, 6});
    for (PanelFrame* panel : {static_cast<PanelFrame*>(board.experts), static_cast<PanelFrame*>(board.strip),
                              static_cast<PanelFrame*>(board.path), static_cast<PanelFrame*>(board.kv)}) {
        QVERIFY(!panel->accessibleName().isEmpty());
        QVERIFY(!panel->chart()->accessibleName().isEmpty());
        QCOMPARE(panel->chart()->accessibleDescription(), panel->readoutText());
        QVERIFY(!panel->twin()->accessibleName().isEmpty());
        int stops = 0;
        for (QWidget* widget : panel->findChildren<QWidget*>()) {
            if (!widget->isVisible() || !(widget->focusPolicy() & Qt::TabFocus)) {
                continue;
            }
            ++stops;
            QAccessibleInterface* face = QAccessible::queryAccessibleInterface(widget);
            QVERIFY2(face != nullptr && !face->text(QAccessible::Name).isEmpty(),
                     qPrintable(panel->objectName() + QLatin1Char(' ') +
                                QString::fromLatin1(widget->metaObject()->className())));
        }
        QVERIFY(stops >= 3); // chart, table, menu
        // A chart is one stop: nothing in it takes the focus for itself.
        for (QWidget* inside : panel->chart()->findChildren<QWidget*>()) {
            QVERIFY(!(inside->focusPolicy() & Qt::TabFocus) || inside->focusProxy() == panel->chart());
        }
    }
}

QTEST_MAIN(TestPanels)
#include "tst_panels.moc"
