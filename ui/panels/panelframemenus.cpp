// SPDX-License-Identifier: Apache-2.0
// The menus of a panel: that of its chart, and that of its dock.
#include "ui/models/tabularmodel.h"
#include "ui/panels/panelframe.h"
#include "ui/theme/theme.h"

#include <QAction>
#include <QGuiApplication>
#include <QMainWindow>
#include <QMenu>

#include <algorithm>

namespace moescope::ui {

void PanelFrame::addExportActions(QMenu* menu) {
    const bool some = m_table->rowCount() > 0;
    const auto add = [&](const QString& text, const QString& icon, const QKeySequence& keys, auto slot) {
        QAction* action = menu->addAction(theme().icon(icon), text);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetShortcut); // shown here; the chart itself takes the keys
        action->setEnabled(some);
        connect(action, &QAction::triggered, this, slot);
    };
    add(tr("Copy as table"), QStringLiteral("copy"), QKeySequence(Qt::CTRL | Qt::Key_C), [this] { copyTable(); });
    add(tr("Copy as image"), QStringLiteral("image"), QKeySequence(Qt::CTRL | Qt::SHIFT | Qt::Key_C),
        [this] { copyImage(); });
    add(tr("Save as CSV…"), QStringLiteral("export"), {}, [this] { saveCsv(); });
    if (m_offersRouting) {
        add(tr("Export routing…"), QStringLiteral("export"), {}, [this] { emit routingExportRequested(); });
    }
}

void PanelFrame::addExpertActions(QMenu* menu) {
    WhatIf* whatIf = m_chart->whatIf();
    const std::optional<trace::ExpertPlace> place = m_chart->expertToChange();
    if (whatIf == nullptr || !m_chart->showsExperts() || !place) {
        return;
    }
    const auto is = [&](const std::vector<trace::ExpertPlace>& places) {
        return std::count(places.begin(), places.end(), *place) > 0;
    };
    const auto add = [&](const QString& text, const QString& icon, const QKeySequence& keys) {
        QAction* action = icon.isEmpty() ? menu->addAction(text) : menu->addAction(theme().icon(icon), text);
        action->setShortcut(keys);
        action->setShortcutContext(Qt::WidgetShortcut);
        return action;
    };
    QAction* ban = add(is(whatIf->recipe().banned) ? tr("Do not ban in a re-run") : tr("Ban in a re-run"),
                       QStringLiteral("ban"), QKeySequence(Qt::Key_B));
    QAction* force = add(is(whatIf->recipe().forced) ? tr("Do not force in a re-run") : tr("Force in a re-run"),
                         QStringLiteral("target"), QKeySequence(Qt::SHIFT | Qt::Key_B));
    QAction* bias = add(tr("Bias in a re-run…"), {}, {});
    connect(ban, &QAction::triggered, this, [whatIf, place] { whatIf->toggleBanned(*place); });
    connect(force, &QAction::triggered, this, [whatIf, place] { whatIf->toggleForced(*place); });
    connect(bias, &QAction::triggered, this, [this, place] { emit m_chart->biasRequested(*place); });
    menu->addSeparator();
}

void PanelFrame::showChartMenu(const QPoint& globalPosition) {
    QMenu menu(this);
    if (m_chart->opensCard() && !m_chart->expertFilter().isEmpty()) {
        QAction* card = menu.addAction(theme().icon(QStringLiteral("heatmap")), tr("Show expert card"));
        card->setShortcut(QKeySequence(Qt::Key_Enter));
        card->setShortcutContext(Qt::WidgetShortcut);
        connect(card, &QAction::triggered, m_chart, &ChartView::openCard);
    }
    QAction* twin = menu.addAction(theme().icon(QStringLiteral("table")), tr("Show as table"));
    twin->setShortcut(QKeySequence(Qt::Key_T));
    connect(twin, &QAction::triggered, this, [this] { setTwinShown(true); });
    menu.addSeparator();
    if (const QString line = m_chart->expertFilter(); !line.isEmpty()) {
        QAction* filter = menu.addAction(theme().icon(QStringLiteral("filter")), tr("Filter to this expert"));
        filter->setShortcut(QKeySequence(Qt::Key_F));
        filter->setCheckable(true);
        filter->setChecked(m_trace->filter().line() == line);
        connect(filter, &QAction::triggered, m_chart, &ChartView::filterToExpert);
        menu.addSeparator();
    }
    addExpertActions(&menu);
    addExportActions(&menu);
    if (m_low) { // there is no room for its own button
        fillDockMenu();
        m_menu->setTitle(tr("Panel"));
        menu.addSeparator();
        menu.addMenu(m_menu);
    }
    menu.exec(globalPosition);
}

void PanelFrame::fillDockMenu() {
    m_menu->clear();
    addOwnActions(m_menu);
    if (!m_menu->isEmpty()) {
        m_menu->addSeparator();
    }
    auto* window = qobject_cast<QMainWindow*>(parentWidget());
    if (window != nullptr) {
        const auto move = [&](const QString& text, Qt::DockWidgetArea area) {
            QAction* action = m_menu->addAction(text);
            action->setEnabled(isFloating() || window->dockWidgetArea(this) != area || isAmongTabs());
            connect(action, &QAction::triggered, this, [this, window, area] {
                setFloating(false);
                window->addDockWidget(area, this);
                show();
            });
        };
        move(tr("Move left"), Qt::LeftDockWidgetArea);
        move(tr("Move right"), Qt::RightDockWidgetArea);
        move(tr("Move to the bottom"), Qt::BottomDockWidgetArea);
        auto* tabs = m_menu->addMenu(tr("Into a tab with"));
        for (QDockWidget* other : window->findChildren<QDockWidget*>(QString(), Qt::FindDirectChildrenOnly)) {
            if (other != this && !other->isHidden() && !other->isFloating() &&
                qobject_cast<PanelFrame*>(other) != nullptr) {
                connect(tabs->addAction(other->windowTitle()), &QAction::triggered, this, [this, window, other] {
                    setFloating(false);
                    window->tabifyDockWidget(other, this);
                    raise();
                });
            }
        }
        tabs->setEnabled(!tabs->isEmpty());
        // Wayland lets no window place itself, so a floating dock could not be docked again by hand.
        if (!QGuiApplication::platformName().startsWith(QLatin1String("wayland"))) {
            QAction* floating = m_menu->addAction(theme().icon(QStringLiteral("float")), tr("Float"));
            floating->setCheckable(true);
            floating->setChecked(isFloating());
            connect(floating, &QAction::toggled, this, [this](bool on) { setFloating(on); });
        }
    }
    connect(m_menu->addAction(theme().icon(QStringLiteral("close")), tr("Close")), &QAction::triggered, this,
            &QWidget::close);
    m_menu->addSeparator();
    addExportActions(m_menu);
}

} // namespace moescope::ui
