// SPDX-License-Identifier: Apache-2.0
// Router and Load balance: the panels by layer with quantities beside the choices.
#include "tests/ui/panels/routerboard.h"
#include "ui/widgets/segmentedcontrol.h"
#include "ui/widgets/tabletwin.h"

#include <QApplication>
#include <QMainWindow>
#include <QScrollBar>
#include <QSignalSpy>

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;

class TestRouterPanels : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }
    void layerRows_data();
    void layerRows();
    void routerColumns();
    void timeAxis();
    void emptyBelowFourTokens();
    void emptyStates();
    void paintsTheSpread();
    void ringsOfTheSelectedToken();
    void withoutProbabilities();
    void everyExpertUsed();
    void selectionByMouseAndKeys();
    void overTime();
    void longAnswerOverTime();
    void twinsOfTheModes();
    void asksForProbabilities();
    void hiddenPanelsDoNoWork();
    void filterGreysOutLayers();
    void manyLayersScroll();
    void namesAndReadouts();
};

void TestRouterPanels::layerRows_data() {
    QTest::addColumn<QSize>("view");
    QTest::addColumn<int>("layers");
    QTest::addColumn<int>("height");
    QTest::addColumn<bool>("scrolls");
    QTest::newRow("picture") << QSize(240, 238) << 8 << 21 << false;
    QTest::newRow("squeezed") << QSize(240, 180) << 8 << 17 << false;
    QTest::newRow("least") << QSize(218, 140) << 8 << 12 << false;
    QTest::newRow("no room for all") << QSize(218, 130) << 8 << 18 << true;
    QTest::newRow("large") << QSize(500, 640) << 8 << 36 << false;
    QTest::newRow("64 layers") << QSize(240, 238) << 64 << 18 << true;
    QTest::newRow("no room at all") << QSize(10, 10) << 8 << 18 << true;
    QTest::newRow("no layer") << QSize(240, 238) << 0 << 18 << false;
}

void TestRouterPanels::layerRows() {
    QFETCH(QSize, view);
    QFETCH(int, layers);
    QFETCH(int, height);
    QFETCH(bool, scrolls);
    const LayerRows rows = LayerRows::of(view, layers, 40, 4, 1);
    QCOMPARE(rows.row_height, height);
    QCOMPARE(rows.scroll_max > 0, scrolls);
    QVERIFY(rows.left <= rows.right);
    for (int layer = 0; layer < layers; ++layer) {
        const int scroll = rows.scrollTo(layer, 0);
        const QPoint centre(rows.left, rows.row(layer, scroll).center().y());
        if (rows.window.contains(centre)) {
            QCOMPARE(rows.layerAt(centre, scroll), layer);
        }
    }
    QCOMPARE(rows.layerAt({rows.left, 5}, 0), -1); // the header
    if (layers > 0 && view.width() > 100) {
        const int scroll = rows.scrollTo(layers - 1, 0);
        QVERIFY(rows.window.contains(rows.row(layers - 1, scroll).center()));
        QVERIFY(rows.window.bottom() < view.height());
    }
}

void TestRouterPanels::routerColumns() {
    const RouterGeometry router = RouterGeometry::of({240, 238}, 8, 1);
    // As in the picture: 84 px each, from 36 and from 138.
    QCOMPARE(router.column_width, 84);
    QCOMPARE(router.left(0), 36);
    QCOMPARE(router.left(1), 138);
    QCOMPARE(router.rows.row(0, 0).top(), 40);
    for (const int column : {0, 1}) {
        QCOMPARE(router.xOf(column, 0), router.left(column));
        QCOMPARE(router.xOf(column, 1), router.left(column) + 84);
        QCOMPARE(router.xOf(column, 7), router.left(column) + 84);
        const QRect bar = router.bar(column, 3, 0.1, 0.9, 0);
        const QRect box = router.box(column, 3, 0.25, 0.75, 0);
        const QRect tick = router.tick(column, 3, 0.5, 0);
        QVERIFY(bar.height() < box.height() && box.height() < tick.height());
        QVERIFY(bar.left() < box.left() && box.right() < bar.right());
        QCOMPARE(bar.center().y(), box.center().y());
        QVERIFY(router.rows.row(3, 0).contains(tick));
        QCOMPARE(router.bar(column, 3, 0.4, 0.4, 0).width(), 1);
    }
    QVERIFY(router.xOf(0, 1) < router.left(1));
}

void TestRouterPanels::timeAxis() {
    for (const int tokens : {4, 138, 2000, 32768}) {
        const RouterTimeGeometry time = RouterTimeGeometry::of({240, 238}, tokens, 1);
        QCOMPARE(time.xOf(0), time.plot[0].left());
        QCOMPARE(time.xOf(tokens - 1), time.plot[0].right());
        QVERIFY(time.plot[0].bottom() < time.title[1].top());
        QVERIFY(time.plot[1].bottom() < time.axis.top());
        QCOMPARE(time.yOf(1, 0), time.plot[1].bottom());
        QCOMPARE(time.yOf(1, 1), time.plot[1].top());
        QCOMPARE(time.tokenAt({time.plot[0].left(), time.plot[0].center().y()}), 0);
        QCOMPARE(time.tokenAt({time.plot[1].right(), time.plot[1].center().y()}), tokens - 1);
        QCOMPARE(time.tokenAt({2, 2}), -1);
        int token = 0;
        for (int x = time.plot[0].left(); x <= time.plot[0].right(); ++x) {
            const int first = time.firstAt(x);
            while (token < first) {
                QVERIFY(time.xOf(token) < x);
                ++token;
            }
            QVERIFY(first == tokens || time.xOf(first) >= x);
        }
        QCOMPARE(time.firstAt(time.plot[0].right() + 1), tokens);
    }
}

void TestRouterPanels::emptyBelowFourTokens() {
    Pair pair(0);
    pair.show();
    QVERIFY(says(pair.router, QStringLiteral("No answer yet")));
    pair.trace.begin(1, pair.shape);
    const auto answer = test::syntheticAnswer(pair.shape, 5, true);
    pair.trace.append(1, answer.mid(0, 3));
    QVERIFY(says(pair.router, QStringLiteral("Fewer than 4 tokens")));
    QVERIFY(says(pair.router, QStringLiteral("Quartiles of 3 tokens")));
    QVERIFY(!pair.load->isEmptyShown()); // the counts stand for themselves
    pair.trace.append(1, answer.mid(3));
    QVERIFY(!pair.router->isEmptyShown());
    QVERIFY(pair.router->readoutText().contains(QStringLiteral("n = 5")));
}

void TestRouterPanels::emptyStates() {
    Pair pair(0);
    pair.show();
    const TraceShape dense = test::syntheticShape(0, 0, 0, 0, QStringLiteral("Dense"));
    pair.trace.setRun(2, dense, test::syntheticAnswer(dense, 9, false));
    pair.trace.setCurrent(2);
    QVERIFY(says(pair.router, QStringLiteral("No router in this model")));
    QVERIFY(says(pair.load, QStringLiteral("No router in this model")));
    auto bare = test::syntheticAnswer(pair.shape, 9, false);
    for (auto& token : bare) {
        auto copy = std::make_shared<trace::TokenTrace>(*token);
        copy->router = {};
        token = copy;
    }
    pair.trace.setRun(3, pair.shape, bare);
    pair.trace.setCurrent(3);
    QVERIFY(says(pair.router, QStringLiteral("No routing recorded")));
    QVERIFY(says(pair.load, QStringLiteral("No routing recorded")));
    pair.trace.setRun(4, pair.shape, {});
    pair.trace.setCurrent(4);
    QVERIFY(says(pair.router, QStringLiteral("No tokens")));
    QVERIFY(says(pair.load, QStringLiteral("No tokens")));
    pair.trace.clear();
    QVERIFY(says(pair.router, QStringLiteral("No answer yet")));
    pair.trace.setModel({});
    QVERIFY(says(pair.router, QStringLiteral("Load a model")));
    QVERIFY(says(pair.load, QStringLiteral("Load a model")));
}

void TestRouterPanels::paintsTheSpread() {
    Pair pair;
    pair.show();
    pair.selection.set({1, -1, -1, -1});
    RouterUncertainty plain(&pair.trace);
    plain.refresh();
    const QImage image = painted(pair.router->routers());
    for (int layer = 0; layer < 8; ++layer) {
        const UncertaintySpread& spread = plain.spread(layer);
        for (const int column : {0, 1}) {
            const Percentiles& values = column == 0 ? spread.entropy : spread.margin;
            const double top = column == 0 ? 4 : 1;
            const auto at = [&](size_t which) { return pair.rows().xOf(column, values[which] / top); };
            const int y = pair.rows().bar(column, layer, 0, 0, 0).center().y();
            const int inBox = at(1) + 3 < at(2) - 2 ? at(1) + 1 : at(3) - 2;
            QVERIFY(near(image.pixelColor(inBox, y), amber()));
            QVERIFY(near(image.pixelColor(at(2), y - 5), theme().color(Color::Text)));
            if (at(4) - at(3) > 4) {
                QVERIFY(near(image.pixelColor(at(4) - 2, y), theme().color(Color::Border)));
                QVERIFY(!near(image.pixelColor(at(4) + 3, y), theme().color(Color::Border)));
            }
        }
    }
}

void TestRouterPanels::ringsOfTheSelectedToken() {
    Pair pair;
    pair.show();
    pair.selection.set({1, 12, 5, -1});
    const QImage image = painted(pair.router->routers());
    const QColor line = theme().color(Color::AccentText);
    const trace::RouterTrace& router = *pair.trace.router(12);
    for (int layer = 0; layer < 8; ++layer) {
        const int y = pair.rows().bar(0, layer, 0, 0, 0).center().y();
        const int entropy = pair.rows().xOf(0, routerEntropy(router, layer) / 4);
        const int margin = pair.rows().xOf(1, double(router.margin(uint32_t(layer))));
        QVERIFY(holds(image, QRect(entropy - 5, y - 5, 11, 11), line));
        QVERIFY(holds(image, QRect(margin - 5, y - 5, 11, 11), line));
    }
    // The layer's band, and what the readout says of it.
    const QRect row = pair.rows().rows.row(5, 0);
    QVERIFY(near(image.pixelColor(row.left() + 3, row.center().y()), theme().color(Color::AccentTint)));
    QCOMPARE(pair.router->readoutText(),
             QStringLiteral("○ token 13 · box 25–75 %, n = 60 · layer 5: %1 bits, margin %2 · bar 10–90 %")
                 .arg(routerEntropy(router, 5), 0, 'f', 2)
                 .arg(marginText(router, 5)));
    pair.selection.set({1, -1, 5, -1});
    QVERIFY(!holds(painted(pair.router->routers()), pair.rows().rows.window, line));
}

void TestRouterPanels::withoutProbabilities() {
    Pair pair(20, false);
    pair.show();
    pair.selection.set({1, 3, 2, -1});
    const QImage image = painted(pair.router->routers());
    const QRect entropy(pair.rows().left(0), pair.rows().rows.window.top(), 84, 8 * 21);
    const QRect margin(pair.rows().left(1), pair.rows().rows.window.top(), 84, 8 * 21);
    QVERIFY(!holds(image, entropy, amber()));
    QVERIFY(holds(image, margin, amber()));
    QVERIFY(holds(image, entropy, theme().color(Color::TextMuted))); // it says so
    QVERIFY(pair.router->readoutText().contains(QStringLiteral("layer 2: no entropy, margin ")));
    QVERIFY(pair.router->readoutText().contains(QStringLiteral("entropy of 0 tokens")));
}

void TestRouterPanels::everyExpertUsed() {
    Pair pair(20, true, test::syntheticShape(3, 4, 4, 0));
    pair.show();
    QVERIFY(!pair.router->isEmptyShown());
    const QImage image = painted(pair.router->routers());
    const QRect margin(pair.rows().left(1), pair.rows().rows.window.top(), 84, 60);
    QVERIFY(!holds(image, margin, amber()));
    QVERIFY(!pair.load->isEmptyShown());
    QCOMPARE(pair.load->table()->index(0, LoadTable::Variation).data(TabularModel::RawRole).toDouble(), 0.0);
}

void TestRouterPanels::selectionByMouseAndKeys() {
    Pair pair;
    pair.show();
    RouterChart* chart = pair.router->routers();
    pair.selection.set({1, 10, 0, -1});
    QTest::mouseClick(chart->viewport(), Qt::LeftButton, {}, pair.rows().rows.row(3, 0).center());
    QCOMPARE(pair.selection.state().layer, 3);
    QCOMPARE(pair.selection.state().token, 10);
    QCOMPARE(pair.selection.state().expert, pair.trace.topExpert(10, 3));
    QTest::mouseMove(chart->viewport(), pair.rows().rows.row(6, 0).center());
    QTRY_VERIFY(pair.router->readoutText().startsWith(QStringLiteral("Layer 6 · median ")));
    QVERIFY(pair.router->readoutText().contains(QStringLiteral("n = 60")));
    QVERIFY(pair.router->readoutText().contains(QStringLiteral("close calls")));
    QEvent leave(QEvent::Leave);
    QApplication::sendEvent(chart->viewport(), &leave);
    QVERIFY(pair.router->readoutText().startsWith(QStringLiteral("○ token 11")));
    chart->setFocus();
    QTest::keyClick(chart, Qt::Key_Down);
    QCOMPARE(pair.selection.state().layer, 4);
    QTest::keyClick(chart, Qt::Key_End);
    QCOMPARE(pair.selection.state().layer, 7);
    QTest::keyClick(chart, Qt::Key_Down);
    QCOMPARE(pair.selection.state().layer, 7);
    QTest::keyClick(chart, Qt::Key_Home);
    QCOMPARE(pair.selection.state().layer, 0);
    QTest::keyClick(chart, Qt::Key_Up);
    QCOMPARE(pair.selection.state().layer, 0);
    QTest::keyClick(chart, Qt::Key_Right);
    QCOMPARE(pair.selection.state().token, 11);
    QTest::keyClick(chart, Qt::Key_Left);
    QCOMPARE(pair.selection.state().token, 10);
    QTest::keyClick(chart, Qt::Key_BracketRight);
    QCOMPARE(pair.selection.state().layer, 1);
}

void TestRouterPanels::overTime() {
    Pair pair;
    pair.show();
    RouterChart* chart = pair.router->routers();
    pair.router->findChild<SegmentedControl*>()->setCurrentIndex(1);
    QCOMPARE(pair.router->mode(), RouterMode::Time);
    QCOMPARE(pair.router->findChild<SegmentedControl*>()->currentIndex(), 1);
    pair.selection.set({1, 30, 2, -1});
    RouterUncertainty plain(&pair.trace);
    plain.refresh();
    const RouterTimeGeometry& time = chart->geometryOfTime();
    QCOMPARE(time.tokens, 60);
    const QImage image = painted(chart);
    for (const int token : {16, 45, 58}) { // on the line
        const TokenUncertainty mean = plain.slidingMean(token);
        QVERIFY(holds(image, QRect(time.xOf(token) - 1, time.yOf(0, mean.entropy / 4) - 1, 3, 3), amber()));
        QVERIFY(holds(image, QRect(time.xOf(token) - 1, time.yOf(1, mean.margin) - 1, 3, 3), amber()));
    }
    const QColor line = theme().color(Color::AccentText);
    for (const int column : {0, 1}) {
        QVERIFY(near(image.pixelColor(time.xOf(30), time.plot[column].top()), line));
    }
    QVERIFY(pair.router->readoutText().startsWith(QStringLiteral("Token 31 · ")));
    QVERIFY(pair.router->readoutText().contains(QStringLiteral("mean of 16: %1 bits · margin %2")
                                                    .arg(plain.slidingMean(30).entropy, 0, 'f', 2)
                                                    .arg(plain.slidingMean(30).margin, 0, 'f', 2)));
    QVERIFY(pair.router->readoutText().endsWith(QStringLiteral("n = 8 layers")));
    QTest::mouseClick(chart->viewport(), Qt::LeftButton, {}, {time.xOf(44), time.plot[1].center().y()});
    QCOMPARE(pair.selection.state().token, 44);
    chart->setFocus();
    QTest::keyClick(chart, Qt::Key_Right);
    QCOMPARE(pair.selection.state().token, 45);
    QTest::keyClick(chart, Qt::Key_End);
    QCOMPARE(pair.selection.state().token, 59);
    QTest::keyClick(chart, Qt::Key_Home);
    QCOMPARE(pair.selection.state().token, 0);
    QTest::keyClick(chart, Qt::Key_Down);
    QCOMPARE(pair.selection.state().layer, 3);
    pair.selection.set({1, -1, 2, -1});
    QVERIFY(pair.router->readoutText().startsWith(QStringLiteral("Mean of 16 tokens over 8 layers")));
    QVERIFY(!holds(painted(chart), time.plot[0], line));
}

void TestRouterPanels::longAnswerOverTime() {
    Pair pair(3000, false);
    pair.show();
    pair.router->setMode(RouterMode::Time);
    RouterChart* chart = pair.router->routers();
    const RouterTimeGeometry& time = chart->geometryOfTime();
    RouterUncertainty plain(&pair.trace);
    plain.refresh();
    const QImage image = painted(chart);
    for (int x = time.plot[1].left() + 3; x < time.plot[1].right() - 3; x += 10) {
        // The column of pixels shows all its tokens' means.
        for (int token = time.firstAt(x); token < time.firstAt(x + 1); ++token) {
            QVERIFY(near(image.pixelColor(x, time.yOf(1, plain.slidingMean(token).margin)), amber()));
        }
    }
}

void TestRouterPanels::twinsOfTheModes() {
    Pair pair;
    pair.show();
    pair.selection.set({1, 12, 5, -1});
    pair.router->setTwinShown(true);
    TableTwin* twin = pair.router->twin();
    QCOMPARE(twin->model()->rowCount(), 8);
    QCOMPARE(twin->currentSourceRow(), 5);
    QTest::keyClick(twin, Qt::Key_Down);
    QCOMPARE(pair.selection.state().layer, 6);
    pair.router->setMode(RouterMode::Time);
    QCOMPARE(twin->model()->rowCount(), 60);
    QCOMPARE(twin->currentSourceRow(), 12);
    QCOMPARE(pair.router->table()->columnCount(), int(RouterTimeTable::Count) + 1);
    QTest::keyClick(twin, Qt::Key_Down);
    QCOMPARE(pair.selection.state().token, 13);
    pair.trace.setRun(2, pair.shape, test::syntheticAnswer(pair.shape, 9, true));
    pair.selection.setToken(2, 3);
    QCOMPARE(twin->model()->rowCount(), 9);
    // Another answer while the panel is hidden, the table still shown.
    pair.router->hide();
    pair.selection.setToken(1, 40);
    pair.router->show();
    QCOMPARE(twin->model()->rowCount(), 60);
    QCOMPARE(twin->currentSourceRow(), 40);
    pair.router->hide();
    pair.selection.setToken(2, 3);
    pair.router->show();
    QCOMPARE(twin->model()->rowCount(), 9);
    pair.router->setMode(RouterMode::Layers);
    QCOMPARE(twin->model()->rowCount(), 8);
    pair.router->setTwinShown(false);
    QVERIFY(pair.router->routers()->isVisible());
}

void TestRouterPanels::asksForProbabilities() {
    Pair pair;
    QSignalSpy wanted(pair.router, &RouterPanel::probabilitiesWanted);
    pair.show();
    QVERIFY(!wanted.isEmpty());
    QCOMPARE(wanted.last().at(0).toBool(), true);
    pair.router->hide();
    QCOMPARE(wanted.last().at(0).toBool(), false);
}

void TestRouterPanels::hiddenPanelsDoNoWork() {
    Pair pair(0);
    QMainWindow window;
    auto* front = new LoadBalancePanel(&pair.trace, &pair.selection, &window);
    auto* back = new RouterPanel(&pair.trace, &pair.selection, &window);
    auto* hidden = new LoadBalancePanel(&pair.trace, &pair.selection, &window);
    window.addDockWidget(Qt::RightDockWidgetArea, front);
    window.tabifyDockWidget(front, back);
    window.addDockWidget(Qt::BottomDockWidgetArea, hidden);
    hidden->hide();
    window.resize(800, 600);
    window.show();
    QVERIFY(QTest::qWaitForWindowExposed(&window));
    front->raise();
    QCoreApplication::processEvents();
    pair.trace.begin(1, pair.shape);
    QSignalSpy backRows(back->table(), &QAbstractItemModel::dataChanged);
    QSignalSpy hiddenRows(hidden->table(), &QAbstractItemModel::dataChanged);
    const auto answer = test::syntheticAnswer(pair.shape, 200, true);
    const int before = back->chart()->syncCount();
    const int hiddenBefore = hidden->chart()->syncCount();
    const int frontBefore = front->chart()->syncCount();
    for (int at = 0; at < 200; at += 4) {
        pair.trace.appendPrompt(1, answer.mid(at, 2));
        pair.trace.append(1, answer.mid(at, 4));
        QCoreApplication::processEvents();
    }
    QCOMPARE(back->chart()->syncCount(), before);
    QCOMPARE(hidden->chart()->syncCount(), hiddenBefore);
    QVERIFY(front->chart()->syncCount() >= frontBefore + 50);
    QCOMPARE(backRows.size(), 0);
    QCOMPARE(hiddenRows.size(), 0);
    const auto tokensInTable = [&] { return back->table()->index(0, RouterLayersTable::Count).data().toInt(); };
    QCOMPARE(tokensInTable(), 0);
    // They catch up when they come into view.
    back->raise();
    QTRY_VERIFY(back->chart()->syncCount() > before);
    QVERIFY(!back->isEmptyShown());
    QVERIFY(back->readoutText().contains(QStringLiteral("n = 200")));
    hidden->show();
    QTRY_VERIFY(hidden->chart()->syncCount() > hiddenBefore);
    QVERIFY(hidden->readoutText().endsWith(QStringLiteral("decode, n = 200")));
    QCOMPARE(tokensInTable(), 200);
}

void TestRouterPanels::filterGreysOutLayers() {
    Pair pair;
    pair.show();
    pair.selection.set({1, -1, -1, -1});
    const LoadGeometry& load = pair.load->bars()->geometryOfRows();
    const auto strong = [&](int layer) {
        const QRect rows = pair.rows().rows.row(layer, 0);
        const bool spread = holds(painted(pair.router->routers()), rows, amber());
        const QRect bar = load.bar(LoadChart::Gini, layer, 1, 0);
        const bool bars = holds(painted(pair.load->bars()), bar, amber());
        return spread && bars ? 2 : spread || bars ? 1 : 0;
    };
    QCOMPARE(strong(2), 2);
    pair.trace.setFilter(std::get<Filter>(Filter::parse(QStringLiteral("layer>3"))));
    QCOMPARE(strong(2), 0);
    QCOMPARE(strong(5), 2);
    pair.trace.setFilter(Filter());
    QCOMPARE(strong(2), 2);
}

void TestRouterPanels::manyLayersScroll() {
    Pair pair(30, true, test::syntheticShape(64, 16, 1, 1));
    pair.show();
    pair.selection.set({1, 4, 0, -1});
    for (ChartView* chart :
         {static_cast<ChartView*>(pair.router->routers()), static_cast<ChartView*>(pair.load->bars())}) {
        QVERIFY(chart->verticalScrollBar()->maximum() > 0);
        QCOMPARE(chart->verticalScrollBar()->value(), 0);
        chart->setFocus();
        QTest::keyClick(chart, Qt::Key_End);
        QCOMPARE(pair.selection.state().layer, 63);
        QCOMPARE(chart->verticalScrollBar()->value(), chart->verticalScrollBar()->maximum());
        QTest::keyClick(chart, Qt::Key_Home);
        QCOMPARE(chart->verticalScrollBar()->value(), 0);
    }
}

void TestRouterPanels::namesAndReadouts() {
    Pair pair;
    pair.show();
    pair.selection.set({1, 12, 5, 6});
    for (PanelFrame* panel : {static_cast<PanelFrame*>(pair.router), static_cast<PanelFrame*>(pair.load)}) {
        QVERIFY(!panel->accessibleName().isEmpty());
        QVERIFY(!panel->chart()->accessibleName().isEmpty());
        QVERIFY(!panel->findChild<SegmentedControl*>()->accessibleName().isEmpty());
        QCOMPARE(panel->chart()->accessibleDescription(), panel->readoutText());
        QVERIFY(!panel->twin()->accessibleName().isEmpty());
        QVERIFY(panel->readoutText().contains(QStringLiteral("n = 60")));
    }
    setTheme(*qApp, Theme(Scheme::Dark, 1.5));
    QCoreApplication::processEvents();
    for (ChartView* chart :
         {static_cast<ChartView*>(pair.router->routers()), static_cast<ChartView*>(pair.load->bars())}) {
        QVERIFY(near(painted(chart).pixelColor(3, 3), theme().color(Color::Panel)));
        QVERIFY(holds(painted(chart), chart->viewport()->rect(), amber()));
    }
    setTheme(*qApp, Theme(Scheme::Light));
}

QTEST_MAIN(TestRouterPanels)
#include "tst_routerpanels.moc"
