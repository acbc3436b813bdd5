// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversation.h"

#include <QWidget>

class QAbstractButton;

namespace moescope::ui {

class MarkdownView;

/** What a model thought before it answered: a line that says how long, and below it the text, while it is open. */
class ThinkingBlock : public QWidget {
    Q_OBJECT
public:
    explicit ThinkingBlock(QWidget* parent = nullptr);

    /** Offsets in view() count from the begin of the thinking. */
    void setThinking(const QString& text, const AnswerParts& parts, bool streaming);
    void setOpen(bool open);
    bool isOpen() const;
    MarkdownView* view() const { return m_text; }
    QAbstractButton* head() const { return m_head; }
    /** Places the parts for this width; the height they need. */
    int layoutFor(int width);

signals:
    /** The user opened or folded it. */
    void toggled(bool open);
    void heightChanged();

protected:
    void paintEvent(QPaintEvent* event) override;

private:
    QAbstractButton* m_head = nullptr;
    MarkdownView* m_text = nullptr;
};

} // namespace moescope::ui
