// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <QPlainTextEdit>

namespace moescope::ui {

/** A field of several lines, drawn like those of one line. Needs an accessible name. */
class PromptEdit final : public QPlainTextEdit {
public:
    static constexpr int kPadding = 7; ///< px from the frame's line to the text

    PromptEdit() {
        setTabChangesFocus(true);
        // The frame fills the box; a second fill would cover its round corners.
        viewport()->setAutoFillBackground(false);
        document()->setDocumentMargin(kPadding);
    }

protected:
    void focusInEvent(QFocusEvent* event) override {
        QPlainTextEdit::focusInEvent(event);
        update(); // the line is another one
    }
    void focusOutEvent(QFocusEvent* event) override {
        QPlainTextEdit::focusOutEvent(event);
        update();
    }
};

} // namespace moescope::ui
