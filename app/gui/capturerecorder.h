// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/exchange/capturefile.h"
#include "app/gui/chatsession.h"
#include "app/gui/filework.h"
#include "ui/mainwindow/mainwindow.h"
#include "ui/models/steptimelines.h"
#include "ui/models/tracemodel.h"

#include <QHash>
#include <QObject>

#include <functional>
#include <memory>

namespace moescope::gui {

/** Makes captures of the chat's answers, as they are recorded or as they are stored, and writes routing for NumPy. */
class CaptureRecorder : public QObject {
    Q_OBJECT
public:
    CaptureRecorder(ui::MainWindow& window, ChatSession& session, controller::InferenceController& controller,
                    store::StoreWorker& worker, ui::TraceModel& traces, const ui::StepTimelines& timelines,
                    FileWork& files, QObject* parent = nullptr);

    void setRecording(bool on);
    bool isRecording() const { return m_recording; }
    /** A panel in view shows where the time of steps goes. */
    void setTimingWanted(bool wanted);
    /** The finished answer that is in view, else the last of the branch; 0: none. */
    qint64 answerInView() const;

    /** Writes a stored answer as a capture. */
    void save(qint64 answer, const QString& path);
    /** The experts of a stored answer's tokens as int32 .npy. */
    void exportRouting(qint64 answer, const QString& path);
    /** The same of tokens that are there. */
    void writeRouting(const store::TokenTraces& tokens, const QString& path);
    /** Ask for a file first. */
    void askToSave(qint64 answer) { askForFile(answer, {}); }
    void askToExport(qint64 answer);

signals:
    /** Steps of answers are to be timed, for a capture or for a panel, or for neither. */
    void timingChanged(bool timed);

private:
    /** The machine that made an answer while this program ran. */
    struct Machine {
        trace::DeviceInfo device;
        trace::MemoryInfo memory;
        trace::MemoryLedger ledger;
    };

    exchange::Capture describe(const store::Conversation& conversation, const QList<store::Message>& branch,
                               const store::TokenTraces& tokens) const;
    void answerEnded(const store::Message& answer);
    void askForFile(qint64 answer, const std::function<void()>& not_used);
    /** What has just been recorded: says what remains where no file is named. */
    void askToKeep(qint64 answer);
    /** The question it answers, else the title of the chat: what a file of it is called. */
    QString nameOf(qint64 answer) const;
    /** All that the window still has; empty: none were timed, or others since. */
    std::vector<trace::StepTimelinePtr> stepsOf(qint64 answer) const;
    /** Runs `write()` beside the window and says that `path` was written, or why not. */
    template <typename Write>
    void writeFile(const QString& path, Write write);
    void failed(const trace::Error& error);

    ui::MainWindow& m_window;
    ChatSession& m_session;
    controller::InferenceController& m_controller;
    store::StoreWorker& m_worker;
    ui::TraceModel& m_traces;
    const ui::StepTimelines& m_timelines;
    FileWork& m_files;
    QHash<qint64, Machine> m_machines;           ///< by answer
    std::vector<trace::StepTimelinePtr> m_steps; ///< the last that were timed of m_timed
    qint64 m_timed = 0;                          ///< an answer
    qint64 m_recorded = 0;                       ///< the last answer since recording began
    bool m_recording = false;
    bool m_timingWanted = false;
    bool m_ending = false; ///< recording ends with the answer that is being written
};

} // namespace moescope::gui
