// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversation.h"
#include "ui/text/blocklayout.h"

#include <QWidget>

#include <optional>

namespace moescope::ui {

/** One message on screen. Made and destroyed by Transcript as it scrolls; lays itself out for a given width. */
class MessageWidget : public QWidget {
    Q_OBJECT
public:
    static constexpr int kGap = 16; ///< px below each message, part of its height

    using QWidget::QWidget;

    virtual void setMessage(const MessageView& message) = 0;
    /** Adds to the end of the text; the rest of the message stays. */
    virtual void appendText(const QString& text) = 0;
    /** Places the parts for this width; the height they need, kGap included. */
    virtual int layoutFor(int width) = 0;
    /** Actions that would start an answer are off while one is being made. */
    virtual void setAnswering(bool answering) = 0;
    /** Marks the message whose text is in the composer to be sent anew. */
    virtual void setEdited(bool edited) = 0;
    virtual void setTokens(const QList<TokenRange>& ranges, int selected, bool clickable) = 0;
    /** Marks the hits of the search in this chat; `current` is the index of the one in view, −1: none of these. */
    virtual void setFound(const QList<SourceRange>& hits, int current) = 0;
    /** Vertical place of a position in the text, px from the widget's top. */
    virtual int offsetTop(int offset) const = 0;
    /** Whether its thinking is open, if the user chose that; unset: while there is no answer. */
    virtual void setOpened(std::optional<bool>) {}
    virtual void applyTheme() = 0;

signals:
    void copyRequested();
    /** A document of it is to be shown. */
    void documentOpened(const moescope::ui::DocumentView& document);
    void regenerateRequested();
    void editRequested();
    void continueRequested();
    void versionRequested(int step);
    void expertsRequested();
    /** What else could have stood in the place of one of its tokens, to branch the answer there. */
    void branchRequested();
    /** The answer with all that was recorded of it, in a file of its own. */
    void captureRequested();
    /** The experts of its tokens as a file. */
    void routingRequested();
    void stopRequested();
    /** The answer beside the one that was made without its what-if. */
    void compareRequested();
    /** Its question asked of other prompts, models or settings: a new comparison. */
    void compareWithRequested();
    /** Its what-if is to be taken up again. */
    void recipeRequested();
    void linkActivated(const QString& target);
    void tokenClicked(int token);
    /** A place in the text of an answer whose tokens were not given. */
    void offsetClicked(int offset);
    /** The user opened or folded the thinking, or a hit of the search in it did. */
    void openChosen(bool open);
    /** The height changed without a new message (a long text was opened). */
    void heightChanged();
};

} // namespace moescope::ui
