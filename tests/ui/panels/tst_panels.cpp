// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/synthetictrace.h"
#include "ui/panels/expertspanel.h"
#include "ui/panels/kvcachepanel.h"
#include "ui/panels/tokenpathpanel.h"
#include "ui/panels/tokenstrippanel.h"
#include "ui/theme/theme.h"
#include "ui/widgets/tabletwin.h"

#include <QAbstractButton>
#include <QAccessible>
#include <QApplication>
#include <QClipboard>
#include <QComboBox>
#include <QMainWindow>
#include <QMenu>
#include <QScrollBar>
#include <QSignalSpy>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>

#include <cmath>

using namespace moescope;
using namespace moescope::ui;

namespace {

KvCacheState cache(quint64 used) {
    trace::MemoryInfo memory;
    memory.kv_bytes_per_token = 1024;
    memory.context = 1024;
    memory.kv_type = "f16";
    return KvCacheState::of(test::syntheticModel(8, 16, 2), memory, used);
}

/** The four panels on one selection, in a window. */
struct Board {
    explicit Board(int tokens = 60, bool probabilities = true) {
        bindSelection(&trace, &selection);
        experts = new ExpertsPanel(&trace, &selection, &window);
        strip = new TokenStripPanel(&trace, &selection, &window);
        path = new TokenPathPanel(&trace, &selection, &window);
        kv = new KvCachePanel(&trace, &selection, &window);
        trace.setModel(shape);
        if (tokens > 0) {
            trace.setRun(1, shape, test::syntheticAnswer(shape, tokens, probabilities));
            trace.setCurrent(1);
        }
        selection.setFollowing(false);
        kv->setState(cache(603));
        experts->setGeometry(0, 0, 600, 340);
        strip->setGeometry(0, 344, 600, 220);
        path->setGeometry(604, 0, 496, 270);
        kv->setGeometry(604, 274, 250, 298);
        window.resize(1110, 580);
    }
    void show() {
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
    }

    TraceShape shape = test::syntheticShape(8, 16, 1, 1);
    TraceModel trace;
    Selection selection;
    QWidget window;
    ExpertsPanel* experts = nullptr;
    TokenStripPanel* strip = nullptr;
    TokenPathPanel* path = nullptr;
    KvCachePanel* kv = nullptr;
};

QImage painted(ChartView* chart) { return chart->viewport()->grab().toImage(); }

bool near(const QColor& a, const QColor& b) {
    return std::abs(a.red() - b.red()) < 4 && std::abs(a.green() - b.green()) < 4 && std::abs(a.blue() - b.blue()) < 4;
}

/** Whether a colour occurs in a rectangle. */
bool holds(const QImage& image, const QRect& rect, const QColor& color) {
    for (int y = rect.top(); y <= rect.bottom(); ++y) {
        for (int x = rect.left(); x <= rect.right(); ++x) {
            if (image.rect().contains(x, y) && near(image.pixelColor(x, y), color)) {
                return true;
            }
        }
    }
    return false;
}

} // namespace

class TestPanels : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void emptyStates();
    void denseModel();
    void oneSelectionInAllPanels();
    void clickInTheMap();
    void mapKeys();
    void mapColours();
    void mapModesAndScopes();
    void mergedColumns();
    void stripClickAndKeys();
    void stripPaintsTheExpert();
    void stripLayerStepper();
    void longStripIsIncremental();
    void pathReadoutAndClick();
    void pathWithoutProbabilities();
    void pathAsksForProbabilities();
    void kvRows();
    void liveAnswer();
    void hiddenPanelsDoNoWork();
    void tableTwin();
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
    board.trace.begin(1, board.shape);
    QVERIFY(board.experts->isEmptyShown());
    board.trace.append(1, test::syntheticAnswer(board.shape, 2, true));
    QVERIFY(!board.experts->isEmptyShown());
    QVERIFY(!board.strip->isEmptyShown());
    QVERIFY(!board.path->isEmptyShown()); // the newest token is selected
    QVERIFY(board.kv->isEmptyShown());
    board.kv->setState(cache(3));
    QVERIFY(!board.kv->isEmptyShown());
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

void TestPanels::oneSelectionInAllPanels() {
    Board board;
    board.show();
    board.selection.setLayer(5);
    board.selection.setToken(33);
    const int expert = board.trace.topExpert(33, 5);
    QCOMPARE(board.selection.state(), (SelectionState{1, 33, 5, expert}));
    QVERIFY(board.experts->readoutText().startsWith(QStringLiteral("Layer 5, expert %1").arg(expert)));
    QVERIFY(board.strip->readoutText().startsWith(QStringLiteral("Token 33 of 60")));
    QVERIFY(board.strip->readoutText().contains(QStringLiteral("expert %1, gate").arg(expert)));

    // The same line in every picture.
    const QColor line = theme().color(Color::AccentText);
    const auto& map = board.experts->map()->geometryOfMap();
    const QRect cell = map.expertCell(5, expert, 0);
    QVERIFY(holds(painted(board.experts->map()), cell.adjusted(-4, -4, 4, 4), line));
    QVERIFY(!holds(painted(board.experts->map()), map.expertCell(2, (expert + 5) % 16, 0), line));
    const QRect box = board.strip->strip()->geometryOfStrip().rect(33);
    const int scroll = board.strip->strip()->verticalScrollBar()->value();
    QVERIFY(holds(painted(board.strip->strip()), box.translated(0, -scroll).adjusted(-4, -4, 4, 4), line));
    const QRect gate = board.path->path()->geometryOfPath().gate(5, expert, 0);
    QVERIFY(holds(painted(board.path->path()), gate.adjusted(-4, -4, 4, 4), line));
    QVERIFY(holds(painted(board.kv->bars()), board.kv->bars()->geometryOfBars().bar(2, 0).adjusted(0, -3, 0, 3), line));
    QVERIFY(!holds(painted(board.kv->bars()), board.kv->bars()->geometryOfBars().bar(0, 0), line));
}

void TestPanels::clickInTheMap() {
    Board board;
    board.show();
    board.selection.setToken(10);
    board.selection.setFollowing(true);
    board.selection.setToken(10);
    ExpertsChart* map = board.experts->map();
    const QPoint at = map->geometryOfMap().cell(3, 9, 0).center();
    QTest::mouseClick(map->viewport(), Qt::LeftButton, {}, at);
    QCOMPARE(board.selection.state(), (SelectionState{1, 10, 3, 9}));
    QVERIFY(!board.selection.isFollowing());
    QVERIFY(board.path->isVisible());

    // The pointer writes the readout; leaving it brings the selection back.
    const QPoint other = map->geometryOfMap().cell(6, 2, 0).center();
    QTest::mouseMove(map->viewport(), other);
    QTRY_VERIFY(board.experts->readoutText().startsWith(QStringLiteral("Layer 6, expert 2")));
    QEvent leave(QEvent::Leave);
    QApplication::sendEvent(map->viewport(), &leave);
    QVERIFY(board.experts->readoutText().startsWith(QStringLiteral("Layer 3, expert 9")));
}

void TestPanels::mapKeys() {
    Board board;
    board.show();
    ExpertsChart* map = board.experts->map();
    map->setFocus();
    board.selection.set({1, 20, 4, 7});
    QTest::keyClick(map, Qt::Key_Right);
    QCOMPARE(board.selection.state().expert, 8);
    QTest::keyClick(map, Qt::Key_Down);
    QCOMPARE(board.selection.state().layer, 5);
    QCOMPARE(board.selection.state().expert, 8);
    QTest::keyClick(map, Qt::Key_Home);
    QCOMPARE(board.selection.state().expert, 0);
    QTest::keyClick(map, Qt::Key_Left);
    QCOMPARE(board.selection.state().expert, 0);
    QTest::keyClick(map, Qt::Key_End);
    QCOMPARE(board.selection.state().expert, 15);
    QTest::keyClick(map, Qt::Key_Up);
    QCOMPARE(board.selection.state().layer, 4);
    QTest::keyClick(map, Qt::Key_PageDown);
    QCOMPARE(board.selection.state().token, 21);
    QCOMPARE(board.selection.state().expert, board.trace.topExpert(21, 4));
    QTest::keyClick(map, Qt::Key_PageUp);
    QCOMPARE(board.selection.state().token, 20);
    QTest::keyClick(map, Qt::Key_BracketRight);
    QCOMPARE(board.selection.state().layer, 5);
    QTest::keyClick(map, Qt::Key_BracketLeft);
    QCOMPARE(board.selection.state().layer, 4);
    QTest::keyClick(map, Qt::Key_Space);
    QVERIFY(board.selection.isFollowing());
    QCOMPARE(board.selection.state().token, 59);
    QTest::keyClick(map, Qt::Key_Space);
    QVERIFY(!board.selection.isFollowing());
}

void TestPanels::mapColours() {
    Board board(0);
    board.show();
    // Expert 2 gets all tokens of layer 0, expert 5 those of the other layers; all else is idle.
    QList<trace::TokenTracePtr> tokens;
    for (int at = 0; at < 20; ++at) {
        tokens.append(test::plainToken(board.shape, " x", {2, 5, 5, 5, 5, 5, 5, 5}, std::vector<float>(8, 0.5F)));
    }
    tokens.append(test::plainToken(board.shape, " y", {3, 5, 5, 5, 5, 5, 5, 5}, std::vector<float>(8, 0.5F)));
    board.trace.setRun(1, board.shape, tokens);
    board.trace.setCurrent(1);
    board.selection.set({1, -1, -1, -1});
    ExpertsChart* map = board.experts->map();
    const auto corner = [&](int layer, int expert) {
        return painted(map).pixelColor(map->geometryOfMap().expertCell(layer, expert, 0).topLeft() + QPoint(2, 2));
    };
    QVERIFY(near(corner(0, 2), theme().diverging(20.0 / 21 * 16)));
    QVERIFY(near(corner(0, 3), theme().diverging(1.0 / 21 * 16))); // less than uniform is not idle
    const QRect idle = map->geometryOfMap().expertCell(0, 7, 0);
    QVERIFY(near(corner(0, 7), theme().color(Color::Panel)));
    QVERIFY(near(painted(map).pixelColor(idle.topLeft()), theme().color(Color::Border)));
    QVERIFY(near(painted(map).pixelColor(idle.center()), theme().color(Color::Text)));
    board.experts->setMode(HeatmapMode::Count);
    QVERIFY(near(corner(0, 2), theme().sequential(20.0 / 21)));
    QVERIFY(near(corner(4, 5), theme().sequential(1)));
    QVERIFY(near(corner(0, 7), theme().color(Color::Panel)));
    board.experts->setMode(HeatmapMode::GateMass);
    QVERIFY(near(corner(0, 3), theme().sequential(0.5 / 10.5)));
    QVERIFY(holds(painted(map), map->geometryOfMap().shared, theme().color(Color::SharedTint)));
}

void TestPanels::mapModesAndScopes() {
    Board board;
    board.show();
    board.selection.setToken(7);
    board.trace.setRun(2, board.shape, test::syntheticAnswer(board.shape, 25, false, 5));
    auto* combo = board.experts->findChild<QComboBox*>();
    QVERIFY(combo != nullptr);
    QCOMPARE(combo->count(), 3);
    board.selection.set({1, 7, 2, board.trace.topExpert(7, 2)});
    QVERIFY(board.experts->readoutText().contains(QStringLiteral("of 60 tokens")));
    combo->setCurrentIndex(0);
    QCOMPARE(board.experts->scope(), Scope::Token);
    QVERIFY(board.experts->readoutText().contains(QStringLiteral("1 of 1 tokens (100.0 %)")));
    combo->setCurrentIndex(2);
    QCOMPARE(board.experts->scope(), Scope::Chat);
    QVERIFY(board.experts->readoutText().contains(QStringLiteral("of 85 tokens")));
    QCOMPARE(board.experts->table()->index(0, ExpertsTable::Count).data(TabularModel::RawRole).toInt(), 85);
}

void TestPanels::mergedColumns() {
    Board board(0);
    const TraceShape wide = test::syntheticShape(8, 128, 1, 1);
    board.experts->setGeometry(0, 0, 420, 280);
    board.show();
    board.trace.setRun(1, wide, {test::plainToken(wide, " a", {4, 4, 4, 4, 4, 4, 4, 4}, std::vector<float>(8, 1))});
    board.trace.setCurrent(1);
    ExpertsChart* map = board.experts->map();
    QVERIFY(map->geometryOfMap().merged > 1);
    const QPoint at = map->geometryOfMap().expertCell(3, 4, 0).center();
    QTest::mouseMove(map->viewport(), at);
    QTRY_VERIFY(board.experts->readoutText().contains(QStringLiteral("most of experts 3–5")));
    QTest::mouseClick(map->viewport(), Qt::LeftButton, {}, at);
    QCOMPARE(board.selection.state().expert, 4); // the one that is shown
}

void TestPanels::stripClickAndKeys() {
    Board board;
    board.show();
    StripChart* strip = board.strip->strip();
    const auto& boxes = strip->geometryOfStrip();
    QTest::mouseClick(strip->viewport(), Qt::LeftButton, {}, boxes.rect(5).center());
    QCOMPARE(board.selection.state().token, 5);
    QCOMPARE(board.selection.state().expert, board.trace.topExpert(5, 0));
    strip->setFocus();
    QTest::keyClick(strip, Qt::Key_Right);
    QCOMPARE(board.selection.state().token, 6);
    QTest::keyClick(strip, Qt::Key_Left);
    QTest::keyClick(strip, Qt::Key_Left);
    QCOMPARE(board.selection.state().token, 4);
    QTest::keyClick(strip, Qt::Key_Down);
    QCOMPARE(board.selection.state().token, boxes.neighbour(4, 1));
    QTest::keyClick(strip, Qt::Key_Home);
    QCOMPARE(board.selection.state().token, boxes.rowFirst(1));
    QTest::keyClick(strip, Qt::Key_End);
    QCOMPARE(board.selection.state().token, boxes.rowLast(1));
    QTest::keyClick(strip, Qt::Key_End, Qt::ControlModifier);
    QCOMPARE(board.selection.state().token, 59);
    const int bottom = boxes.below(59).bottom() - strip->verticalScrollBar()->value();
    QVERIFY(bottom < strip->viewport()->height());
    QTest::keyClick(strip, Qt::Key_Home, Qt::ControlModifier);
    QCOMPARE(board.selection.state().token, 0);
    QTest::keyClick(strip, Qt::Key_Left);
    QCOMPARE(board.selection.state().token, 0);
}

void TestPanels::stripPaintsTheExpert() {
    Board board;
    board.show();
    StripChart* strip = board.strip->strip();
    const int expert = board.trace.topExpert(2, 0);
    const QRect box = strip->geometryOfStrip().rect(2);
    QVERIFY(near(painted(strip).pixelColor(box.topLeft()), theme().expertTint(expert)));
    QVERIFY(near(painted(strip).pixelColor(box.left(), box.bottom()), theme().expertStrong(expert)));
    board.strip->setMode(StripMode::Gate);
    const float gate = board.trace.router(2)->weights[0];
    QVERIFY(near(painted(strip).pixelColor(box.topLeft()), theme().sequential(double(gate))));
    board.strip->setMode(StripMode::Margin);
    QVERIFY(near(painted(strip).pixelColor(box.left(), box.bottom()),
                 theme().sequential(double(board.trace.router(2)->margin(0)))));
}

void TestPanels::stripLayerStepper() {
    Board board;
    board.show();
    board.selection.setToken(4);
    auto buttons = board.strip->findChildren<QAbstractButton*>();
    const auto named = [&](const QString& name) {
        const auto found = std::find_if(buttons.begin(), buttons.end(), [&](const QAbstractButton* button) {
            return button->accessibleName() == name;
        });
        return found != buttons.end() ? *found : nullptr;
    };
    QAbstractButton* previous = named(QStringLiteral("Previous layer"));
    QAbstractButton* next = named(QStringLiteral("Next layer"));
    QVERIFY(previous != nullptr && next != nullptr);
    QVERIFY(!previous->isEnabled());
    next->click();
    QCOMPARE(board.selection.state().layer, 1);
    QCOMPARE(board.selection.state().expert, board.trace.topExpert(4, 1));
    QVERIFY(previous->isEnabled());
    board.selection.setLayer(7);
    QVERIFY(!next->isEnabled());
}

void TestPanels::longStripIsIncremental() {
    Board board(0);
    board.show();
    const auto answer = test::syntheticAnswer(board.shape, 2000, false);
    board.trace.begin(1, board.shape);
    for (int at = 0; at < 2000; at += 8) {
        board.trace.append(1, answer.mid(at, 8));
    }
    QCOMPARE(board.strip->strip()->geometryOfStrip().count(), 2000);
    StripChart fresh(&board.trace, &board.selection);
    fresh.resize(board.strip->strip()->size());
    fresh.show();
    QVERIFY(QTest::qWaitForWindowExposed(&fresh));
    QCOMPARE(fresh.geometryOfStrip().count(), 2000);
    QCOMPARE(fresh.geometryOfStrip().rect(1999), board.strip->strip()->geometryOfStrip().rect(1999));
}

void TestPanels::pathReadoutAndClick() {
    Board board(0);
    board.show();
    // Probability 0.5 against a runner-up of 0.125, but close in layers 2 and 3.
    auto token = std::make_shared<trace::TokenTrace>(
        *test::plainToken(board.shape, " boat", {1, 2, 3, 4, 5, 6, 7, 8}, std::vector<float>(8, 0.5F)));
    token->router.runner_up_prob[2] = 0.45F;
    token->router.runner_up_prob[3] = 0.41F;
    board.trace.setRun(1, board.shape, {token});
    board.trace.setCurrent(1);
    board.selection.setToken(0);
    QCOMPARE(board.path->readoutText(), QStringLiteral("Close calls, margin below 0.10: layers 2 and 3"));
    PathChart* path = board.path->path();
    const auto& geometry = path->geometryOfPath();
    QVERIFY(holds(painted(path), QRect(geometry.margin_right - 30, geometry.row(2, 0).top(), 30, 22),
                  theme().color(Color::Warn)));
    QVERIFY(!holds(painted(path), QRect(geometry.margin_right - 30, geometry.row(4, 0).top(), 30, 22),
                   theme().color(Color::Warn)));
    QVERIFY(near(painted(path).pixelColor(geometry.upperBar(4, 0.5, 0).topLeft()), theme().expertStrong(5)));
    QVERIFY(near(painted(path).pixelColor(geometry.lowerBar(4, 0.125, 0).bottomLeft()), theme().expertStrong(6)));
    QTest::mouseClick(path->viewport(), Qt::LeftButton, {}, geometry.chip(6, 0, 0).center());
    QCOMPARE(board.selection.state(), (SelectionState{1, 0, 6, 7}));
    path->setFocus();
    QTest::keyClick(path, Qt::Key_Home);
    QCOMPARE(board.selection.state().layer, 0);
    QTest::keyClick(path, Qt::Key_End);
    QCOMPARE(board.selection.state().layer, 7);
    QTest::keyClick(path, Qt::Key_Up);
    QCOMPARE(board.selection.state(), (SelectionState{1, 0, 6, 7}));
}

void TestPanels::pathWithoutProbabilities() {
    Board with(10, true);
    with.show();
    with.selection.setToken(3);
    QVERIFY(with.path->readoutText().contains(QStringLiteral("mean entropy")));
    QVERIFY(with.path->readoutText().contains(QStringLiteral("n = 8")));
    const QRect gate = with.path->path()->geometryOfPath().gate(2, 0, 0);
    const double p = double(with.trace.router(3)->probs[2 * 16]);
    QVERIFY(near(painted(with.path->path()).pixelColor(gate.center()), theme().sequential(std::sqrt(p))));

    Board without(10, false);
    without.show();
    without.selection.setToken(3);
    QVERIFY(!without.path->readoutText().contains(QStringLiteral("entropy")));
    const QRect last = without.path->path()->geometryOfPath().gate(7, 12, 0);
    QVERIFY(near(painted(without.path->path()).pixelColor(last.center()), theme().color(Color::Panel)));
}

void TestPanels::pathAsksForProbabilities() {
    Board board;
    QSignalSpy wanted(board.path, &TokenPathPanel::probabilitiesWanted);
    board.show();
    QVERIFY(!wanted.isEmpty());
    QCOMPARE(wanted.last().at(0).toBool(), true);
    board.path->hide();
    QCOMPARE(wanted.last().at(0).toBool(), false);
}

void TestPanels::kvRows() {
    Board board;
    board.show();
    QVERIFY(board.kv->readoutText().startsWith(QStringLiteral("1,024 B a token · full in 421 tokens")));
    KvChart* bars = board.kv->bars();
    const auto& geometry = bars->geometryOfBars();
    const QRect bar = geometry.bar(1, 0);
    const QImage image = painted(bars);
    QVERIFY(near(image.pixelColor(geometry.xOf(300, 2048), bar.center().y()), theme().color(Color::Shared)));
    QVERIFY(near(image.pixelColor(geometry.xOf(1500, 2048), bar.center().y()), theme().color(Color::Panel)));
    QVERIFY(holds(image, QRect(geometry.xOf(700, 2048), bar.top() + 2, 20, 8), theme().color(Color::BorderStrong)));
    board.selection.setToken(3);
    QTest::mouseClick(bars->viewport(), Qt::LeftButton, {}, bar.center());
    QCOMPARE(board.selection.state().layer, 2); // the first of the pair
    QTest::mouseClick(bars->viewport(), Qt::LeftButton, {}, bar.center());
    board.selection.setLayer(3);
    QTest::mouseClick(bars->viewport(), Qt::LeftButton, {}, bar.center());
    QCOMPARE(board.selection.state().layer, 3); // its own row: nothing to change
    bars->setFocus();
    QTest::keyClick(bars, Qt::Key_End);
    QCOMPARE(board.selection.state().layer, 6);
    QTest::keyClick(bars, Qt::Key_Up);
    QCOMPARE(board.selection.state().layer, 4);
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
    const QRect cell = map.expertCell(3, newest, 0);
    QVERIFY(near(painted(board.experts->map()).pixelColor(cell.topLeft()), theme().color(Color::Text)));
    board.trace.append(1, answer.mid(6));
    QCOMPARE(board.selection.state().token, 11);
    QVERIFY(board.strip->readoutText().startsWith(QStringLiteral("Token 11 of 12")));
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
    QVERIFY(hidden->readoutText().startsWith(QStringLiteral("Token 199 of 200")));
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
    QCOMPARE(texts, (QStringList{QStringLiteral("Show as table"), QStringLiteral("Copy as table"),
                                 QStringLiteral("Copy as image"), QStringLiteral("Save as CSV…")}));
}

void TestPanels::darkAndLarge() {
    Board board;
    board.show();
    board.selection.set({1, 12, 5, 6});
    setTheme(*qApp, Theme(Scheme::Dark, 1.5));
    QCoreApplication::processEvents();
    const QColor panel = theme().color(Color::Panel);
    QCOMPARE(theme().scheme(), Scheme::Dark);
    for (ChartView* chart : {board.experts->chart(), board.strip->chart(), board.path->chart(), board.kv->chart()}) {
        QVERIFY2(near(painted(chart).pixelColor(3, 3), panel), qPrintable(chart->accessibleName()));
    }
    QCOMPARE(board.strip->strip()->geometryOfStrip().rowPitch(), 57);
    setTheme(*qApp, Theme(Scheme::Light));
    QCoreApplication::processEvents();
    QCOMPARE(board.strip->strip()->geometryOfStrip().rowPitch(), 38);
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
