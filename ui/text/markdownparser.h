// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/text/markdownblock.h"

namespace moescope::ui {

/** Parses one piece of Markdown that starts at `sourceStart` of the document. HTML is text, an image is its alternative
 *  text, a link to anything but http, https or mailto is text. Lists and quotes are flattened: each block says how deep
 *  it stands. `firstNumber` above 0 replaces the number of the first ordered item. */
std::vector<MarkdownBlock> parseMarkdown(QStringView text, int sourceStart, int firstNumber);

/** Whether a click may report this target. */
bool isAllowedLink(const QString& target);

} // namespace moescope::ui
