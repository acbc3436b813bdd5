// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/heatmapgeometry.h"
#include "ui/panels/kvgeometry.h"
#include "ui/panels/pathgeometry.h"
#include "ui/panels/stripgeometry.h"

#include <QTest>

using namespace moescope::ui;

class TestPanelGeometry : public QObject {
    Q_OBJECT
private slots:
    void heatmapCells_data();
    void heatmapCells();
    void heatmapFindsEachCell_data();
    void heatmapFindsEachCell();
    void heatmapScroll();
    void heatmapLabels();
    void stripWraps();
    void stripEdges();
    void stripNeighbours();
    void stripHugeToken();
    void pathColumns_data();
    void pathColumns();
    void pathBars();
    void kvBars();
};

void TestPanelGeometry::heatmapCells_data() {
    QTest::addColumn<QSize>("view");
    QTest::addColumn<int>("layers");
    QTest::addColumn<int>("experts");
    QTest::addColumn<bool>("shared");
    QTest::addColumn<QSize>("cell");
    QTest::addColumn<int>("merged");
    QTest::addColumn<bool>("numbers");
    // The sizes of the design's pictures.
    QTest::newRow("inspect") << QSize(598, 281) << 8 << 16 << true << QSize(26, 24) << 1 << true;
    QTest::newRow("inspect at 1440 x 900") << QSize(592, 281) << 8 << 16 << true << QSize(26, 24) << 1 << true;
    QTest::newRow("small window") << QSize(791, 253) << 8 << 16 << true << QSize(36, 21) << 1 << true;
    QTest::newRow("large window") << QSize(988, 545) << 8 << 16 << true << QSize(50, 48) << 1 << true;
    QTest::newRow("high and narrow") << QSize(598, 545) << 8 << 16 << true << QSize(26, 26) << 1 << true;
    QTest::newRow("wide and low") << QSize(1200, 281) << 8 << 16 << true << QSize(36, 24) << 1 << true;
    QTest::newRow("32 x 64") << QSize(710, 468) << 32 << 64 << true << QSize(8, 12) << 1 << false;
    QTest::newRow("48 x 128") << QSize(686, 468) << 48 << 128 << false << QSize(4, 8) << 1 << false;
    QTest::newRow("least") << QSize(418, 200) << 8 << 16 << true << QSize(15, 14) << 1 << false;
    QTest::newRow("merged") << QSize(418, 200) << 8 << 128 << true << QSize(5, 14) << 3 << false;
    QTest::newRow("no room at all") << QSize(10, 10) << 8 << 128 << true << QSize(4, 4) << 128 << false;
    QTest::newRow("many layers scroll") << QSize(598, 281) << 64 << 16 << true << QSize(26, 4) << 1 << false;
}

void TestPanelGeometry::heatmapCells() {
    QFETCH(QSize, view);
    QFETCH(int, layers);
    QFETCH(int, experts);
    QFETCH(bool, shared);
    const HeatmapGeometry geometry = HeatmapGeometry::of(view, layers, experts, shared, 1);
    QTEST(QSize(geometry.cell_width, geometry.cell_height), "cell");
    QTEST(geometry.merged, "merged");
    QTEST(geometry.hasNumbers(), "numbers");
    QCOMPARE(geometry.places, (experts + geometry.merged - 1) / geometry.merged);
    QCOMPARE(geometry.shared.isEmpty(), !shared);
    if (view.width() > 100) {
        QVERIFY(geometry.side_right <= view.width());
        QVERIFY(geometry.cv_right < geometry.side_right);
        QVERIFY(geometry.legend.bottom() + 2 < view.height()); // the focus frame keeps clear of it
        QVERIFY(view.width() - geometry.side_right >= 12);
    }
}

void TestPanelGeometry::heatmapFindsEachCell_data() { heatmapCells_data(); }

void TestPanelGeometry::heatmapFindsEachCell() {
    QFETCH(QSize, view);
    QFETCH(int, layers);
    QFETCH(int, experts);
    QFETCH(bool, shared);
    const HeatmapGeometry geometry = HeatmapGeometry::of(view, layers, experts, shared, 1);
    for (int layer = 0; layer < layers; ++layer) {
        for (int column = 0; column < geometry.places; ++column) {
            const QRect cell = geometry.cell(layer, column, 0);
            if (geometry.window.contains(cell.center())) {
                QCOMPARE(geometry.cellAt(cell.center(), 0), (CellGrid::Cell{layer, column}));
                QCOMPARE(geometry.cellAt(cell.topLeft(), 0), (CellGrid::Cell{layer, column}));
            }
        }
    }
    QVERIFY(!geometry.cellAt(QPoint(2, geometry.map.top() + 2), 0));
    QVERIFY(!geometry.cellAt(QPoint(geometry.map.right() + 1, geometry.map.top() + 2), 0));
    QVERIFY(!geometry.cellAt(QPoint(geometry.map.left(), geometry.map.top() - 1), 0));
}

void TestPanelGeometry::heatmapScroll() {
    const HeatmapGeometry fits = HeatmapGeometry::of({598, 281}, 8, 16, true, 1);
    QCOMPARE(fits.scroll_max, 0);
    const HeatmapGeometry scrolls = HeatmapGeometry::of({598, 281}, 64, 16, true, 1);
    QCOMPARE(scrolls.scroll_max, 64 * 4 - (281 - 84) / 4 * 4); // whole rows
    QCOMPARE(scrolls.window.height() % 4, 0);
    const int scroll = scrolls.scrollTo(63, 0);
    QCOMPARE(scroll, scrolls.scroll_max);
    QVERIFY(scrolls.window.contains(scrolls.cell(63, 0, scroll)));
    QCOMPARE(scrolls.scrollTo(30, scroll), scroll); // in view already
    QCOMPARE(scrolls.scrollTo(0, scroll), 0);
    const QPoint last = scrolls.cell(63, 5, scroll).center();
    QCOMPARE(scrolls.cellAt(last, scroll), (CellGrid::Cell{63, 5}));
}

void TestPanelGeometry::heatmapLabels() {
    QCOMPARE(HeatmapGeometry::of({598, 281}, 8, 16, true, 1).columnLabelStep(14), 1);
    QCOMPARE(HeatmapGeometry::of({710, 468}, 32, 64, true, 1).columnLabelStep(14), 8);
    QCOMPARE(HeatmapGeometry::of({686, 468}, 48, 128, false, 1).columnLabelStep(29), 16);
    QCOMPARE(HeatmapGeometry::of({598, 281}, 8, 16, true, 1).label_step, 1);
    QCOMPARE(HeatmapGeometry::of({710, 468}, 32, 64, true, 1).label_step, 4);
}

void TestPanelGeometry::stripWraps() {
    StripGeometry strip(200, 1);
    QCOMPARE(strip.rows(), 0);
    QCOMPARE(strip.scrollMax(100), 0);
    QCOMPARE(strip.tokenAt({50, 50}), -1);
    strip.append(44, false); // 50 wide
    strip.append(44, false);
    strip.append(44, false); // 12 + 3 × 50 + 2 × 2 = 166 ≤ 188
    strip.append(44, false); // does not fit
    strip.append(4, true);   // narrow: at least 22; then a break
    strip.append(44, false);
    QCOMPARE(strip.rows(), 3);
    QCOMPARE(strip.box(2).row, 0);
    QCOMPARE(strip.box(3).row, 1);
    QCOMPARE(strip.box(4).row, 1);
    QCOMPARE(strip.box(4).width, 22);
    QCOMPARE(strip.box(5).row, 2);
    QCOMPARE(strip.rowFirst(1), 3);
    QCOMPARE(strip.rowLast(1), 4);
    QCOMPARE(strip.rowLast(2), 5);
    for (int token = 0; token < strip.count(); ++token) {
        QCOMPARE(strip.tokenAt(strip.rect(token).center()), token);
        QCOMPARE(strip.tokenAt({strip.rect(token).center().x(), strip.below(token).center().y()}), token);
        QVERIFY(strip.rect(token).right() < 200);
    }
    QCOMPARE(strip.tokenAt({190, strip.rect(3).center().y()}), -1);
}

void TestPanelGeometry::stripEdges() {
    StripGeometry strip(100, 1);
    for (int token = 0; token < 40; ++token) {
        strip.append(60, false); // a row each
    }
    QCOMPARE(strip.rows(), 40);
    const int height = 14 + 4 * 38;
    QCOMPARE(strip.visibleRows(height), 4);
    QCOMPARE(strip.visibleRows(height - 1), 3);
    QCOMPARE(strip.visibleRows(5), 1);
    for (const int token : {0, 1, 17, 38, 39}) {
        for (const int from : {0, 300, strip.scrollMax(height)}) {
            const int scroll = strip.scrollTo(token, from, height);
            QVERIFY(scroll >= 0 && scroll <= strip.scrollMax(height));
            const int top = strip.rect(token).top() - scroll;
            const int bottom = strip.below(token).bottom() - scroll;
            QCOMPARE(scroll % strip.rowPitch(), 0); // whole rows, 12 px below the title
            QVERIFY(top >= 12 && bottom < height);
            // A row away from the edges, except at the ends of the strip.
            QVERIFY(top >= 38 || scroll == 0);
            QVERIFY(bottom + 38 <= height || scroll == strip.scrollMax(height));
        }
    }
    // Where a row would be cut, rows move closer instead; all that fit keep their distance.
    StripGeometry close = strip;
    close.fit(8 + 4 * 36);
    QCOMPARE(close.visibleRows(8 + 4 * 36), 4);
    QVERIFY(close.below(3).bottom() < 8 + 4 * 36);
    QCOMPARE(close.tokenAt(close.rect(3).center()), 3);
    close.fit(height);
    QCOMPARE(close.rect(3), strip.rect(3));
    const int settled = strip.scrollTo(17, 0, height);
    QCOMPARE(strip.scrollTo(17, settled, height), settled);
}

void TestPanelGeometry::stripNeighbours() {
    StripGeometry strip(200, 1);
    for (const int width : {44, 44, 44, 94, 44}) {
        strip.append(width, false);
    }
    QCOMPARE(strip.neighbour(0, 1), 3);
    QCOMPARE(strip.neighbour(2, 1), 4);
    QCOMPARE(strip.neighbour(4, -1), 2);
    QCOMPARE(strip.neighbour(1, -1), 1);
    QCOMPARE(strip.neighbour(4, 1), 4);
}

void TestPanelGeometry::stripHugeToken() {
    StripGeometry strip(120, 1);
    strip.append(5000, false);
    strip.append(10, false);
    QVERIFY(strip.rect(0).right() < 120);
    QCOMPARE(strip.box(1).row, 1);
}

void TestPanelGeometry::pathColumns_data() {
    QTest::addColumn<QSize>("view");
    QTest::addColumn<int>("layers");
    QTest::addColumn<int>("experts");
    QTest::addColumn<int>("used");
    QTest::addColumn<bool>("strip");
    QTest::addColumn<bool>("scrolls");
    QTest::addColumn<int>("chips");
    QTest::newRow("picture") << QSize(494, 212) << 8 << 16 << 1 << true << false << 1;
    QTest::newRow("least") << QSize(378, 140) << 8 << 16 << 1 << true << false << 1;
    QTest::newRow("no room for all") << QSize(378, 120) << 8 << 16 << 1 << true << true << 1;
    QTest::newRow("large") << QSize(780, 600) << 8 << 16 << 1 << true << false << 1;
    QTest::newRow("23 layers, tall") << QSize(494, 560) << 23 << 16 << 1 << true << false << 1;
    QTest::newRow("64 layers") << QSize(494, 212) << 64 << 16 << 1 << true << true << 1;
    QTest::newRow("top-8") << QSize(494, 212) << 32 << 64 << 8 << false << true << 7;
    QTest::newRow("top-8, wide") << QSize(900, 212) << 32 << 64 << 8 << true << true << 8;
    QTest::newRow("128 experts") << QSize(494, 212) << 48 << 128 << 1 << true << true << 1;
}

void TestPanelGeometry::pathColumns() {
    QFETCH(QSize, view);
    QFETCH(int, layers);
    QFETCH(int, experts);
    QFETCH(int, used);
    const PathGeometry path = PathGeometry::of(view, layers, experts, used, 1);
    QTEST(path.gate_width > 0, "strip");
    QTEST(path.scroll_max > 0, "scrolls");
    QTEST(path.chips, "chips");
    QVERIFY(path.row_height >= 13 && path.row_height <= 48);
    QVERIFY(path.row(0, 0).contains(path.track(0, 0)) && path.row(0, 0).contains(path.chip(0, 0, 0)));
    QVERIFY(!path.upperBar(0, 1, 0).intersects(path.lowerBar(0, 1, 0)));
    // Left to right, nothing overlaps.
    const int stripRight = path.gate_width > 0 ? path.gate(0, path.gate_columns - 1, 0).right() : path.gates_left - 1;
    QVERIFY(path.label_right < path.gates_left);
    QVERIFY(stripRight < path.chips_left);
    QVERIFY(path.chip(0, path.chips - 1, 0).right() < path.gate_text_right - 25);
    QVERIFY(path.gate_text_right < path.bars_left);
    QVERIFY(path.track(0, 0).right() <= path.runner_right - 22);
    QVERIFY(path.runner_right < path.runner_gate_right && path.runner_gate_right < path.margin_right);
    QVERIFY(path.margin_right < view.width());
    if (path.gate_width > 0) {
        QVERIFY(path.gate_columns * path.merged >= experts);
        for (int expert = 0; expert < experts; expert += path.merged) {
            QCOMPARE(path.expertAt(path.gate(0, expert / path.merged, 0).center(), 0), expert);
        }
    }
    const int last = layers - 1;
    const int scroll = path.scrollTo(last, 0);
    QVERIFY(path.window.contains(path.row(last, scroll).center()));
    QCOMPARE(path.layerAt(path.row(last, scroll).center(), scroll), last);
    QCOMPARE(path.layerAt({60, 4}, scroll), -1); // the header
}

void TestPanelGeometry::pathBars() {
    const PathGeometry path = PathGeometry::of({494, 212}, 8, 16, 1, 1);
    QCOMPARE(path.gate_width, 9); // as in the picture
    QCOMPARE(path.row_height, 22);
    // Words above chip and gate push the scale beside them away.
    const PathGeometry wide = PathGeometry::of({494, 212}, 8, 16, 1, 1, 80);
    QVERIFY(wide.chips_left + 80 + 12 <= wide.bars_left);
    QCOMPARE(path.upperBar(0, 1, 0).width(), path.bars_width);
    QCOMPARE(path.upperBar(0, 0.5, 0).width(), (path.bars_width + 1) / 2);
    QCOMPARE(path.upperBar(0, 7, 0).width(), path.bars_width);
    QCOMPARE(path.lowerBar(0, 0, 0).width(), 0);
    QCOMPARE(path.lowerBar(0, 0.0001, 0).width(), 1);
    QVERIFY(!path.upperBar(0, 1, 0).intersects(path.lowerBar(0, 1, 0)));
}

void TestPanelGeometry::kvBars() {
    const KvGeometry kv = KvGeometry::of({248, 238}, 4, 3, 1);
    QCOMPARE(kv.scroll_max, 0);
    QCOMPARE(kv.xOf(0, 2048), kv.bars_left);
    QCOMPARE(kv.xOf(2048, 2048), kv.bars_left + kv.bars_width);
    QCOMPARE(kv.xOf(1024, 2048), kv.bars_left + (kv.bars_width + 1) / 2);
    QCOMPARE(kv.xOf(99999, 2048), kv.bars_left + kv.bars_width);
    QCOMPARE(kv.xOf(5, 0), kv.bars_left);
    for (int row = 0; row < 4; ++row) {
        QCOMPARE(kv.rowAt(kv.bar(row, 0).center(), 0), row);
    }
    QCOMPARE(kv.rowAt({60, 5}, 0), -1);
    QVERIFY(kv.comparisonBar(2).bottom() < 238);
    QVERIFY(kv.legend.top() > kv.bar(3, 0).bottom());

    // Rows and gaps shrink before a row is hidden; below the least size the comparison goes without its bars.
    for (const int height : {200, 160, 142}) {
        const KvGeometry low = KvGeometry::of({248, height}, 4, 3, 1);
        QCOMPARE(low.scroll_max, 0);
        QVERIFY(low.row_height < kv.row_height);
        QVERIFY(low.legend.top() > low.bar(3, 0).bottom());
        QVERIFY(low.comparisonText(2).bottom() < height);
        QVERIFY(low.bar_height == 0 || low.comparisonText(1).top() > low.comparisonBar(0).bottom());
    }
    QVERIFY(KvGeometry::of({248, 600}, 4, 3, 1).row_height > kv.row_height);

    const KvGeometry tall = KvGeometry::of({248, 238}, 16, 2, 1);
    QVERIFY(tall.scroll_max > 0);
    QVERIFY(tall.window.contains(tall.bar(15, tall.scrollTo(15, 0)).center()));
    QVERIFY(tall.comparisonBar(1).bottom() < 238);
}

QTEST_GUILESS_MAIN(TestPanelGeometry)
#include "tst_panelgeometry.moc"
