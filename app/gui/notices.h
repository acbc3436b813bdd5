// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/mainwindow/aboutdialog.h"

namespace moescope::gui {

/** The licences of the program and of the libraries it uses, which it holds itself, and what lies beside the built-in
 *  model: its card, the licences of the training text. */
QList<ui::Notice> readNotices();

} // namespace moescope::gui
