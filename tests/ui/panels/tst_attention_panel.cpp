// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/attentionsample.h"
#include "tests/ui/panels/panelboard.h"
#include "ui/panels/attentionpanel.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/iconbutton.h"
#include "ui/widgets/tabletwin.h"

#include <QApplication>
#include <QComboBox>
#include <QMainWindow>
#include <QMouseEvent>
#include <QScrollBar>
#include <QSignalSpy>

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;
using Wish = AttentionPanel::Wish;

namespace {

/** The panel in a window, with an answer of 40 tokens whose sixth is selected. */
struct Stand {
    Stand() {
        bindSelection(&trace, &selection);
        panel = new AttentionPanel(&trace, &selection, &window);
        spy = std::make_unique<QSignalSpy>(panel, &AttentionPanel::wanted);
        panel->setGeometry(0, 0, 480, 420);
        window.resize(500, 440);
        trace.setModel(shape);
        panel->setModel(9, shape);
    }
    void answer() {
        trace.setRun(1, shape, syntheticAnswer(shape, 40, true));
        trace.setCurrent(1);
        selection.setFollowing(false);
        selection.set({1, 5, 2, -1});
    }
    void show() {
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
    }
    Wish asked(int i = -1) const { return spy->at(i < 0 ? spy->size() - 1 : i)[0].value<Wish>(); }
    int position(int token) const { return int(trace.token(token).position); }
    void give(int heads = 8, bool sinks = false) {
        const Wish wish = panel->wish();
        panel->setAttention(wish, attentionSample(heads, wish.position, sinks, uint32_t(wish.layer)));
    }
    QString missing() const {
        const auto* page = panel->findChild<EmptyState*>();
        return page->isVisible() ? page->accessibleName() : QString();
    }

    TraceShape shape = [] {
        TraceShape made = syntheticShape(8, 16, 1, 1);
        made.first_block = 1;
        return made;
    }();
    TraceModel trace;
    Selection selection;
    QWidget window;
    AttentionPanel* panel = nullptr;
    std::unique_ptr<QSignalSpy> spy;
};

} // namespace

class TestAttentionPanel : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }
    void geometryFitsAndFindsItsMarks();
    void headsUseTheHeight();
    void nothingIsAskedForWhileItCannotBeSeen();
    void aDockBehindAnotherTabAsksForNothing();
    void followsTheSelectionAndItsLayer();
    void whatComesTooLateIsDropped();
    void saysWhyThereIsNothing();
    void keysAndClicksOpenAHead();
    void clickOnATopTokenSelectsIt();
    void readoutAndTwinShowTheSameNumbers();
    void cellsHaveTheColourOfTheirWeight();
    void bothListsHaveOneScale();
    void longListsOfMessagesAreJoined();
    void darkLargeAndSmall();
};

void TestAttentionPanel::geometryFitsAndFindsItsMarks() {
    for (const double scale : {1.0, 1.5}) {
        for (const QSize& view : {QSize(380, 260), QSize(480, 400), QSize(900, 700)}) {
            for (const int positions : {1, 7, 300, 131'072}) {
                for (const bool detail : {false, true}) {
                    const auto g = AttentionGeometry::of(view, 64, positions, 2, {9, 9}, detail, scale);
                    QVERIFY(g.bins >= 1 && g.bins <= g.bars_width);
                    QVERIFY(qint64(g.bins) * g.bin >= positions);
                    QVERIFY(qint64(g.bins - 1) * g.bin < positions);
                    for (int x = g.bars_left; x < g.bars_left + g.bars_width; ++x) {
                        const int bin = g.binAt(x);
                        QVERIFY(bin >= 0 && bin < g.bins && g.xOf(bin) <= x && x < g.xOf(bin + 1));
                    }
                    QCOMPARE(g.binAt(g.bars_left - 1), -1);
                    QCOMPARE(g.binAt(g.bars_left + g.bars_width), -1);
                    QVERIFY(g.window.bottom() < g.divider && g.divider < g.distances.top());
                    QVERIFY(g.distances.right() < g.messages.left() && g.messages.right() < view.width());
                    if (detail) {
                        QVERIFY(g.topRow(g.top_rows - 1).bottom() < g.divider);
                        QCOMPARE(g.topAt(g.topRow(g.top_rows - 1).center()), g.top_rows > 0 ? g.top_rows - 1 : -1);
                    } else {
                        QVERIFY(g.legend.bottom() < g.divider);
                        for (int head = 0; head < 64; ++head) {
                            const int scroll = g.scrollTo(head, 0);
                            QCOMPARE(g.headAt(g.strip(head, scroll).center(), scroll), head);
                        }
                    }
                }
            }
        }
    }
}

void TestAttentionPanel::headsUseTheHeight() {
    // A dock at 1440 × 900 shows all eight heads and both lists, a large one larger heads and no gap above the lists.
    const auto low = AttentionGeometry::of({482, 210}, 8, 23, 1, {4, 2}, false, 1);
    QCOMPARE(low.scroll_max, 0);
    QVERIFY(low.row_height >= 11 && low.distances.bottom() <= 210);
    const auto usual = AttentionGeometry::of({482, 420}, 8, 23, 1, {4, 2}, false, 1);
    const auto large = AttentionGeometry::of({800, 700}, 8, 23, 1, {4, 2}, false, 1);
    QVERIFY(low.row_height < usual.row_height && usual.row_height <= large.row_height);
    QVERIFY(large.strip(0, 0).height() > low.strip(0, 0).height());
    for (const AttentionGeometry& g : {low, usual, large}) {
        QVERIFY(g.distances.top() - g.legend.bottom() < 20);
        QVERIFY(g.row(7, 0).bottom() <= g.window.bottom() && g.window.bottom() < g.legend.top());
    }
    QVERIFY(large.legend.height() > low.legend.height()); // with numbers below its bar

    // With a row of tabs above it, too: the lists stand at the right, however many distances a longer chat has.
    for (const AttentionGeometry::Shares& shares : {AttentionGeometry::Shares{4, 2}, {6, 3}}) {
        const auto lower = AttentionGeometry::of({482, 172}, 8, 300, 1, shares, false, 1);
        QCOMPARE(lower.scroll_max, 0);
        QVERIFY(lower.row_height >= 12);
        QVERIFY(lower.legend.top() > lower.window.bottom() && lower.legend.bottom() < 172);
        QVERIFY(lower.window.right() < lower.distances.left() && lower.distances.right() < 482);
        QVERIFY(lower.distances.bottom() < lower.messages.top() && lower.messages.bottom() < 172);
        QVERIFY(lower.strip(7, 0).right() + lower.figure_width < lower.beside);
    }
    QCOMPARE(usual.beside, 0);
}

void TestAttentionPanel::nothingIsAskedForWhileItCannotBeSeen() {
    Stand stand;
    stand.panel->hide();
    stand.show();
    stand.answer();
    const int syncs = stand.panel->chart()->syncCount();
    for (int token = 0; token < 40; ++token) {
        stand.selection.setToken(token);
        stand.selection.setLayer(token % 8);
    }
    QCOMPARE(stand.spy->size(), 0);
    QCOMPARE(stand.panel->chart()->syncCount(), syncs);
    stand.panel->show();
    QTRY_COMPARE(stand.spy->size(), 1); // what is selected now, and nothing of what was
    QCOMPARE(stand.asked(), (Wish{1, stand.position(39), 1 + 39 % 8}));
    stand.give();
    stand.panel->hide();
    const int shown = stand.panel->chart()->syncCount();
    stand.selection.setToken(3);
    QCOMPARE(stand.spy->size(), 1);
    QCOMPARE(stand.panel->chart()->syncCount(), shown);
    stand.panel->show();
    QTRY_COMPARE(stand.spy->size(), 2);
    QCOMPARE(stand.asked().position, stand.position(3));
}

void TestAttentionPanel::aDockBehindAnotherTabAsksForNothing() {
    QMainWindow window;
    TraceModel trace;
    Selection selection;
    bindSelection(&trace, &selection);
    const TraceShape shape = syntheticShape(4, 8, 1, 0);
    trace.setModel(shape);
    auto* front = new KvCachePanel(&trace, &selection, &window);
    auto* back = new AttentionPanel(&trace, &selection, &window);
    back->setModel(4, shape);
    window.setCentralWidget(new QWidget(&window));
    window.addDockWidget(Qt::RightDockWidgetArea, back);
    window.tabifyDockWidget(back, front);
    front->raise();
    window.resize(900, 600);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    QTest::qWait(20);
    QSignalSpy spy(back, &AttentionPanel::wanted);
    trace.setRun(1, shape, syntheticAnswer(shape, 10, false));
    trace.setCurrent(1);
    for (int token = 0; token < 10; ++token) {
        selection.setToken(1, token);
    }
    QCOMPARE(spy.size(), 0);
    back->raise();
    QTRY_COMPARE(spy.size(), 1);
    QCOMPARE(spy[0][0].value<Wish>().position, int(trace.token(9).position));
}

void TestAttentionPanel::followsTheSelectionAndItsLayer() {
    Stand stand;
    stand.show();
    stand.answer();
    QCOMPARE(stand.asked(), (Wish{1, stand.position(5), 3})); // the first block is dense
    QCOMPARE(stand.panel->layerBox()->currentIndex(), 3);
    const auto asked = stand.spy->size();
    stand.selection.setLayer(4);
    QCOMPARE(stand.spy->size(), asked + 1);
    QCOMPARE(stand.asked().layer, 5);
    stand.selection.set(stand.selection.state()); // nothing new
    QCOMPARE(stand.spy->size(), asked + 1);

    // The box leads the selection, but for layers without a router, which it keeps to itself.
    stand.panel->layerBox()->setCurrentIndex(2);
    QCOMPARE(stand.selection.state().layer, 1);
    QCOMPARE(stand.spy->size(), asked + 2);
    stand.panel->layerBox()->setCurrentIndex(0);
    QCOMPARE(stand.selection.state().layer, 1);
    QCOMPARE(stand.asked().layer, 0);
    stand.selection.setToken(9);
    QCOMPARE(stand.asked(), (Wish{1, stand.position(9), 0}));
    stand.selection.setLayer(6);
    QCOMPARE(stand.asked().layer, 7);
}

void TestAttentionPanel::whatComesTooLateIsDropped() {
    Stand stand;
    stand.show();
    stand.answer();
    const Wish first = stand.panel->wish();
    stand.selection.setToken(8);
    stand.panel->setAttention(first, attentionSample(8, first.position));
    QVERIFY(stand.panel->headsChart()->state().isEmpty());
    stand.panel->setMissing(first, "Old", "Old.");
    QVERIFY(!stand.missing().contains("Old"));
    stand.give();
    QCOMPARE(stand.panel->headsChart()->state().position(), stand.panel->wish().position);
    QVERIFY(!stand.panel->isEmptyShown());
}

void TestAttentionPanel::saysWhyThereIsNothing() {
    Stand stand;
    stand.panel->setModel(0, {});
    stand.show();
    QVERIFY(stand.missing().contains("No model loaded"));
    stand.panel->setModel(9, stand.shape);
    QVERIFY(stand.missing().contains("No token selected"));
    stand.answer();
    QVERIFY(stand.missing().contains("Computing"));
    stand.panel->setMissing(stand.panel->wish(), "After the answer", "The model answers.");
    QVERIFY(stand.missing().contains("After the answer"));
    const auto asked = stand.spy->size();
    stand.selection.set(stand.selection.state());
    QCOMPARE(stand.spy->size(), asked);
    stand.panel->askAgain();
    QCOMPARE(stand.spy->size(), asked + 1);
    stand.give();
    QVERIFY(!stand.panel->isEmptyShown());
    stand.panel->askAgain(); // it is there
    QCOMPARE(stand.spy->size(), asked + 1);
    // Another token that cannot be had leaves nothing of the one before.
    stand.selection.setToken(7);
    stand.panel->setMissing(stand.panel->wish(), "Not in the KV cache", "Gone.");
    QVERIFY(stand.missing().contains("Not in the KV cache"));
    QVERIFY(stand.panel->headsChart()->state().isEmpty());
    stand.trace.clear();
    QVERIFY(stand.missing().contains("No token selected"));
}

void TestAttentionPanel::keysAndClicksOpenAHead() {
    Stand stand;
    stand.show();
    stand.answer();
    stand.give(12);
    AttentionChart* chart = stand.panel->headsChart();
    chart->setFocus();
    QCOMPARE(chart->head(), 0);
    QTest::keyClick(chart, Qt::Key_Down);
    QTest::keyClick(chart, Qt::Key_Down);
    QTest::keyClick(chart, Qt::Key_Up);
    QCOMPARE(chart->head(), 1);
    QTest::keyClick(chart, Qt::Key_End);
    QCOMPARE(chart->head(), 11);
    QTest::keyClick(chart, Qt::Key_Return);
    QCOMPARE(chart->openedHead(), 11);
    auto* back = stand.panel->findChild<IconButton*>();
    const auto buttons = stand.panel->findChildren<IconButton*>();
    for (IconButton* button : buttons) {
        back = button->accessibleName() == "All heads" ? button : back;
    }
    QVERIFY(back->isVisible());
    QTest::keyClick(chart, Qt::Key_Up);
    QCOMPARE(chart->openedHead(), 10);
    QTest::keyClick(chart, Qt::Key_Escape);
    QCOMPARE(chart->openedHead(), -1);
    QCOMPARE(chart->head(), 10);
    QVERIFY(!back->isVisible());
    // Esc outside a head is the window's.
    QKeyEvent escape(QEvent::ShortcutOverride, Qt::Key_Escape, Qt::NoModifier);
    escape.ignore();
    QApplication::sendEvent(chart, &escape);
    QVERIFY(!escape.isAccepted());

    const QPoint at = chart->geometryOfHeads().strip(2, 0).center();
    QTest::mouseClick(chart->viewport(), Qt::LeftButton, {}, at);
    QCOMPARE(chart->head(), chart->geometryOfHeads().headAt(at, chart->verticalScrollBar()->value()));
    QTest::mouseDClick(chart->viewport(), Qt::LeftButton, {}, at);
    QVERIFY(chart->openedHead() >= 0);
    back->click();
    QCOMPARE(chart->openedHead(), -1);

    const int token = stand.selection.state().token;
    QTest::keyClick(chart, Qt::Key_Right);
    QCOMPARE(stand.selection.state().token, token + 1);
}

void TestAttentionPanel::clickOnATopTokenSelectsIt() {
    Stand stand;
    stand.show();
    stand.answer();
    stand.give();
    AttentionChart* chart = stand.panel->headsChart();
    chart->openHead(7);
    const AttentionGeometry& geometry = chart->geometryOfHeads();
    const QList<int> tops = chart->state().tops(7, geometry.top_rows);
    const auto clickOn = [&](int position) {
        const auto row = static_cast<int>(tops.indexOf(position));
        QVERIFY(row >= 0);
        QTest::mouseClick(chart->viewport(), Qt::LeftButton, {}, geometry.topRow(row).center());
    };
    QVERIFY(stand.position(0) > 0);
    clickOn(0); // of the prompt: no answer has it
    QCOMPARE(stand.selection.state().token, 5);
    clickOn(stand.position(4));
    QCOMPARE(stand.selection.state(), (SelectionState{1, 4, 2, stand.trace.topExpert(4, 2)}));
    QCOMPARE(chart->openedHead(), 7);
    clickOn(stand.position(3)); // what is shown is still of the token before
    QCOMPARE(stand.selection.state().token, 4);
    stand.give();
    // A bar is as high as the most of its positions.
    const int bin = stand.position(2) / geometry.bin;
    const int first = bin * geometry.bin;
    int most = first;
    for (int position = first; position < std::min(first + geometry.bin, chart->state().positions()); ++position) {
        most = chart->state().weight(7, position) > chart->state().weight(7, most) ? position : most;
    }
    QTest::mouseClick(chart->viewport(), Qt::LeftButton, {}, QPoint(geometry.xOf(bin), geometry.window.center().y()));
    QCOMPARE(stand.position(stand.selection.state().token), most);
    QVERIFY(stand.selection.state().token < 4);
}

void TestAttentionPanel::readoutAndTwinShowTheSameNumbers() {
    Stand stand;
    stand.show();
    stand.answer();
    stand.give(8, true);
    AttentionChart* chart = stand.panel->headsChart();
    const AttentionState& state = chart->state();
    chart->setHead(3);
    QVERIFY2(stand.panel->readoutText().contains(QString("first token %1 %").arg(100 * state.weight(3, 0), 0, 'f', 1)),
             qPrintable(stand.panel->readoutText()));
    QVERIFY(stand.panel->readoutText().contains("learned sink 3.0 %"));
    QVERIFY(stand.panel->readoutText().contains("Layer 3, head 3"));

    const AttentionGeometry& geometry = chart->geometryOfHeads();
    chart->setHead(1);
    chart->setHead(0);
    const QRect strip = geometry.strip(1, chart->verticalScrollBar()->value());
    const QPoint at(strip.left() + strip.width() / 2, strip.center().y());
    // Not QTest::mouseMove(): after a double click in another window the platform still holds a button.
    QMouseEvent move(QEvent::MouseMove, at, chart->viewport()->mapToGlobal(at), Qt::NoButton, Qt::NoButton, {});
    QApplication::sendEvent(chart->viewport(), &move);
    const int first = geometry.binAt(at.x()) * geometry.bin;
    const int last = std::min(first + geometry.bin, state.positions()) - 1;
    QTRY_VERIFY2(stand.panel->readoutText().contains("head 1"), qPrintable(stand.panel->readoutText()));
    QVERIFY2(stand.panel->readoutText().contains(first == last
                                                     ? QString("position %1,").arg(first + 1)
                                                     : QString("positions %1–%2").arg(first + 1).arg(last + 1)),
             qPrintable(stand.panel->readoutText()));
    QVERIFY(stand.panel->readoutText().contains(QString::number(100 * state.maximum(1, first, last), 'f', 1)));

    stand.panel->setTwinShown(true);
    QTRY_VERIFY(stand.panel->twin()->isVisible());
    QCOMPARE(stand.panel->table()->rowCount(), 8);
    QCOMPARE(stand.panel->table()->data(stand.panel->table()->index(3, 1), TabularModel::RawRole).toDouble(),
             100 * state.weight(3, 0));
    stand.panel->setTwinShown(false);
    chart->openHead(3);
    QCOMPARE(stand.panel->table()->rowCount(), state.positions());
}

void TestAttentionPanel::cellsHaveTheColourOfTheirWeight() {
    Stand stand;
    stand.show();
    stand.answer();
    stand.give(4);
    AttentionChart* chart = stand.panel->headsChart();
    const AttentionState& state = chart->state();
    const AttentionGeometry& geometry = chart->geometryOfHeads();
    const QImage image = painted(chart);
    for (int head = 1; head < 4; ++head) { // the chosen one's row has another ground, and the same cells
        const QRect strip = geometry.strip(head, 0);
        const std::vector<double> bins = state.binned(head, geometry.bin);
        for (const int bin : {0, 1, geometry.bins / 2, geometry.bins - 1}) {
            const QColor want = theme().sequential(std::sqrt(bins[size_t(bin)] / state.most()));
            QVERIFY2(near(image.pixelColor(geometry.xOf(bin), strip.center().y()), want),
                     qPrintable(QString("head %1, bin %2").arg(head).arg(bin)));
        }
    }
    // The token that looks has the line of the selection.
    QVERIFY(near(image.pixelColor(geometry.bars_left + geometry.bars_width, geometry.window.center().y()),
                 theme().color(Color::AccentText)));
}

void TestAttentionPanel::bothListsHaveOneScale() {
    Stand stand;
    stand.show();
    stand.answer();
    stand.give();
    const AttentionChart* chart = stand.panel->headsChart();
    for (const QSize& size : {QSize(500, 440), QSize(482, 260)}) { // below the heads, and beside them
        stand.panel->resize(size);
        const QImage image = painted(stand.panel->headsChart());
        const AttentionGeometry& geometry = chart->geometryOfHeads();
        QCOMPARE(geometry.beside > 0, size.height() < 300);
        const int whole = chart->shareTrack(geometry.distances, 0).width();
        QVERIFY2(whole >= 20, qPrintable(QString::number(whole)));
        const auto check = [&](const QRect& list, const QList<AttentionState::Mass>& shares) {
            for (int i = 0; i < shares.size(); ++i) {
                const QRect track = chart->shareTrack(list, i);
                QCOMPARE(track.width(), whole);
                int filled = 0;
                for (int x = track.left(); x <= track.right(); ++x) {
                    filled += near(image.pixelColor(x, track.center().y()), theme().color(Color::Shared)) ? 1 : 0;
                }
                QVERIFY(std::abs(filled - whole * shares.at(i).share) <= 1);
            }
        };
        check(geometry.distances, chart->state().byDistance(-1));
        check(geometry.messages, chart->state().byMessage(-1));
    }
}

void TestAttentionPanel::longListsOfMessagesAreJoined() {
    QList<AttentionState::Mass> masses;
    for (int i = 0; i < 20; ++i) {
        masses.append({QString::number(i), i, i, 0.05});
    }
    const QList<AttentionState::Mass> joined = joinedShares(masses, 9);
    QCOMPARE(joined.size(), 9);
    QCOMPARE(joined.first().label, QString("Earlier"));
    QCOMPARE(joined.first().first, 0);
    QCOMPARE(joined.first().last, 11);
    QVERIFY(std::abs(joined.first().share - 0.6) < 1e-9);
    QCOMPARE(joined.last().label, QString("19"));
    QCOMPARE(joinedShares(masses.mid(0, 9), 9).first().label, QString("0"));
}

void TestAttentionPanel::darkLargeAndSmall() {
    for (const Scheme scheme : {Scheme::Light, Scheme::Dark}) {
        setTheme(*qApp, Theme(scheme, 1.5));
        Stand stand;
        stand.show();
        stand.answer();
        stand.give(64, true);
        for (const int head : {-1, 63}) {
            stand.panel->headsChart()->openHead(head);
            for (const QSize& size : {QSize(380, 300), QSize(480, 420), QSize(1000, 900)}) {
                stand.panel->resize(size);
                QVERIFY(!painted(stand.panel->headsChart()).isNull());
            }
        }
    }
    setTheme(*qApp, Theme(Scheme::Light));
}

QTEST_MAIN(TestAttentionPanel)
#include "tst_attention_panel.moc"
