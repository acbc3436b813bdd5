// SPDX-License-Identifier: Apache-2.0
// The part of MainWindow that moves the focus between panels.
#include "ui/mainwindow/mainwindow.h"

#include "ui/panels/capturepanel.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/comparepage.h"
#include "ui/panels/modellibrarypanel.h"
#include "ui/panels/panelframe.h"

#include <QApplication>
#include <QDockWidget>
#include <QKeyEvent>

namespace moescope::ui {

namespace {

/** The first thing in reading order that takes the focus by Tab. */
QWidget* firstStop(QWidget* container) {
    if (container->focusPolicy() & Qt::TabFocus) {
        return container;
    }
    for (QWidget* next = container->nextInFocusChain(); next != nullptr && next != container;
         next = next->nextInFocusChain()) {
        if (container->isAncestorOf(next) && (next->focusPolicy() & Qt::TabFocus) && next->isVisible() &&
            next->isEnabled()) {
            return next;
        }
    }
    return nullptr;
}

} // namespace

void MainWindow::keepFocus(const QWidget* before) {
    if (!m_shown || (before != nullptr && before->isVisible())) {
        return;
    }
    if (isComparisonShown()) {
        m_compare->focusFirst();
    } else if (!m_captureShown || before != nullptr) {
        m_chat->focusComposer();
    }
}

void MainWindow::focusPanel(QDockWidget* dock) {
    dock->raise();
    const auto* frame = qobject_cast<PanelFrame*>(dock);
    if (QWidget* stop = frame != nullptr ? frame->focusTarget() : firstStop(dock)) {
        stop->setFocus(Qt::OtherFocusReason);
    }
}

QList<QWidget*> MainWindow::focusStops() const {
    if (areModelsShown()) {
        return {m_library};
    }
    QList<QWidget*> stops;
    if (!m_sidebar->isHidden()) {
        stops << m_sidebar;
    }
    if (isComparisonShown()) {
        return stops + m_compare->focusStops();
    }
    stops << chatPage();
    for (const QString& id : m_panelOrder) {
        if (!m_panels[id]->isHidden()) {
            stops << m_panels[id];
        }
    }
    return stops;
}

void MainWindow::movePanelFocus(int step) {
    const QList<QWidget*> stops = focusStops();
    QWidget* focus = QApplication::focusWidget();
    int at = -1;
    for (int i = 0; i < stops.size(); ++i) {
        if (focus != nullptr && (stops[i] == focus || stops[i]->isAncestorOf(focus))) {
            at = i;
        }
    }
    const int count = static_cast<int>(stops.size());
    const int next = at < 0 ? 0 : (at + step + count) % count;
    QWidget* stop = stops[next];
    if (stop == m_library) {
        m_library->focusList();
        return;
    }
    if (stop == m_chat) {
        m_chat->focusComposer();
        return;
    }
    if (stop == m_capture) {
        m_capture->focusSteps();
        return;
    }
    stop->raise();
    const auto* frame = qobject_cast<PanelFrame*>(stop);
    const auto* dock = qobject_cast<QDockWidget*>(stop);
    QWidget* target = frame != nullptr ? frame->focusTarget() : dock != nullptr ? firstStop(dock->widget()) : stop;
    if (target == nullptr) {
        target = firstStop(stop);
    }
    if (target != nullptr) {
        target->setFocus(Qt::ShortcutFocusReason);
    }
}

void MainWindow::focusNextPanel() { movePanelFocus(1); }

void MainWindow::focusPreviousPanel() { movePanelFocus(-1); }

void MainWindow::keyPressEvent(QKeyEvent* event) {
    if (event->key() == Qt::Key_Escape) {
        if (areModelsShown()) {
            setModelsShown(false);
        } else if (isComparisonShown()) {
            m_compare->focusFirst();
        } else if (m_chat->isAnswering()) {
            m_chat->stop();
        } else if (m_captureShown) {
            m_capture->focusSteps();
        } else {
            m_chat->focusComposer();
        }
        return;
    }
    QMainWindow::keyPressEvent(event);
}

} // namespace moescope::ui
