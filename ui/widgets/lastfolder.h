// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QString>

namespace moescope::ui {

/** Where a dialog for a file starts: the folder of the last one that was chosen while the program ran, at first the
 *  user's documents. */
QString lastFolder();
/** `file` was chosen. */
void rememberFolderOf(const QString& file);

} // namespace moescope::ui
