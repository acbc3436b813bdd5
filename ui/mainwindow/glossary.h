// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/mainwindow/frameddialog.h"

namespace moescope::ui {

/** What the panels' terms mean, in a sentence or two each. */
class Glossary : public FramedDialog {
    Q_OBJECT
public:
    explicit Glossary(QWidget* parent = nullptr);
};

} // namespace moescope::ui
