// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/panels/panelboard.h"
#include "ui/panels/cardpanel.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/tabletwin.h"

#include <QAccessible>
#include <QApplication>
#include <QComboBox>
#include <QScrollBar>
#include <QSignalSpy>

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

namespace {

struct Card {
    explicit Card(const TraceShape& of, int tokens) : shape(of) {
        bindSelection(&trace, &selection);
        panel = new ExpertCardPanel(&trace, &selection, &window);
        trace.setModel(shape);
        if (tokens > 0) {
            trace.setRun(1, shape, test::syntheticAnswer(shape, tokens, false));
            trace.setCurrent(1);
        }
        selection.setFollowing(false);
        panel->setGeometry(0, 0, 600, 620);
        window.resize(610, 630);
    }
    void show() {
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
    }
    const ExpertProfile& profile() const { return static_cast<ExpertCardTable*>(panel->table())->profile(); }

    TraceShape shape;
    TraceModel trace;
    Selection selection;
    QWidget window;
    ExpertCardPanel* panel = nullptr;
};

bool says(const PanelFrame* panel, const QString& title) {
    const auto* page = panel->findChild<EmptyState*>();
    return page->isVisible() && page->accessibleName().contains(title);
}

} // namespace

class TestExpertCard : public QObject {
    Q_OBJECT
private slots:
    void initTestCase();
    void followsTheSelection();
    void bars();
    void filterFades();
    void clickAnExample();
    void theLastWholeExampleHasAWholeFrame();
    void keys();
    void topKKeepsItsExpert();
    void emptyStates();
    void hiddenCountsNothing();
    void narrowAndLarge();
    void twin();
    void accessibility();
};

void TestExpertCard::initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

void TestExpertCard::followsTheSelection() {
    Card board(test::syntheticShape(8, 16, 1, 1), 200);
    board.show();
    for (const int expert : {0, 7, 15}) {
        board.selection.set({1, 3, 5, expert});
        const int tokens = board.trace.statistics(Scope::Answer).tokens(5, expert);
        QCOMPARE(board.profile().tokens, tokens);
        QVERIFY(board.panel->readoutText().startsWith(
            QStringLiteral("Layer 5, expert %1 · %2 of 200 tokens routed to it").arg(expert).arg(tokens)));
    }
    board.trace.setRun(2, board.shape, test::syntheticAnswer(board.shape, 50, false, 4));
    QCOMPARE(board.profile().n, 200);
    auto* scope = board.panel->findChild<QComboBox*>();
    scope->setCurrentIndex(2);
    QCOMPARE(board.profile().n, 250);
    scope->setCurrentIndex(0);
    QVERIFY(says(board.panel, QStringLiteral("No window chosen")));
    board.trace.setWindow({0, 29});
    QCOMPARE(board.profile().n, 30);
}

void TestExpertCard::bars() {
    Card board(test::syntheticShape(1, 4, 1, 0), 0);
    QList<trace::TokenTracePtr> answer;
    for (int at = 0; at < 9; ++at) {
        answer.append(test::plainToken(board.shape, " x", {2}, {at < 6 ? 0.52F : 0.97F}));
    }
    board.trace.setRun(1, board.shape, answer);
    board.trace.setCurrent(1);
    board.selection.set({1, 0, 0, 2});
    board.show();
    const CardGeometry& geometry = board.panel->card()->geometryOfCard();
    const QImage image = painted(board.panel->card());
    const auto heightOf = [&](int bin) {
        const QRect lane = geometry.bar(bin);
        int height = 0;
        while (height < lane.height() && near(image.pixelColor(lane.center().x(), lane.bottom() - height),
                                              theme().sequential((bin + 0.5) / ExpertProfile::gateBins))) {
            ++height;
        }
        return height;
    };
    QCOMPARE(heightOf(10), geometry.gates.height());
    QCOMPARE(heightOf(19), geometry.gates.height() / 2); // 3 of 6
    QCOMPARE(heightOf(4), 0);
    QTest::mouseMove(board.panel->card()->viewport(), geometry.bar(19).center());
    QTRY_COMPARE(board.panel->readoutText(), QStringLiteral("Gate 0.95–1.00 · 3 of 9 tokens"));
}

void TestExpertCard::filterFades() {
    Card board(test::syntheticShape(1, 4, 1, 0), 0);
    QList<trace::TokenTracePtr> answer;
    for (int at = 0; at < 9; ++at) {
        auto token = std::make_shared<trace::TokenTrace>(
            *test::plainToken(board.shape, at < 6 ? " x" : "7", {2}, {at < 6 ? 0.52F : 0.97F}));
        token->token = at < 6 ? 1 : 2;
        answer.append(token);
    }
    board.trace.setRun(1, board.shape, answer);
    board.trace.setCurrent(1);
    board.selection.set({1, 0, 0, 2});
    board.show();
    CardChart* card = board.panel->card();
    const CardGeometry& geometry = card->geometryOfCard();
    const auto colorOf = [](int bin) { return theme().sequential((bin + 0.5) / ExpertProfile::gateBins); };
    const auto inBar = [&](int bin) {
        const QRect lane = geometry.bar(bin);
        return painted(card).pixelColor(lane.center().x(), lane.bottom() - 1);
    };
    const auto markOf = [&](int index) {
        const QRect line = geometry.row(geometry.classes, index);
        return painted(card).pixelColor(line.left() + 2, line.center().y());
    };
    QVERIFY(near(inBar(10), colorOf(10)));
    const QColor word = markOf(0);
    const QColor digits = markOf(1);
    board.trace.setFilter(std::get<Filter>(Filter::parse(QStringLiteral("weight > 0.9"))));
    QVERIFY(!near(inBar(10), colorOf(10)));
    QVERIFY(near(inBar(19), colorOf(19)));
    QVERIFY(markOf(0) != word);
    QCOMPARE(markOf(1), digits);
    QCOMPARE(board.profile().tokens, 9); // nothing is removed
    QCOMPARE(board.profile().classes.first().matched, 0);
    QVERIFY(board.profile().examples.first().matches);
    QVERIFY(!board.profile().examples.last().matches);
}

void TestExpertCard::clickAnExample() {
    Card board(test::syntheticShape(8, 16, 1, 1), 200);
    board.show();
    board.selection.set({1, 3, 5, board.trace.topExpert(3, 5)});
    CardChart* card = board.panel->card();
    QVERIFY(board.profile().examples.size() > 2);
    const ExpertProfile::Example example = board.profile().examples.at(2);
    const CardGeometry& geometry = card->geometryOfCard();
    const QPoint at = geometry.row(geometry.examples, 2).center() - QPoint(0, card->verticalScrollBar()->value());
    QTest::mouseClick(card->viewport(), Qt::LeftButton, {}, at);
    QCOMPARE(board.selection.state(), (SelectionState{1, example.token, 5, board.profile().expert}));
    QCOMPARE(card->selectedExample(), 2);
    QVERIFY(
        holds(painted(card), QRect(0, at.y() - 10, card->viewport()->width(), 20), theme().color(Color::AccentText)));
}

void TestExpertCard::theLastWholeExampleHasAWholeFrame() {
    Card board(test::syntheticShape(8, 16, 1, 1), 200);
    board.show();
    board.selection.set({1, -1, 3, board.trace.topExpert(10, 3)});
    CardChart* card = board.panel->card();
    QTRY_VERIFY(board.profile().examples.size() > 2);
    const ExpertProfile::Example& first = board.profile().examples.first();
    board.selection.set({first.run, first.token, 3, board.profile().expert});
    QCOMPARE(card->selectedExample(), 0);
    const auto rowOf = [&] { return card->geometryOfCard().row(card->geometryOfCard().examples, 0); };
    // So low that no second example is whole.
    const int around = board.panel->height() - card->viewport()->height();
    for (int pass = 0; pass < 3; ++pass) { // a low panel's lines are closer
        board.panel->resize(600, around + rowOf().bottom() + 1 + card->geometryOfCard().line / 2);
        QCoreApplication::processEvents();
    }
    const QRect row = rowOf();
    QVERIFY(row.bottom() + 4 < card->viewport()->height());
    QVERIFY(row.bottom() + 1 + card->geometryOfCard().line > card->viewport()->height());
    const QImage image = painted(card);
    const auto inked = [&](int y) {
        int wide = 0;
        for (int x = row.left(); x <= row.right(); ++x) {
            wide += near(image.pixelColor(x, y), theme().color(Color::AccentText)) ? 1 : 0;
        }
        return wide;
    };
    int above = 0;
    int below = 0;
    for (int y = 0; y < 5; ++y) {
        above = std::max(above, inked(row.top() + 2 - y));
        below = std::max(below, inked(row.bottom() - 2 + y));
    }
    QVERIFY(above > 6);
    QCOMPARE(below, above);
}

void TestExpertCard::keys() {
    Card board(test::syntheticShape(8, 16, 1, 1), 200);
    board.panel->setGeometry(0, 0, 600, 300);
    board.show();
    CardChart* card = board.panel->card();
    board.selection.set({1, 3, 5, 6});
    card->setFocus();
    QTest::keyClick(card, Qt::Key_Right);
    QCOMPARE(board.selection.state().expert, 7);
    QTest::keyClick(card, Qt::Key_Left);
    QCOMPARE(board.selection.state().expert, 6);
    QTest::keyClick(card, Qt::Key_End);
    QCOMPARE(board.selection.state().expert, 15);
    QTest::keyClick(card, Qt::Key_Right);
    QCOMPARE(board.selection.state().expert, 15);
    QTest::keyClick(card, Qt::Key_Home);
    QCOMPARE(board.selection.state().expert, 0);
    board.selection.set({1, 3, 5, board.trace.topExpert(3, 5)});
    const int examples = int(board.profile().examples.size());
    for (int i = 0; i < examples + 2; ++i) {
        QTest::keyClick(card, Qt::Key_Down);
    }
    QCOMPARE(card->selectedExample(), examples - 1);
    const CardGeometry& geometry = card->geometryOfCard();
    const QRect line = geometry.row(geometry.examples, examples - 1);
    const int scroll = card->verticalScrollBar()->value();
    QVERIFY(scroll > 0 && line.bottom() - scroll <= card->viewport()->height()); // it was brought into view
    QTest::keyClick(card, Qt::Key_Up);
    QCOMPARE(card->selectedExample(), examples - 2);
    QTest::keyClick(card, Qt::Key_PageDown);
    QTest::keyClick(card, Qt::Key_BracketRight);
    QCOMPARE(board.selection.state().layer, 6);
}

void TestExpertCard::topKKeepsItsExpert() {
    Card board(test::syntheticShape(4, 64, 8, 0), 200);
    board.show();
    // An expert that is seldom a token's first.
    const int expert = board.trace.router(9)->experts[2 * 8 + 7];
    board.selection.set({1, 9, 2, expert});
    board.panel->card()->setFocus();
    QTest::keyClick(board.panel->card(), Qt::Key_Down);
    QCOMPARE(board.selection.state().expert, expert);
    QVERIFY(board.selection.state().token >= 0);
}

void TestExpertCard::emptyStates() {
    Card board(test::syntheticShape(8, 16, 1, 1), 0);
    board.show();
    QVERIFY(says(board.panel, QStringLiteral("No answer yet")));
    board.trace.setRun(1, board.shape, test::syntheticAnswer(board.shape, 20, false));
    board.trace.setCurrent(1);
    board.selection.set({1, -1, -1, -1});
    QVERIFY(says(board.panel, QStringLiteral("No expert selected")));
    board.selection.set({1, 3, 2, 4});
    QVERIFY(!board.panel->isEmptyShown());
    const TraceShape dense = test::syntheticShape(0, 0, 0, 0, QStringLiteral("Dense"));
    board.trace.setRun(3, dense, test::syntheticAnswer(dense, 5, false));
    board.trace.setCurrent(3);
    QVERIFY(says(board.panel, QStringLiteral("No router in this model")));
}

void TestExpertCard::hiddenCountsNothing() {
    Card board(test::syntheticShape(8, 16, 1, 1), 0);
    board.panel->hide();
    board.show();
    board.trace.begin(1, board.shape);
    board.trace.append(1, test::syntheticAnswer(board.shape, 100, false));
    board.selection.set({1, 3, 2, 4});
    const auto* table = static_cast<ExpertCardTable*>(board.panel->table());
    const int synced = board.panel->chart()->syncCount();
    QCOMPARE(table->counted(), 0);
    board.panel->show();
    QTRY_COMPARE(table->counted(), 100);
    QVERIFY(board.panel->chart()->syncCount() > synced);
    board.panel->hide();
    board.trace.append(1, test::syntheticAnswer(board.shape, 100, false));
    QCOMPARE(table->counted(), 100);
}

void TestExpertCard::narrowAndLarge() {
    Card board(test::syntheticShape(8, 128, 8, 1), 200);
    board.show();
    board.selection.set({1, 3, 2, 4});
    for (const int width : {320, 460, 900}) {
        board.panel->resize(width, 400);
        QCoreApplication::processEvents();
        const CardGeometry& geometry = board.panel->card()->geometryOfCard();
        const int inner = board.panel->card()->viewport()->width();
        for (const QRect& part :
             {geometry.facts, geometry.gates, geometry.tokens, geometry.classes, geometry.examples}) {
            QVERIFY(part.left() >= 12 && part.right() <= inner - 12);
        }
        QVERIFY(geometry.scale_of_gates.right() < geometry.gates.left() && geometry.scale_of_gates.left() >= 12);
        // No line is cut at the bottom, wherever it is.
        for (int bottom = 20; bottom < geometry.height; ++bottom) {
            const int end = geometry.endOfWhole(bottom);
            QVERIFY(end <= bottom && end > bottom - geometry.gates.height() - 4 * geometry.line);
            for (const QRect& part : {geometry.facts, geometry.tokens, geometry.classes, geometry.examples}) {
                for (int top = part.top(); top <= part.bottom(); top += geometry.line) {
                    QVERIFY(top >= end || top + geometry.line <= end);
                }
            }
        }
        QVERIFY(!geometry.tokens.intersects(geometry.classes));
        QVERIFY(!geometry.classes.intersects(geometry.examples) && !geometry.tokens.intersects(geometry.examples));
    }
    // A low one has the histogram beside the numbers, so that rows of the lists are in view.
    board.panel->resize(560, 240);
    QCoreApplication::processEvents();
    const CardGeometry& low = board.panel->card()->geometryOfCard();
    const QSize view = board.panel->card()->viewport()->size();
    QVERIFY(low.gates.left() > low.facts.right() && low.gates.right() <= view.width() - 12);
    QVERIFY(low.gates_axis.bottom() <= low.facts.bottom() && low.gates.height() >= 24);
    QVERIFY(low.endOfWhole(view.height()) >= low.row(low.tokens, 2).bottom());
}

void TestExpertCard::twin() {
    Card board(test::syntheticShape(8, 16, 1, 1), 200);
    board.show();
    board.selection.set({1, 3, 5, board.trace.topExpert(3, 5)});
    board.panel->setTwinShown(true);
    const auto* table = static_cast<ExpertCardTable*>(board.panel->table());
    board.panel->twin()->setFocus();
    const int row = table->rowOfExample(1);
    board.panel->twin()->setCurrentSourceRow(row);
    QTest::keyClick(board.panel->twin(), Qt::Key_Up);
    QCOMPARE(board.selection.state().token, board.profile().examples.at(0).token);
    // The table goes on while it is shown.
    board.trace.setRun(1, board.shape, test::syntheticAnswer(board.shape, 60, false));
    board.selection.set({1, 3, 5, 2});
    QCOMPARE(board.profile().n, 60);
}

void TestExpertCard::accessibility() {
    Card board(test::syntheticShape(8, 16, 1, 1), 200);
    board.show();
    board.selection.set({1, 3, 5, 2});
    QCOMPARE(board.panel->chart()->accessibleDescription(), board.panel->readoutText());
    for (QWidget* widget : board.panel->findChildren<QWidget*>()) {
        if (widget->isVisible() && (widget->focusPolicy() & Qt::TabFocus)) {
            QAccessibleInterface* face = QAccessible::queryAccessibleInterface(widget);
            QVERIFY(face != nullptr && !face->text(QAccessible::Name).isEmpty());
        }
    }
}

QTEST_MAIN(TestExpertCard)
#include "tst_expertcard.moc"
