// SPDX-License-Identifier: Apache-2.0
// Where the window places its docks, what a layout keeps, and that no dock lies over another.
#include "tests/ui/mainwindow/windowboard.h"
#include "ui/mainwindow/windowtoolbar.h"
#include "ui/panels/conversationspanel.h"
#include "ui/panels/loadbalancepanel.h"
#include "ui/panels/paneltitlebar.h"
#include "ui/panels/tabcorner.h"
#include "ui/panels/timelinepanel.h"
#include "ui/theme/style.h"
#include "ui/widgets/iconbutton.h"

#include <QApplication>
#include <QSignalSpy>
#include <QToolBar>
#include <QToolButton>

#include <algorithm>

using namespace moescope;
using namespace moescope::ui;
using Shown = moescope::test::WindowBoard;
using moescope::test::overlaps;

class TestWindowLayout : public QObject {
    Q_OBJECT

private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

    void chatHidesThePanels() {
        Shown s({1440, 900});
        QVERIFY(!s.experts->isVisible() && !s.strip->isVisible() && !s.path->isVisible() && !s.cache->isVisible());
        QVERIFY(s.window->conversations()->isVisible());
        QVERIFY2(qAbs(s.window->conversations()->width() - 260) <= 4,
                 qPrintable(QString::number(s.window->conversations()->width())));
    }

    void theTimelineLiesBelowAllOrBehindTheStrip() {
        StepTimelines steps;
        Shown s({1440, 900});
        auto* timeline = new TimelinePanel(&s.trace, &steps, &s.selection, s.window.get());
        s.window->addPanel(QStringLiteral("kernel-timeline"), timeline);
        s.window->setLayoutName(LayoutName::Inspect);
        QCoreApplication::processEvents();
        QVERIFY(timeline->isVisible());
        QCOMPARE(timeline->width(), s.window->width());
        QVERIFY2(qAbs(timeline->height() - 168) <= 4, qPrintable(QString::number(timeline->height())));
        QVERIFY(timeline->y() > s.strip->geometry().bottom());
        QVERIFY2(qAbs(s.experts->height() - 340) <= 4, qPrintable(QString::number(s.experts->height())));

        s.window->resize(1440, 800);
        QCoreApplication::processEvents();
        QVERIFY(s.window->tabifiedDockWidgets(s.strip).contains(timeline));
        const QTabBar* bar = s.barWith(timeline->windowTitle());
        QVERIFY(bar != nullptr);
        QCOMPARE(bar->tabText(1), timeline->windowTitle()); // next to the strip
        QVERIFY(!s.strip->visibleRegion().isEmpty());
        QVERIFY(timeline->visibleRegion().isEmpty());
        s.window->resize(1440, 900);
        QCoreApplication::processEvents();
        QVERIFY(s.window->tabifiedDockWidgets(s.strip).isEmpty());
        QCOMPARE(timeline->width(), s.window->width());
        s.window->setLayoutName(LayoutName::Chat);
        QVERIFY(!timeline->isVisible());
    }

    void inspectPlacesThePanelsByWidth() {
        Shown s({1440, 900});
        s.window->setLayoutName(LayoutName::Inspect);
        QCoreApplication::processEvents();
        QVERIFY(s.experts->isVisible() && s.strip->isVisible() && s.path->isVisible() && s.cache->isVisible());
        QVERIFY(!s.window->conversations()->isVisible());
        QVERIFY2(qAbs(s.window->chat()->width() - 340) <= 8, qPrintable(QString::number(s.window->chat()->width())));
        QVERIFY2(qAbs(s.experts->width() - 600) <= 12, qPrintable(QString::number(s.experts->width())));
        QCOMPARE(s.strip->x(), s.experts->x());
        QVERIFY(s.strip->y() > s.experts->y());
        QVERIFY(s.path->x() > s.experts->x());
        QVERIFY(s.cache->y() > s.path->y());
        QVERIFY(s.window->tabifiedDockWidgets(s.path).isEmpty());
        s.window->resize(1300, 900);
        QCoreApplication::processEvents();
        QCOMPARE(s.window->tabifiedDockWidgets(s.path), QList<QDockWidget*>{s.cache});
        s.window->resize(1100, 700);
        QCoreApplication::processEvents();
        QCOMPARE(s.window->tabifiedDockWidgets(s.experts).size(), 2);
        QVERIFY(s.window->tabifiedDockWidgets(s.strip).isEmpty());
        QVERIFY2(qAbs(s.window->chat()->width() - 308) <= 8, qPrintable(QString::number(s.window->chat()->width())));
        s.window->resize(1920, 1000);
        QCoreApplication::processEvents();
        QVERIFY(s.window->conversations()->isVisible());
        QVERIFY2(qAbs(s.window->chat()->width() - 480) <= 8, qPrintable(QString::number(s.window->chat()->width())));
    }

    void layoutsRememberTheirChangesAndReset() {
        Shown s({1440, 900});
        s.window->setLayoutName(LayoutName::Inspect);
        s.cache->toggleViewAction()->trigger();
        QVERIFY(s.cache->isHidden());
        s.window->setLayoutName(LayoutName::Chat);
        QVERIFY(s.experts->isHidden());
        s.window->setLayoutName(LayoutName::Inspect);
        QVERIFY(s.cache->isHidden());
        QVERIFY(!s.experts->isHidden());
        const WindowState state = s.window->state();
        QVERIFY(state.chat.isEmpty());
        QVERIFY(!state.inspect.isEmpty());
        Shown again({1440, 900}, state);
        QCOMPARE(again.window->layoutName(), LayoutName::Inspect);
        QVERIFY(again.cache->isHidden());
        QVERIFY(!again.experts->isHidden());
        QTest::keyClick(again.window.get(), Qt::Key_0, Qt::ControlModifier);
        QVERIFY(!again.cache->isHidden());
        QVERIFY(again.window->state().inspect.isEmpty());
    }

    void panelsWithoutAPlaceInThePictures() {
        Shown s({1440, 900});
        TokenPathPanel* other = s.addOther();
        s.window->setLayoutName(LayoutName::Inspect);
        QTest::qWait(20);
        QVERIFY(other->isHidden());
        QVERIFY(!s.path->findChild<PanelTitleBar*>()->isTabbed());

        // By keyboard: the menu's entries are walked and the panel opens as a tab in front, with the focus.
        QMenu* menu = s.panelsMenu();
        QAction* entry = menu->actions().last();
        QCOMPARE(entry->text(), QString("Other"));
        QVERIFY(entry->isCheckable() && !entry->isChecked());
        QVERIFY(entry->shortcut().isEmpty());
        QVERIFY(!entry->icon().isNull());
        menu->popup(QPoint(0, 0));
        for (int step = 0; step < menu->actions().size(); ++step) {
            QTest::keyClick(menu, Qt::Key_Down);
        }
        QCOMPARE(menu->activeAction(), entry);
        QTest::keyClick(menu, Qt::Key_Return);
        QTest::qWait(20);
        QVERIFY(entry->isChecked());
        QVERIFY(other->isVisible() && other->chart() != nullptr);
        QVERIFY(other->isAncestorOf(s.window->focusWidget()));
        QVERIFY(other->isAmongTabs() && s.pathFrame()->isAmongTabs());
        QVERIFY(other->findChild<PanelTitleBar*>()->isTabbed());
        QCOMPARE(s.window->tabifiedDockWidgets(s.path), QList<QDockWidget*>{other});
        QVERIFY(other->geometry().intersects(s.window->rect()));
        QVERIFY(!s.path->geometry().intersects(s.window->rect())); // behind it
        const QTabBar* bar = s.barWith(QStringLiteral("Other"));
        QVERIFY(bar != nullptr && bar->isVisible());
        for (int tab = 0; tab < bar->count(); ++tab) {
            QVERIFY2(!bar->tabIcon(tab).isNull(), qPrintable(bar->tabText(tab)));
        }

        // The layout keeps it; another window shows it in the same place.
        const WindowState state = s.window->state();
        QVERIFY(!state.inspect.isEmpty());
        s.window->setLayoutName(LayoutName::Chat);
        QVERIFY(other->isHidden());
        s.window->setLayoutName(LayoutName::Inspect);
        QVERIFY(!other->isHidden());
        s.window->resetLayout();
        QTest::qWait(20);
        QVERIFY(other->isHidden());
        QVERIFY(!entry->isChecked());
        QVERIFY(!s.path->findChild<PanelTitleBar*>()->isTabbed());
        QVERIFY(s.window->state().inspect.isEmpty());
    }

    void aKeptLayoutHasTheOpenedPanel() {
        WindowState state;
        {
            Shown s({1440, 900});
            TokenPathPanel* other = s.addOther();
            s.window->setLayoutName(LayoutName::Inspect);
            other->toggleViewAction()->trigger();
            state = s.window->state();
        }
        Shown again({1440, 900}, state, true);
        QTest::qWait(20);
        QVERIFY(!again.other->isHidden());
        QCOMPARE(again.window->tabifiedDockWidgets(again.path), QList<QDockWidget*>{again.other});
        // Closing by its own menu is a change of the layout as well.
        again.other->close();
        QVERIFY(again.other->isHidden());
        Shown third({1440, 900}, again.window->state(), true);
        QVERIFY(third.other->isHidden());
        QVERIFY(!third.path->isHidden());
    }

    void aRowOfTabsTakesItsRoomFromItsPanel() {
        StepTimelines steps;
        Shown s({1440, 900});
        s.addOther(QStringLiteral("router"), QStringLiteral("Router"));
        auto* timeline = new TimelinePanel(&s.trace, &steps, &s.selection, s.window.get());
        s.window->addPanel(timeline->objectName(), timeline);
        auto* balance = new LoadBalancePanel(&s.trace, &s.selection, s.window.get());
        s.window->addPanel(balance->objectName(), balance);
        s.window->setLayoutName(LayoutName::Inspect);
        s.window->resetLayout();
        QTest::qWait(20);
        const QRect strip = s.strip->geometry();
        balance->toggleViewAction()->trigger();
        QTest::qWait(20);
        QVERIFY(s.window->tabifiedDockWidgets(s.experts).contains(balance));
        QCOMPARE(s.strip->geometry(), strip);
    }

    void aSmallerWindowDrawsNoPanelOverAnother() {
        StepTimelines steps;
        Shown s({1440, 900});
        s.addOther(QStringLiteral("router"), QStringLiteral("Router"));
        auto* timeline = new TimelinePanel(&s.trace, &steps, &s.selection, s.window.get());
        s.window->addPanel(timeline->objectName(), timeline);
        TokenPathPanel* card = s.addOther(QStringLiteral("expert-card"), QStringLiteral("Expert card"));
        TokenPathPanel* balance = s.addOther(QStringLiteral("load-balance"), QStringLiteral("Load balance"));
        s.window->setLayoutName(LayoutName::Inspect);
        s.window->resetLayout();
        QTest::qWait(20);
        const QHash<QDockWidget*, QSize> before{{s.cache, s.cache->size()}, {s.strip, s.strip->size()}};
        card->toggleViewAction()->trigger();
        balance->toggleViewAction()->trigger();
        QTest::qWait(20);
        for (auto each = before.begin(); each != before.end(); ++each) {
            QCOMPARE(each.key()->size(), each.value()); // no splitter moved
        }
        QVERIFY(s.window->tabifiedDockWidgets(s.path).contains(card));
        QVERIFY(s.window->tabifiedDockWidgets(s.experts).contains(balance));
        for (const QSize& size : {QSize(1000, 640), QSize(960, 600), QSize(1440, 700), QSize(1200, 600)}) {
            s.window->resize(size);
            QTest::qWait(20);
            QVERIFY2(overlaps(*s.window).isEmpty(), qPrintable(overlaps(*s.window)));
            QVERIFY(!card->isHidden() && !balance->isHidden());
        }
        s.window->resize(1440, 900);
        QTest::qWait(20);
        QCOMPARE(s.cache->size(), before[s.cache]);
        QVERIFY(!card->isHidden() && card->isAmongTabs());

        // In Chat, where each stands at the right.
        s.window->setLayoutName(LayoutName::Chat);
        card->toggleViewAction()->trigger();
        balance->toggleViewAction()->trigger();
        s.window->resize(960, 600);
        QTest::qWait(20);
        QVERIFY(!card->isHidden() && !balance->isHidden());
        QVERIFY2(overlaps(*s.window).isEmpty(), qPrintable(overlaps(*s.window)));
    }

    void anArrangementComesBackWithTheRoomItNeeds() {
        Shown s({1440, 900});
        s.addOther(QStringLiteral("router"), QStringLiteral("Router"));
        TokenPathPanel* card = s.addOther(QStringLiteral("expert-card"), QStringLiteral("Expert card"));
        s.window->setLayoutName(LayoutName::Inspect);
        s.window->resetLayout();
        card->toggleViewAction()->trigger();
        s.window->splitDockWidget(s.path, card, Qt::Horizontal); // a column of its own: 1440 px are too few
        QTest::qWait(20);
        QVERIFY2(overlaps(*s.window).isEmpty(), qPrintable(overlaps(*s.window)));
        QVERIFY(!card->isHidden() && card->isAmongTabs());
        s.window->resize(1700, 900);
        QTest::qWait(20);
        QVERIFY(!card->isAmongTabs());
        QVERIFY(card->x() > s.path->x());
        s.window->resize(1000, 640);
        QTest::qWait(20);
        QVERIFY2(overlaps(*s.window).isEmpty(), qPrintable(overlaps(*s.window)));
        QVERIFY(!card->isHidden() && card->isAmongTabs());
        QVERIFY(!s.window->state().inspect.isEmpty());
        s.window->resize(1700, 900);
        QTest::qWait(20);
        QVERIFY(!card->isHidden() && !card->isAmongTabs());
        QVERIFY(card->x() > s.path->x());
    }

    void aPanelBehindATabIsBroughtToTheFront() {
        Shown s({1440, 900});
        TokenPathPanel* other = s.addOther();
        s.window->setLayoutName(LayoutName::Inspect);
        other->toggleViewAction()->trigger();
        s.path->raise();
        QTest::qWait(20);
        QVERIFY(!other->geometry().intersects(s.window->rect()));
        other->toggleViewAction()->trigger();
        QTest::qWait(20);
        QVERIFY(!other->isHidden() && other->geometry().intersects(s.window->rect()));
        QVERIFY(other->toggleViewAction()->isChecked());
        QVERIFY(other->isAncestorOf(s.window->focusWidget()));
        other->toggleViewAction()->trigger(); // in view: closes it
        QVERIFY(other->isHidden());
        QVERIFY(!other->toggleViewAction()->isChecked());
    }

    void aKeptLayoutThatKnowsNotThePanel() {
        WindowState state;
        {
            Shown s({1440, 900});
            s.window->setLayoutName(LayoutName::Inspect);
            s.cache->toggleViewAction()->trigger();
            state = s.window->state();
        }
        Shown again({1440, 900}, state, true);
        QVERIFY(again.cache->isHidden());
        QVERIFY(again.other->isHidden());
        again.other->toggleViewAction()->trigger();
        QTest::qWait(20);
        QCOMPARE(again.window->tabifiedDockWidgets(again.path), QList<QDockWidget*>{again.other});
        QVERIFY(again.other->geometry().intersects(again.window->rect()));
    }

    void inChatAPanelOpensAtTheRight() {
        Shown s({1440, 900});
        TokenPathPanel* other = s.addOther();
        s.window->resetLayout();
        QVERIFY(other->isHidden());
        other->toggleViewAction()->trigger();
        QTest::qWait(20);
        QVERIFY(other->isVisible());
        QVERIFY(!other->isAmongTabs());
        const QPoint chat = s.window->chat()->mapTo(s.window.get(), QPoint(s.window->chat()->width(), 0));
        QVERIFY(other->x() >= chat.x());
        QVERIFY(other->isAncestorOf(QApplication::focusWidget()));
        s.window->resetLayout();
        QVERIFY(other->isHidden());
    }

    void routerStandsBesideTheCache() {
        Shown s({1440, 900});
        TokenPathPanel* router = s.addOther(QStringLiteral("router"), QStringLiteral("Router"));
        s.window->setLayoutName(LayoutName::Inspect);
        s.window->resetLayout();
        QCoreApplication::processEvents();
        QVERIFY(router->isVisible() && s.cache->isVisible());
        QCOMPARE(router->y(), s.cache->y());
        QVERIFY(router->y() > s.path->y());
        QCOMPARE(router->x(), s.path->x());
        QCOMPARE(s.cache->geometry().right(), s.path->geometry().right());
        s.window->resize(1300, 900);
        QCoreApplication::processEvents();
        QCOMPARE(s.window->tabifiedDockWidgets(s.path), (QList<QDockWidget*>{router, s.cache}));
        s.window->resize(1100, 700);
        QCoreApplication::processEvents();
        QCOMPARE(s.window->tabifiedDockWidgets(s.experts), (QList<QDockWidget*>{s.path, router, s.cache}));
    }

    void aHighWindowGivesItsHeightToAll() {
        Shown s({1920, 1000});
        s.addOther(QStringLiteral("router"), QStringLiteral("Router"));
        s.window->setLayoutName(LayoutName::Inspect);
        s.window->resetLayout();
        QCoreApplication::processEvents();
        const auto heights = [&] {
            return QList<int>{s.experts->height(), s.strip->height(), s.path->height(), s.cache->height()};
        };
        const QList<int> before = heights();
        s.window->resize(2560, 1440);
        QCoreApplication::processEvents();
        const QList<int> after = heights();
        for (int dock = 0; dock < before.size(); ++dock) {
            const int more = after[dock] - before[dock];
            QVERIFY2(qAbs(more - 220) <= 4, qPrintable(QStringLiteral("%1: %2").arg(dock).arg(more)));
        }
    }

    void manyTabsShortenTheirWords() {
        Shown s({1440, 900});
        QList<TokenPathPanel*> more;
        const QStringList titles{"Expert card",  "Memory ledger", "Token probabilities",
                                 "What-if diff", "Attention",     "Another one"};
        for (const QString& title : titles) {
            more << s.addOther(title, title);
        }
        s.window->setLayoutName(LayoutName::Inspect);
        s.window->resetLayout();
        for (TokenPathPanel* panel : more) {
            panel->toggleViewAction()->trigger();
        }
        QTest::qWait(40);
        const QTabBar* bar = s.barWith(titles.first());
        QVERIFY(bar != nullptr && bar->count() > 6);
        for (const int chosen : {0, 3, bar->count() - 1}) {
            const_cast<QTabBar*>(bar)->setCurrentIndex(chosen);
            QTest::qWait(20);
            for (int tab = 0; tab < bar->count(); ++tab) {
                QVERIFY2(bar->rect().contains(bar->tabRect(tab)), qPrintable(bar->tabText(tab)));
                QCOMPARE(bar->tabToolTip(tab), bar->tabText(tab));
            }
            for (int tab = 0; tab < bar->count(); ++tab) { // no letter of a word that is not whole
                QVERIFY2(tab == chosen || bar->tabRect(tab).width() < 40, qPrintable(bar->tabText(tab)));
            }
            const int words = QFontMetrics(theme().font(TextStyle::PanelTitle)).horizontalAdvance(bar->tabText(chosen));
            QVERIFY2(bar->tabRect(chosen).width() >= words + 44, qPrintable(bar->tabText(chosen))); // whole
            for (const QToolButton* arrow : bar->findChildren<QToolButton*>()) {
                QVERIFY(!arrow->isVisible());
            }
        }
    }

    void theMenuStandsAtTheEndOfTheTabs() {
        Shown s({1300, 900});
        s.window->setLayoutName(LayoutName::Inspect);
        s.cache->raise();
        QTest::qWait(40);
        const QTabBar* bar = s.barWith(s.cache->windowTitle());
        QVERIFY(bar != nullptr && bar->isVisible());
        const TabCorner* corner = nullptr;
        for (const TabCorner* each : s.window->findChildren<TabCorner*>()) {
            corner = each->bar() == bar ? each : corner;
        }
        QVERIFY(corner != nullptr && corner->isVisible());
        QCOMPARE(corner->panel(), static_cast<PanelFrame*>(s.cache));
        QCOMPARE(corner->geometry().left(), bar->geometry().right() + 1);
        QCOMPARE(corner->geometry().right(), s.cache->geometry().right());
        QCOMPARE(corner->y(), bar->y());

        // KV cache has nothing else for a row below the tabs: its table is there as well, until it is shown.
        auto* title = s.cache->findChild<PanelTitleBar*>();
        QCOMPARE(title->height(), 0);
        const auto buttons = corner->findChildren<IconButton*>();
        QCOMPARE(buttons.size(), 2);
        QVERIFY(buttons[0]->isVisible() && buttons[1]->isVisible());
        QTest::mouseClick(buttons[1], Qt::LeftButton);
        QWidget* menu = QApplication::activePopupWidget();
        QVERIFY(menu != nullptr);
        menu->close();
        auto* frame = static_cast<PanelFrame*>(s.cache);
        frame->setTwinShown(true);
        QTest::qWait(20);
        QVERIFY(title->height() > 0 && title->tableButton()->isVisible() && !buttons[0]->isVisible());
        frame->setTwinShown(false);
        QTest::qWait(20);
        QCOMPARE(title->height(), 0);

        s.window->resize(1440, 900); // a place of its own
        QTest::qWait(40);
        QVERIFY(title->height() > 0 && title->menuButton()->isVisible() && !corner->isVisible());
    }

    void theLayoutsMoveNothingInTheToolbar() {
        for (const int width : {1440, 1280, 1100}) {
            Shown s({width, 800});
            const auto places = [&] {
                QList<int> tops;
                for (const QWidget* each : s.window->findChildren<QAbstractButton*>()) {
                    if (each->isVisible() && qobject_cast<QToolBar*>(each->parentWidget()->parentWidget()) != nullptr) {
                        tops << each->mapTo(s.window.get(), QPoint(0, each->height() / 2)).y();
                    }
                }
                std::sort(tops.begin(), tops.end());
                return QList<int>{tops.value(0, -1), tops.value(tops.size() - 1, -2)};
            };
            const QList<int> chat = places();
            QVERIFY(chat[0] > 0);
            s.window->setLayoutName(LayoutName::Inspect);
            QTest::qWait(20);
            QCOMPARE(places(), chat);
        }
    }

    void aStyleAfterTheWindowMovesNothingInTheToolbar() {
        const auto places = [](const Shown& s) {
            QList<QRect> rects;
            const auto* bar = s.window->findChild<QToolBar*>();
            for (const QWidget* each : bar->findChildren<QAbstractButton*>()) {
                if (each->isVisible()) {
                    rects << QRect(each->mapTo(bar, QPoint(0, 0)), each->size());
                }
            }
            return rects;
        };
        const QList<QRect> expected = places(Shown({1280, 800}));
        QApplication::setStyle(QStringLiteral("Fusion"));
        Shown s({1280, 800});
        QApplication::setStyle(new Style);
        setTheme(*qApp, Theme(Scheme::Light));
        QTest::qWait(20);
        QCOMPARE(places(s), expected);
    }

    void aLongCrumbLeavesTheModelItsBox() {
        Shown s({1280, 800});
        s.window->setLayoutName(LayoutName::Inspect);
        s.window->setModel(QStringLiteral("Nano"), QStringLiteral("Q6_K"), true);
        QTest::qWait(20);
        const auto* model = s.window->findChild<ModelButton*>();
        const auto* crumb = s.window->findChild<SelectionCrumb*>();
        const int width = model->width();
        const int left = crumb->mapTo(s.window.get(), QPoint(0, 0)).x();
        s.window->setTokenText(QStringLiteral("an exceptionally long token"));
        s.selection.set({1, 131, 0, 15});
        s.selection.setFollowing(true);
        QTest::qWait(20);
        QVERIFY(crumb->sizeHint().width() > crumb->width());
        QCOMPARE(model->width(), width);
        QCOMPARE(crumb->mapTo(s.window.get(), QPoint(0, 0)).x(), left);
    }

    void damagedStateIsTheDefault() {
        WindowState state;
        state.geometry = "not a geometry";
        state.inspect = "not a state";
        state.layout = LayoutName::Inspect;
        Shown s({1440, 900}, state);
        QVERIFY(!s.experts->isHidden());
        QVERIFY(s.window->width() >= 960);
    }
};

QTEST_MAIN(TestWindowLayout)
#include "tst_windowlayout.moc"
