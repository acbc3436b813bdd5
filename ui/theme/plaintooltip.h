// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>
#include <QTextDocument>

namespace moescope::ui {

/** `text` for a tooltip that shows it as it is written. Qt takes any text with a tag in it for HTML there, and would
 *  draw, and load pictures for, what a title, a token or the name of a model says. */
inline QString plainToolTip(const QString& text) {
    return Qt::mightBeRichText(text) ? QStringLiteral("<span>%1</span>").arg(text.toHtmlEscaped()) : text;
}

} // namespace moescope::ui
