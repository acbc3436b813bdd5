// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/models/sampleledger.h"
#include "tests/ui/panels/panelboard.h"
#include "ui/models/modelfit.h"
#include "ui/panels/chartpaint.h"
#include "ui/panels/ledgerpanel.h"
#include "ui/panels/memorybar.h"
#include "ui/widgets/emptystate.h"
#include "ui/widgets/tabletwin.h"

#include <QAccessible>
#include <QApplication>
#include <QScrollBar>

using namespace moescope;
using namespace moescope::ui;
using namespace moescope::test;
using Kind = LedgerState::Kind;

namespace {

struct Ledger {
    explicit Ledger(const QSize& size = {620, 480}) {
        bindSelection(&trace, &selection);
        panel = new LedgerPanel(&trace, &selection, &window);
        panel->setGeometry(QRect({0, 0}, size));
        window.resize(size);
    }
    void show() {
        window.show();
        QVERIFY(QTest::qWaitForWindowExposed(&window));
    }
    LedgerChart* chart() const { return panel->ledger(); }
    const LedgerGeometry& geometry() const { return chart()->geometryOfLedger(); }

    LedgerState state = LedgerState::of(sampleLedger(), QStringLiteral("Card"));
    TraceModel trace;
    Selection selection;
    QWidget window;
    LedgerPanel* panel = nullptr;
};

} // namespace

class TestLedgerPanel : public QObject {
    Q_OBJECT
private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }
    void barsAreToScale();
    void readouts();
    void keys();
    void moreThanPaddingIsAWarning();
    void theEnginesCountStandsOnce();
    void hiddenDoesNothing();
    void emptyState();
    void narrowAndLow();
    void twin();
    void accessibility();
};

void TestLedgerPanel::barsAreToScale() {
    Ledger board;
    board.panel->setState(board.state);
    board.show();
    const LedgerGeometry& geometry = board.geometry();
    const QImage image = painted(board.chart());
    const auto widthOf = [&](const QRect& bar, int part) {
        int width = 0;
        for (int x = bar.left(); x <= bar.right(); ++x) {
            width += near(image.pixelColor(x, bar.center().y()), memoryColor(part)) ? 1 : 0;
        }
        return width;
    };
    const double device = double(geometry.device_bar.width()) / double(board.state.device_bytes);
    const double parts = double(geometry.parts_bar.width()) / double(*board.state.all().allocated);
    for (int part = 0; part < 4; ++part) {
        const double bytes = double(*board.state.rows.at(part).allocated);
        QVERIFY(qAbs(widthOf(geometry.device_bar, part) - bytes * device) <= 3);
        QVERIFY(qAbs(widthOf(geometry.parts_bar, part) - bytes * parts) <= 3);
    }
    // What was free before the load is a line that reaches out of the bar; what the driver has less of, a dashed one.
    const int free = LedgerGeometry::xOf(geometry.device_bar, board.state.free_before_bytes, board.state.device_bytes);
    QVERIFY(near(image.pixelColor(free, geometry.device_bar.top() - 2), theme().color(Color::Text)));
    const int taken =
        LedgerGeometry::xOf(geometry.device_bar, quint64(board.state.takenByDriver()), board.state.device_bytes);
    QVERIFY(near(image.pixelColor(taken, geometry.device_bar.top() - 4), theme().color(Color::TextSecondary)));
}

void TestLedgerPanel::readouts() {
    Ledger board;
    board.panel->setState(board.state);
    board.show();
    QVERIFY(board.panel->readoutText().startsWith(QStringLiteral("All · 6.85 GiB planned · 6.87 GiB allocated")));
    QVERIFY(!board.panel->readoutText().contains(QStringLiteral("All with"))); // each has a row of its own
    QTest::mouseMove(board.chart()->viewport(), board.geometry().row(1, 0).center());
    QTRY_COMPARE(board.panel->readoutText(),
                 QStringLiteral("Shared expert · 400 MiB planned · 400 MiB allocated · 4.00 KiB of padding · "
                                "5.7 % of all · device · Q8_0"));
    // A piece of a bar is its row.
    const QRect bar = board.geometry().parts_bar;
    QTest::mouseMove(board.chart()->viewport(), QPoint(bar.left() + 20, bar.center().y()));
    QTRY_VERIFY(board.panel->readoutText().startsWith(QStringLiteral("Routed experts · ")));
    QTest::mouseClick(board.chart()->viewport(), Qt::LeftButton, {}, QPoint(bar.left() + 20, bar.center().y()));
    QCOMPARE(board.chart()->currentRow(), 0);
}

void TestLedgerPanel::keys() {
    Ledger board({620, 320});
    board.panel->setState(board.state);
    board.show();
    LedgerChart* chart = board.chart();
    chart->setFocus();
    QCOMPARE(chart->currentRow(), -1);
    for (int row = 0; row < board.state.rows.size(); ++row) {
        QTest::keyClick(chart, Qt::Key_Down);
        QCOMPARE(chart->currentRow(), row);
        QVERIFY(board.panel->readoutText().startsWith(board.state.rows.at(row).name));
        const QRect line = board.geometry().row(row, chart->verticalScrollBar()->value());
        QVERIFY(board.geometry().window.contains(line.adjusted(0, 0, 0, -1).center()));
    }
    QTest::keyClick(chart, Qt::Key_Down);
    QCOMPARE(chart->currentRow(), int(board.state.rows.size()) - 1);
    QVERIFY(chart->verticalScrollBar()->value() > 0);
    QTest::keyClick(chart, Qt::Key_Home);
    QCOMPARE(chart->currentRow(), 0);
    QCOMPARE(chart->verticalScrollBar()->value(), 0);
    QTest::keyClick(chart, Qt::Key_End);
    QTest::keyClick(chart, Qt::Key_Up);
    QCOMPARE(chart->currentRow(), int(board.state.rows.size()) - 2);
}

void TestLedgerPanel::moreThanPaddingIsAWarning() {
    Ledger board;
    trace::MemoryLedger ledger = sampleLedger();
    board.panel->setState(board.state);
    board.show();
    const Color warn = Color::Warn;
    QVERIFY(!holds(painted(board.chart()), board.chart()->viewport()->rect(), theme().color(warn)));
    ledger.kv.bytes -= uint64_t{1} << 20;
    board.panel->setState(LedgerState::of(ledger, QStringLiteral("Card")));
    QVERIFY(holds(painted(board.chart()), board.geometry().warnings, theme().color(warn)));
    board.chart()->setCurrentRow(3);
    QVERIFY(board.panel->readoutText().startsWith(QStringLiteral("KV cache · 511 MiB asked for, 512 MiB planned")));
    QVERIFY(board.panel->readoutText().contains(QStringLiteral("All with a KV cache in F32: 7.35 GiB")));

    // What was asked for beyond the plan is no padding, of the part and of all.
    ledger = sampleLedger();
    const uint64_t more = uint64_t{8} << 20;
    ledger.workspace.bytes += more;
    ledger.workspace.allocated.device += more;
    ledger.allocated.device += more;
    board.panel->setState(LedgerState::of(ledger, QStringLiteral("Card")));
    for (const int row : {4, board.state.rowOf(Kind::All)}) {
        board.chart()->setCurrentRow(row);
        QVERIFY2(board.panel->readoutText().contains(QStringLiteral(" more than planned")) &&
                     !board.panel->readoutText().contains(QStringLiteral("padding")),
                 qPrintable(board.panel->readoutText()));
    }
    // The whole warning can be read: it wraps where the panel is narrow.
    const int line = board.geometry().text_height;
    QCOMPARE(board.geometry().warnings.height(), line);
    board.panel->resize(330, 480);
    QTRY_COMPARE(board.geometry().warnings.height(), 2 * line);
    const QRect second = board.geometry().warnings.adjusted(0, line, 0, 0);
    QVERIFY(holds(painted(board.chart()), second, theme().color(warn)));
}

// Where nobody but the engine counts, its count stands once: as what is allocated.
void TestLedgerPanel::theEnginesCountStandsOnce() {
    Ledger board;
    trace::MemoryLedger ours = sampleLedger();
    ours.driver_counts = false;
    board.panel->setState(board.state);
    board.show();
    const int top = board.geometry().window.top();
    QVERIFY(board.geometry().legend.top() > board.geometry().device_bar.bottom());
    const QRect lines = board.geometry().device_bar.adjusted(0, -5, 0, -board.geometry().device_bar.height());
    QVERIFY(holds(painted(board.chart()), lines, theme().color(Color::TextSecondary)));
    board.panel->setState(LedgerState::of(ours, QStringLiteral("Card")));
    QVERIFY(board.geometry().window.top() < top); // its legend needs no line of its own
    const QRect above = board.geometry().device_bar.adjusted(0, -5, 0, -board.geometry().device_bar.height());
    QVERIFY(!holds(painted(board.chart()), above, theme().color(Color::TextSecondary)));
}

void TestLedgerPanel::hiddenDoesNothing() {
    Ledger board;
    board.panel->hide();
    board.show();
    const int synced = board.chart()->syncCount();
    board.panel->setState(board.state);
    QCOMPARE(board.chart()->syncCount(), synced);
    QCOMPARE(board.panel->table()->rowCount(), 0);
    board.panel->show();
    QTRY_VERIFY(board.chart()->syncCount() > synced);
    QCOMPARE(board.panel->table()->rowCount(), int(board.state.rows.size()));
    // The same ledger again, as after each answer, is no news.
    const int shown = board.chart()->syncCount();
    board.panel->setState(board.state);
    QCOMPARE(board.chart()->syncCount(), shown);
    board.panel->hide();
    board.panel->setState({});
    QCOMPARE(board.chart()->syncCount(), shown);
    QCOMPARE(board.panel->table()->rowCount(), int(board.state.rows.size()));
}

void TestLedgerPanel::emptyState() {
    Ledger board;
    board.show();
    const auto* page = board.panel->findChild<EmptyState*>();
    QVERIFY(board.panel->isEmptyShown() && page->accessibleName().contains(QStringLiteral("No model loaded")));
    board.panel->setState(board.state);
    QVERIFY(!board.panel->isEmptyShown());
    board.panel->setState({});
    QVERIFY(board.panel->isEmptyShown());
}

void TestLedgerPanel::narrowAndLow() {
    Ledger board;
    board.panel->setState(board.state);
    board.show();
    for (const int width : {320, 400, 460, 900}) {
        board.panel->resize(width, 300);
        QCoreApplication::processEvents();
        const LedgerGeometry& geometry = board.geometry();
        QVERIFY(geometry.name_right - geometry.name_left >= 100);
        QVERIFY(geometry.planned < geometry.allocated);
        QVERIFY(geometry.device_bar.right() <= board.chart()->viewport()->width() - 12);
        QVERIFY(geometry.window.height() >= geometry.row_height);
        QVERIFY(geometry.share > 0 ? geometry.difference > 0 : width < 900);
        int name = 0; // the names of the parts are whole
        for (const LedgerState::Row& row : board.state.rows) {
            name = row.kind == Kind::Part ? std::max(name, QFontMetrics(axisFont()).horizontalAdvance(row.name)) : name;
        }
        QVERIFY(width == 320 || geometry.name_right - geometry.name_left >= name);
    }
    // A low panel has closer rows, and the total of all before it scrolls.
    board.panel->resize(496, 290);
    QCoreApplication::processEvents();
    const LedgerGeometry& low = board.geometry();
    int all = 0;
    while (board.state.rows.at(all).kind != Kind::All) {
        ++all;
    }
    QVERIFY(low.window.contains(low.row(all, 0).center()) && low.window.bottom() >= low.row(all, 0).bottom());
    QVERIFY(low.header.top() > low.parts_bar.bottom() && low.device_bar.top() > low.device_title.bottom());
    QVERIFY(low.row_height >= 14);
    // As among tabs at 1440 × 900, with a sentence on a part that isn't as planned.
    for (const int warnings : {0, 1}) {
        const auto tabbed = LedgerGeometry::of({492, 206}, 12, 7, warnings, false, {150, 60, 44}, 1);
        QCOMPARE(tabbed.row_height, warnings == 0 ? 16 : 14);
        QVERIFY(tabbed.window.bottom() < 206);
        QVERIFY(tabbed.window.contains(tabbed.row(6, 0)));
        QCOMPARE(tabbed.device_title.top() > 6, warnings == 0);
    }
    // A high one shows all of them.
    board.panel->resize(496, 620);
    QCoreApplication::processEvents();
    QCOMPARE(board.geometry().scroll_max, 0);
    QVERIFY(board.geometry().row_height > 14);
}

void TestLedgerPanel::twin() {
    Ledger board;
    board.panel->setState(board.state);
    board.show();
    board.chart()->setFocus();
    QTest::keyClick(board.chart(), Qt::Key_T);
    QVERIFY(board.panel->isTwinShown());
    board.panel->twin()->setFocus();
    board.panel->twin()->setCurrentSourceRow(2);
    QTest::keyClick(board.panel->twin(), Qt::Key_Down);
    QCOMPARE(board.chart()->currentRow(), 3);
    QVERIFY(board.panel->readoutText().startsWith(QStringLiteral("KV cache")));
}

void TestLedgerPanel::accessibility() {
    Ledger board;
    board.panel->setState(board.state);
    board.show();
    QCOMPARE(board.chart()->accessibleDescription(), board.panel->readoutText());
    for (QWidget* widget : board.panel->findChildren<QWidget*>()) {
        if (widget->isVisible() && (widget->focusPolicy() & Qt::TabFocus)) {
            QAccessibleInterface* face = QAccessible::queryAccessibleInterface(widget);
            QVERIFY(face != nullptr && !face->text(QAccessible::Name).isEmpty());
        }
    }
}

QTEST_MAIN(TestLedgerPanel)
#include "tst_ledger_panel.moc"
