// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/contextoffer.h"
#include "ui/models/conversation.h"
#include "ui/panels/firststart.h"

#include <QWidget>

class QStackedWidget;

namespace moescope::ui {

class Banner;
class ChatHead;
class Composer;
class ContextBar;
class FindBar;
class Transcript;
class WhatIf;
class WhatIfBar;

/** Head line, transcript (or first start) and composer of one conversation. */
class ChatPanel : public QWidget {
    Q_OBJECT
public:
    explicit ChatPanel(QWidget* parent = nullptr);

    // --- the conversation in view ---

    /** Shows a conversation; 0 with no messages is a new one: first start, or the empty chat. */
    void setConversation(qint64 id, const QString& title, const QList<MessageView>& messages);
    qint64 conversation() const { return m_conversation; }
    void setTitle(const QString& title);
    /** Replaces the branch in view (another version was chosen, an answer was regenerated). */
    void setMessages(const QList<MessageView>& messages);
    void appendMessage(const MessageView& message);
    void updateMessage(const MessageView& message);
    void appendText(qint64 message, const QString& text);
    void setDraft(const QString& text);
    QString draft() const;
    /** Texts beside the draft, or beside the message that is edited. */
    void setDocuments(const QList<DocumentView>& documents);
    /** What can be done where the chat has outgrown its context; empty: it has not. */
    void setContextOffer(const ContextOffer& offer);
    ContextBar* contextBar() const { return m_context; }
    /** A sentence above the composer about this chat (an error, a refusal); empty: none. */
    void setNotice(const QString& sentence);
    /** The same about the model, whatever chat is shown. */
    void setModelNotice(const QString& sentence, bool warning = false);
    void scrollToMessage(qint64 message);

    // --- the model ---

    void setModel(const trace::ModelInfo& model, bool demonstration);
    void setSuggestions(const QList<Suggestion>& suggestions);
    /** Nothing can be sent, and why: "The model is being loaded." Empty: ready. */
    void setUnavailable(const QString& reason);
    void setAnswering(bool answering);
    bool isAnswering() const;
    bool hasMessages() const;
    /** A finished one: something that can be kept. */
    bool hasAnswer() const;
    bool canRegenerate() const;
    bool canEdit() const;
    bool canContinue() const;
    void setSampling(const SamplingView& sampling);
    void setSamplingDefaults(const SamplingView& defaults);
    /** Whether the model can be told to think, or not to. */
    void setThinkingSwitch(bool there);
    void setTokenCount(const QString& text, int tokens);

    /** The what-if whose bar stands above the composer while it is made. */
    void setWhatIf(WhatIf* whatIf);
    WhatIfBar* whatIfBar() const { return m_whatIf; }

    /** None is loaded any more. */
    void forgetModel();

    // --- tokens of the answer in view ---

    void setTokenRanges(qint64 message, const QList<TokenRange>& ranges);
    void setSelectedToken(int token);
    /** Docks stand beside it. */
    void setCompact(bool compact);

    /** Goes on into `strip`, which lies at the panel's right edge in the painter's coordinates: with the panel's colour and
     *  the lines that end at the edge, without a line of its own. */
    void paintBeyond(QPainter& painter, const QRect& strip) const;
    /** Without a line at the right edge: someone else paints on. */
    void setOpenAtRight(bool open);
    /** px from the top to what stands below the transcript: banners and the composer. */
    int footTop() const;

    Transcript* transcript() const { return m_transcript; }
    Composer* composer() const { return m_composer; }

public slots:
    void openFind();
    void focusComposer();
    /** What was typed where no text field has the focus goes into the composer. */
    void typeText(const QString& text);
    void openSampling();
    void stop();
    /** The last answer anew. */
    void regenerateLast();
    /** The last of the user's messages goes into the composer. */
    void editLast();
    void continueLast();

signals:
    void titleChanged(const QString& title);
    /** footTop() or the lines that end at the right edge may have changed. */
    void partsMoved();
    /** What can be done with the chat changed. */
    void actionsChanged();
    void sendRequested(const QString& text, const QList<moescope::ui::DocumentView>& documents);
    void addDocumentsRequested();
    void documentRemoved(qint64 document);
    void documentOpened(const moescope::ui::DocumentView& document);
    /** A sent message is edited, with these documents beside it. */
    void editBegun(const QList<moescope::ui::DocumentView>& documents);
    void editEnded();
    /** Of the context offer, with what stands in the composer. */
    void contextChosen(moescope::ui::ContextChoice choice, const QString& text,
                       const QList<moescope::ui::DocumentView>& documents);
    void contextOfferClosed();
    void stopRequested();
    void regenerateRequested(qint64 message);
    /** A new branch with `text` instead of the user's message. */
    void editRequested(qint64 message, const QString& text, const QList<moescope::ui::DocumentView>& documents);
    void versionRequested(qint64 message, int step);
    void continueRequested(qint64 message);
    void expertsRequested(qint64 message);
    /** What else could have stood in the place of a token of the answer. */
    void branchRequested(qint64 message);
    void captureRequested(qint64 message);
    void routingRequested(qint64 message);
    /** The answer in view once more, with the what-if that is being made. */
    void rerunRequested();
    /** An answer beside the one that was made without its what-if. */
    void compareRequested(qint64 message);
    /** The question of a message is to be asked of other prompts, models or settings: a new comparison. */
    void compareWithRequested(qint64 message);
    /** The what-if of an answer is to be taken up again. */
    void recipeRequested(qint64 message);
    void draftChanged(const QString& text);
    void samplingChanged(const moescope::ui::SamplingView& sampling);
    void thinkingChosen(bool on);
    void modelNoticeClosed();
    void tokenCountRequested(const QString& text);
    void tokenClicked(qint64 message, int token);
    /** After a click on a word: a single letter as charts take them. */
    void wordKeyPressed(int key, Qt::KeyboardModifiers modifiers);
    /** A place in the text of an answer whose tokens are not in view. */
    void offsetClicked(qint64 message, int offset);
    /** A link of an answer was chosen; nothing is opened by itself. */
    void linkActivated(const QString& target);

protected:
    void resizeEvent(QResizeEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;

private:
    void startEdit(qint64 message);
    void endEdit();
    void sent(const QString& text);
    void suggested(const QString& prompt);
    void messagesChanged();
    void refresh();
    void place();
    bool canAct() const;
    void refreshWhatIf();
    const MessageView* lastOf(Role role) const;

    qint64 m_conversation = 0;
    qint64 m_editing = 0;
    bool m_openAtRight = false;
    QString m_draftBeforeEdit;
    QString m_unavailable;
    ChatHead* m_head = nullptr;
    FindBar* m_findBar = nullptr;
    QStackedWidget* m_stack = nullptr;
    FirstStart* m_firstStart = nullptr;
    Transcript* m_transcript = nullptr;
    QWidget* m_foot = nullptr;
    Banner* m_synthetic = nullptr;
    bool m_isSynthetic = false; ///< the model in use
    Banner* m_notice = nullptr;
    Banner* m_modelNotice = nullptr;
    Banner* m_editNotice = nullptr;
    ContextBar* m_context = nullptr;
    WhatIfBar* m_whatIf = nullptr;
    Composer* m_composer = nullptr;
};

} // namespace moescope::ui
