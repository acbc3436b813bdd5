// SPDX-License-Identifier: Apache-2.0
#include "ui/panels/tabcorner.h"

#include "ui/theme/theme.h"
#include "ui/widgets/iconbutton.h"

#include <QHBoxLayout>
#include <QMainWindow>
#include <QPainter>
#include <QResizeEvent>

#include <algorithm>

namespace moescope::ui {

TabCorner::TabCorner(QTabBar* bar, QWidget* window) : QWidget(window), m_bar(bar) {
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(3, 1, 3, 1);
    row->setSpacing(3);
    m_table = new IconButton(QStringLiteral("table"), tr("Table of the same values"), this);
    m_more = new IconButton(QStringLiteral("more"), tr("Menu of the panel"), this);
    row->addWidget(m_table);
    row->addWidget(m_more);
    connect(m_table, &QAbstractButton::clicked, this, [this] {
        if (m_panel != nullptr) {
            m_panel->setTwinShown(true);
        }
    });
    connect(m_more, &QAbstractButton::clicked, this, [this] {
        if (m_panel != nullptr) {
            m_panel->openMenu(m_more);
        }
    });
    m_room = bar->width();
    bar->installEventFilter(this);
    connect(bar, &QObject::destroyed, this, &QObject::deleteLater);
    refresh();
}

void TabCorner::setPanel(PanelFrame* panel) {
    if (panel != m_panel) {
        if (m_panel != nullptr) {
            disconnect(m_panel, nullptr, this, nullptr);
        }
        m_panel = panel;
        if (panel != nullptr) {
            connect(panel, &PanelFrame::titleRowChanged, this, &TabCorner::refresh);
            m_more->setAccessibleName(tr("Menu of the panel %1").arg(panel->windowTitle()));
            m_more->setToolTip(m_more->accessibleName());
        }
    }
    refresh();
}

void TabCorner::refresh() {
    m_table->setVisible(m_panel != nullptr && !m_panel->hasTitleRow());
    m_table->setEnabled(m_panel != nullptr && !m_panel->isEmptyShown());
    place();
}

void TabCorner::place() {
    if (m_bar == nullptr || m_placing) {
        return;
    }
    const bool shown = m_panel != nullptr && m_bar->isVisible();
    const int wide = shown ? sizeHint().width() : 0;
    m_placing = true;
    m_bar->resize(m_room - wide, m_bar->height());
    m_placing = false;
    setGeometry(m_bar->x() + m_room - wide, m_bar->y(), wide, m_bar->height());
    setVisible(shown);
    raise();
}

bool TabCorner::eventFilter(QObject* watched, QEvent* event) {
    // Not while it is destroyed, and is no tab bar any more.
    if (qobject_cast<QTabBar*>(watched) != nullptr && !m_placing) {
        switch (event->type()) {
        case QEvent::Resize: m_room = static_cast<QResizeEvent*>(event)->size().width(); [[fallthrough]];
        case QEvent::Move:
        case QEvent::Show:
        case QEvent::Hide: place(); break;
        default: break;
        }
    }
    return QWidget::eventFilter(watched, event);
}

void TabCorner::paintEvent(QPaintEvent*) {
    QPainter painter(this);
    painter.fillRect(rect(), theme().color(Color::Window));
}

void decorateDockTabs(QMainWindow& window, const QList<QDockWidget*>& docks) {
    // QMainWindow makes its tab bars itself and gives them no icons.
    const auto bars = window.findChildren<QTabBar*>(QString(), Qt::FindDirectChildrenOnly);
    for (QTabBar* bar : bars) {
        bar->setAccessibleName(TabCorner::tr("Panels in this place"));
        bar->setIconSize({14, 14});
        bar->setExpanding(false);
        bar->setFont(theme().font(TextStyle::PanelTitle)); // by which it shortens the words
        bar->setDrawBase(false);
        PanelFrame* front = nullptr;
        for (int i = 0; i < bar->count(); ++i) {
            bar->setTabToolTip(i, bar->tabText(i));
            for (QDockWidget* dock : docks) {
                auto* frame = qobject_cast<PanelFrame*>(dock);
                if (frame != nullptr && frame->windowTitle() == bar->tabText(i)) {
                    bar->setTabIcon(i, theme().icon(frame->iconName()));
                    front = i == bar->currentIndex() ? frame : front;
                }
            }
        }
        const auto corners = window.findChildren<TabCorner*>(QString(), Qt::FindDirectChildrenOnly);
        const auto found =
            std::find_if(corners.begin(), corners.end(), [bar](const TabCorner* each) { return each->bar() == bar; });
        (found != corners.end() ? *found : new TabCorner(bar, &window))->setPanel(front);
        bar->setElideMode(Qt::ElideRight); // places the tabs anew
    }
    // One whose neighbour came or went behind it is told nothing.
    for (QDockWidget* dock : docks) {
        if (auto* frame = qobject_cast<PanelFrame*>(dock)) {
            frame->placeTitle();
        }
    }
}

} // namespace moescope::ui
