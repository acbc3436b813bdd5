// SPDX-License-Identifier: Apache-2.0
// The row above a chart: its title stays, what is beside it gives way, and its buttons stay where they are.
#include "tests/ui/panels/panelboard.h"
#include "ui/panels/paneltitlebar.h"
#include "ui/panels/routerpanel.h"
#include "ui/panels/scopebox.h"
#include "ui/widgets/compactbox.h"
#include "ui/widgets/elidedlabel.h"
#include "ui/widgets/iconbutton.h"

#include <QApplication>
#include <QMenu>

using namespace moescope;
using namespace moescope::ui;

namespace {

PanelTitleBar* barOf(QWidget* panel) { return panel->findChild<PanelTitleBar*>(); }

ElidedLabel* titleOf(QDockWidget* panel) {
    for (auto* label : barOf(panel)->findChildren<ElidedLabel*>(QString(), Qt::FindDirectChildrenOnly)) {
        if (label->accessibleName() == panel->windowTitle()) {
            return label;
        }
    }
    return nullptr;
}

/** What of the row is cut or lies over another; empty: nothing. */
QString clashes(QWidget* bar) {
    QString words;
    const auto parts = bar->findChildren<QWidget*>(QString(), Qt::FindDirectChildrenOnly);
    for (const QWidget* one : parts) {
        if (!one->isVisible() || one->width() == 0) {
            continue;
        }
        if (!bar->rect().contains(one->geometry())) {
            words += one->accessibleName() + QStringLiteral(" is cut. ");
        }
        for (const QWidget* two : parts) {
            if (one < two && two->isVisible() && one->geometry().intersects(two->geometry())) {
                words += QStringLiteral("%1 lies over %2. ").arg(one->accessibleName(), two->accessibleName());
            }
        }
    }
    return words;
}

} // namespace

class TestPanelTitles : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

    void expertsKeepItsTitleWithABaseline() {
        test::Board board;
        board.show();
        board.experts->resize(600, 340);
        CompactBox* baseline = nullptr;
        for (auto* box : board.experts->findChildren<CompactBox*>()) {
            baseline = box->accessibleName() == QStringLiteral("Measured against") ? box : baseline;
        }
        QVERIFY(baseline != nullptr && !baseline->isVisible());
        board.trace.setRun(2, board.shape, test::syntheticAnswer(board.shape, 60, false));
        QTest::qWait(10);
        QVERIFY(baseline->isVisible());
        QVERIFY(titleOf(board.experts)->isVisible());
        QCOMPARE(titleOf(board.experts)->shownText(), QStringLiteral("Experts"));
        QVERIFY2(clashes(barOf(board.experts)).isEmpty(), qPrintable(clashes(barOf(board.experts))));
        // As wide as "÷ uniform", not as the longest in its list.
        const int narrow = baseline->sizeHint().width();
        QVERIFY(narrow < baseline->fontMetrics().horizontalAdvance(baseline->itemText(1)));
        QCOMPARE(baseline->toolTip().contains(baseline->currentText()), true);

        // Narrower still: the baseline goes into the menu before words are cut, and words are before the title goes.
        QCOMPARE(baseline->width(), narrow);
        auto* scope = board.experts->findChild<ScopeBox*>();
        int width = 600;
        while (baseline->isVisible() && width > 300) {
            QVERIFY(scope->width() >= scope->sizeHint().width());
            board.experts->resize(width -= 4, 340);
            QTest::qWait(1);
        }
        QVERIFY(width > 480 && scope->width() == scope->sizeHint().width());
        const auto choices = [&] {
            board.experts->openMenu(barOf(board.experts)->menuButton());
            QMenu* menu = qobject_cast<QMenu*>(QApplication::activePopupWidget());
            return menu != nullptr ? menu->actions().first()->menu() : nullptr;
        };
        QMenu* menu = choices();
        QVERIFY(menu != nullptr && menu->title() == QStringLiteral("Measured against"));
        QCOMPARE(menu->actions().size(), 2);
        QVERIFY(menu->actions()[0]->isChecked());
        menu->actions()[1]->trigger();
        QVERIFY(board.experts->map()->baseline() >= 0);
        QApplication::activePopupWidget()->close();
        const int full = scope->width();
        while (titleOf(board.experts)->isVisible() && width > 300) {
            board.experts->resize(width -= 4, 340);
            QTest::qWait(1);
            QVERIFY2(clashes(barOf(board.experts)).isEmpty() || !titleOf(board.experts)->isVisible(),
                     qPrintable(QStringLiteral("at %1 px: ").arg(width) + clashes(barOf(board.experts))));
        }
        QVERIFY(width > 300 && scope->width() < full);
    }

    void routerHasItsTitleInTheDefaultLayout() {
        test::Board board;
        RouterPanel router(&board.trace, &board.selection, nullptr);
        router.resize(250, 240);
        router.show();
        QTest::qWait(10);
        QVERIFY(titleOf(&router)->isVisible());
        QCOMPARE(titleOf(&router)->shownText(), QStringLiteral("Router"));
        QVERIFY2(clashes(barOf(&router)).isEmpty(), qPrintable(clashes(barOf(&router))));
    }

    void theTableButtonStaysUnderThePointer() {
        test::Board board;
        board.show();
        board.selection.setToken(7);
        for (PanelFrame* panel : {static_cast<PanelFrame*>(board.experts), static_cast<PanelFrame*>(board.path)}) {
            PanelTitleBar* bar = barOf(panel);
            const QPoint at = bar->tableButton()->geometry().center();
            QTest::mouseClick(bar->tableButton(), Qt::LeftButton);
            QTest::qWait(10);
            QVERIFY2(panel->isTwinShown(), qPrintable(panel->objectName()));
            QVERIFY(bar->exportButton()->isVisible());
            QCOMPARE(bar->childAt(at), bar->tableButton());
            QVERIFY(bar->exportButton()->x() < bar->tableButton()->x());
            QTest::mouseClick(bar->childAt(at), Qt::LeftButton);
            QVERIFY(!panel->isTwinShown());
        }
    }
};

QTEST_MAIN(TestPanelTitles)
#include "tst_paneltitles.moc"
