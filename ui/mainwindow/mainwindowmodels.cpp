// SPDX-License-Identifier: Apache-2.0
// The part of MainWindow that shows the page Models, opens the menu of models and takes dropped files.
#include "ui/mainwindow/filedrop.h"
#include "ui/mainwindow/mainwindow.h"
#include "ui/mainwindow/windowactions.h"
#include "ui/mainwindow/windowtoolbar.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/comparepage.h"
#include "ui/panels/modellibrarypanel.h"

#include <QAction>
#include <QDockWidget>
#include <QMenu>
#include <QStackedWidget>

namespace moescope::ui {

namespace {

constexpr int kMostInMenu = 12; ///< models

} // namespace

void MainWindow::connectLibrary() {
    connect(m_actions->models, &QAction::triggered, this, &MainWindow::setModelsShown);
    connect(m_actions->openModel, &QAction::triggered, this, &MainWindow::openModelRequested);
    connect(m_actions->unloadModel, &QAction::triggered, this, &MainWindow::unloadModelRequested);
    connect(m_library, &ModelLibraryPanel::left, this, [this] { setModelsShown(false); });
    connect(m_library, &ModelLibraryPanel::openFileRequested, this, &MainWindow::openModelRequested);
    connect(m_library, &ModelLibraryPanel::unloadRequested, this, &MainWindow::unloadModelRequested);
    connect(m_toolbar, &WindowToolBar::modelMenuRequested, this, &MainWindow::openModelMenu);
    connect(m_status, &StatusLine::modelClicked, this, [this] { setModelsShown(true); });
    m_dropOverlay = new DropOverlay(this);
    auto* drop = new FileDrop(this);
    connect(drop, &FileDrop::hovered, this, &MainWindow::setDropTarget);
    connect(drop, &FileDrop::dropped, this, &MainWindow::filesDropped);
    connect(drop, &FileDrop::refused, this, [this](int count) { emit dropRefused(count, FileDrop::kMost); });
}

bool MainWindow::areModelsShown() const { return m_pages->currentWidget() == m_library; }

void MainWindow::setModelsShown(bool shown) {
    m_actions->models->setChecked(shown);
    if (shown == areModelsShown()) {
        return;
    }
    if (shown) {
        remember();
        m_pages->setCurrentWidget(m_library);
        m_applying = true;
        for (QDockWidget* dock : findChildren<QDockWidget*>(QString(), Qt::FindDirectChildrenOnly)) {
            dock->hide();
        }
        m_applying = false;
        m_toolbar->setModelsShown(true);
        m_library->focusList();
    } else {
        m_pages->setCurrentWidget(layoutPage());
        applyLayout();
        keepFocus(nullptr);
    }
    m_actions->panelsMenu->setEnabled(!shown);
    updateActions();
    refreshTitle();
    QMetaObject::invokeMethod(this, &MainWindow::placeOverlays, Qt::QueuedConnection); // when the page has its size
    emit modelsShownChanged(shown);
}

void MainWindow::refreshTitle() {
    const QString title = areModelsShown()      ? tr("Models")
                          : isComparisonShown() ? m_compare->comparison()->question()
                          : m_captureShown      ? m_captureTitle
                                                : m_title;
    setWindowTitle(title.isEmpty() ? tr("Moescope") : tr("%1 – Moescope").arg(title));
}

void MainWindow::openModelMenu(const QPoint& at) {
    QMenu menu(this);
    const ModelListModel* models = m_library->models();
    int listed = 0;
    for (int row = 0; row < models->rowCount() && listed < kMostInMenu; ++row) {
        if (!models->fit(row).canLoad() && !models->isLoaded(row)) {
            continue;
        }
        ++listed;
        const QString file = models->distinction(row);
        const QString words = modelName(models->at(row).card).left(60) +
                              (file.isEmpty() ? QString() : QStringLiteral(" · ") + file.right(60));
        const QString name = QString(words).replace(u'&', QStringLiteral("&&"));
        const QString type = QString::fromStdString(models->at(row).card.info.main_type);
        QAction* action =
            menu.addAction(name + u'\t' + type, this, [this, path = models->at(row).path()] { m_library->load(path); });
        action->setCheckable(true);
        action->setChecked(models->isLoaded(row) || models->isLoading(row));
    }
    if (listed > 0) {
        menu.addSeparator();
    }
    menu.addAction(m_actions->openModel);
    menu.addAction(tr("All models…") + QStringLiteral("\tCtrl+M"), this, [this] { setModelsShown(true); });
    menu.exec(at);
}

void MainWindow::setDropTarget(bool target) {
    m_library->setDropTarget(target);
    m_dropOverlay->setGeometry(QRect(m_pages->mapTo(this, QPoint(0, 0)), m_pages->size()));
    m_dropOverlay->setVisible(target && !areModelsShown());
    m_dropOverlay->raise();
}

} // namespace moescope::ui
