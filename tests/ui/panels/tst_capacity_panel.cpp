// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/panels/panelboard.h"
#include "ui/models/loadbalance.h"
#include "ui/panels/capacitypanel.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/tabletwin.h"

#include <QApplication>
#include <QSignalSpy>

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

class TestCapacityPanel : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }
    void countsTheAnswerInView();
    void hiddenItCountsNothing();
};

void TestCapacityPanel::countsTheAnswerInView() {
    Board board(60);
    auto* panel = new CapacityPanel(&board.trace, &board.selection, &board.window);
    panel->setGeometry(0, 0, 420, 300);
    board.show();
    const QList<CapacityRow> rows = panel->bars()->rows();
    QCOMPARE(rows.size(), 8);
    QCOMPARE(panel->table()->rowCount(), 8);
    QCOMPARE(rows.first().tokens, 60);
    QCOMPARE(rows.first().capacity, 4); // ⌈60 / 16⌉
    const RoutingStatistics& counts = board.trace.statistics(Scope::Answer);
    for (const CapacityRow& row : rows) {
        QCOMPARE(counts.tokens(row.layer, row.expert), row.busiest);
        QCOMPARE(row.expert, LayerLoad::of(counts, row.layer).busiest); // as Load balance names it
    }
    QVERIFY(rows.first().dropped > 0);
    board.selection.setLayer(3);
    QVERIFY2(panel->readoutText().startsWith(
                 QStringLiteral("What if, layer 3 · %1 of 60 choices dropped").arg(rows.at(3).dropped)),
             qPrintable(panel->readoutText()));
    // The bar is as long as the share that is dropped.
    const QImage image = painted(panel->bars());
    const QRect bar = panel->bars()->barRect(0);
    const int end = bar.left() + bar.width() * rows.first().dropped / 60;
    QVERIFY(near(image.pixelColor(end - 3, bar.center().y()), theme().sequential(0.6)));
    QVERIFY(!near(image.pixelColor(end + 3, bar.center().y()), theme().sequential(0.6)));
    board.trace.setFilter(std::get<Filter>(Filter::parse(QStringLiteral("layer == 1"))));
    const auto inBar = [&](int layer) {
        return painted(panel->bars()).pixelColor(panel->bars()->barRect(layer).topLeft() + QPoint(1, 2));
    };
    QVERIFY(!near(inBar(0), theme().sequential(0.6))); // greyed, not removed
    QVERIFY(near(inBar(1), theme().sequential(0.6)));
    board.trace.setFilter({});
    panel->setRule(CapacityRule::Recycle);
    QCOMPARE(panel->bars()->rows().first().dropped, 0);
    QCOMPARE(panel->bars()->rows().first().moved, rows.first().dropped);
    panel->setFactor(16); // as at inference: room for all
    QCOMPARE(panel->bars()->rows().first().moved, 0);
    panel->setTwinShown(true);
    panel->setFactor(1);
    QCOMPARE(panel->table()->index(0, CapacityTable::Moved).data().toInt(), rows.first().dropped);
    QTest::keyClick(panel->twin(), Qt::Key_T);
    QTest::keyClick(panel->bars(), Qt::Key_End);
    QCOMPARE(board.selection.state().layer, 7);
    QTest::mouseClick(panel->bars()->viewport(), Qt::LeftButton, {}, panel->bars()->rowRect(2).center());
    QCOMPARE(board.selection.state().layer, 2);
    // All rows are in view, whatever the height; they grow with it.
    int before = 0;
    for (const int height : {230, 300, 500}) {
        panel->resize(420, height);
        QCoreApplication::processEvents();
        const QRect last = panel->bars()->rowRect(7);
        QVERIFY(last.bottom() < panel->bars()->viewport()->height() - 16 && last.height() >= 13);
        QVERIFY(last.height() >= before && last.contains(panel->bars()->barRect(7)));
        before = last.height();
    }
    QVERIFY(before > 22);
    // Recycling needs what is not always kept.
    board.trace.setRun(2, board.shape, test::syntheticAnswer(board.shape, 20, false));
    board.trace.setCurrent(2);
    QVERIFY(panel->isEmptyShown());
    QVERIFY(panel->findChild<EmptyState*>()->accessibleName().contains(QStringLiteral("Nothing can be recycled")));
    panel->setRule(CapacityRule::Drop);
    QVERIFY(!panel->isEmptyShown());
}

void TestCapacityPanel::hiddenItCountsNothing() {
    Board board(0);
    auto* panel = new CapacityPanel(&board.trace, &board.selection, &board.window);
    panel->setGeometry(0, 0, 420, 300);
    QSignalSpy wanted(panel, &CapacityPanel::probabilitiesWanted);
    board.show();
    panel->hide();
    const int before = panel->countings();
    const int synced = panel->bars()->syncCount();
    board.trace.begin(1, board.shape);
    for (const trace::TokenTracePtr& token : test::syntheticAnswer(board.shape, 20, true)) {
        board.trace.append(1, {token});
        board.selection.setLayer(int(token->position % 8));
    }
    QCOMPARE(panel->countings(), before);
    QCOMPARE(panel->bars()->syncCount(), synced);
    panel->show();
    QCOMPARE(panel->countings(), before + 1);
    QCOMPARE(panel->bars()->rows().first().tokens, 20);
    panel->setRule(CapacityRule::Recycle);
    QCOMPARE(wanted.last().first().toBool(), true);
    panel->hide();
    QCOMPARE(wanted.last().first().toBool(), false);
}

QTEST_MAIN(TestCapacityPanel)
#include "tst_capacity_panel.moc"
