// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversation.h"
#include "ui/text/blocklayout.h"

#include <QAbstractScrollArea>
#include <QHash>

namespace moescope::ui {

class CutLine;
class MessageWidget;

/** The messages of the branch in view, as a virtual list: only those on screen have widgets. Heights of the others are
 *  estimated until they have been laid out once at this width. Follows the end unless the user scrolled up. */
class Transcript : public QAbstractScrollArea {
    Q_OBJECT
public:
    static constexpr int kColumn = 760; ///< px

    explicit Transcript(QWidget* parent = nullptr);

    /** Replaces all messages and scrolls to the end. Ids are unique. */
    void setMessages(const QList<MessageView>& messages);
    const QList<MessageView>& messages() const { return m_messages; }
    void appendMessage(const MessageView& message);
    /** Replaces the message of the same id; unknown ids are ignored. */
    void updateMessage(const MessageView& message);
    /** Adds streamed text; the rest of the message stays. */
    void appendText(qint64 message, const QString& text);
    /** Actions that would start an answer (regenerate, edit, continue) are off while one is being made. */
    void setAnswering(bool answering);

    /** Marks the message that is being edited; 0: none. */
    void setEdited(qint64 message);
    void setTokenRanges(qint64 message, const QList<TokenRange>& ranges);
    /** Marks one token of the message with ranges; −1: none. */
    void setSelectedToken(int token);
    /** So are the places of the other answers. */
    void setTokensClickable(bool clickable);

    /** Scrolls so that this place of the message's text is in view. */
    void scrollToMessage(qint64 message, int offset = 0);
    void scrollToEnd();
    bool isFollowing() const { return m_following; }
    /** Marks the hits of the search in this chat by message, ascending; the one in view starts at `begin` of `current`
     *  (0: none). */
    void setFound(const QHash<qint64, QList<SourceRange>>& hits, qint64 current, int begin);
    int indexOf(qint64 message) const { return m_index.value(message, -1); }
    /** Widgets alive now; for tests of the virtual list. */
    int widgetCount() const { return static_cast<int>(m_widgets.size()); }
    MessageWidget* widgetOf(qint64 message) const { return m_widgets.value(message); }
    /** Left edge and width of the column in the coordinates of this widget, for what aligns with it. */
    static QRect columnIn(int width);

signals:
    void regenerateRequested(qint64 message);
    void editRequested(qint64 message);
    void continueRequested(qint64 message);
    void versionRequested(qint64 message, int step);
    void expertsRequested(qint64 message);
    void branchRequested(qint64 message);
    void captureRequested(qint64 message);
    void routingRequested(qint64 message);
    void stopRequested();
    void documentOpened(const moescope::ui::DocumentView& document);
    void compareRequested(qint64 message);
    void compareWithRequested(qint64 message);
    void recipeRequested(qint64 message);
    void linkActivated(const QString& target);
    void tokenClicked(qint64 message, int token);
    /** A place in the text of an answer that is not the one with ranges. */
    void offsetClicked(qint64 message, int offset);
    /** A single letter that charts take was pressed after a click on a word: the word has the keys as a chart would. */
    void wordKeyPressed(int key, Qt::KeyboardModifiers modifiers);
    /** Something printable was typed: it belongs into the composer. */
    void typed(const QString& text);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void scrollContentsBy(int dx, int dy) override;
    void changeEvent(QEvent* event) override;
    void keyPressEvent(QKeyEvent* event) override;
    void focusInEvent(QFocusEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    struct Anchor {
        int index = 0;
        int top = 0; ///< px from the viewport's top to the message's top
    };

    void arrange();
    void scheduleArrange();
    int estimate(const MessageView& message, int width) const;
    int measure(int index);
    /** px above a message that belong to it: for the cut line. */
    int roomAbove(int index) const;
    MessageWidget* obtain(int index);
    void feedMarks(MessageWidget* widget, qint64 message);
    void refeedMarks(qint64 message);
    qint64 topOf(int index) const;
    qint64 totalHeight() const;
    Anchor anchorAt(qint64 scroll) const;
    void forgetHeights();
    void dropWidgets(int firstKept, int lastKept);
    void chainFocus(int first, int last);

    QList<MessageView> m_messages;
    QHash<qint64, int> m_index;
    QList<int> m_heights;
    QList<bool> m_measured;
    QHash<qint64, MessageWidget*> m_widgets;
    CutLine* m_cut = nullptr;
    Anchor m_anchor;
    int m_width = 0;
    qint64 m_edited = 0;
    qint64 m_tokenMessage = 0;
    QList<TokenRange> m_tokens;
    int m_selectedToken = -1;
    bool m_clickable = false;
    qint64 m_foundMessage = 0;
    int m_foundBegin = 0;
    QHash<qint64, QList<SourceRange>> m_found;
    QHash<qint64, bool> m_opened; ///< thinking that the user opened or folded
    bool m_answering = false;
    bool m_following = true;
    bool m_arranging = false;
    bool m_scheduled = false;
    bool m_wordClicked = false; ///< and nothing was typed since
    bool m_framed = false;      ///< the focus came by the keyboard
};

} // namespace moescope::ui
