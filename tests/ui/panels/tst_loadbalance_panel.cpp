// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/panels/routerboard.h"
#include "ui/widgets/segmentedcontrol.h"
#include "ui/widgets/tabletwin.h"

#include <QApplication>
#include <QHelpEvent>
#include <QToolTip>

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
    QTest::addColumn<int>("bars");
    QTest::addColumn<int>("columns");
    QTest::addColumn<int>("least");
    QTest::newRow("as Token path") << 494 << 3 << 5 << 60;
    QTest::newRow("as Token path at 1280") << 394 << 3 << 4 << 50;
    QTest::newRow("least") << 378 << 3 << 4 << 45;
    QTest::newRow("wide") << 900 << 5 << 5 << 120;
}

void TestLoadBalancePanel::loadColumns() {
    QFETCH(int, width);
    QFETCH(int, columns);
    QFETCH(int, least);
    const std::array<int, LoadGeometry::kColumns> titles{20, 76, 26, 26, 58}; // in a wide font
    const LoadGeometry load = LoadGeometry::of({width, 212}, 8, titles, 1);
    QTEST(load.bars, "bars");
    QVERIFY2(load.bar_width >= least, qPrintable(QString::number(load.bar_width)));
    for (int column = 0; column < LoadGeometry::kColumns; ++column) {
        QCOMPARE(load.hasColumn(column), column < columns);
        if (!load.hasColumn(column)) {
            continue;
        }
        QVERIFY(load.numberRight(column) - load.left(column) >= titles[size_t(column)]);
        QVERIFY(load.numberRight(column) <= load.rows.right);
        QVERIFY(column == 0 || load.numberRight(column - 1) < load.left(column));
        if (!load.hasBar(column)) {
            continue;
        }
        const QRect bar = load.bar(column, 2, 1, 0);
        QCOMPARE(bar.width(), load.bar_width);
        QVERIFY(bar.right() + (column < 3 ? 30 : 22) <= load.numberRight(column)); // "0.97"
        QCOMPARE(load.bar(column, 2, 0, 0).width(), 0);
        QCOMPARE(load.bar(column, 2, -1, 0).width(), 0);
        QCOMPARE(load.bar(column, 2, 0.0001, 0).width(), 1);
        QCOMPARE(load.bar(column, 2, 9, 0).width(), load.bar_width);
        QVERIFY(load.rows.row(2, 0).contains(load.tick(column, 2, 0.5, 0)));
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
    const QRect bar = geometry.bar(LoadChart::Gini, 3, gini, 0);
    QVERIFY(near(image.pixelColor(bar.left(), bar.center().y()), amber()));
    QVERIFY(near(image.pixelColor(bar.right(), bar.center().y()), amber()));
    QVERIFY(!near(image.pixelColor(bar.right() + 2, bar.center().y()), amber()));
    pair.selection.setLayer(2);
    QVERIFY(pair.load->readoutText().startsWith(
        QStringLiteral("Layer 2 · 1 idle expert; by chance none would be idle, n = 160")));
    pair.selection.setLayer(5);
    QVERIFY(pair.load->readoutText().startsWith(QStringLiteral("Layer 5 · no warning")));
    QVERIFY(pair.load->readoutText().endsWith(QStringLiteral("decode, n = 160")));
    // A heading says what its numbers are.
    const QPoint heading(geometry.left(LoadChart::Moved) + 2, geometry.titles.center().y());
    QHelpEvent help(QEvent::ToolTip, heading, chart->viewport()->mapToGlobal(heading));
    QApplication::sendEvent(chart->viewport(), &help);
    QTRY_VERIFY(QToolTip::text().contains(QStringLiteral("second half of the answer")));
    QToolTip::hideText();
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
    // The bar is the prompt's alone, as long as the number beside it.
    const auto drawn = [&] {
        const QRect track = geometry.bar(LoadChart::Gini, 4, 1, 0);
        const QImage image = painted(chart);
        int width = 0;
        while (width < track.width() && near(image.pixelColor(track.left() + width, track.center().y()), amber())) {
            ++width;
        }
        return width;
    };
    const auto length = [&](double gini) { return geometry.bar(LoadChart::Gini, 4, gini, 0).width(); };
    const int prompt = drawn();
    QVERIFY(prompt > 0);
    phases->setCurrentIndex(0);
    QCOMPARE(drawn(), length(LayerLoad::of(pair.trace.statistics(Scope::Answer), 4).gini));
    QVERIFY(drawn() != prompt);
    phases->setCurrentIndex(1);
    QCOMPARE(drawn(), prompt);
    pair.trace.setRun(2, pair.shape, test::syntheticAnswer(pair.shape, 30, false));
    pair.trace.setCurrent(2);
    QVERIFY(says(pair.load, QStringLiteral("No prompt computed")));
    phases->setCurrentIndex(0);
    QVERIFY(!pair.load->isEmptyShown());
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
