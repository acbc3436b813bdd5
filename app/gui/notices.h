// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/mainwindow/aboutdialog.h"

namespace moescope::gui {

/** The notices that lie beside the built-in model and the program: card, licences of the training text. */
QList<ui::Notice> readNotices();

} // namespace moescope::gui
