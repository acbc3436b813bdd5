// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/panels/messagewidget.h"

#include <array>
#include <optional>

class QLabel;
class QPushButton;

namespace moescope::ui {

class Banner;
class IconButton;
class MarkdownView;
class ProgressCard;
class StreamLine;
class ThinkingBlock;
class VersionSwitch;
class WhatIfLine;

/** What the model wrote: head line, Markdown, actions with stats; or how far it is while it writes. */
class AnswerMessage : public MessageWidget {
    Q_OBJECT
public:
    explicit AnswerMessage(QWidget* parent = nullptr);

    void setMessage(const MessageView& message) override;
    void appendText(const QString& text) override;
    int layoutFor(int width) override;
    void setAnswering(bool answering) override;
    void setEdited(bool edited) override;
    void setTokens(const QList<TokenRange>& ranges, int selected, bool clickable) override;
    void setFound(const QList<SourceRange>& hits, int current) override;
    int offsetTop(int offset) const override;
    void setOpened(std::optional<bool> open) override;
    void applyTheme() override;

protected:
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    /** A view of a part of the message's text, and which part. */
    struct Part {
        MarkdownView* view;
        int begin;
        int end;
    };

    void refresh();
    void refreshText();
    void refreshMarks();
    std::array<Part, 2> parts() const;
    bool isThinkingOpen() const;
    void chooseOpen(bool open);
    int layoutActions(int top, int width);
    /** In a narrow transcript all but copy and regenerate are in the menu. */
    void showActions(int width);
    bool canBranch() const;
    void openMore();
    /** Says when and after how much the answer was interrupted, as far as there is room; false: not even in brief. */
    bool nameInterruption(int room);
    /** A click at this place of the text. */
    void choose(int offset);

    MessageView m_message;
    ThinkingBlock* m_thinking = nullptr;
    WhatIfLine* m_whatIf = nullptr;
    MarkdownView* m_text = nullptr;
    ProgressCard* m_progress = nullptr;
    StreamLine* m_stream = nullptr;
    Banner* m_error = nullptr;
    IconButton* m_copy = nullptr;
    IconButton* m_regenerate = nullptr;
    IconButton* m_edit = nullptr;
    IconButton* m_branch = nullptr;
    IconButton* m_experts = nullptr;
    IconButton* m_more = nullptr;
    QPushButton* m_continue = nullptr;
    QLabel* m_interrupted = nullptr;
    VersionSwitch* m_versions = nullptr;
    QLabel* m_stats = nullptr;
    QList<TokenRange> m_tokens;
    std::optional<bool> m_opened; ///< the thinking, by the user; unset: while there is no answer
    int m_foundBegin = -1;        ///< of the hit that is in view
    int m_selected = -1;
    bool m_clickable = false;
    bool m_answering = false;
    QPoint m_pressed;
};

} // namespace moescope::ui
