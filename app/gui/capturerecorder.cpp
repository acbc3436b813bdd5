// SPDX-License-Identifier: Apache-2.0
#include "app/gui/capturerecorder.h"

#include "app/gui/filedialogs.h"

#include <QFileInfo>

#include <algorithm>
#include <utility>

namespace moescope::gui {
namespace {

constexpr size_t mostSteps = 1024; ///< timed ones that are kept

} // namespace

CaptureRecorder::CaptureRecorder(ui::MainWindow& window, ChatSession& session,
                                 controller::InferenceController& controller, store::StoreWorker& worker,
                                 ui::TraceModel& traces, const ui::StepTimelines& timelines, FileWork& files,
                                 QObject* parent)
    : QObject(parent), m_window(window), m_session(session), m_controller(controller), m_worker(worker),
      m_traces(traces), m_timelines(timelines), m_files(files) {
    connect(&session.run(), &AnswerRun::started, this, [this](qint64 answer) {
        if (const auto& loaded = m_controller.loaded()) {
            m_machines.insert(answer, {loaded->device, loaded->memory, loaded->ledger});
        }
    });
    // What staging and the driver have is told anew with the end of an answer.
    connect(&controller, &controller::InferenceController::ledgerChanged, this, [this] {
        const auto& loaded = m_controller.loaded();
        const auto machine = m_machines.find(m_session.run().answer().id);
        if (loaded && machine != m_machines.end() && machine->device.name == loaded->device.name &&
            isStampOf(m_session.run().answer().model, loaded->model)) {
            machine->ledger = loaded->ledger;
        }
    });
    connect(&controller, &controller::InferenceController::stepsTimed, this,
            [this](qint64 answer, const controller::TimedSteps& steps) {
                if (std::exchange(m_timed, answer) != answer) {
                    m_steps.clear();
                }
                m_steps.insert(m_steps.end(), steps.begin(), steps.end());
                if (m_steps.size() > mostSteps) {
                    m_steps.erase(m_steps.begin(), m_steps.end() - static_cast<std::ptrdiff_t>(mostSteps));
                }
            });
    connect(&session.run(), &AnswerRun::ended, this, &CaptureRecorder::answerEnded);
    connect(&window, &ui::MainWindow::recordingRequested, this, &CaptureRecorder::setRecording);
    connect(&window, &ui::MainWindow::saveCaptureRequested, this, [this] { askToSave(answerInView()); });
}

void CaptureRecorder::failed(const trace::Error& error) { m_window.showError(sentence(error)); }

template <typename Write>
void CaptureRecorder::writeFile(const QString& path, Write write) {
    m_files.run(
        this,
        [path, write = std::move(write)] {
            write(path);
            return QFileInfo(path).fileName();
        },
        [this](const QString& name) { m_window.showToast(tr("“%1” was written.").arg(name)); },
        [this](const trace::Error& error) { failed(error); });
}

// --- recording ---

void CaptureRecorder::setRecording(bool on) {
    if (on) {
        m_recorded = 0;
        m_recording = true;
        m_ending = false;
        m_session.setRecording(true);
        emit timingChanged(true);
        m_window.setRecording(true);
        return;
    }
    m_ending = m_recording && m_session.run().isActive();
    m_recording = false;
    m_session.setRecording(false);
    emit timingChanged(m_timingWanted);
    m_window.setRecording(false);
    if (m_ending) {
        m_window.showToast(tr("The capture ends with the answer that is being written."));
    } else if (m_recorded != 0) {
        askToKeep(m_recorded);
    } else {
        m_window.showToast(tr("Nothing was answered while the capture was on, so there is nothing to save."));
    }
}

void CaptureRecorder::setTimingWanted(bool wanted) {
    m_timingWanted = wanted;
    emit timingChanged(wanted || m_recording);
}

void CaptureRecorder::answerEnded(const store::Message& answer) {
    if (m_recording) {
        m_recorded = answer.id;
    } else if (std::exchange(m_ending, false)) {
        askToKeep(answer.id);
    }
}

qint64 CaptureRecorder::answerInView() const {
    const QList<store::Message> branch = m_session.branch();
    const bool there = std::any_of(branch.begin(), branch.end(), [this](const store::Message& message) {
        return message.id == m_traces.current() && message.role == store::Role::Assistant;
    });
    return there ? m_traces.current() : m_session.lastAnswer();
}

// --- saving ---

QString CaptureRecorder::nameOf(qint64 answer) const {
    QString question = m_session.title();
    for (const store::Message& message : m_session.branch()) {
        if (message.id == answer) {
            return question;
        }
        const QString words = message.text.mid(message.words_begin);
        if (message.role == store::Role::User && !words.trimmed().isEmpty()) {
            question = words;
        }
    }
    return m_session.title();
}

std::vector<trace::StepTimelinePtr> CaptureRecorder::stepsOf(qint64 answer) const {
    if (answer == m_timed) {
        return m_steps;
    }
    const ui::StepTimelines::Steps& kept = m_timelines.of(answer);
    std::vector<trace::StepTimelinePtr> steps(kept.prefill.begin(), kept.prefill.end());
    steps.insert(steps.end(), kept.decode.begin(), kept.decode.end());
    return steps;
}

void CaptureRecorder::askForFile(qint64 answer, const std::function<void()>& not_used) {
    if (answer != 0) {
        askForFileToWrite(
            &m_window, tr("Save the capture"), tr("Captures (*.moescope)"),
            fileNameOf(nameOf(answer), exchange::captureEnding),
            [this, answer](const QString& path) { save(answer, path); }, not_used);
    }
}

void CaptureRecorder::askToKeep(qint64 answer) {
    askForFile(answer, [this] {
        m_window.showToast(
            tr("Nothing was written. “Save capture” still does it, with all that was recorded, until the "
               "window is closed."));
    });
}

void CaptureRecorder::askToExport(qint64 answer) {
    if (answer != 0) {
        askForRoutingFile(&m_window, nameOf(answer),
                          [this, answer](const QString& path) { exportRouting(answer, path); });
    }
}

exchange::Capture CaptureRecorder::describe(const store::Conversation& conversation,
                                            const QList<store::Message>& branch,
                                            const store::TokenTraces& tokens) const {
    exchange::Capture capture;
    capture.program = QStringLiteral(MOESCOPE_VERSION);
    capture.created = QDateTime::currentDateTime();
    capture.title = conversation.title;
    capture.system_prompt = conversation.system_prompt;
    capture.messages = branch;
    capture.tokens = tokens;
    const store::Message& answer = branch.last();
    const auto& loaded = m_controller.loaded();
    if (loaded && isStampOf(answer.model, loaded->model)) {
        capture.model = loaded->model;
    } else {
        capture.model.name = answer.model.name.toStdString();
        capture.model.file_name = answer.model.file.toStdString();
        capture.model.main_type = answer.model.type.toStdString();
        capture.model.parameters = answer.model.parameters;
        capture.model.active_parameters = answer.model.active_parameters;
    }
    if (const auto machine = m_machines.constFind(answer.id); machine != m_machines.constEnd()) {
        capture.device = machine->device;
        capture.memory = machine->memory;
        capture.ledger = machine->ledger;
    }
    for (qsizetype i = 0; i < capture.messages.size(); ++i) {
        capture.messages[i].id = i + 1;
        capture.messages[i].parent = i;
    }
    return capture;
}

void CaptureRecorder::save(qint64 answer, const QString& path) {
    struct Stored {
        store::Conversation conversation;
        QList<store::Message> branch;
        store::StoredTraces traces;
    };
    m_worker.run(
        this,
        [answer](store::Store& store) {
            Stored stored;
            stored.conversation = store.conversation(store.message(answer).conversation);
            const QList<store::Message> tree = store.messages(stored.conversation.id);
            stored.branch = store::branch(tree, answer, store.message(answer).view);
            stored.traces = store.traces(answer);
            if (stored.branch.last().state == store::MessageState::Streaming) {
                throw trace::Error("exchange.unfinished",
                                   "The answer is still being written, so it cannot be saved yet.");
            }
            return stored;
        },
        [this, answer, path](const Stored& stored) {
            // The store keeps halves; of the last answer the panels show the numbers as they came.
            const AnswerRun& last = m_session.run();
            const bool whole = last.answer().id == answer && !last.isActive() && !last.traces().empty();
            if (!whole && stored.traces.error) {
                failed(*stored.traces.error);
                return;
            }
            exchange::Capture made =
                describe(stored.conversation, stored.branch, whole ? last.traces() : stored.traces.tokens);
            made.steps = stepsOf(answer);
            writeFile(path, [capture = std::move(made)](const QString& to) { exchange::writeCapture(to, capture); });
        },
        [this](const trace::Error& error) { failed(error); });
}

void CaptureRecorder::exportRouting(qint64 answer, const QString& path) {
    m_worker.run(
        this, [answer](store::Store& store) { return store.traces(answer); },
        [this, path](const store::StoredTraces& stored) {
            if (stored.error) {
                failed(*stored.error);
            } else {
                writeRouting(stored.tokens, path);
            }
        },
        [this](const trace::Error& error) { failed(error); });
}

void CaptureRecorder::writeRouting(const store::TokenTraces& tokens, const QString& path) {
    store::TokenTraces generated;
    std::copy_if(tokens.begin(), tokens.end(), std::back_inserter(generated),
                 [](const trace::TokenTracePtr& token) { return token->generated; });
    writeFile(path, [generated](const QString& to) { exchange::writeRouting(to, generated); });
}

} // namespace moescope::gui
