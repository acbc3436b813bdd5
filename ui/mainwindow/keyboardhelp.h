// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/mainwindow/frameddialog.h"

namespace moescope::ui {

/** What F1 shows: the keys that do something now. */
class KeyboardHelp : public FramedDialog {
    Q_OBJECT
public:
    explicit KeyboardHelp(QWidget* parent = nullptr);
};

} // namespace moescope::ui
