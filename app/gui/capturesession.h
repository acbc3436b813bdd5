// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/exchange/capturefile.h"
#include "app/gui/chatsession.h"
#include "app/gui/filework.h"
#include "ui/mainwindow/mainwindow.h"
#include "ui/models/contextribbon.h"
#include "ui/models/kvcache.h"
#include "ui/models/memoryledger.h"
#include "ui/models/tracemodel.h"

#include <QObject>
#include <QTimer>
#include <QUrl>

namespace moescope::ui {
struct CaptureMark;
} // namespace moescope::ui

namespace moescope::gui {

/** Shows a capture in place of the chat, without any model, and keeps in it what is noted to it. */
class CaptureSession : public QObject {
    Q_OBJECT
public:
    /** What the answer of a capture is called in the trace model: ids of stored messages are far below. */
    static constexpr qint64 run = qint64{1} << 53;

    CaptureSession(ui::MainWindow& window, ChatSession& session, ui::TraceModel& traces, ui::Selection& selection,
                   FileWork& files, QObject* parent = nullptr);
    /** What was noted is written. */
    ~CaptureSession() override;

    bool isOpen() const { return m_open; }
    const exchange::Capture& capture() const { return m_capture; }
    /** Of the answer that is shown; of no layers where the capture does not tell. */
    ui::KvCacheState kvCache() const;
    /** Of the answer that is shown, from its recorded tokens; without a limit where the capture does not tell. The block
     *  of the answer is `run`'s. */
    ui::ContextState context() const;
    /** Scrolls to a message of context(). */
    void scrollTo(qint64 message);

    /** Of no rows where the capture does not tell. */
    ui::LedgerState ledger() const;

    /** Shows a capture, or says why it cannot be; then all is as it was. */
    void open(const QString& path);
    /** Back to the chat. */
    void close();
    /** Captures among dropped files: the first is opened. The other files are given back. */
    QList<QUrl> takeCaptures(const QList<QUrl>& urls);

    void addNote(const QString& text);
    void toggleBookmark();
    void setPlaying(bool playing);

signals:
    void opened();
    void closed();
    /** A file could not be opened, and a sentence was shown; what was in view still is. */
    void refused();

private:
    void connectWindow();
    void show(const QString& path, const exchange::Capture& capture);
    void failed(const trace::Error& error);
    void refreshMarks();
    void refreshToken();
    void activateMark(int index);
    void removeMark(int index);
    void keep();
    void write();
    /** What was noted while the file was being written. */
    void keepRest();
    /** Tokens that the answer that is shown had in the context at its end; 0: not known. */
    quint64 usedTokens() const;
    ui::CaptureMark markOf(int message, int token) const;
    int tokenInView() const;

    ui::MainWindow& m_window;
    ChatSession& m_session;
    ui::TraceModel& m_traces;
    ui::Selection& m_selection;
    FileWork& m_files;
    exchange::Capture m_capture;
    QString m_path;
    QTimer m_play;
    quint64 m_request = 0; ///< captures that were asked for before are not shown
    int m_message = 0;     ///< a note without a token is to it
    bool m_open = false;
    bool m_writing = false; ///< notes are being written
    bool m_unwritten = false;
};

} // namespace moescope::gui
