// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/panels/panelboard.h"
#include "ui/panels/matrixpanels.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/tabletwin.h"

#include <QAbstractButton>
#include <QAccessible>
#include <QApplication>
#include <QComboBox>
#include <QMainWindow>
#include <QPushButton>
#include <QSignalSpy>

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

namespace {

/** Two layers of a model with four experts, two a token: expert 0 goes with 1, and 2 with 3; the next layer does the
 *  opposite of what the first did. */
QList<trace::TokenTracePtr> couples(const TraceShape& shape) {
    QList<trace::TokenTracePtr> answer;
    for (int at = 0; at < 40; ++at) {
        const bool first = at % 2 == 0;
        const std::vector<uint16_t> experts =
            first ? std::vector<uint16_t>{0, 1, 3, 2} : std::vector<uint16_t>{2, 3, 1, 0};
        answer.append(test::plainToken(shape, first ? " word" : "7", experts, std::vector<float>(4, 0.5F)));
    }
    return answer;
}

struct Matrices {
    explicit Matrices(const TraceShape& of) : shape(of) {
        bindSelection(&trace, &selection);
        pairs = new PairsPanel(&trace, &selection, &window);
        classes = new ClassesPanel(&trace, &selection, &window);
        trace.setModel(shape);
        selection.setFollowing(false);
        pairs->setGeometry(0, 0, 600, 340);
        classes->setGeometry(0, 344, 600, 340);
        window.resize(610, 690);
    }
    void fill(const QList<trace::TokenTracePtr>& answer) {
        trace.setRun(1, shape, answer);
        trace.setCurrent(1);
    }
    void show() {
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
    }

    TraceShape shape;
    TraceModel trace;
    Selection selection;
    QWidget window;
    PairsPanel* pairs = nullptr;
    ClassesPanel* classes = nullptr;
};

bool says(const PanelFrame* panel, const QString& title) {
    const auto* page = panel->findChild<EmptyState*>();
    return page->isVisible() && page->accessibleName().contains(title);
}

QColor middleOf(MatrixChart* chart, int row, int column) {
    const QRect cell = chart->geometryOfMatrix().cellOf(row, column, 0);
    return painted(chart).pixelColor(cell.topLeft() + QPoint(2, 2));
}

} // namespace

class TestMatrices : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void coloursAreLiftsOutsideChance();
    void idleDiffersFromZero();
    void withinChanceHasNoColour();
    void keysMoveTheCell();
    void theSelectedTokenIsMarked();
    void clickAndTwin();
    void emptyStates();
    void scopesAndWindow();
    void hiddenPanelsCountNothing();
    void filterGreysCells();
    void whatIfAnswersAreLeftOut();
    void manyExperts_data();
    void manyExperts();
    void enterAsksForTheCard();
    void stepsTheLayer();
    void accessibility();
};

void TestMatrices::initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

void TestMatrices::coloursAreLiftsOutsideChance() {
    Matrices board(test::syntheticShape(2, 4, 2, 0));
    board.fill(couples(board.shape));
    board.show();
    MatrixChart* pairs = board.pairs->matrix();
    // Each expert is chosen for 20 of 40 tokens: two different ones of four, all alike, are expected for 40 × 2 ÷ 12.
    const double expected = 40.0 / 6;
    QVERIFY(near(middleOf(pairs, 0, 1), theme().diverging(20 / expected)));
    QVERIFY(near(middleOf(pairs, 1, 0), theme().diverging(20 / expected)));
    QVERIFY(near(middleOf(pairs, 0, 2), theme().diverging(0)));
    QVERIFY(near(middleOf(pairs, 2, 2), theme().color(Color::Panel))); // no pair
    QCOMPARE(pairs->outside(), 6);
    board.pairs->setMode(PairMode::ToNextLayer);
    QVERIFY(near(middleOf(pairs, 0, 3), theme().diverging(2))); // 20 of 20, where 10 were expected
    QVERIFY(near(middleOf(pairs, 0, 1), theme().diverging(0)));
    QCOMPARE(pairs->outside(), 16);
    // Words went to experts 0 and 1, digits to 2 and 3.
    MatrixChart* classes = board.classes->matrix();
    QVERIFY(near(middleOf(classes, tokenClassRow(TokenClass::Word), 0), theme().diverging(2)));
    QVERIFY(near(middleOf(classes, tokenClassRow(TokenClass::Digits), 0), theme().diverging(0)));
    QVERIFY(near(middleOf(classes, tokenClassRow(TokenClass::Symbol), 0), theme().color(Color::Panel)));
    QCOMPARE(classes->outside(), 8);
}

void TestMatrices::idleDiffersFromZero() {
    Matrices board(test::syntheticShape(2, 4, 2, 0));
    board.fill(couples(board.shape));
    board.show();
    const auto dash = [](const QImage& image, const QRect& cell, const QColor& color) {
        return near(image.pixelColor(cell.center()), color) &&
               near(image.pixelColor(cell.center() - QPoint(2, 0)), color);
    };
    const auto cellOf = [](MatrixChart* chart, int row, int column) {
        return chart->geometryOfMatrix().cellOf(row, column, 0);
    };
    // Outside chance or not, there is one sign of zero, on the cell's colour: a digit, higher than a dash.
    const auto digit = [](const QImage& image, const QRect& cell, const QColor& ground) {
        const int x = cell.center().x();
        return !near(image.pixelColor(x, cell.center().y() - 4), ground) ||
               !near(image.pixelColor(x, cell.center().y() - 3), ground);
    };
    MatrixChart* classes = board.classes->matrix();
    MatrixChart* pairs = board.pairs->matrix();
    const QColor none = theme().diverging(0);
    const QRect zero = cellOf(classes, tokenClassRow(TokenClass::Digits), 0);
    QVERIFY(digit(painted(classes), zero, none));
    QVERIFY(near(painted(classes).pixelColor(zero.topLeft()), none));
    QVERIFY(digit(painted(pairs), cellOf(pairs, 0, 2), none));
    // No expert makes a pair with itself, and no token was a symbol: there is no cell.
    const QColor paper = theme().color(Color::Panel);
    QVERIFY(near(painted(pairs).pixelColor(cellOf(pairs, 2, 2).topLeft()), paper));
    QVERIFY(near(painted(classes).pixelColor(cellOf(classes, tokenClassRow(TokenClass::Symbol), 0).topLeft()), paper));
    // An expert that nothing was routed to has an outline, in its row and in its column.
    board.fill(couples(board.shape).mid(0, 1)); // experts 0 and 1, then 3 and 2
    board.pairs->setMode(PairMode::ToNextLayer);
    const QColor outline = theme().color(Color::Border);
    const QImage image = painted(pairs);
    for (const auto& [row, column] : {std::pair(2, 3), std::pair(0, 0)}) {
        QVERIFY(near(image.pixelColor(cellOf(pairs, row, column).topLeft()), outline));
        QVERIFY(dash(image, cellOf(pairs, row, column), theme().color(Color::Text)));
    }
    const QRect idle = cellOf(classes, tokenClassRow(TokenClass::Word), 3);
    QVERIFY(near(painted(classes).pixelColor(idle.topLeft()), outline));
    QVERIFY(dash(painted(classes), idle, theme().color(Color::Text)));
}

void TestMatrices::withinChanceHasNoColour() {
    Matrices board(test::syntheticShape(2, 4, 1, 0));
    QList<trace::TokenTracePtr> answer; // every pair of the two layers equally often
    for (int at = 0; at < 32; ++at) {
        answer.append(test::plainToken(board.shape, " x", {uint16_t(at % 4), uint16_t(at / 4 % 4)}, {0.5F, 0.5F}));
    }
    answer.append(test::plainToken(board.shape, " x", {0, 0}, {0.5F, 0.5F}));
    board.fill(answer);
    board.show();
    board.pairs->setMode(PairMode::ToNextLayer);
    for (int cell = 0; cell < 16; ++cell) {
        QVERIFY(near(middleOf(board.pairs->matrix(), cell / 4, cell % 4), theme().diverging(1)));
    }
    QCOMPARE(board.pairs->matrix()->outside(), 0);
    board.selection.set({1, 32, 0, 0});
    QCOMPARE(board.pairs->readoutText(),
             QStringLiteral("Layer 0, expert 0 → layer 1, expert 0 · 3 of 33 tokens · 1.22 × expected · "
                            "by chance 1–4 · within chance"));
}

void TestMatrices::keysMoveTheCell() {
    Matrices board(test::syntheticShape(4, 16, 2, 0));
    board.fill(test::syntheticAnswer(board.shape, 60, false));
    board.show();
    MatrixChart* chart = board.pairs->matrix();
    board.selection.set({1, 20, 1, 7});
    chart->setFocus();
    const int column = chart->cursor().column;
    QVERIFY(column >= 0);
    QTest::keyClick(chart, Qt::Key_Down);
    QCOMPARE(board.selection.state(), (SelectionState{1, 20, 1, 8}));
    QTest::keyClick(chart, Qt::Key_Home);
    QCOMPARE(chart->cursor().column, 0);
    QTest::keyClick(chart, Qt::Key_Left);
    QCOMPARE(chart->cursor().column, 0);
    QTest::keyClick(chart, Qt::Key_Right);
    QCOMPARE(chart->cursor().column, 1);
    QTest::keyClick(chart, Qt::Key_End);
    QCOMPARE(chart->cursor().column, 15);
    QCOMPARE(board.selection.state(), (SelectionState{1, 20, 1, 8})); // the other side is this chart's own
    QVERIFY(board.pairs->readoutText().startsWith(QStringLiteral("Layer 1, experts 8 and 15")));
    QTest::keyClick(chart, Qt::Key_BracketRight);
    QCOMPARE(board.selection.state().layer, 2);
    QTest::keyClick(chart, Qt::Key_PageDown);
    QCOMPARE(board.selection.state().token, 21);

    MatrixChart* classes = board.classes->matrix();
    classes->setFocus();
    board.selection.set({1, 20, 1, 7});
    QTest::keyClick(classes, Qt::Key_Right);
    QCOMPARE(board.selection.state().expert, 8);
    const int row = classes->cursor().row;
    QTest::keyClick(classes, Qt::Key_Down);
    QCOMPARE(classes->cursor().row, row + 1);
    QTest::keyClick(classes, Qt::Key_Home);
    QCOMPARE(board.selection.state().expert, 0);
}

void TestMatrices::theSelectedTokenIsMarked() {
    Matrices board(test::syntheticShape(4, 16, 1, 0));
    board.fill(test::syntheticAnswer(board.shape, 60, false));
    board.show();
    board.pairs->setMode(PairMode::ToNextLayer);
    board.selection.setLayer(2);
    board.selection.setToken(33);
    const MatrixChart::Cell at = board.pairs->matrix()->cursor();
    QCOMPARE(at.row, board.trace.topExpert(33, 2));
    QCOMPARE(at.column, board.trace.topExpert(33, 3));
    const QColor line = theme().color(Color::AccentText);
    const auto& geometry = board.pairs->matrix()->geometryOfMatrix();
    QVERIFY(geometry.cell_height >= 16 && geometry.scroll_max > 0); // rows scroll rather than lose their numbers
    const int scroll = geometry.scrollTo(at.row, 0);
    const QImage image = painted(board.pairs->matrix());
    const QRect cell = geometry.cellOf(at.row, at.column, scroll);
    for (const int x : {cell.left() - 3, cell.right() + 3}) {
        QVERIFY(near(image.pixelColor(x, cell.center().y()), line));
    }
    const int away = at.column < 8 ? 15 : 0; // one frame, not the row's beside it
    QVERIFY(!holds(image, geometry.cellOf(at.row, away, scroll), line));
    const MatrixChart::Cell of = board.classes->matrix()->cursor();
    QCOMPARE(of.column, board.trace.topExpert(33, 2));
    QCOMPARE(of.row, tokenClassRow(tokenClass(board.trace.token(33).text)));
}

void TestMatrices::clickAndTwin() {
    Matrices board(test::syntheticShape(4, 16, 2, 0));
    board.fill(test::syntheticAnswer(board.shape, 60, false));
    board.show();
    board.selection.set({1, 5, 1, 3});
    MatrixChart* chart = board.pairs->matrix();
    QTest::mouseClick(chart->viewport(), Qt::LeftButton, {}, chart->geometryOfMatrix().cellOf(9, 4, 0).center());
    QCOMPARE(board.selection.state(), (SelectionState{1, 5, 1, 9}));
    QCOMPARE(chart->cursor().column, 4);
    board.pairs->setTwinShown(true);
    TableTwin* twin = board.pairs->twin();
    QCOMPARE(twin->model()->rowCount(), 120);
    auto* rows = static_cast<LiftTable*>(board.pairs->table());
    QCOMPARE(twin->currentSourceRow(), rows->rowOf(4, 9)); // each pair once
    QTest::keyClick(twin, Qt::Key_Down);
    QCOMPARE(board.selection.state().expert, 4);
    QCOMPARE(chart->cursor().column, 10);
    // Under the table the numbers follow the trace.
    board.trace.setRun(1, board.shape, test::syntheticAnswer(board.shape, 70, false));
    QCOMPARE(rows->index(0, LiftTable::Count).data(TabularModel::RawRole).toInt(), 70);
    board.classes->setTwinShown(true);
    QCOMPARE(board.classes->twin()->model()->rowCount(), 9 * 16);
}

void TestMatrices::emptyStates() {
    Matrices board(test::syntheticShape(4, 16, 1, 0));
    board.show();
    QVERIFY(says(board.pairs, QStringLiteral("No answer yet")));
    QVERIFY(says(board.classes, QStringLiteral("No answer yet")));
    board.fill(test::syntheticAnswer(board.shape, 20, false));
    QVERIFY(!board.classes->isEmptyShown());
    // With one expert a token there are only pairs from one layer to the next, so it opens on these.
    QCOMPARE(board.pairs->mode(), PairMode::ToNextLayer);
    QVERIFY(!board.pairs->isEmptyShown());
    board.pairs->setMode(PairMode::WithinLayer);
    QVERIFY(says(board.pairs, QStringLiteral("One expert a token")));
    QTest::mouseClick(board.pairs->findChild<EmptyState*>()->findChild<QPushButton*>(), Qt::LeftButton);
    QCOMPARE(board.pairs->mode(), PairMode::ToNextLayer);
    QVERIFY(!board.pairs->isEmptyShown());
    board.selection.setLayer(3);
    QVERIFY(says(board.pairs, QStringLiteral("No next layer")));
    board.selection.setLayer(2);
    QVERIFY(!board.pairs->isEmptyShown());
    board.trace.clear();
    board.trace.setRun(2, board.shape, {});
    board.trace.setCurrent(2);
    QVERIFY(says(board.pairs, QStringLiteral("No tokens")));
    const TraceShape dense = test::syntheticShape(0, 0, 0, 0, QStringLiteral("Dense"));
    board.trace.setRun(3, dense, test::syntheticAnswer(dense, 5, false));
    board.trace.setCurrent(3);
    QVERIFY(says(board.pairs, QStringLiteral("No router in this model")));
    QVERIFY(says(board.classes, QStringLiteral("No router in this model")));
}

void TestMatrices::scopesAndWindow() {
    Matrices board(test::syntheticShape(4, 16, 2, 0));
    board.fill(test::syntheticAnswer(board.shape, 60, false));
    board.trace.setRun(2, board.shape, test::syntheticAnswer(board.shape, 25, false, 5));
    board.show();
    auto* combo = board.classes->findChild<QComboBox*>();
    QVERIFY(combo != nullptr);
    const auto n = [&] { return static_cast<LiftTable*>(board.classes->table())->matrix().n(); };
    QCOMPARE(n(), 60);
    combo->setCurrentIndex(2);
    QCOMPARE(board.classes->scope(), Scope::Chat);
    QCOMPARE(n(), 85);
    combo->setCurrentIndex(0);
    QVERIFY(says(board.classes, QStringLiteral("No window chosen")));
    board.trace.setWindow({10, 29});
    QVERIFY(!board.classes->isEmptyShown());
    QCOMPARE(n(), 20);
    board.trace.setWindow({10, 19});
    QCOMPARE(n(), 10);
}

void TestMatrices::filterGreysCells() {
    Matrices board(test::syntheticShape(2, 4, 2, 0));
    board.fill(couples(board.shape));
    board.show();
    MatrixChart* pairs = board.pairs->matrix();
    MatrixChart* classes = board.classes->matrix();
    const QColor out = theme().color(Color::Window);
    const QColor before = middleOf(pairs, 0, 1);
    const auto setFilter = [&](const char* line) {
        board.trace.setFilter(std::get<Filter>(Filter::parse(QString::fromLatin1(line))));
    };
    setFilter("layer == 0 && expert == 0");
    QVERIFY(near(middleOf(pairs, 0, 1), before)); // one of the two is enough
    QVERIFY(near(middleOf(pairs, 1, 0), before));
    QVERIFY(near(middleOf(pairs, 2, 3), out));
    QVERIFY(near(middleOf(pairs, 0, 2), theme().diverging(0))); // no token that could be left out
    QCOMPARE(pairs->outside(), 6);                              // counted as without a filter
    QVERIFY(near(middleOf(classes, tokenClassRow(TokenClass::Word), 0), theme().diverging(2)));
    QVERIFY(near(middleOf(classes, tokenClassRow(TokenClass::Word), 1), out));
    QVERIFY(near(middleOf(classes, tokenClassRow(TokenClass::Digits), 2), out));
    board.pairs->setMode(PairMode::ToNextLayer);
    setFilter("layer == 1 && expert == 3");
    QVERIFY(near(middleOf(pairs, 0, 3), theme().diverging(2)));
    QVERIFY(near(middleOf(pairs, 0, 2), out));
    board.trace.setFilter({});
    QVERIFY(near(middleOf(pairs, 0, 2), theme().diverging(2)));
}

void TestMatrices::whatIfAnswersAreLeftOut() {
    Matrices board(test::syntheticShape(2, 4, 2, 0));
    board.fill(couples(board.shape));
    board.trace.setRun(2, board.shape, couples(board.shape), true);
    board.show();
    board.classes->setScope(Scope::Chat);
    QCOMPARE(board.classes->matrix()->readout().at(1).text, QStringLiteral("1 what-if answer left out"));
    QVERIFY(board.classes->readoutText().contains(QStringLiteral("n = 40 tokens")));
    board.trace.remove(1);
    board.trace.setCurrent(2);
    QVERIFY(says(board.classes, QStringLiteral("No untouched answer")));
    board.classes->setScope(Scope::Answer);
    QVERIFY(!board.classes->isEmptyShown());
    QCOMPARE(board.classes->readoutText(), QStringLiteral("Layer 0 · n = 40 tokens"));
}

void TestMatrices::hiddenPanelsCountNothing() {
    Matrices board(test::syntheticShape(4, 16, 2, 0));
    board.pairs->hide();
    board.show();
    const auto answer = test::syntheticAnswer(board.shape, 100, false);
    const int synced = board.pairs->chart()->syncCount();
    board.trace.begin(1, board.shape);
    for (int at = 0; at < 100; at += 10) {
        board.trace.append(1, answer.mid(at, 10));
    }
    QCOMPARE(static_cast<LiftTable*>(board.pairs->table())->counted(), 0);
    QCOMPARE(board.pairs->chart()->syncCount(), synced);
    QCOMPARE(static_cast<LiftTable*>(board.classes->table())->counted(), 100); // each once
    board.pairs->show();
    QTRY_COMPARE(static_cast<LiftTable*>(board.pairs->table())->counted(), 100);
    board.pairs->hide();
    board.trace.append(1, answer);
    QCOMPARE(static_cast<LiftTable*>(board.pairs->table())->counted(), 100);
}

void TestMatrices::manyExperts_data() {
    QTest::addColumn<int>("experts");
    QTest::newRow("64") << 64;
    QTest::newRow("128") << 128;
}

void TestMatrices::manyExperts() {
    QFETCH(int, experts);
    Matrices board(test::syntheticShape(4, experts, 8, 0));
    board.fill(test::syntheticAnswer(board.shape, 300, false));
    board.show();
    board.selection.set({1, 5, 1, experts - 1});
    MatrixChart* chart = board.pairs->matrix();
    const CellGrid& geometry = chart->geometryOfMatrix();
    QVERIFY(geometry.cell_width >= 4 && geometry.cell_height >= 4);
    QVERIFY(geometry.map.right() < geometry.side_right);
    QVERIFY(geometry.side_right <= chart->viewport()->width());
    QVERIFY(geometry.legend.bottom() <= chart->viewport()->height());
    // The row of the last expert was scrolled into view.
    const int scroll = geometry.scrollTo(experts - 1, 0);
    QVERIFY(geometry.window.contains(geometry.cell(experts - 1, 0, scroll).center()));
    board.pairs->resize(440, 300);
    const QRect narrow = geometry.window;
    QCOMPARE(narrow.height() % geometry.cell_height, 0);
    if (experts == 128) {
        QVERIFY(geometry.merged > 1);
        QTest::mouseMove(chart->viewport(), geometry.cell(geometry.rows - 1, 3, geometry.scroll_max).center());
        QTRY_VERIFY(board.pairs->readoutText().contains(QStringLiteral("most of columns")));
    }
}

void TestMatrices::enterAsksForTheCard() {
    Matrices board(test::syntheticShape(4, 16, 2, 0));
    board.fill(test::syntheticAnswer(board.shape, 60, false));
    board.show();
    MatrixChart* chart = board.pairs->matrix();
    QSignalSpy card(chart, &ChartView::cardRequested);
    chart->setFocus();
    QTest::keyClick(chart, Qt::Key_Return);
    QCOMPARE(card.size(), 0); // no expert is selected
    board.selection.set({1, 5, 1, 3});
    QTest::keyClick(chart, Qt::Key_Return);
    QCOMPARE(card.size(), 1);
    const QPoint at = chart->geometryOfMatrix().cellOf(9, 4, 0).center();
    QTest::mouseClick(chart->viewport(), Qt::LeftButton, {}, at);
    QTest::mouseDClick(chart->viewport(), Qt::LeftButton, {}, at);
    QCOMPARE(card.size(), 2);
    QCOMPARE(board.selection.state().expert, 9);
}

void TestMatrices::stepsTheLayer() {
    Matrices board(test::syntheticShape(4, 16, 2, 0));
    board.fill(test::syntheticAnswer(board.shape, 60, false));
    board.show();
    board.selection.set({1, 5, 1, 3});
    for (auto* button : board.pairs->findChildren<QAbstractButton*>()) {
        if (button->accessibleName() == QStringLiteral("Next layer")) {
            button->click();
        }
    }
    QCOMPARE(board.selection.state().layer, 2);
    QCOMPARE(board.selection.state().expert, board.trace.topExpert(5, 2));
}

void TestMatrices::accessibility() {
    Matrices board(test::syntheticShape(4, 16, 2, 0));
    board.fill(test::syntheticAnswer(board.shape, 60, false));
    board.show();
    board.selection.set({1, 5, 1, 3});
    for (PanelFrame* panel : {static_cast<PanelFrame*>(board.pairs), static_cast<PanelFrame*>(board.classes)}) {
        QCOMPARE(panel->chart()->accessibleDescription(), panel->readoutText());
        for (QWidget* widget : panel->findChildren<QWidget*>()) {
            if (widget->isVisible() && (widget->focusPolicy() & Qt::TabFocus)) {
                QAccessibleInterface* face = QAccessible::queryAccessibleInterface(widget);
                QVERIFY(face != nullptr && !face->text(QAccessible::Name).isEmpty());
            }
        }
    }
}

QTEST_MAIN(TestMatrices)
#include "tst_matrices.moc"
