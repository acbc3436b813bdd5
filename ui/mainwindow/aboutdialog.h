// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/mainwindow/frameddialog.h"

namespace moescope::ui {

/** A licence or notice that ships with the app, as plain text. */
struct Notice {
    QString title; ///< "Training text of the built-in model"
    QString text;
};

class AboutDialog : public FramedDialog {
    Q_OBJECT
public:
    AboutDialog(const QString& version, const QList<Notice>& notices, QWidget* parent = nullptr);
};

} // namespace moescope::ui
