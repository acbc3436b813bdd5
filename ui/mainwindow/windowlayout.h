// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QHash>
#include <QSize>
#include <QString>

class QDockWidget;
class QMainWindow;

namespace moescope::ui {

enum class LayoutName { Chat, Inspect };

/** The docks a default layout places. Those that are null are left out. */
struct Docks {
    QDockWidget* sidebar = nullptr;
    QHash<QString, QDockWidget*> panels; ///< by id: "experts", "token-strip", "token-path", "router", "kv-cache",
                                         ///< "kernel-timeline"
    QStringList order;                   ///< ids in the order they were added
};

/** Which docks share a tab follows the window's width; the number changes when they must be placed anew. */
int sizeClass(int windowWidth);
/** The same of width and height. */
int placeClass(const QSize& window);
/** Width of the transcript in Inspect. */
int transcriptWidth(int windowWidth);
/** Shows, hides and places the docks as the design says for this width. A panel that the pictures do not show is hidden
 *  and has a place, where the View menu opens it: a tab at the right in Inspect, a dock at the right in Chat. */
void placeDefault(QMainWindow* window, const Docks& docks, LayoutName layout, int windowWidth);
/** Gives docks that the window has no place for a hidden one: those that a kept layout does not know yet. */
void placeOthers(QMainWindow* window, const Docks& docks, LayoutName layout, int windowWidth);
/** Only the sizes, for a window whose docks are placed by placeDefault. */
void sizeDefault(QMainWindow* window, const Docks& docks, LayoutName layout, int windowWidth);

} // namespace moescope::ui
