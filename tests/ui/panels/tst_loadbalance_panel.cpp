// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/panels/routerboard.h"
#include "ui/widgets/segmentedcontrol.h"
#include "ui/widgets/tabletwin.h"

#include <QApplication>

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

class TestLoadBalancePanel : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }
    void loadColumns_data();
    void loadColumns();
    void loadBarsAndWarnings();
    void loadByPhase();
    void loadKeysAndTwin();
    void promptArrivesLive();
};

void TestLoadBalancePanel::loadColumns_data() {
    QTest::addColumn<int>("width");
    QTest::newRow("as Token path") << 494;
    QTest::newRow("least") << 378;
    QTest::newRow("wide") << 900;
}

void TestLoadBalancePanel::loadColumns() {
    QFETCH(int, width);
    const LoadGeometry load = LoadGeometry::of({width, 212}, 8, 1);
    for (int column = 0; column < LoadGeometry::kColumns; ++column) {
        const QRect bar = load.upperBar(column, 2, 1, 0);
        QCOMPARE(bar.width(), load.bar_width);
        QVERIFY(bar.right() + 30 <= load.numberRight(column)); // "0.97"
        QVERIFY(load.numberRight(column) <= load.rows.right);
        QVERIFY(column == 0 || load.numberRight(column - 1) < load.left(column));
        QCOMPARE(load.upperBar(column, 2, 0, 0).width(), 0);
        QCOMPARE(load.upperBar(column, 2, 0.0001, 0).width(), 1);
        QCOMPARE(load.upperBar(column, 2, 9, 0).width(), load.bar_width);
        QVERIFY(!bar.intersects(load.lowerBar(column, 2, 1, 0)));
        QVERIFY(load.rows.row(2, 0).contains(load.lowerBar(column, 2, 1, 0)));
    }
    QVERIFY(load.legend.top() > load.rows.window.bottom());
    QVERIFY(load.legend.bottom() < 212);
}

void TestLoadBalancePanel::loadBarsAndWarnings() {
    Pair pair(0);
    pair.show();
    // Layer 2 never asks expert 15, layer 3 sends a third of all to expert 0; the others deal round.
    QList<trace::TokenTracePtr> tokens;
    for (int at = 0; at < 160; ++at) {
        std::vector<uint16_t> experts(8, uint16_t(at % 16));
        experts[2] = uint16_t(at % 15);
        experts[3] = uint16_t(at % 5 < 2 ? 0 : at % 16);
        tokens.append(test::plainToken(pair.shape, " a", experts, std::vector<float>(8, 0.5F)));
    }
    pair.trace.setRun(1, pair.shape, tokens);
    pair.trace.setCurrent(1);
    LoadChart* chart = pair.load->bars();
    pair.selection.set({1, -1, -1, -1});
    QVERIFY(pair.load->readoutText().startsWith(QStringLiteral("2 of 8 layers with warnings")));
    const LoadGeometry& geometry = chart->geometryOfRows();
    const QImage image = painted(chart);
    const auto number = [&](int layer, int column) {
        const QRect row = geometry.rows.row(layer, 0);
        return QRect(geometry.numberRight(column) - 30, row.top(), 30, row.height());
    };
    const QColor warn = theme().color(Color::Warn);
    QVERIFY(holds(image, number(2, LoadChart::Idle), warn));
    QVERIFY(!holds(image, number(2, LoadChart::Variation), warn));
    QVERIFY(holds(image, number(3, LoadChart::Variation), warn));
    QVERIFY(holds(image, number(3, LoadChart::MaxOverMean), warn));
    QVERIFY(!holds(image, number(3, LoadChart::Idle), warn));
    QVERIFY(!holds(image, number(5, LoadChart::Idle), warn));
    QVERIFY(!holds(image, number(5, LoadChart::MaxOverMean), warn));
    // A bar is as long as its number.
    const double gini = LayerLoad::of(pair.trace.statistics(Scope::Answer), 3).gini;
    const QRect bar = geometry.upperBar(LoadChart::Gini, 3, gini, 0);
    QVERIFY(near(image.pixelColor(bar.left(), bar.center().y()), amber()));
    QVERIFY(near(image.pixelColor(bar.right(), bar.center().y()), amber()));
    QVERIFY(!near(image.pixelColor(bar.right() + 2, bar.center().y()), amber()));
    pair.selection.setLayer(2);
    QVERIFY(
        pair.load->readoutText().startsWith(QStringLiteral("Layer 2 · 1 idle expert: at n = 160 chance leaves none")));
    pair.selection.setLayer(5);
    QVERIFY(pair.load->readoutText().startsWith(QStringLiteral("Layer 5 · no warning")));
    QVERIFY(pair.load->readoutText().endsWith(QStringLiteral("decode, n = 160")));
}

void TestLoadBalancePanel::loadByPhase() {
    Pair pair;
    pair.show();
    auto* phases = pair.load->findChild<SegmentedControl*>();
    phases->setCurrentIndex(1);
    QVERIFY(says(pair.load, QStringLiteral("No prompt computed")));
    pair.trace.appendPrompt(1, test::syntheticAnswer(pair.shape, 40, false, 9));
    QVERIFY(!pair.load->isEmptyShown());
    pair.selection.setLayer(4);
    QVERIFY(pair.load->readoutText().endsWith(QStringLiteral("prefill, n = 40")));
    LoadChart* chart = pair.load->bars();
    const LoadGeometry& geometry = chart->geometryOfRows();
    // Both are drawn: the prompt above, the answer below it.
    const auto drawn = [&](const QColor& color) {
        const QRect upper = geometry.upperBar(LoadChart::Gini, 4, 1, 0);
        return holds(painted(chart), upper.united(geometry.lowerBar(LoadChart::Gini, 4, 1, 0)), color);
    };
    QVERIFY(drawn(amber()) && drawn(theme().color(Color::Shared)));
    pair.trace.setRun(2, pair.shape, test::syntheticAnswer(pair.shape, 30, false));
    pair.trace.setCurrent(2);
    QVERIFY(says(pair.load, QStringLiteral("No prompt computed")));
    phases->setCurrentIndex(0);
    QVERIFY(!pair.load->isEmptyShown());
    QVERIFY(!drawn(theme().color(Color::Shared)));
}

void TestLoadBalancePanel::loadKeysAndTwin() {
    Pair pair;
    pair.show();
    pair.trace.appendPrompt(1, test::syntheticAnswer(pair.shape, 40, false, 9));
    pair.selection.set({1, 10, 0, -1});
    LoadChart* chart = pair.load->bars();
    QTest::mouseClick(chart->viewport(), Qt::LeftButton, {}, chart->geometryOfRows().rows.row(6, 0).center());
    QCOMPARE(pair.selection.state().layer, 6);
    chart->setFocus();
    QTest::keyClick(chart, Qt::Key_Up);
    QCOMPARE(pair.selection.state().layer, 5);
    QTest::keyClick(chart, Qt::Key_End);
    QCOMPARE(pair.selection.state().layer, 7);
    QTest::keyClick(chart, Qt::Key_Home);
    QCOMPARE(pair.selection.state().layer, 0);
    QTest::keyClick(chart, Qt::Key_Right);
    QCOMPARE(pair.selection.state().token, 11);
    QTest::keyClick(chart, Qt::Key_T);
    TableTwin* twin = pair.load->twin();
    QCOMPARE(twin->model()->rowCount(), 16);
    QCOMPARE(twin->currentSourceRow(), 0);
    pair.load->setPhase(LoadPhase::Prefill);
    QCOMPARE(twin->currentSourceRow(), 8);
    QTest::keyClick(twin, Qt::Key_Down);
    QCOMPARE(pair.selection.state().layer, 1);
    QTest::keyClick(twin, Qt::Key_Up);
    QTest::keyClick(twin, Qt::Key_Up); // the last layer of the answer
    QCOMPARE(pair.load->phase(), LoadPhase::Decode);
    QCOMPARE(pair.selection.state().layer, 7);
}

void TestLoadBalancePanel::promptArrivesLive() {
    Pair pair(0);
    pair.show();
    pair.load->setPhase(LoadPhase::Prefill);
    pair.trace.begin(1, pair.shape);
    QVERIFY(pair.load->isEmptyShown());
    pair.trace.appendPrompt(1, test::syntheticAnswer(pair.shape, 12, false));
    QVERIFY(!pair.load->isEmptyShown());
    const int before = pair.load->bars()->syncCount();
    pair.trace.appendPrompt(1, test::syntheticAnswer(pair.shape, 12, false));
    QCOMPARE(pair.load->bars()->syncCount(), before + 1);
    QVERIFY(pair.load->readoutText().endsWith(QStringLiteral("prefill, n = 24")));
}

QTEST_MAIN(TestLoadBalancePanel)
#include "tst_loadbalance_panel.moc"
