// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QColor>
#include <QIcon>
#include <QPixmap>
#include <QString>

namespace moescope::ui {

/** Draws `name` at `size` logical px in one colour; cached. Asserts that the name is one of the design's icons. */
QPixmap iconPixmap(const QString& name, int size, const QColor& tint, double devicePixelRatio);

/** An icon that takes its tints from the current theme whenever it is drawn. */
QIcon themedIcon(const QString& name);

} // namespace moescope::ui
