// SPDX-License-Identifier: Apache-2.0
// The part of MainWindow that places docks and follows the window's size.
#include "ui/mainwindow/mainwindow.h"

#include "ui/mainwindow/windowactions.h"
#include "ui/mainwindow/windowtoolbar.h"
#include "ui/panels/capturepanel.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/comparepage.h"
#include "ui/panels/conversationspanel.h"
#include "ui/panels/panelframe.h"
#include "ui/panels/tabcorner.h"

#include <QAction>
#include <QDockWidget>
#include <QGuiApplication>
#include <QLayout>
#include <QMenu>
#include <QMouseEvent>
#include <QPainter>
#include <QStackedWidget>
#include <QStyle>
#include <QTabBar>
#include <QTimer>

#include <algorithm>
#include <iterator>

namespace moescope::ui {

namespace {

bool isWayland() { return QGuiApplication::platformName().startsWith(QLatin1String("wayland")); }

} // namespace

void MainWindow::addPanel(const QString& id, QDockWidget* panel, Qt::DockWidgetArea area) {
    panel->setObjectName(id);
    if (isWayland()) {
        panel->setFeatures(panel->features() & ~QDockWidget::DockWidgetFloatable);
    }
    m_panels.insert(id, panel);
    panel->addAction(m_actions->addNote);
    m_panelOrder.append(id);
    addDockWidget(area, panel);
    panel->hide();
    QAction* toggle = panel->toggleViewAction();
    m_actions->panelsMenu->addAction(toggle);
    // Before Qt closes it: the entry of one that is open, but cannot be seen, brings it to the front.
    connect(toggle, &QAction::toggled, this, [this, panel](bool shown) {
        m_behind = !shown && !panel->isHidden() && !panel->geometry().intersects(rect()) ? panel : nullptr;
        QTimer::singleShot(0, this, &MainWindow::decorateTabs);
    });
    connect(toggle, &QAction::triggered, this, [this, id, panel](bool shown) {
        if (m_behind == panel) {
            m_behind = nullptr;
            shown = true;
            panel->show();
        }
        markShown(id, shown);
        if (shown) {
            focusPanel(panel);
        }
    });
    if (auto* frame = qobject_cast<PanelFrame*>(panel)) {
        frame->setMenuAmongTabs();
        toggle->setIcon(theme().icon(frame->iconName()));
        connect(frame, &PanelFrame::closed, this, [this, id] { markShown(id, false); });
    }
    connect(panel, &QDockWidget::dockLocationChanged, this, [this] {
        markChanged();
        QTimer::singleShot(0, this, &MainWindow::decorateTabs);
    });
    connect(panel, &QDockWidget::topLevelChanged, this, &MainWindow::markChanged);
}

Docks MainWindow::docks() const { return {m_sidebar, m_panels, m_panelOrder}; }

void MainWindow::setLayoutName(LayoutName name) {
    setModelsShown(false);
    if (name == LayoutName::Compare && m_compare == nullptr) {
        m_toolbar->setLayoutName(m_layout);
        return;
    }
    if (name == m_layout) {
        m_toolbar->setLayoutName(name);
        return;
    }
    const QWidget* focus = focusWidget();
    remember();
    m_layout = name;
    applyLayout();
    keepFocus(focus);
    selectionChanged();
    refreshTitle();
    emit layoutChanged(name);
}

QStringList MainWindow::inFront() const {
    const auto& shown = m_memory[static_cast<int>(m_layout)].shown;
    const auto inView = [this](const QString& id) {
        const QDockWidget* panel = m_panels.value(id);
        return panel != nullptr && !panel->isHidden() && panel->geometry().intersects(rect());
    };
    QStringList front;
    std::copy_if(m_panelOrder.begin(), m_panelOrder.end(), std::back_inserter(front),
                 [&](const QString& id) { return shown.value(id) && inView(id); });
    const QString experts = QStringLiteral("experts");
    if (inView(experts)) { // it never hides by itself
        front.removeAll(experts);
        front.append(experts);
    }
    return front;
}

void MainWindow::remember() {
    memory().front = inFront();
    if (memory().changed && !memory().squeezed) {
        memory().state = saveState();
    }
}

void MainWindow::scalePanels() {
    const double scale = leastScale(size());
    for (QDockWidget* dock : std::as_const(m_panels)) {
        if (auto* frame = qobject_cast<PanelFrame*>(dock)) {
            frame->setLeastScale(scale);
        }
    }
    if (m_compare != nullptr) {
        m_compare->setLeastScale(scale);
    }
}

bool MainWindow::fits() const {
    const QSize least = layout()->minimumSize();
    return least.width() <= width() && least.height() <= height();
}

bool MainWindow::applyChanged() {
    if (!memory().changed || memory().state.isEmpty()) {
        return false;
    }
    m_applying = true;
    // A panel that is newer than the kept layout would come in wherever it last was.
    for (QDockWidget* panel : std::as_const(m_panels)) {
        removeDockWidget(panel);
    }
    // saveState() names docks, not their sizes' meaning: a state that does not fit this build is the default.
    if (restoreState(memory().state)) {
        placeOthers(this, docks(), m_layout, placeClass(size()));
        applyShown();
        memory().squeezed = m_shown && !fits();
        if (memory().squeezed) {
            memory().needed = layout()->minimumSize();
            for (auto panel = m_panels.begin(); panel != m_panels.end(); ++panel) {
                memory().shown.insert(panel.key(), !panel.value()->isHidden());
            }
        }
    } else {
        memory() = {};
    }
    m_applying = false;
    return memory().changed && !memory().squeezed;
}

void MainWindow::applyLayout() {
    if (!areModelsShown()) {
        m_pages->setCurrentWidget(layoutPage());
    }
    scalePanels();
    if (!applyChanged()) {
        applyDefault();
    }
    m_actions->layoutChat->setChecked(m_layout == LayoutName::Chat);
    m_actions->layoutInspect->setChecked(m_layout == LayoutName::Inspect);
    m_actions->layoutCompare->setChecked(m_layout == LayoutName::Compare);
    listPanels();
    m_actions->sidebar->setChecked(!m_sidebar->isHidden());
    m_toolbar->setLayoutName(m_layout);
    m_toolbar->setWindowWidth(width());
    m_status->setRoom(width(), m_layout != LayoutName::Chat);
    m_chat->setCompact(m_layout == LayoutName::Inspect);
    m_capture->setTokensClickable(m_layout == LayoutName::Inspect);
    decorateTabs();
}

void MainWindow::applyDefault() {
    m_applying = true;
    m_fullPlace = placeClass(size());
    for (int place = m_fullPlace; place >= 0; place = m_shown && !fits() ? narrowerPlace(place) : -1) {
        if (place != m_fullPlace) {
            m_needed = layout()->minimumSize();
        }
        m_place = place;
        placeDefault(this, docks(), m_layout, place);
        applyShown();
        sizeDefault(this, docks(), m_layout, place);
    }
    if (m_shown && !fits()) {
        m_sidebar->hide();
    }
    for (const QString& id : std::as_const(memory().front)) {
        if (QDockWidget* panel = m_panels.value(id); panel != nullptr && !panel->isHidden()) {
            panel->raise();
        }
    }
    m_applying = false;
    m_actions->sidebar->setChecked(!m_sidebar->isHidden());
    decorateTabs();
}

void MainWindow::applyShown() {
    for (auto each = memory().shown.begin(); each != memory().shown.end(); ++each) {
        QDockWidget* dock = each.key() == m_sidebar->objectName() ? m_sidebar : m_panels.value(each.key());
        if (dock != nullptr) {
            dock->setVisible(each.value());
        }
    }
}

void MainWindow::followSize() {
    if (!m_shown || m_applying || areModelsShown()) {
        return;
    }
    const auto roomFor = [this](const QSize& needed) {
        return needed.width() <= width() && needed.height() <= height();
    };
    scalePanels();
    if (memory().changed && !memory().squeezed) {
        if (!fits()) {
            applyLayout();
        }
        return;
    }
    const bool larger = memory().changed && roomFor(memory().needed);
    if (larger || m_fullPlace != placeClass(size()) || (m_place != m_fullPlace && roomFor(m_needed))) {
        memory().front = inFront();
        larger ? applyLayout() : applyDefault();
        return;
    }
    m_applying = true;
    sizeDefault(this, docks(), m_layout, m_place);
    m_applying = false;
    if (!fits()) {
        memory().front = inFront();
        applyDefault();
    }
}

void MainWindow::resetLayout() {
    setModelsShown(false);
    const QWidget* focus = focusWidget();
    memory() = {};
    if (m_layout == LayoutName::Compare) {
        m_compare->resetLayout();
    }
    applyDefault();
    keepFocus(focus);
}

void MainWindow::markChanged() {
    if (m_applying || !m_shown) {
        return;
    }
    memory().changed = true;
    memory().squeezed = false;
    // Now, not when a smaller window has pressed the docks together.
    QTimer::singleShot(0, this, [this, layout = m_layout] {
        if (layout == m_layout && !areModelsShown()) {
            remember();
            followSize();
        }
    });
}

void MainWindow::markShown(const QString& id, bool shown) {
    if (m_applying || !m_shown) {
        return;
    }
    memory().shown.insert(id, shown);
    if (!fits()) {
        memory().front = inFront();
        applyLayout();
    }
    // Qt makes room for a row of tabs at the cost of others.
    QTimer::singleShot(0, this, [this] {
        if (!memory().changed) {
            followSize();
        }
    });
}

void MainWindow::toggleSidebar() {
    if (areModelsShown()) {
        setModelsShown(false);
        if (!m_sidebar->isHidden()) {
            return; // it came back with the chat
        }
    }
    const QWidget* focus = focusWidget();
    m_sidebar->setVisible(m_sidebar->isHidden());
    keepFocus(focus);
    markShown(m_sidebar->objectName(), !m_sidebar->isHidden());
    m_actions->sidebar->setChecked(!m_sidebar->isHidden());
}

void MainWindow::showPanel(const QString& id) {
    QDockWidget* dock = m_panels.value(id);
    if (dock == nullptr) {
        return;
    }
    setLayoutName(LayoutName::Inspect);
    if (dock->isHidden()) {
        dock->show();
        markShown(id, true);
    }
    focusPanel(dock);
}

void MainWindow::decorateTabs() {
    const auto bars = findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly);
    for (QTabBar* bar : bars) {
        // Another chosen one needs another room.
        connect(bar, &QTabBar::currentChanged, this, &MainWindow::decorateTabs,
                Qt::ConnectionType(Qt::QueuedConnection | Qt::UniqueConnection));
    }
    decorateDockTabs(*this, m_panels.values());
}

void MainWindow::resizeEvent(QResizeEvent* event) {
    QMainWindow::resizeEvent(event);
    m_toolbar->setWindowWidth(width());
    m_status->setRoom(width(), m_layout != LayoutName::Chat);
    followSize();
    placeOverlays();
}

void MainWindow::showEvent(QShowEvent* event) {
    QMainWindow::showEvent(event);
    if (!m_shown) {
        m_shown = true;
        applyLayout();      // docks take sizes only once the window has its own
        keepFocus(nullptr); // so that a person can type at once
    }
}

void MainWindow::changeEvent(QEvent* event) {
    QMainWindow::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_actions != nullptr) {
        const bool dark = theme().scheme() == Scheme::Dark;
        m_actions->light->setChecked(!dark);
        m_actions->dark->setChecked(dark);
        QTimer::singleShot(0, this, [this] { // once what it holds has the new letters
            decorateTabs();
            followSize();
        });
    }
}

bool MainWindow::event(QEvent* event) {
    // Only separators are the window's own; other presses come from children that had no use for them.
    if (event->type() == QEvent::MouseButtonPress) {
        m_separatorPressed = childAt(static_cast<QMouseEvent*>(event)->position().toPoint()) == nullptr;
    } else if (event->type() == QEvent::MouseButtonRelease && m_separatorPressed) {
        m_separatorPressed = false;
        markChanged();
    }
    const bool done = QMainWindow::event(event);
    if (event->type() == QEvent::Paint) {
        paintSeparators();
    }
    return done;
}

void MainWindow::paintSeparators() {
    // A separator belongs to the window. Beside the sidebar it is the sidebar's, whose lines go through it; beside the
    // transcript it is the transcript's, so that one line of 2 px parts it from the docks.
    QPainter painter(this);
    const int wide = style()->pixelMetric(QStyle::PM_DockWidgetSeparatorExtent, nullptr, this);
    if (!m_sidebar->isHidden() && !m_sidebar->isFloating() && dockWidgetArea(m_sidebar) == Qt::LeftDockWidgetArea) {
        const int line = m_conversations->footLine();
        if (line >= 0) {
            const QRect bar = m_sidebar->geometry();
            painter.fillRect(QRect(bar.right() + 1, bar.y() + line, wide, 1), theme().color(Color::Border));
        }
    }
    const bool beside = hasDocksAtRight();
    m_chat->setOpenAtRight(beside);
    m_capture->setOpenAtRight(beside);
    if (beside) {
        const QRect strip = rightSeparator();
        if (m_captureShown) {
            m_capture->paintBeyond(painter, strip.adjusted(0, 0, -1, 0));
        } else {
            m_chat->paintBeyond(painter, strip.adjusted(0, 0, -1, 0));
        }
        painter.fillRect(QRect(strip.right(), strip.y(), 1, strip.height()), theme().color(Color::Border));
    }
}

QRect MainWindow::rightSeparator() const {
    const QRect chat(chatPage()->mapTo(this, QPoint(0, 0)), chatPage()->size());
    return {chat.right() + 1, chat.y(), style()->pixelMetric(QStyle::PM_DockWidgetSeparatorExtent, nullptr, this),
            chat.height()};
}

bool MainWindow::hasDocksAtRight() const {
    return std::any_of(m_panels.begin(), m_panels.end(), [this](QDockWidget* dock) {
        return !dock->isHidden() && !dock->isFloating() && dockWidgetArea(dock) == Qt::RightDockWidgetArea;
    });
}

} // namespace moescope::ui
