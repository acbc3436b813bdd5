// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/conversation.h"

#include <QFrame>

class QLabel;
class QPushButton;
class QTimer;

namespace moescope::ui {

class ComposerEdit;
class DocumentStrip;
class IconButton;
class SamplingPopover;

/** Where a message is written: grows to 8 lines, Enter sends, Shift+Enter breaks, Esc stops. Below 400 px it is one
 *  line with icon buttons. */
class Composer : public QFrame {
    Q_OBJECT
public:
    /** Longer texts are refused with a sentence. */
    static constexpr qsizetype kMostCharacters = 500'000;
    static constexpr int kMostLines = 8;
    static constexpr int kNarrow = 400; ///< px

    explicit Composer(QWidget* parent = nullptr);

    QString text() const;
    /** Sets the draft of a conversation; no draftChanged follows. */
    void setDraft(const QString& text);
    /** Texts that go along with the message, as chips above it. */
    void setDocuments(const QList<DocumentView>& documents);
    const QList<DocumentView>& documents() const;
    void setModelName(const QString& name);
    /** Send is off with `reason` as its sentence; an empty reason: Send is on. */
    void setUnavailable(const QString& reason);
    void setAnswering(bool answering);
    bool isAnswering() const { return m_answering; }
    void setSampling(const SamplingView& sampling);
    void setSamplingDefaults(const SamplingView& defaults);
    /** Whether the model can be told to think, or not to. */
    void setThinkingSwitch(bool there);
    /** Answer to tokenCountRequested: shown if `text` is still what is written. */
    void setTokenCount(const QString& text, int tokens);
    /** An edit of a sent message is on: Send emits sent() as always, Esc emits editCancelled. */
    void setEditing(bool editing);
    bool isEditing() const { return m_editing; }

public slots:
    void focusText();
    /** What was typed where no text field has the focus: it is written here and the focus comes along. */
    void typeText(const QString& text);
    void openSampling();
    void send();

signals:
    /** With documents() as they are; the text may be empty if there are some. */
    void sent(const QString& text);
    /** Files are to be chosen. */
    void addDocumentsRequested();
    void documentRemoved(qint64 document);
    void documentOpened(const moescope::ui::DocumentView& document);
    void stopRequested();
    /** Up in the empty field. */
    void editLastRequested();
    void editCancelled();
    /** 300 ms after the last change. */
    void draftChanged(const QString& text);
    /** 200 ms after the last change; not for an empty text. */
    void tokenCountRequested(const QString& text);
    void samplingChanged(const moescope::ui::SamplingView& sampling);
    /** The model shall think before it answers, or not. */
    void thinkingChosen(bool on);
    /** A text was not taken; the sentence says why. */
    void refused(const QString& sentence);

protected:
    void resizeEvent(QResizeEvent* event) override;
    void changeEvent(QEvent* event) override;
    void paintEvent(QPaintEvent* event) override;
    bool eventFilter(QObject* watched, QEvent* event) override;

private:
    void textChanged();
    void place();
    void refresh();
    void applyTheme();

    ComposerEdit* m_edit = nullptr;
    DocumentStrip* m_documents = nullptr;
    IconButton* m_add = nullptr;
    QPushButton* m_sampling = nullptr;
    QPushButton* m_thinking = nullptr;
    QLabel* m_count = nullptr;
    QPushButton* m_send = nullptr;
    QPushButton* m_stop = nullptr;
    SamplingPopover* m_popover = nullptr;
    QTimer* m_draftDelay = nullptr;
    QTimer* m_countDelay = nullptr;
    SamplingView m_view;
    QString m_modelName;
    QString m_unavailable;
    int m_tokens = -1;
    bool m_hasThinkingSwitch = false;
    bool m_answering = false;
    bool m_editing = false;
    bool m_quiet = false;
};

} // namespace moescope::ui
