// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversation.h"
#include "ui/panels/marklist.h"

#include <QWidget>

class QLineEdit;

namespace moescope::ui {

class Banner;
class ElidedLabel;
class IconButton;
class Transcript;

/** What is shown of a capture. */
struct CaptureView {
    QString title;    ///< of the conversation, else the file's name
    QString sentence; ///< of which model, when, on what
    QList<MessageView> messages;
};

/** A capture in place of the chat: its messages to read, what was noted, and steps from token to token. Nothing is
 *  computed and nothing can be sent. */
class CapturePanel : public QWidget {
    Q_OBJECT
public:
    explicit CapturePanel(QWidget* parent = nullptr);

    void setCapture(const CaptureView& view);
    void setMarks(const QList<CaptureMark>& marks) { m_marks->setMarks(marks); }
    void setTokenRanges(qint64 message, const QList<TokenRange>& ranges) const;
    /** The token in view, −1: none, of so many, with its text. */
    void setToken(int token, int tokens, const QString& text, bool bookmarked);
    void setPlaying(bool playing);
    void setTokensClickable(bool clickable);
    /** As ChatPanel's: goes on into the gap before the docks, without a line of its own at the right edge. */
    void paintBeyond(QPainter& painter, const QRect& strip) const;
    void setOpenAtRight(bool open);
    /** Opens the field of a note to `place`; what is written comes as noteWritten(). */
    void beginNote(const QString& place);
    void focusSteps() const;

    Transcript* transcript() const { return m_transcript; }
    MarkList* marks() const { return m_marks; }
    QLineEdit* noteField() const { return m_note; }

signals:
    void closeRequested();
    void stepRequested(int step);
    void playRequested(bool play);
    void noteRequested();
    void noteWritten(const QString& text);
    void bookmarkToggled();
    /** Index in the list that setMarks() gave. */
    void markActivated(int index);
    void markRemoved(int index);
    void tokenClicked(qint64 message, int token);
    /** After a click on a word: a single letter as charts take them. */
    void wordKeyPressed(int key, Qt::KeyboardModifiers modifiers);
    void offsetClicked(qint64 message, int offset);
    void expertsRequested(qint64 message);
    void linkActivated(const QString& target);

protected:
    void paintEvent(QPaintEvent* event) override;
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void endNote();
    void place();

    QWidget* m_head = nullptr;
    ElidedLabel* m_title = nullptr;
    Banner* m_banner = nullptr;
    Transcript* m_transcript = nullptr;
    QWidget* m_foot = nullptr;
    MarkList* m_marks = nullptr;
    QWidget* m_noteRow = nullptr;
    QLineEdit* m_note = nullptr;
    IconButton* m_previous = nullptr;
    IconButton* m_play = nullptr;
    IconButton* m_next = nullptr;
    ElidedLabel* m_token = nullptr;
    IconButton* m_bookmark = nullptr;
    bool m_playing = false;
    bool m_openAtRight = false;
};

} // namespace moescope::ui
