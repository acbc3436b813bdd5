// SPDX-License-Identifier: Apache-2.0
#include "tests/app/gui/walkhand.h"

#include "ui/models/tokentext.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/comparepage.h"
#include "ui/panels/composer.h"
#include "ui/panels/expertschart.h"
#include "ui/panels/messagewidget.h"
#include "ui/panels/panelframe.h"
#include "ui/panels/transcript.h"
#include "ui/text/markdownview.h"
#include "ui/widgets/tabletwin.h"

#include <QAbstractButton>
#include <QAction>
#include <QApplication>
#include <QFileDialog>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPlainTextEdit>
#include <QScrollBar>
#include <QTabBar>
#include <QTest>
#include <QTimer>
#include <QWindow>

namespace moescope::test {
namespace {

constexpr int mostSteps = 400; ///< of Tab or an arrow, before a way counts as none

void click(QWidget* widget, const QPoint& at) { QTest::mouseClick(widget, Qt::LeftButton, Qt::NoModifier, at); }

bool until(const std::function<bool()>& done) { return QTest::qWaitFor(done, walkPatience); }

QFileDialog* fileDialog() { return qobject_cast<QFileDialog*>(QApplication::activeModalWidget()); }

bool waitForFileDialog() {
    return until([] { return fileDialog() != nullptr && fileDialog()->isVisible(); });
}

/** Steps by one key until the menu's entry is the current one. */
template <typename Menu>
bool stepTo(Menu* menu, const QString& text, Qt::Key key) {
    for (int step = 0; step < mostSteps; ++step) {
        const QAction* at = menu->activeAction();
        if (at != nullptr && at->text().section(QLatin1Char('\t'), 0, 0).remove(QLatin1Char('&')) == text) {
            return true;
        }
        Hand::key(key);
    }
    return false;
}

/** Its chart, its table or what is missing can be seen, and no other tab is before it. */
bool isInView(const ui::PanelFrame& panel) {
    return panel.chart()->isSeen() || panel.isEmptyShown() ||
           (panel.isTwinShown() && !panel.twin()->viewport()->visibleRegion().isEmpty());
}

QMenu* openMenu() { return qobject_cast<QMenu*>(QApplication::activePopupWidget()); }

} // namespace

void Hand::key(Qt::Key key, Qt::KeyboardModifiers modifiers) {
    if (QWindow* to = QGuiApplication::focusWindow()) {
        QTest::keyClick(to, key, modifiers);
    }
}

void Hand::type(const QString& text) {
    for (const QChar letter : text) {
        if (QWidget* to = QApplication::focusWidget()) {
            QTest::keyClicks(to, letter);
        }
    }
}

QString Hand::plain(QString text) { return text.section(QLatin1Char('\t'), 0, 0).remove(QLatin1Char('&')); }

ui::PanelFrame* Hand::frame(const QString& panel) const {
    auto* frame = qobject_cast<ui::PanelFrame*>(window().panel(panel));
    return frame != nullptr || window().compare() == nullptr ? frame : window().compare()->panel(panel);
}

bool Hand::meanwhile(const std::function<void()>& ask, const std::function<bool()>& answer) {
    bool over = false;
    bool answered = false;
    QTimer::singleShot(0, qApp, [&] {
        answered = answer();
        over = true;
    });
    ask();
    return until([&over] { return over; }) && answered;
}

bool Hand::open(const QString& panel) {
    const QDockWidget* dock = frame(panel);
    if (dock == nullptr) {
        return false;
    }
    if (dock->isHidden() && !choose({QStringLiteral("View"), QStringLiteral("Panels"), plain(dock->windowTitle())})) {
        return false;
    }
    return goTo(panel);
}

bool Hand::takeFocusBack() {
    window().activateWindow();
    return QTest::qWaitForWindowActive(&window(), walkPatience);
}

bool Hand::answerFileDialog(const QString& path) {
    if (!waitForFileDialog()) {
        return false;
    }
    const QPointer<QFileDialog> dialog(fileDialog());
    const auto* name = dialog->findChild<QLineEdit*>(QStringLiteral("fileNameEdit"));
    for (int step = 0; step < mostSteps && !name->hasFocus(); ++step) {
        key(Qt::Key_Tab);
    }
    if (!name->hasFocus()) {
        return false;
    }
    key(Qt::Key_A, Qt::ControlModifier);
    type(path);
    if (name->text() != path) {
        return false;
    }
    key(Qt::Key_Return);
    return until([&] { return dialog.isNull() || !dialog->isVisible(); }) && takeFocusBack();
}

// The pointer.

bool MouseHand::say(const QString& text) {
    ui::Composer* composer = window().chat()->composer();
    auto* edit = composer->findChild<QPlainTextEdit*>();
    click(edit->viewport(), edit->viewport()->rect().center());
    type(text);
    return composer->text() == text && press(QStringLiteral("Send"));
}

bool MouseHand::selectToken(int token) {
    const ui::TraceModel& traces = m_composition.traces();
    const qint64 answer = traces.current();
    ui::Transcript* transcript = window().chat()->transcript();
    std::string before;
    for (int i = 0; i < token; ++i) {
        before += traces.token(i).text;
    }
    const auto begin = static_cast<int>(QString::fromStdString(before).size());
    const QString text = QString::fromStdString(traces.token(token).text);
    transcript->scrollToMessage(answer, begin);
    QCoreApplication::processEvents();
    const ui::MessageWidget* message = transcript->widgetOf(answer);
    auto* view =
        message != nullptr ? message->findChild<ui::MarkdownView*>(QString(), Qt::FindDirectChildrenOnly) : nullptr;
    // Its last character is never the space that the word begins with.
    const auto end = begin + static_cast<int>(text.size());
    const QList<QRect> boxes = view != nullptr ? view->rectsOfSource(end - 1, end) : QList<QRect>();
    if (boxes.isEmpty()) {
        return false;
    }
    click(view, boxes.first().center());
    return until([&] { return m_composition.selection().state().token == token; });
}

bool MouseHand::selectLayer(int layer) {
    const auto at = [this] { return std::max(0, m_composition.selection().state().layer); };
    for (int step = 0; step < mostSteps && m_composition.selection().state().layer != layer; ++step) {
        const QString button = at() < layer ? QStringLiteral("Next layer") : QStringLiteral("Previous layer");
        if (!press(button)) {
            return false;
        }
    }
    return m_composition.selection().state().layer == layer;
}

bool MouseHand::choose(const QStringList& path) {
    QMenuBar* bar = window().menuBar();
    QMenu* menu = nullptr;
    for (const QString& step : path) {
        const QList<QAction*> entries = menu != nullptr ? menu->actions() : bar->actions();
        const auto entry = std::find_if(entries.begin(), entries.end(), [&](const QAction* action) {
            return plain(action->text()) == step && action->isEnabled() && action->isVisible();
        });
        if (entry == entries.end()) {
            return false;
        }
        if (menu != nullptr) {
            click(menu, menu->actionGeometry(*entry).center());
        } else {
            click(bar, bar->actionGeometry(*entry).center());
        }
        menu = (*entry)->menu();
        if (menu != nullptr && !until([menu] { return menu->isVisible(); })) {
            return false;
        }
    }
    if (menu != nullptr || !until([] { return openMenu() == nullptr; })) {
        return false;
    }
    if (QApplication::activeModalWidget() != nullptr) {
        return true;
    }
    return takeFocusBack();
}

bool MouseHand::goTo(const QString& panel) {
    ui::PanelFrame* frame = this->frame(panel);
    if (frame == nullptr || frame->isHidden()) {
        return false;
    }
    // Its own window's: Compare has docks of its own.
    for (QTabBar* bar : frame->parentWidget()->findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly)) {
        for (int tab = 0; tab < bar->count(); ++tab) {
            if (bar->isVisible() && bar->tabText(tab) == frame->windowTitle() && bar->currentIndex() != tab) {
                click(bar, bar->tabRect(tab).center());
            }
        }
    }
    QWidget* target = frame->focusTarget();
    // A click on the selected expert's own cell changes nothing but the focus.
    if (auto* map = qobject_cast<ui::ExpertsChart*>(target)) {
        const ui::SelectionState state = m_composition.selection().state();
        const QRect cell = map->geometryOfMap().cellOf(state.layer, state.expert, map->verticalScrollBar()->value());
        click(map->viewport(), cell.center());
        return map->hasFocus() && m_composition.selection().state() == state;
    }
    return until([frame] { return isInView(*frame); });
}

bool MouseHand::press(const QString& button) {
    const auto found = [&]() -> QAbstractButton* {
        const QWidget* sheet = QApplication::activeModalWidget();
        const QWidget* front = sheet != nullptr ? sheet : &window();
        for (auto* candidate : front->findChildren<QAbstractButton*>()) {
            if (candidate->accessibleName() == button && candidate->isEnabled() &&
                !candidate->visibleRegion().isEmpty()) {
                return candidate;
            }
        }
        return nullptr;
    };
    if (!until([&] { return found() != nullptr; })) {
        return false;
    }
    QAbstractButton* at = found();
    click(at, at->rect().center());
    return true;
}

// Keys alone.

bool KeyHand::say(const QString& text) {
    const ui::Composer* composer = window().chat()->composer();
    if (!composer->isAncestorOf(QApplication::focusWidget())) {
        key(Qt::Key_Escape); // leads to the composer from wherever one is
    }
    if (!composer->isAncestorOf(QApplication::focusWidget())) {
        return false;
    }
    type(text);
    const bool typed = composer->text() == text;
    key(Qt::Key_Return);
    return typed;
}

bool KeyHand::selectToken(int token) {
    if (!goTo(QStringLiteral("token-strip"))) {
        return false;
    }
    const ui::Selection& selection = m_composition.selection();
    for (int step = 0; step < mostSteps && selection.state().token != token; ++step) {
        key(selection.state().token < token ? Qt::Key_Right : Qt::Key_Left);
    }
    return selection.state().token == token;
}

bool KeyHand::selectLayer(int layer) {
    const ui::Selection& selection = m_composition.selection();
    for (int step = 0; step < mostSteps && selection.state().layer != layer; ++step) {
        key(selection.state().layer < layer ? Qt::Key_BracketRight : Qt::Key_BracketLeft);
    }
    return selection.state().layer == layer;
}

bool KeyHand::choose(const QStringList& path) {
    QWidget* to = QApplication::focusWidget();
    if (to == nullptr || path.size() < 2) {
        return false;
    }
    QTest::keyPress(to, Qt::Key_Alt, Qt::AltModifier);
    QTest::keyRelease(to, Qt::Key_Alt, Qt::AltModifier);
    if (!window().menuBar()->hasFocus() || !stepTo(window().menuBar(), path.first(), Qt::Key_Right)) {
        return false;
    }
    key(Qt::Key_Down);
    for (qsizetype level = 1; level < path.size(); ++level) {
        QMenu* menu = openMenu();
        if (menu == nullptr || !stepTo(menu, path.at(level), Qt::Key_Down)) {
            return false;
        }
        key(Qt::Key_Return);
        if (level + 1 < path.size() && !until([menu] { return openMenu() != nullptr && openMenu() != menu; })) {
            return false;
        }
    }
    return until([] { return openMenu() == nullptr; });
}

bool KeyHand::goTo(const QString& panel) {
    const QDockWidget* dock = window().panel(panel);
    for (int step = 0; step < mostSteps; ++step) {
        const QWidget* focus = QApplication::focusWidget();
        if (focus != nullptr && dock != nullptr && dock->isAncestorOf(focus)) {
            const auto* frame = qobject_cast<const ui::PanelFrame*>(dock);
            return until([frame] { return isInView(*frame); });
        }
        key(Qt::Key_F6);
    }
    return false;
}

bool KeyHand::press(const QString& button) {
    for (int step = 0; step < mostSteps; ++step) {
        const auto* focus = qobject_cast<const QAbstractButton*>(QApplication::focusWidget());
        if (focus != nullptr && focus->accessibleName() == button && focus->isEnabled()) {
            key(Qt::Key_Space);
            return true;
        }
        key(Qt::Key_Tab);
    }
    return false;
}

bool KeyHand::stepCapture() {
    key(Qt::Key_Right, Qt::ControlModifier);
    return true;
}

PointerWatch::PointerWatch() { qApp->installEventFilter(this); }

bool PointerWatch::eventFilter(QObject*, QEvent* event) {
    switch (event->type()) {
    case QEvent::MouseButtonPress:
    case QEvent::MouseButtonRelease:
    case QEvent::MouseButtonDblClick:
    case QEvent::MouseMove:
    case QEvent::Wheel:
    case QEvent::TouchBegin: ++m_count; break;
    default: break;
    }
    return false;
}

} // namespace moescope::test
