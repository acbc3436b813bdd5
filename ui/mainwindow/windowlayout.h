// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QHash>
#include <QSize>
#include <QString>

class QDockWidget;
class QMainWindow;

namespace moescope::ui {

enum class LayoutName { Chat, Inspect, Compare };
inline constexpr int kLayouts = 3;

/** The docks a default layout places. Those that are null are left out. */
struct Docks {
    QDockWidget* sidebar = nullptr;
    QHash<QString, QDockWidget*> panels; ///< by id: "experts", "token-strip", "token-path", "router", "kv-cache",
                                         ///< "kernel-timeline"
    QStringList order;                   ///< ids in the order they were added
};

/** px: no smaller window has the room for all that never hides. */
inline constexpr QSize kLeastWindow{960, 600};

/** Which docks share a tab follows the window's width and the user's font scale: at 150 % a window of 1440 px is placed
 *  as one of 960 px. The number changes when they must be placed anew. */
int sizeClass(int windowWidth);
/** The same of width and height: what placeDefault() takes. */
int placeClass(const QSize& window);
/** The placing that needs the next less room; −1: there is none. */
int narrowerPlace(int place);
/** Width of the transcript in Inspect. */
int transcriptWidth(int windowWidth);
/** By which the least sizes of panels grow: the font scale, as far as the window has the room for it. */
double leastScale(const QSize& window);
/** Shows, hides and places the docks as the design says for a window of this class. In Compare the page has docks of its
 *  own, and these are hidden. A panel that the pictures do not show is hidden and has a place, where the View menu opens it: in Inspect a tab beside the panel it belongs to, in Chat
 *  a dock at the right that all of them share. */
void placeDefault(QMainWindow* window, const Docks& docks, LayoutName layout, int place);
/** Gives docks that the window has no place for a hidden one: those that a kept layout does not know yet. */
void placeOthers(QMainWindow* window, const Docks& docks, LayoutName layout, int place);
/** Only the sizes, for a window whose docks are placed by placeDefault. */
void sizeDefault(QMainWindow* window, const Docks& docks, LayoutName layout, int place);

} // namespace moescope::ui
