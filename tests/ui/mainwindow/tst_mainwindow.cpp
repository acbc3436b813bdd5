// SPDX-License-Identifier: Apache-2.0
#include "tests/ui/mainwindow/windowboard.h"
#include "ui/mainwindow/capturebutton.h"
#include "ui/mainwindow/filterline.h"
#include "ui/mainwindow/windowtoolbar.h"
#include "ui/panels/composer.h"
#include "ui/panels/conversationspanel.h"
#include "ui/panels/modellibrarypanel.h"
#include "ui/panels/transcript.h"
#include "ui/widgets/statusitem.h"
#include "ui/widgets/toast.h"

#include <QAccessible>
#include <QApplication>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QMenuBar>
#include <QScreen>
#include <QScrollBar>
#include <QSignalSpy>
#include <QStatusBar>

#include <algorithm>

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
    using Shown = test::WindowBoard;

    static bool inside(const QWidget* widget, const QWidget* window) {
        const QPoint corner = widget->mapTo(window, QPoint(0, 0));
        return corner.x() >= 0 && corner.x() + widget->width() <= window->width();
    }

private slots:
    void initTestCase() { setTheme(*qApp, Theme(Scheme::Light)); }

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
        QSet<QChar> letters;
        for (const QAction* top : menus) {
            const qsizetype sign = top->text().indexOf(QLatin1Char('&'));
            QVERIFY2(sign >= 0, qPrintable(top->text()));
            letters.insert(top->text().at(sign + 1));
            titles << top->text().remove(QLatin1Char('&'));
        }
        QCOMPARE(letters.size(), menus.size());
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

    void captureIsWholeInANarrowWindow() {
        for (const int width : {960, 1000, 1060, 1179}) {
            Shown s({width, 640});
            s.window->setLayoutName(LayoutName::Inspect);
            s.window->setTokenText(QStringLiteral("afternoons"));
            s.selection.set({1, 1234, 11, 120});
            QTest::qWait(20);
            const auto* capture = s.window->findChild<CaptureButton*>();
            QVERIFY(capture->isVisible());
            QVERIFY2(capture->width() >= capture->sizeHint().width(),
                     qPrintable(QStringLiteral("%1 px at %2").arg(capture->width()).arg(width)));
            QVERIFY(inside(capture, s.window.get()));
        }
    }

    void aToastCoversNoButton() {
        Shown s({1000, 640});
        MainWindow* w = s.window.get();
        w->chat()->setConversation(7, QStringLiteral("Names"), samples::finishedStory());
        w->setLayoutName(LayoutName::Inspect);
        QTest::qWait(20);
        QScrollBar* bar = w->chat()->findChild<Transcript*>()->verticalScrollBar();
        bar->setValue(bar->maximum()); // the answer's row of buttons is where toasts would stand
        QTest::qWait(20);
        w->showToast(QStringLiteral("“A long name of a file that somebody chose for a capture.moescope” was written."));
        QTest::qWait(20);
        const auto* toast = w->findChild<Toast*>();
        QVERIFY(toast->isVisible());
        int buttons = 0;
        for (const QAbstractButton* button : w->chat()->findChildren<QAbstractButton*>()) {
            const QRect seen = button->visibleRegion().boundingRect();
            if (button->isVisible() && !seen.isEmpty()) {
                ++buttons;
                const QRect at = seen.translated(button->mapTo(w, QPoint(0, 0)));
                QVERIFY2(!at.intersects(toast->geometry()), qPrintable(button->accessibleName()));
            }
        }
        QVERIFY(buttons > 4);
        QVERIFY(w->rect().contains(toast->geometry()));
    }

    void aCacheThatHoldsNothingOfTheChatSaysSo() {
        Shown s({1440, 900});
        const auto says = [&](const QString& words) {
            const auto items = s.window->findChildren<StatusItem*>();
            return std::any_of(items.begin(), items.end(), [&](const StatusItem* item) {
                return item->isVisible() && item->accessibleName().startsWith(words);
            });
        };
        s.window->setContext(704, 2048);
        s.window->setKv(1 << 20, 2 << 20);
        QVERIFY(says(QStringLiteral("KV 1.00 MiB of 2.00 MiB")));
        s.window->setKv(0, 2 << 20);
        QVERIFY(says(QStringLiteral("KV 0 of 2.00 MiB, not read yet")));
        s.window->setContext(0, 2048); // an empty chat has nothing to read
        QVERIFY(says(QStringLiteral("KV 0 of 2.00 MiB")) && !says(QStringLiteral("KV 0 of 2.00 MiB, not")));
    }

    void aToastOnThePageModelsStandsAboveTheDropArea() {
        for (const QSize& size : {QSize(1100, 700), QSize(1440, 900)}) {
            Shown s(size);
            MainWindow* w = s.window.get();
            w->showUndoToast(
                QStringLiteral("“The small fox sat in the old boat and waited. The small fox…” was deleted."));
            w->setModelsShown(true);
            QTest::qWait(50);
            const auto* toast = w->findChild<Toast*>();
            QVERIFY(toast->isVisible());
            const QWidget* drop = w->library()->dropArea();
            const QRect area(drop->mapTo(w, QPoint(0, 0)), drop->size());
            QVERIFY(toast->geometry().bottom() < area.top() && area.top() - toast->geometry().bottom() < 20);
            QVERIFY(toast->x() >= area.left() && toast->geometry().right() <= area.right());
            w->setModelsShown(false);
            QTRY_VERIFY(
                std::abs(toast->geometry().bottom() - w->chat()->mapTo(w, QPoint(0, w->chat()->footTop())).y()) < 20);
        }
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

    // It grows with its words where there is room, and takes none of the others'.
    void theFilterGrowsWithItsWords() {
        Shown s({1356, 800});
        s.window->setLayoutName(LayoutName::Inspect);
        auto* line = s.window->findChild<FilterLine*>();
        auto* box = s.window->findChild<ModelButton*>();
        QTRY_VERIFY(line->isVisible());
        const int empty = line->width();
        const int model = box->width();
        s.window->setFilter(std::get<Filter>(Filter::parse(QStringLiteral("layer == 3 && expert == 1"))));
        QTRY_VERIFY(line->width() > empty);
        const int words = line->width();
        s.window->setFilterMatches(3, 384);
        QTRY_VERIFY(line->width() > words);
        QCOMPARE(line->width(), line->wantedWidth());
        QCOMPARE(box->width(), model);
        const auto isFree = [&] {
            const auto* capture = s.window->findChild<CaptureButton*>();
            return line->geometry().right() < capture->geometry().left();
        };
        QVERIFY(isFree());
        s.window->setFilter({});
        QTRY_COMPARE(line->width(), empty);
        QTRY_VERIFY(isFree());
    }
};

QTEST_MAIN(TestMainWindow)
#include "tst_mainwindow.moc"
