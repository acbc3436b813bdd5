// SPDX-License-Identifier: Apache-2.0
// The part of MainWindow that records answers and shows a capture in place of the chat.
#include "ui/mainwindow/mainwindow.h"
#include "ui/mainwindow/windowactions.h"
#include "ui/panels/capturepanel.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/conversationspanel.h"

#include <QAction>
#include <QStackedWidget>

namespace moescope::ui {

void MainWindow::connectCapture() {
    connect(m_actions->capture, &QAction::triggered, this, &MainWindow::recordingRequested);
    connect(m_actions->saveCapture, &QAction::triggered, this, &MainWindow::saveCaptureRequested);
    connect(m_actions->openCapture, &QAction::triggered, this, &MainWindow::openCaptureRequested);
    connect(m_actions->closeCapture, &QAction::triggered, this, &MainWindow::closeCaptureRequested);
    connect(m_actions->exportRouting, &QAction::triggered, this, &MainWindow::exportRoutingRequested);
    connect(m_actions->addNote, &QAction::triggered, this, &MainWindow::noteRequested);
    connect(m_actions->bookmark, &QAction::triggered, this, &MainWindow::bookmarkRequested);
    connect(m_capture, &CapturePanel::closeRequested, this, &MainWindow::closeCaptureRequested);
    connect(m_capture, &CapturePanel::stepRequested, this, &MainWindow::stepToken);
    connect(m_capture, &CapturePanel::noteRequested, this, &MainWindow::noteRequested);
    connect(m_capture, &CapturePanel::bookmarkToggled, this, &MainWindow::bookmarkRequested);
    m_capture->addAction(m_actions->addNote);
}

QWidget* MainWindow::chatPage() const {
    return m_captureShown ? static_cast<QWidget*>(m_capture) : static_cast<QWidget*>(m_chat);
}

void MainWindow::setCaptureShown(const QString& title) {
    m_captureTitle = title;
    m_captureShown = !title.isEmpty();
    m_conversations->setCurrentInView(!m_captureShown);
    if (m_captureShown && m_layout == LayoutName::Compare) {
        setLayoutName(LayoutName::Inspect);
    }
    if (!areModelsShown() && m_layout != LayoutName::Compare) {
        m_pages->setCurrentWidget(chatPage());
        if (m_captureShown) {
            m_capture->focusSteps();
        } else {
            m_chat->focusComposer();
        }
    }
    updateActions();
    refreshTitle();
    placeOverlays();
    update();
}

void MainWindow::setRecording(bool recording) { m_actions->capture->setChecked(recording); }

} // namespace moescope::ui
