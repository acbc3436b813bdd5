// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/panels/panelboard.h"
#include "ui/models/conversation.h"
#include "ui/panels/chartpaint.h"

#include <QAbstractButton>
#include <QApplication>
#include <QComboBox>
#include <QScrollBar>
#include <QSignalSpy>

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

class TestCharts : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void clickInTheMap();
    void mapKeys();
    void mapColours();
    void mapModesAndScopes();
    void keysTakeTheReadoutFromAPointerAtRest();
    void mapBaseline();
    void windowInTheStrip();
    void mergedColumns();
    void legendsTakeTheWordingThatFits();
    void stripClickAndKeys();
    void stripPaintsTheExpert();
    void stripLayerStepper();
    void longStripIsIncremental();
    void pathReadoutAndClick();
    void pathWithoutProbabilities();
    void pathAsksForProbabilities();
    void kvRows();
    void enterAsksForTheCard();
    void filterGreysOut();
    void keyFiltersToTheExpert();
};

void TestCharts::initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

void TestCharts::clickInTheMap() {
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

void TestCharts::mapKeys() {
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

void TestCharts::mapColours() {
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
        return painted(map).pixelColor(map->geometryOfMap().cellOf(layer, expert, 0).topLeft() + QPoint(2, 2));
    };
    QVERIFY(near(corner(0, 2), theme().diverging(20.0 / 21 * 16)));
    QVERIFY(near(corner(0, 3), theme().diverging(1.0 / 21 * 16))); // less than uniform is not idle
    const QRect idle = map->geometryOfMap().cellOf(0, 7, 0);
    QVERIFY(near(corner(0, 7), theme().color(Color::Panel)));
    QVERIFY(near(painted(map).pixelColor(idle.topLeft()), theme().color(Color::Border)));
    QVERIFY(near(painted(map).pixelColor(idle.center()), theme().color(Color::Text)));
    // Of 21 tokens chance leaves experts idle; of 200 it leaves none, and the number is a warning.
    const auto warned = [&] {
        const HeatmapGeometry& geometry = map->geometryOfMap();
        const QRect cell = geometry.cell(0, 0, 0);
        return holds(painted(map), QRect(geometry.side_right - 20, cell.top(), 20, cell.height()),
                     theme().color(Color::Warn));
    };
    QVERIFY(!warned());
    board.experts->setMode(HeatmapMode::Count);
    QVERIFY(near(corner(0, 2), theme().sequential(20.0 / 21)));
    QVERIFY(near(corner(4, 5), theme().sequential(1)));
    QVERIFY(near(corner(0, 7), theme().color(Color::Panel)));
    board.experts->setMode(HeatmapMode::GateMass);
    QVERIFY(near(corner(0, 3), theme().sequential(0.5 / 10.5)));
    board.selection.set({1, 0, 0, 3});
    const double mass = board.trace.statistics(Scope::Answer).gateMass(0, 3);
    QVERIFY2(board.experts->readoutText().contains(QStringLiteral("gate mass %1 ·").arg(figureText(mass))),
             qPrintable(board.experts->readoutText()));
    QVERIFY(holds(painted(map), map->geometryOfMap().shared, theme().color(Color::SharedTint)));
    while (tokens.size() < 200) {
        tokens.append(tokens.first());
    }
    board.trace.setRun(1, board.shape, tokens);
    QVERIFY(warned());
}

void TestCharts::keysTakeTheReadoutFromAPointerAtRest() {
    Board board;
    board.show();
    board.selection.set({1, 7, 2, 3});
    ExpertsChart* map = board.experts->map();
    map->setFocus();
    QTest::mouseMove(map->viewport(), map->geometryOfMap().cellOf(5, 9, 0).center());
    QVERIFY(board.experts->readoutText().contains(QStringLiteral("Layer 5, expert 9")));
    QTest::keyClick(map, Qt::Key_Right);
    QVERIFY2(board.experts->readoutText().contains(QStringLiteral("Layer 2, expert 4")),
             qPrintable(board.experts->readoutText()));
}

void TestCharts::mapModesAndScopes() {
    Board board;
    board.show();
    board.selection.setToken(7);
    board.trace.setRun(2, board.shape, test::syntheticAnswer(board.shape, 25, false, 5));
    auto* combo = board.experts->findChild<QComboBox*>();
    QVERIFY(combo != nullptr);
    QCOMPARE(combo->count(), 4);
    board.selection.set({1, 7, 2, board.trace.topExpert(7, 2)});
    QVERIFY(board.experts->readoutText().contains(QStringLiteral("of 60 tokens")));
    combo->setCurrentIndex(0);
    QCOMPARE(board.experts->scope(), Scope::Token);
    QVERIFY(board.experts->readoutText().contains(QStringLiteral("1 of 1 tokens (100.0 %)")));
    combo->setCurrentIndex(3);
    QCOMPARE(board.experts->scope(), Scope::Chat);
    QVERIFY(board.experts->readoutText().contains(QStringLiteral("of 85 tokens")));
    QCOMPARE(board.experts->table()->index(0, ExpertsTable::Count).data(TabularModel::RawRole).toInt(), 85);
}

void TestCharts::mapBaseline() {
    Board board(0);
    board.show();
    const auto answer = [&](int first, int second) { // tokens for experts 2 and 3 of every layer
        QList<trace::TokenTracePtr> tokens;
        for (int at = 0; at < first + second; ++at) {
            const uint16_t expert = at < first ? 2 : 3;
            tokens.append(test::plainToken(board.shape, at == 0 ? "Once" : " x", std::vector<uint16_t>(8, expert),
                                           std::vector<float>(8, 0.5F)));
        }
        return tokens;
    };
    board.trace.setRun(1, board.shape, answer(30, 10));
    board.trace.setRun(2, board.shape, answer(10, 30));
    board.trace.setCurrent(1);
    board.selection.set({1, -1, 4, 2});
    QComboBox* baseline = nullptr;
    for (auto* combo : board.experts->findChildren<QComboBox*>()) {
        baseline = combo->accessibleName() == QStringLiteral("Measured against") ? combo : baseline;
    }
    QVERIFY(baseline != nullptr && baseline->isVisible());
    QCOMPARE(baseline->count(), 2);
    QVERIFY(baseline->itemText(1).startsWith(QStringLiteral("÷ answer 2: Once x")));
    ExpertsChart* map = board.experts->map();
    const auto corner = [&](int expert) {
        return painted(map).pixelColor(map->geometryOfMap().cellOf(4, expert, 0).topLeft() + QPoint(2, 2));
    };
    QVERIFY(near(corner(2), theme().diverging(0.75 * 16)));
    board.experts->setBaseline(2);
    QVERIFY(near(corner(2), theme().diverging(3)));
    QVERIFY(near(corner(3), theme().diverging(1.0 / 3)));
    QVERIFY(board.experts->readoutText().contains(QStringLiteral("3.00 × answer 2")));
    QCOMPARE(board.experts->table()->headerData(ExpertsTable::OverUniform, Qt::Horizontal, Qt::DisplayRole).toString(),
             QStringLiteral("÷ answer 2"));
    board.experts->setMode(HeatmapMode::Count); // counts are measured against nothing
    QVERIFY(!baseline->isVisible());
    QVERIFY(near(corner(3), theme().sequential(10.0 / 30)));
    board.experts->setMode(HeatmapMode::Deviation);
    board.selection.set({2, 0, 4, 2}); // the baseline itself comes into view
    QCOMPARE(map->baseline(), -1);
    QVERIFY(near(corner(2), theme().diverging(0.25 * 16)));
}

void TestCharts::windowInTheStrip() {
    Board board;
    board.show();
    StripChart* strip = board.strip->strip();
    const auto& boxes = strip->geometryOfStrip();
    board.selection.setToken(3);
    QTest::mouseClick(strip->viewport(), Qt::LeftButton, Qt::ShiftModifier, boxes.rect(8).center());
    QCOMPARE(board.trace.window(), (TokenWindow{3, 8}));
    QCOMPARE(board.selection.state().token, 3);
    QVERIFY(board.strip->readoutText().endsWith(QStringLiteral("window 4–9, 6 tokens")));
    const auto beside = [&](int token) {
        return painted(strip).pixelColor(boxes.rect(token).left() - 1, boxes.rect(token).top() + 1);
    };
    QVERIFY(near(beside(6), theme().color(Color::AccentTint)));
    QVERIFY(near(beside(2), theme().color(Color::Panel)));
    QTest::mouseClick(strip->viewport(), Qt::LeftButton, Qt::ShiftModifier, boxes.rect(1).center());
    QCOMPARE(board.trace.window(), (TokenWindow{1, 3}));
    // By keys: it grows with the selection, and Esc lets it go.
    strip->setFocus();
    QTest::keyClick(strip, Qt::Key_Right);
    QCOMPARE(board.trace.window(), (TokenWindow{1, 3}));
    QTest::keyClick(strip, Qt::Key_Right, Qt::ShiftModifier);
    QTest::keyClick(strip, Qt::Key_Right, Qt::ShiftModifier);
    QCOMPARE(board.trace.window(), (TokenWindow{4, 6}));
    QCOMPARE(board.selection.state().token, 6);
    board.experts->setScope(Scope::Window);
    QVERIFY(board.experts->readoutText().contains(QStringLiteral("of 3 tokens")));
    QTest::keyClick(strip, Qt::Key_Escape);
    QVERIFY(board.trace.window().isEmpty());
    QVERIFY(board.experts->isEmptyShown());
    board.trace.setWindow({0, 9}); // as the ribbon does
    QVERIFY(!board.experts->isEmptyShown());
    QCOMPARE(board.experts->table()->index(0, ExpertsTable::Count).data(TabularModel::RawRole).toInt(), 10);
}

void TestCharts::enterAsksForTheCard() {
    Board board;
    board.show();
    ExpertsChart* map = board.experts->map();
    QSignalSpy card(map, &ChartView::cardRequested);
    board.selection.set({1, 10, -1, -1});
    map->setFocus();
    QTest::keyClick(map, Qt::Key_Return);
    QCOMPARE(card.size(), 0);
    const QPoint at = map->geometryOfMap().cell(3, 9, 0).center();
    QTest::mouseClick(map->viewport(), Qt::LeftButton, {}, at);
    QTest::mouseDClick(map->viewport(), Qt::LeftButton, {}, at);
    QCOMPARE(card.size(), 1);
    QCOMPARE(board.selection.state(), (SelectionState{1, 10, 3, 9}));
    QTest::keyClick(map, Qt::Key_Enter);
    QCOMPARE(card.size(), 2);
}

void TestCharts::mergedColumns() {
    Board board(0);
    const TraceShape wide = test::syntheticShape(8, 128, 1, 1);
    board.experts->setGeometry(0, 0, 420, 280);
    board.show();
    board.trace.setRun(1, wide, {test::plainToken(wide, " a", {4, 4, 4, 4, 4, 4, 4, 4}, std::vector<float>(8, 1))});
    board.trace.setCurrent(1);
    ExpertsChart* map = board.experts->map();
    QVERIFY(map->geometryOfMap().merged > 1);
    const QPoint at = map->geometryOfMap().cellOf(3, 4, 0).center();
    QTest::mouseMove(map->viewport(), at);
    QTRY_VERIFY(board.experts->readoutText().contains(QStringLiteral("most of experts 3–5")));
    QTest::mouseClick(map->viewport(), Qt::LeftButton, {}, at);
    QCOMPARE(board.selection.state().expert, 4); // the one that is shown
}

void TestCharts::legendsTakeTheWordingThatFits() {
    const QFont font = axisFont();
    const QFontMetrics metrics(font);
    const QStringList wordings{QStringLiteral("Cells are too small for numbers: they are in the readout."),
                               QStringLiteral("Numbers are in the readout.")};
    const int whole = metrics.horizontalAdvance(wordings.first());
    const int brief = metrics.horizontalAdvance(wordings.last());
    QCOMPARE(fittingText(wordings, font, whole), wordings.first());
    QCOMPARE(fittingText(wordings, font, whole - 1), wordings.last());
    QCOMPARE(fittingText(wordings, font, brief), wordings.last());
    const QString cut = fittingText(wordings, font, brief - 1);
    QVERIFY(cut.endsWith(QChar(0x2026)) && metrics.horizontalAdvance(cut) < brief);
    QVERIFY(fittingText({}, font, whole).isEmpty());
    // At the least width of the panel the second line of the map is whole.
    Board board(0);
    const TraceShape wide = test::syntheticShape(32, 64, 8, 1);
    board.experts->setGeometry(0, 0, 420, 300);
    board.show();
    board.trace.setRun(1, wide, test::syntheticAnswer(wide, 20, false));
    board.trace.setCurrent(1);
    const auto& map = board.experts->map()->geometryOfMap();
    QVERIFY(!map.hasNumbers());
    QVERIFY(map.legend.width() - scaledPx(198) >= brief);
}

void TestCharts::stripClickAndKeys() {
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

void TestCharts::stripPaintsTheExpert() {
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

void TestCharts::stripLayerStepper() {
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

void TestCharts::longStripIsIncremental() {
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

void TestCharts::pathReadoutAndClick() {
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
    QCOMPARE(board.path->readoutText(), QStringLiteral("Close calls, margin below 0.10: layers 2 and 3 · "
                                                       "no entropy: gates not kept"));
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
    // With gates as well a row is its layer, and the layer's expert is selected, wherever in it the pointer is.
    board.trace.setRun(1, board.shape, test::syntheticAnswer(board.shape, 10, true));
    board.selection.setToken(3);
    for (const int column : {0, 5, 11}) {
        board.selection.setExpert(15);
        QTest::mouseClick(path->viewport(), Qt::LeftButton, {}, geometry.gate(column % 8, column, 0).center());
        QCOMPARE(board.selection.state(), (SelectionState{1, 3, column % 8, board.trace.topExpert(3, column % 8)}));
    }
}

void TestCharts::pathWithoutProbabilities() {
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
    QVERIFY(!without.path->readoutText().contains(QStringLiteral("mean entropy")));
    QVERIFY(without.path->readoutText().contains(QStringLiteral("no entropy: gates not kept")));
    const QRect last = without.path->path()->geometryOfPath().gate(7, 12, 0);
    QVERIFY(near(painted(without.path->path()).pixelColor(last.center()), theme().color(Color::Panel)));
    // The column is empty: no words run across the rows.
    const auto& path = without.path->path()->geometryOfPath();
    const QImage image = painted(without.path->path());
    for (int layer = 1; layer < 8; ++layer) {
        const QRect column(path.gates_left, path.row(layer, 0).top(), path.gate_columns * path.gate_width, 22);
        QVERIFY(!holds(image, column, theme().color(Color::TextMuted)));
    }
}

void TestCharts::pathAsksForProbabilities() {
    Board board;
    QSignalSpy wanted(board.path, &TokenPathPanel::probabilitiesWanted);
    board.show();
    QVERIFY(!wanted.isEmpty());
    QCOMPARE(wanted.last().at(0).toBool(), true);
    board.path->hide();
    QCOMPARE(wanted.last().at(0).toBool(), false);
}

void TestCharts::kvRows() {
    Board board;
    board.show();
    QCOMPARE(board.kv->readoutText(), QStringLiteral("1,024 B a token · 421 tokens left"));
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

void TestCharts::filterGreysOut() {
    Board board(0);
    board.show();
    // Expert 2 answers with gate 0.5, expert 3 with 0.9.
    QList<trace::TokenTracePtr> tokens;
    for (int at = 0; at < 20; ++at) {
        const bool odd = at % 2 != 0;
        tokens.append(test::plainToken(board.shape, odd ? " odd" : " even", std::vector<uint16_t>(8, odd ? 3 : 2),
                                       std::vector<float>(8, odd ? 0.9F : 0.5F)));
    }
    board.trace.setRun(1, board.shape, tokens);
    board.trace.setCurrent(1);
    board.selection.set({1, -1, 4, -1});
    ExpertsChart* map = board.experts->map();
    const auto corner = [&](int layer, int expert) {
        return painted(map).pixelColor(map->geometryOfMap().cellOf(layer, expert, 0).topLeft() + QPoint(2, 2));
    };
    const QColor before = corner(5, 3);
    board.trace.setFilter(std::get<Filter>(Filter::parse(QStringLiteral("weight > 0.7 && layer != 6"))));
    QVERIFY(near(corner(5, 2), theme().color(Color::Window)));
    QVERIFY(near(corner(5, 3), before));
    QVERIFY(near(corner(6, 3), theme().color(Color::Window)));
    // Idle keeps its dash, and recedes; what is filtered out has a stroke that no value of the map has.
    QVERIFY(near(corner(5, 7), theme().color(Color::Window)));
    const auto marked = [&](int layer, int expert) {
        const QRect cell = map->geometryOfMap().cellOf(layer, expert, 0);
        const QImage image = painted(map);
        QSet<QRgb> colors;
        for (int y = cell.top(); y <= cell.bottom(); ++y) {
            for (int x = cell.left(); x <= cell.right(); ++x) {
                colors.insert(image.pixel(x, y));
            }
        }
        return colors.size() > 1;
    };
    QVERIFY(marked(5, 2));
    board.trace.setFilter(std::get<Filter>(Filter::parse(QStringLiteral("layer == 5"))));
    board.experts->map()->setMode(HeatmapMode::Deviation);
    QVERIFY(!near(corner(5, 2), theme().color(Color::Window)));
    board.trace.setFilter(std::get<Filter>(Filter::parse(QStringLiteral("weight > 0.7 && layer != 6"))));
    // The table and the numbers stay whole.
    QCOMPARE(board.experts->table()->index(2, ExpertsTable::Tokens).data(TabularModel::RawRole).toInt(), 10);

    auto* strip = board.strip->findChild<StripChart*>();
    const QImage words = painted(strip);
    QVERIFY(holds(words, words.rect(), theme().expertStrong(3)));
    QVERIFY(!holds(words, words.rect(), theme().expertStrong(2)));
    board.trace.setFilter({});
    const QImage all = painted(strip);
    QVERIFY(holds(all, all.rect(), theme().expertStrong(2)));
    QVERIFY(near(corner(6, 3), before));
}

void TestCharts::keyFiltersToTheExpert() {
    Board board;
    board.show();
    ExpertsChart* map = board.experts->map();
    map->setFocus();
    board.selection.set({1, 20, 4, 7});
    QTest::keyClick(map, Qt::Key_F);
    QCOMPARE(board.trace.filter().line(), QStringLiteral("layer == 4 && expert == 7"));
    QTest::keyClick(map, Qt::Key_F);
    QVERIFY(board.trace.filter().isEmpty());
    // Hidden panels do nothing when it changes.
    board.window.hide();
    const int syncs = map->syncCount();
    board.trace.setFilter(std::get<Filter>(Filter::parse(QStringLiteral("layer == 2"))));
    QCOMPARE(map->syncCount(), syncs);
}

QTEST_MAIN(TestCharts)
#include "tst_charts.moc"
