// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/mainwindow/frameddialog.h"
#include "ui/models/conversation.h"

namespace moescope::ui {

/** The text of a document as the model reads it, to look at and to copy. */
class DocumentDialog : public FramedDialog {
    Q_OBJECT
public:
    static constexpr qsizetype kShown = 200'000; ///< characters; a copy has all

    DocumentDialog(const DocumentView& document, QWidget* parent);
};

} // namespace moescope::ui
