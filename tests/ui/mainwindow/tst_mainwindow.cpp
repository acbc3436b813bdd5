// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/chat/samples.h"
#include "ui/mainwindow/filterline.h"
#include "ui/mainwindow/mainwindow.h"
#include "ui/mainwindow/windowtoolbar.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/composer.h"
#include "ui/panels/conversationspanel.h"
#include "ui/panels/expertspanel.h"
#include "ui/panels/kvcachepanel.h"
#include "ui/panels/paneltitlebar.h"
#include "ui/panels/timelinepanel.h"
#include "ui/panels/tokenpathpanel.h"
#include "ui/panels/tokenstrippanel.h"
#include "ui/panels/transcript.h"

#include <QAccessible>
#include <QAction>
#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenu>
#include <QMenuBar>
#include <QScreen>
#include <QSignalSpy>
#include <QStatusBar>
#include <QTabBar>
#include <QTest>

#include <memory>

using namespace moescope;
using namespace moescope::ui;

namespace {

/** What a screen reader says: the accessible name, or the text of a label. */
QString spokenName(const QWidget* widget) {
    const QAccessibleInterface* face = QAccessible::queryAccessibleInterface(const_cast<QWidget*>(widget));
    return face != nullptr ? face->text(QAccessible::Name) : widget->accessibleName();
}

} // namespace

class TestMainWindow : public QObject {
    Q_OBJECT

private:
    struct Shown {
        TraceModel trace;
        Selection selection;
        std::unique_ptr<MainWindow> window = std::make_unique<MainWindow>();
        QDockWidget* experts;
        QDockWidget* strip;
        QDockWidget* path;
        QDockWidget* cache;

        TokenPathPanel* other = nullptr;

        explicit Shown(const QSize& size, const WindowState& state = {}, bool withOther = false) {
            MainWindow* w = window.get();
            w->addPanel("experts", experts = new ExpertsPanel(&trace, &selection, w));
            w->addPanel("token-strip", strip = new TokenStripPanel(&trace, &selection, w));
            w->addPanel("token-path", path = new TokenPathPanel(&trace, &selection, w));
            w->addPanel("kv-cache", cache = new KvCachePanel(&trace, &selection, w));
            if (withOther) {
                addOther();
            }
            w->setSelection(&selection);
            w->restore(state);
            w->resize(size);
            w->show();
            (void)QTest::qWaitForWindowActive(w);
            w->chat()->setModel(samples::nano(), true);
            w->chat()->setConversation(0, {}, {});
        }
        /** A panel more, as those that no picture shows. */
        TokenPathPanel* addOther(const QString& id = QStringLiteral("other"),
                                 const QString& title = QStringLiteral("Other")) {
            other = new TokenPathPanel(&trace, &selection, window.get());
            other->setWindowTitle(title);
            window->addPanel(id, other);
            return other;
        }
        PanelFrame* pathFrame() const { return static_cast<PanelFrame*>(path); }
        QMenu* panelsMenu() const {
            for (QMenu* menu : window->findChildren<QMenu*>()) {
                if (menu->title() == QLatin1String("Panels")) {
                    return menu;
                }
            }
            return nullptr;
        }
        const QTabBar* barWith(const QString& title) const {
            for (const QTabBar* bar : window->findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly)) {
                for (int tab = 0; tab < bar->count(); ++tab) {
                    if (bar->tabText(tab) == title) {
                        return bar;
                    }
                }
            }
            return nullptr;
        }
        QAction* action(const QString& text) const {
            for (QAction* each : window->actions()) {
                if (each->text().section('\t', 0, 0) == text) {
                    return each;
                }
            }
            return nullptr;
        }
    };

    /** Docks in view that lie over each other, over the chat or past the window's edge; empty: none. */
    static QString overlaps(const MainWindow& window) {
        QHash<QString, QRect> places{
            {QStringLiteral("chat"), {window.chat()->mapTo(&window, QPoint(0, 0)), window.chat()->size()}}};
        for (const QDockWidget* dock : window.findChildren<QDockWidget*>(QString(), Qt::FindDirectChildrenOnly)) {
            if (dock->isVisible() && dock->geometry().intersects(window.rect())) {
                places.insert(dock->objectName(), dock->geometry());
            }
        }
        QStringList words;
        for (auto one = places.begin(); one != places.end(); ++one) {
            if (!window.rect().contains(one.value())) {
                words << QStringLiteral("%1 leaves the window").arg(one.key());
            }
            for (auto two = std::next(one); two != places.end(); ++two) {
                if (one.value().intersects(two.value())) {
                    words << QStringLiteral("%1 lies over %2").arg(one.key(), two.key());
                }
            }
        }
        return words.join(QStringLiteral(", "));
    }

    static bool inside(const QWidget* widget, const QWidget* window) {
        const QPoint corner = widget->mapTo(window, QPoint(0, 0));
        return corner.x() >= 0 && corner.x() + widget->width() <= window->width();
    }

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

    void damagedStateIsTheDefault() {
        WindowState state;
        state.geometry = "not a geometry";
        state.inspect = "not a state";
        state.layout = LayoutName::Inspect;
        Shown s({1440, 900}, state);
        QVERIFY(!s.experts->isHidden());
        QVERIFY(s.window->width() >= 960);
    }

    void restoredWindowIsOnTheScreen() {
        const QRect room = QGuiApplication::primaryScreen()->availableGeometry();
        WindowState state;
        for (const QRect& place :
             {QRect(room.left(), room.top(), 960, room.height()), QRect(room.left(), room.bottom() - 300, 960, 700),
              QRect(room.left(), room.top(), 960, 640)}) {
            {
                MainWindow window;
                window.setGeometry(place);
                window.show();
                state.geometry = window.saveGeometry();
            }
            MainWindow again;
            again.restore(state);
            QVERIFY2(room.contains(QRect(room.left(), again.geometry().y(), 1, again.height())),
                     qPrintable(QString("%1 + %2").arg(again.geometry().y()).arg(again.height())));
            QCOMPARE(again.height(), place.height());
        }
        QVERIFY(room.height() >= 700);
    }

    void nothingIsCutAtTheLeastSize() {
        Shown s({960, 600});
        s.window->setModel("OLMoE-1B-7B-Instruct-with-a-long-name", "Q4_K", false);
        s.window->setDevice("NVIDIA GeForce RTX 4090 Laptop GPU", false);
        s.window->setActivity(Activity::Answering, "Answering");
        s.window->setSpeed(1234, 5678);
        s.window->setKv(1 << 20, 2 << 20);
        s.window->setContext(2047, 2048);
        for (const LayoutName layout : {LayoutName::Chat, LayoutName::Inspect}) {
            s.window->setLayoutName(layout);
            s.window->chat()->setConversation(4, QString(200, QLatin1Char('W')), samples::finishedStory());
            QTest::qWait(50);
            QCOMPARE(s.window->size(), QSize(960, 600));
            for (const QWidget* widget : s.window->findChildren<QWidget*>()) {
                if (widget->isVisible() && !widget->visibleRegion().isEmpty() && widget->window() == s.window.get()) {
                    QVERIFY2(
                        inside(widget, s.window.get()),
                        qPrintable(QString("%1 %2").arg(widget->metaObject()->className(), widget->accessibleName())));
                }
            }
            QVERIFY(s.window->chat()->transcript()->width() >= 280);
        }
    }

    void everyControlHasAName() {
        Shown s({1440, 900});
        s.window->chat()->setConversation(4, "Story", samples::states());
        s.window->setLayoutName(LayoutName::Inspect);
        s.window->setModel("Nano", "Q6_K", true);
        s.window->setDevice("llvmpipe", true);
        s.window->showError("A sentence.");
        s.window->showUndoToast("“A” was deleted.");
        QTest::qWait(50);
        int seen = 0;
        for (const QWidget* widget : s.window->findChildren<QWidget*>()) {
            const auto* label = qobject_cast<const QLabel*>(widget);
            if (widget->focusPolicy() == Qt::NoFocus || widget->objectName().startsWith("qt_") || widget->isHidden() ||
                widget->window()->inherits("QComboBoxPrivateContainer") || // Qt's own list of a combo box
                (label != nullptr && label->text().isEmpty())) {           // says nothing now
                continue;
            }
            ++seen;
            QVERIFY2(!spokenName(widget).isEmpty(),
                     qPrintable(QString("%1 in %2")
                                    .arg(widget->metaObject()->className(),
                                         widget->parentWidget()->metaObject()->className())));
        }
        QVERIFY(seen > 30);
    }

    void menusHaveNoDeadEntry() {
        Shown s({1440, 900});
        QSet<QString> shortcuts;
        const auto menus = s.window->menuBar()->actions();
        QStringList titles;
        for (const QAction* top : menus) {
            titles << top->text();
        }
        QCOMPARE(titles, QStringList({"File", "Edit", "View", "Model", "Run", "Selection", "Help"}));
        for (const QAction* each : s.window->actions()) {
            for (const QKeySequence& key : each->shortcuts()) {
                QVERIFY2(!shortcuts.contains(key.toString()), qPrintable(key.toString()));
                shortcuts.insert(key.toString());
            }
        }
        QVERIFY(!s.action("Regenerate the last answer")->isEnabled());
        QVERIFY(!s.action("Rename conversation")->isEnabled());
        s.window->chat()->setConversation(4, "Story", samples::finishedStory());
        QVERIFY(s.action("Regenerate the last answer")->isEnabled());
        QVERIFY(s.action("Rename conversation")->isEnabled());
    }

    void keysReachTheirCommands() {
        Shown s({1440, 900});
        MainWindow* w = s.window.get();
        QSignalSpy created(w, &MainWindow::newChatRequested);
        QSignalSpy settings(w, &MainWindow::settingsRequested);
        QSignalSpy undo(w, &MainWindow::undoRequested);
        QTest::keyClick(w, Qt::Key_N, Qt::ControlModifier);
        QTest::keyClick(w, Qt::Key_Comma, Qt::ControlModifier);
        QCOMPARE(created.count(), 1);
        QCOMPARE(settings.count(), 1);
        QTest::keyClick(w, Qt::Key_2, Qt::ControlModifier);
        QCOMPARE(w->layoutName(), LayoutName::Inspect);
        QTest::keyClick(w, Qt::Key_1, Qt::ControlModifier);
        QCOMPARE(w->layoutName(), LayoutName::Chat);
        QTest::keyClick(w, Qt::Key_Backslash, Qt::ControlModifier);
        QVERIFY(!w->conversations()->isVisible());
        QTest::keyClick(w, Qt::Key_K, Qt::ControlModifier);
        QVERIFY(w->conversations()->isVisible());
        QVERIFY(w->conversations()->isAncestorOf(QApplication::focusWidget()));
        QTest::keyClick(QApplication::focusWidget(), Qt::Key_Escape);
        QVERIFY(w->chat()->composer()->isAncestorOf(QApplication::focusWidget()));
        w->showUndoToast("“A” was deleted.");
        s.action("Undo delete")->trigger();
        QCOMPARE(undo.count(), 1);
    }

    void f6GoesRound() {
        Shown s({1440, 900});
        s.window->setLayoutName(LayoutName::Inspect);
        QTest::qWait(20);
        s.window->chat()->focusComposer();
        QList<const QWidget*> stops;
        for (int i = 0; i < 5; ++i) {
            s.window->focusNextPanel();
            const QWidget* focus = QApplication::focusWidget();
            QVERIFY(focus != nullptr);
            for (const QWidget* dock : QList<QWidget*>{s.experts, s.strip, s.path, s.cache, s.window->chat()}) {
                if (dock->isAncestorOf(focus)) {
                    stops << dock;
                }
            }
        }
        QCOMPARE(stops, (QList<const QWidget*>{s.experts, s.strip, s.path, s.cache, s.window->chat()}));
        s.window->focusPreviousPanel();
        QVERIFY(s.cache->isAncestorOf(QApplication::focusWidget()));
    }

    void escStopsFromAnywhere() {
        Shown s({1440, 900});
        s.window->chat()->setConversation(4, "Story", samples::answeringChat());
        s.window->chat()->setAnswering(true);
        QSignalSpy stop(s.window->chat(), &ChatPanel::stopRequested);
        s.window->chat()->transcript()->setFocus();
        QTest::keyClick(s.window->chat()->transcript(), Qt::Key_Escape);
        QCOMPARE(stop.count(), 1);
    }

    void focusStaysWhereOneCanType() {
        Shown s({1440, 900});
        ChatPanel* chat = s.window->chat();
        chat->setConversation(4, "Story", samples::finishedStory());
        ConversationRow row;
        row.id = 4;
        row.title = "Story";
        row.changed = QDateTime::currentDateTime();
        s.window->conversations()->setConversations({row});
        s.window->conversations()->setCurrent(4);
        auto* list = s.window->conversations()->findChild<QListView*>();
        auto* search = s.window->conversations()->findChild<QLineEdit*>();
        const auto writing = [&] { return chat->composer()->isAncestorOf(QApplication::focusWidget()); };

        chat->transcript()->setFocus();
        search->setText("fox");
        QTest::keyClick(s.window.get(), Qt::Key_N, Qt::ControlModifier);
        QVERIFY(writing());
        QCOMPARE(search->text(), QString());

        list->setFocus();
        list->setCurrentIndex(s.window->conversations()->model()->index(1));
        QSignalSpy opened(s.window->conversations(), &ConversationsPanel::conversationActivated);
        QTest::keyClick(list, Qt::Key_Return);
        QCOMPARE(opened.count(), 1);
        QVERIFY(writing());

        list->setFocus(Qt::MouseFocusReason);
        QTest::keyClicks(QApplication::focusWidget(), "hi");
        QVERIFY(writing());
        QCOMPARE(chat->draft(), QString("hi"));

        list->setFocus(Qt::MouseFocusReason);
        QTest::keyClick(s.window.get(), Qt::Key_2, Qt::ControlModifier);
        QVERIFY(!list->isVisible());
        QVERIFY(writing());
        s.experts->widget()->setFocus();
        QTest::keyClick(s.window.get(), Qt::Key_1, Qt::ControlModifier);
        QVERIFY(writing());
        list->setFocus();
        s.window->toggleSidebar();
        QVERIFY(writing());
    }

    void crumbFollowsTheSelection() {
        Shown s({1440, 900});
        s.window->setLayoutName(LayoutName::Inspect);
        s.window->setSelectionLimits(100, 8);
        s.selection.setFollowing(false);
        s.selection.set({2, 64, 5, 6});
        s.window->setTokenText(" boat");
        auto* crumb = s.window->findChild<SelectionCrumb*>();
        QVERIFY(crumb->isVisible());
        QCOMPARE(crumb->text(), QString("Token 65 boat › Layer 5 › Expert 6"));
        s.window->setTokenText(".\n");
        QCOMPARE(crumb->text(), QString("Token 65 .↵ › Layer 5 › Expert 6"));
        s.action("Next token")->trigger();
        QCOMPARE(s.selection.state().token, 65);
        s.action("Previous layer")->trigger();
        QCOMPARE(s.selection.state().layer, 4);
        s.action("Back")->trigger();
        QCOMPARE(s.selection.state().layer, 5);
        s.selection.setToken(99);
        QVERIFY(!s.action("Next token")->isEnabled());
        s.selection.set({-1, -1, 0, -1});
        QCOMPARE(crumb->text(), QString("Nothing selected"));
        s.window->resize(980, 700);
        QCoreApplication::processEvents();
        QVERIFY(!crumb->isVisible());
    }

    void theFilterLineIsOneKeyAway() {
        Shown s({1440, 900});
        auto* line = s.window->findChild<FilterLine*>();
        QVERIFY(line != nullptr && !line->isVisible());
        s.action("Filter")->trigger();
        QCOMPARE(s.window->layoutName(), LayoutName::Inspect);
        QVERIFY(line->isVisible());
        QTRY_VERIFY(line->hasFocus());
        QSignalSpy chosen(s.window.get(), &MainWindow::filterChosen);
        QTest::keyClicks(line, "expert==3");
        QTest::keyClick(line, Qt::Key_Return);
        QCOMPARE(chosen.size(), 1);
        const int wide = line->width();
        s.window->resize(1100, 700);
        QTRY_VERIFY(line->width() < wide);
        QVERIFY(inside(line, s.window.get()));
    }
};

QTEST_MAIN(TestMainWindow)
#include "tst_mainwindow.moc"
