// SPDX-License-Identifier: Apache-2.0
#include "ui/mainwindow/windowlayout.h"

#include "ui/theme/theme.h"

#include <QDockWidget>
#include <QMainWindow>

#include <algorithm>

namespace moescope::ui {

namespace {

constexpr int kTranscript[] = {308, 320, 340, 480}; ///< px by sizeClass()
constexpr int kLeastTranscript = 300;               ///< px
constexpr int kLeastExperts = 420;                  ///< px
constexpr int kSidebar = 264;                       ///< px, the line at the transcript's edge included
constexpr int kSeparator = 4;                       ///< px between docks
constexpr int kWide = 1920;          ///< from here on the transcript grows and the sidebar opens in Inspect
constexpr int kTabsPath = 1400;      ///< below: Router and KV cache are tabs of Token path
constexpr int kTabsExperts = 1200;   ///< below: these three are tabs of Experts
constexpr int kLeastStrip = 140;     ///< px of height
constexpr int kExpertsNumbers = 532; ///< px: Experts with 16 cells of 22 px
constexpr int kLeastPath = 380;      ///< px
constexpr double kExpertsShare = 600.0 / (600 + 496); ///< of the two dock columns
constexpr int kTabsStrip = 840;      ///< px of the window's height, below: ribbon and timeline are tabs of Token strip
constexpr int kTimelineHeight = 168; ///< px
constexpr int kExpertsHeight = 340;  ///< px
constexpr int kPictureHeight = 900;  ///< px of the window's height that these belong to
constexpr int kPathHeight = 266;     ///< px: 270 less the line below the ribbon, so that KV cache keeps its rows
constexpr double kRouterShare = 252.0 / (252 + 240); ///< of what is below Token path: both titles fit

/** A length of the design in px at the user's font scale. */
int scaled(int px) { return qRound(px * theme().fontScale()); }

/** A length of the window in px of the design: with larger letters it holds less. */
int designed(int px) { return qRound(px / theme().fontScale()); }

bool hasPlace(const QMainWindow* window, QDockWidget* dock) {
    return dock != nullptr && !dock->isFloating() && window->dockWidgetArea(dock) != Qt::NoDockWidgetArea;
}

/** The panel beside whose tab one opens that no picture shows: those of an answer's experts need the room of Experts. */
QString homeOf(const QString& id) {
    static const QStringList ofExperts{QStringLiteral("load-balance"), QStringLiteral("co-activation"),
                                       QStringLiteral("token-classes"), QStringLiteral("capacity")};
    return ofExperts.contains(id) ? QStringLiteral("experts") : QStringLiteral("token-path");
}

bool isLow(const QDockWidget* dock) { return dock->features().testFlag(QDockWidget::DockWidgetVerticalTitleBar); }

/** Gives a panel its place and hides it. */
void placeHidden(QMainWindow* window, const Docks& docks, const QString& id, LayoutName layout, int place) {
    QDockWidget* dock = docks.panels.value(id);
    if (isLow(dock)) { // as wide as the window and low
        window->addDockWidget(Qt::TopDockWidgetArea, dock);
        dock->hide();
        return;
    }
    QStringList homes{homeOf(id), QStringLiteral("token-path"), QStringLiteral("experts")};
    if (layout != LayoutName::Inspect) {
        homes = docks.order;
    } else if (place / 2 == 0) {
        homes.prepend(QStringLiteral("experts"));
    }
    for (const QString& other : std::as_const(homes)) {
        QDockWidget* home = docks.panels.value(other);
        if (home != dock && hasPlace(window, home) && !isLow(home)) {
            window->tabifyDockWidget(home, dock);
            dock->hide();
            return;
        }
    }
    window->addDockWidget(Qt::RightDockWidgetArea, dock);
    dock->hide();
}

} // namespace

int sizeClass(int windowWidth) {
    const int width = designed(windowWidth);
    if (width < kTabsExperts) {
        return 0;
    }
    if (width < kTabsPath) {
        return 1;
    }
    return width < kWide ? 2 : 3;
}

int placeClass(const QSize& window) {
    return sizeClass(window.width()) * 2 + (designed(window.height()) < kTabsStrip ? 1 : 0);
}

int narrowerPlace(int place) {
    const bool low = place % 2 == 1;
    return low ? std::max(-1, place - 2) : place + 1;
}

int transcriptWidth(int windowWidth) {
    const int size = sizeClass(windowWidth);
    // Where large letters leave too little for both, Experts keeps its least.
    const int room = windowWidth - kSeparator - scaled(kLeastExperts);
    return std::max(kLeastTranscript, std::min(scaled(kTranscript[size]), room));
}

double leastScale(const QSize& window) {
    return std::min({theme().fontScale(), double(window.width()) / kLeastWindow.width(),
                     double(window.height()) / kLeastWindow.height()});
}

void placeDefault(QMainWindow* window, const Docks& docks, LayoutName layout, int place) {
    const int size = place / 2;
    for (QDockWidget* dock : docks.panels) {
        dock->setFloating(false);
        window->removeDockWidget(dock);
    }
    window->removeDockWidget(docks.sidebar);
    window->addDockWidget(Qt::LeftDockWidgetArea, docks.sidebar);
    docks.sidebar->setVisible(layout == LayoutName::Chat || size == 3);
    if (layout != LayoutName::Inspect) {
        placeOthers(window, docks, layout, place);
        sizeDefault(window, docks, layout, place);
        return;
    }
    QDockWidget* experts = docks.panels.value(QStringLiteral("experts"));
    QDockWidget* strip = docks.panels.value(QStringLiteral("token-strip"));
    QDockWidget* path = docks.panels.value(QStringLiteral("token-path"));
    QDockWidget* router = docks.panels.value(QStringLiteral("router"));
    QDockWidget* cache = docks.panels.value(QStringLiteral("kv-cache"));
    const auto open = [&](QDockWidget* dock, QDockWidget* beside, Qt::Orientation orientation) {
        if (dock == nullptr) {
            return;
        }
        if (beside == nullptr) {
            window->addDockWidget(Qt::RightDockWidgetArea, dock);
        } else {
            window->splitDockWidget(beside, dock, orientation);
        }
        dock->show();
    };
    const auto tab = [&](QDockWidget* dock, QDockWidget* with) {
        if (dock == nullptr) {
            return;
        }
        if (with == nullptr) {
            window->addDockWidget(Qt::RightDockWidgetArea, dock);
        } else {
            window->tabifyDockWidget(with, dock);
        }
        dock->show();
    };
    open(experts, nullptr, Qt::Horizontal);
    if (size >= 1) {
        open(path, experts, Qt::Horizontal);
    }
    open(strip, experts, Qt::Vertical);
    if (size == 0) {
        tab(path, experts);
    }
    if (size < 2) {
        tab(router, path != nullptr ? path : experts);
        tab(cache, path != nullptr ? path : experts);
    } else {
        open(router, path, Qt::Vertical);
        open(cache, router != nullptr ? router : path, router != nullptr ? Qt::Horizontal : Qt::Vertical);
    }
    const auto across = [&](QDockWidget* dock, Qt::DockWidgetArea area) {
        if (place % 2 == 1) {
            tab(dock, strip != nullptr ? strip : experts);
        } else if (dock != nullptr) {
            window->addDockWidget(area, dock);
            dock->show();
        }
    };
    // In the order of the tabs.
    across(docks.panels.value(QStringLiteral("kernel-timeline")), Qt::BottomDockWidgetArea);
    across(docks.panels.value(QStringLiteral("context")), Qt::TopDockWidgetArea);
    placeOthers(window, docks, layout, place);
    for (QDockWidget* front : {path, strip, experts}) {
        if (front != nullptr) {
            front->raise();
        }
    }
    sizeDefault(window, docks, layout, place);
}

void placeOthers(QMainWindow* window, const Docks& docks, LayoutName layout, int place) {
    for (const QString& id : docks.order) {
        QDockWidget* dock = docks.panels[id];
        if (!dock->isFloating() && window->dockWidgetArea(dock) == Qt::NoDockWidgetArea) {
            placeHidden(window, docks, id, layout, place);
        }
    }
}

void sizeDefault(QMainWindow* window, const Docks& docks, LayoutName layout, int place) {
    if (docks.sidebar->isVisible()) {
        window->resizeDocks({docks.sidebar}, {scaled(kSidebar) - 1 - kSeparator}, Qt::Horizontal);
    }
    if (layout != LayoutName::Inspect) {
        return;
    }
    QDockWidget* experts = docks.panels.value(QStringLiteral("experts"));
    QDockWidget* strip = docks.panels.value(QStringLiteral("token-strip"));
    QDockWidget* path = docks.panels.value(QStringLiteral("token-path"));
    QDockWidget* router = docks.panels.value(QStringLiteral("router"));
    QDockWidget* cache = docks.panels.value(QStringLiteral("kv-cache"));
    const int size = place / 2;
    const int windowWidth = window->width();
    const int taken = transcriptWidth(windowWidth) + (docks.sidebar->isVisible() ? scaled(kSidebar) - 1 : 0);
    const int room = windowWidth - taken - kSeparator;
    if (experts != nullptr && size == 0) {
        window->resizeDocks({experts}, {room}, Qt::Horizontal);
    } else if (experts != nullptr && path != nullptr) {
        const int columns = room - kSeparator;
        // 16 experts with their numbers, where Token path can spare it.
        const int left =
            std::max(qRound(columns * kExpertsShare), std::min(scaled(kExpertsNumbers), columns - scaled(kLeastPath)));
        window->resizeDocks({experts, path}, {left, columns - left}, Qt::Horizontal);
        if (size >= 2 && router != nullptr && cache != nullptr) {
            const int below = columns - left - kSeparator;
            const int first = qRound(below * kRouterShare);
            window->resizeDocks({router, cache}, {first, below - first}, Qt::Horizontal);
        }
    }
    int height = window->height() - 100; // menu, toolbar and status bar
    QDockWidget* timeline = docks.panels.value(QStringLiteral("kernel-timeline"));
    if (timeline != nullptr && window->dockWidgetArea(timeline) == Qt::BottomDockWidgetArea) {
        const int bottom = scaled(kTimelineHeight);
        window->resizeDocks({timeline}, {bottom}, Qt::Vertical);
        height -= bottom + kSeparator;
    }
    QDockWidget* context = docks.panels.value(QStringLiteral("context"));
    if (context != nullptr && window->dockWidgetArea(context) == Qt::TopDockWidgetArea && !context->isHidden()) {
        height -= context->minimumHeight() + kSeparator;
    }
    // What a window is higher than the picture, upper and lower docks share.
    const int more = std::max(0, window->height() - scaled(kPictureHeight)) / 2;
    if (experts != nullptr && strip != nullptr) {
        const int top = std::min(scaled(kExpertsHeight) + more, height - kSeparator - kLeastStrip);
        window->resizeDocks({experts, strip}, {top, height - top - kSeparator}, Qt::Vertical);
    }
    QDockWidget* below = router != nullptr ? router : cache;
    if (size >= 2 && path != nullptr && below != nullptr) {
        const int top = scaled(kPathHeight) + more;
        window->resizeDocks({path, below}, {top, height - top - kSeparator}, Qt::Vertical);
    }
}

} // namespace moescope::ui
