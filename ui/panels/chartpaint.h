// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/readoutline.h"
#include "ui/theme/theme.h"

#include <QFont>
#include <QPainter>

#include <functional>

namespace moescope::ui {

/** Opacity of a mark that the filter leaves out, where it is more than a fill. */
inline constexpr double kFilteredOut = 0.35;

/** A length of the design in logical px at the user's font scale. */
int scaledPx(int px);

QFont axisFont();
/** Numbers in a chart: the fixed font at the size of the axis. */
QFont axisMonoFont();
QFont bold(QFont font);
QFont spanFont(const ReadoutSpan& span);

/** Text with `flags` of Qt::Alignment in one line. */
void paintText(QPainter& painter, const QRect& rect, int flags, const QString& text, const QFont& font,
               const QColor& color);
/** The first of some wordings, longest first, that fits into `width` px; the last one cut if none does. */
QString fittingText(const QStringList& wordings, const QFont& font, int width);
/** As many of the parts of `text`, which " · " separates, as fit whole into `width` px. `marked`: an ellipsis stands for
 *  those that do not. */
QString fittingParts(const QString& text, const QFont& font, int width, bool marked);
/** A cell that the filter leaves out: unlike any value of a map, the middle of the diverging one too. */
void paintFilteredOut(QPainter& painter, const QRect& cell);
/** The mark of a cell that nothing fell into. */
void paintDash(QPainter& painter, const QRect& cell, const QColor& color);
/** A legend's sign of an expert without a token: outline and dash. */
void paintIdleSign(QPainter& painter, const QRect& sign);
/** 1 px inside the edge of `rect`. */
void paintFrame(QPainter& painter, const QRect& rect, const QColor& color, int width = 1);
/** Band behind the selected row. */
void paintRowBand(QPainter& painter, const QRect& rect, const QColor& color);
/** Nine flat steps of a map in a 1 px frame. `colorAt` takes 0…1. */
void paintLegendBar(QPainter& painter, const QRect& rect, const std::function<QColor(double)>& colorAt);
/** Words below such a bar: the first at its left end, the last at its right, the others evenly between. */
void paintLegendTicks(QPainter& painter, const QRect& bar, const QStringList& ticks);
/** The diverging map by position on its legend: 0 is ÷4, 1 is ×4. */
QColor divergingAt(double position);
/** Hatching of what is reserved: lines 6 px apart, as fine as the device that `painter` draws on. */
QBrush hatching(const QPainter& painter, const QColor& line, const QColor& ground);

/** A tooltip as a small table; rows are name and value. */
QString tooltipTable(const QString& title, const QList<QPair<QString, QString>>& rows);
/** A ratio in at most three characters: "2.8", ".2", "16", "<.1". */
QString ratioText(double ratio);
/** A part of a whole: 0.166 → "16.6 %". */
QString partText(double part);
/** 0.27 → "0.27"; with `leadingZero` false ".27". */
QString gateText(double value, bool leadingZero = true);

} // namespace moescope::ui
