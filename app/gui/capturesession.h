// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/exchange/capturefile.h"
#include "app/gui/chatsession.h"
#include "ui/mainwindow/mainwindow.h"
#include "ui/models/kvcache.h"
#include "ui/models/tracemodel.h"

#include <QHash>
#include <QObject>
#include <QThreadPool>
#include <QTimer>
#include <QUrl>

#include <functional>

namespace moescope::gui {

/** Captures: records and saves an answer as a file, and shows such a file in place of the chat, without any model. Files
 *  are read and written on a thread of their own, one after the other. */
class CaptureSession : public QObject {
    Q_OBJECT
public:
    /** What the answer of a capture is called in the trace model: ids of stored messages are far below. */
    static constexpr qint64 run = qint64{1} << 53;

    CaptureSession(ui::MainWindow& window, ChatSession& session, controller::InferenceController& controller,
                   store::StoreWorker& worker, ui::TraceModel& traces, ui::Selection& selection,
                   QObject* parent = nullptr);
    /** What is being written is written to its end. */
    ~CaptureSession() override;

    bool isOpen() const { return m_open; }
    const exchange::Capture& capture() const { return m_capture; }
    /** Of the answer that is shown; of no layers where the capture does not tell. */
    ui::KvCacheState kvCache() const;

    /** Shows a capture, or says why it cannot be; then all is as it was. */
    void open(const QString& path);
    /** Back to the chat. */
    void close();
    /** Writes a stored answer as a capture. */
    void save(qint64 answer, const QString& path);
    /** The experts of its tokens as int32 .npy; CaptureSession::run: of the capture that is shown. */
    void exportRouting(qint64 answer, const QString& path);
    /** Captures among dropped files: the first is opened. The other files are given back. */
    QList<QUrl> takeCaptures(const QList<QUrl>& urls);

    void setRecording(bool on);
    bool isRecording() const { return m_recording; }
    /** A panel in view shows where the time of steps goes. */
    void setTimingWanted(bool wanted);
    void addNote(const QString& text);
    void toggleBookmark();
    void setPlaying(bool playing);
    /** Ask for a file first. */
    void askToSave(qint64 answer);
    void askToExport(qint64 answer);

signals:
    /** Steps of answers are to be timed, for a capture or for a panel, or for neither. */
    void timingChanged(bool timed);
    void opened();
    void closed();

private:
    template <typename Job, typename Done>
    void work(Job job, Done done);
    void connectWindow();
    void show(const QString& path, const exchange::Capture& capture);
    void failed(const trace::Error& error);
    void askToOpen();
    void askForFile(const QString& title, const QString& kinds, const QString& name,
                    const std::function<void(const QString&)>& use);
    /** The finished answer that is in view, else the last of the branch; 0: none. */
    qint64 answerInView() const;
    exchange::Capture describe(const store::Conversation& conversation, const QList<store::Message>& branch,
                               const store::TokenTraces& tokens) const;
    void answerEnded(const store::Message& answer);
    void refreshMarks();
    void refreshToken();
    void activateMark(int index);
    void removeMark(int index);
    void keep();
    QString placeOf(int message, int token) const;
    int tokenInView() const;

    /** The machine that made an answer while this program ran. */
    struct Machine {
        trace::DeviceInfo device;
        trace::MemoryInfo memory;
    };

    ui::MainWindow& m_window;
    ChatSession& m_session;
    controller::InferenceController& m_controller;
    store::StoreWorker& m_worker;
    ui::TraceModel& m_traces;
    ui::Selection& m_selection;
    QHash<qint64, Machine> m_machines; ///< by answer
    exchange::Capture m_capture;
    QString m_path;
    QTimer m_play;
    std::vector<trace::StepTimelinePtr> m_steps; ///< the last that were timed of m_timed
    qint64 m_timed = 0;                          ///< an answer
    quint64 m_request = 0;                       ///< captures that were asked for before are not shown
    qint64 m_recorded = 0;                       ///< the last answer since recording began
    int m_message = 0;                           ///< a note without a token is to it
    bool m_open = false;
    bool m_recording = false;
    bool m_timingWanted = false;
    bool m_ending = false;  ///< recording ends with the answer that is being written
    bool m_writing = false; ///< notes are being written
    bool m_unwritten = false;
    QThreadPool m_pool; ///< goes first: what it runs speaks of the rest
};

} // namespace moescope::gui
