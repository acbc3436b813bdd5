// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/theme/theme.h"

#include <QStyleOption>
#include <QWidget>

class QPainter;
class QTabBar;

namespace moescope::ui::draw {

constexpr int kControl = 28; ///< px, height of buttons and inputs
constexpr int kControlSmall = 24;
constexpr int kIconGap = 7; ///< px from an icon to its word; the icons have 2 px of their own
constexpr double kRadius = 4.0;

inline bool has(const QWidget* widget, const char* property) {
    return widget != nullptr && widget->property(property).toBool();
}
inline bool is(const QStyleOption& option, QStyle::StateFlag flag) { return (option.state & flag) != 0; }

/** A filled rounded box with a line inside its edge. Invalid colours leave out fill or line. */
void box(QPainter& painter, const QRect& rect, const QColor& fill, const QColor& line, double radius = kRadius,
         double lineWidth = 1.0);
/** The box of text inputs and choices in its state: rest, focus, error, disabled. */
void input(QPainter& painter, const QRect& rect, const QStyleOption& option, const QWidget* widget, Color restLine,
           Color fill);
/** An icon of the design in the middle of `rect`. */
void icon(QPainter& painter, const QRect& rect, const char* name, int size, const QColor& tint);

/** px of a tab with its words whole. */
int tabWidth(const QString& text, bool icon);
/** px of the tabs of a bar that are not in front, where the words of all do not fit; 0: they do. */
int iconTabWidth(const QTabBar& bar);

} // namespace moescope::ui::draw
