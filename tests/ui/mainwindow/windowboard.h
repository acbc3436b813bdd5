// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tests/ui/chat/samples.h"
#include "ui/mainwindow/mainwindow.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/expertspanel.h"
#include "ui/panels/kvcachepanel.h"
#include "ui/panels/tokenpathpanel.h"
#include "ui/panels/tokenstrippanel.h"

#include <QAction>
#include <QMenu>
#include <QTabBar>
#include <QTest>

#include <iterator>
#include <memory>

namespace moescope::test {

using namespace moescope::ui;

/** The window with four panels, shown at a size. */
struct WindowBoard {
    TraceModel trace;
    Selection selection;
    std::unique_ptr<MainWindow> window = std::make_unique<MainWindow>();
    QDockWidget* experts;
    QDockWidget* strip;
    QDockWidget* path;
    QDockWidget* cache;

    TokenPathPanel* other = nullptr;

    explicit WindowBoard(const QSize& size, const WindowState& state = {}, bool withOther = false) {
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
inline QString overlaps(const MainWindow& window) {
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

} // namespace moescope::test
