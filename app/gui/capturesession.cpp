// SPDX-License-Identifier: Apache-2.0
#include "app/gui/capturesession.h"

#include "ui/models/tokentext.h"
#include "ui/panels/capturepanel.h"
#include "ui/panels/transcript.h"

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QLocale>
#include <QRegularExpression>
#include <QStandardPaths>

#include <algorithm>
#include <new>

namespace moescope::gui {
namespace {

constexpr int stepMs = 250;        ///< a token, while it steps by itself
constexpr size_t mostSteps = 1024; ///< timed ones that are kept

ui::TraceShape shapeOf(const exchange::Capture& capture) {
    ui::TraceShape shape = ui::TraceShape::of(capture.model);
    for (const trace::TokenTracePtr& token : capture.tokens) {
        const trace::RouterTrace& router = token->router;
        if (!router.empty()) { // what was recorded counts: a what-if uses other numbers than the model
            shape.layers = static_cast<int>(router.moe_layers);
            shape.experts = static_cast<int>(router.expert_count);
            shape.used = static_cast<int>(router.expert_used_count);
            break;
        }
    }
    return shape;
}

/** A name for a file made of words. */
QString fileName(const QString& words, const QString& ending) {
    static const QRegularExpression unfit(QStringLiteral("[^\\w .,–-]+"),
                                          QRegularExpression::UseUnicodePropertiesOption);
    QString name = words;
    name = name.replace(unfit, QStringLiteral(" ")).simplified().left(60);
    while (name.endsWith(u'.') || name.endsWith(u' ')) {
        name.chop(1);
    }
    return (name.isEmpty() ? QStringLiteral("answer") : name) + ending;
}

} // namespace

CaptureSession::CaptureSession(ui::MainWindow& window, ChatSession& session,
                               controller::InferenceController& controller, store::StoreWorker& worker,
                               ui::TraceModel& traces, ui::Selection& selection, QObject* parent)
    : QObject(parent), m_window(window), m_session(session), m_controller(controller), m_worker(worker),
      m_traces(traces), m_selection(selection) {
    m_pool.setMaxThreadCount(1);
    m_play.setInterval(stepMs);
    connect(&m_play, &QTimer::timeout, this, [this] {
        const int next = tokenInView() + 1;
        if (next < m_traces.tokenCount()) {
            m_selection.setToken(run, next);
        }
        if (next + 1 >= m_traces.tokenCount()) {
            setPlaying(false);
        }
    });
    connect(&session.run(), &AnswerRun::started, this, [this](qint64 answer) {
        if (const auto& loaded = m_controller.loaded()) {
            m_machines.insert(answer, {loaded->device, loaded->memory});
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
    connect(&session.run(), &AnswerRun::ended, this, &CaptureSession::answerEnded);
    connect(&selection, &ui::Selection::changed, this, &CaptureSession::refreshToken);
    connectWindow();
}

CaptureSession::~CaptureSession() { m_pool.waitForDone(); }

void CaptureSession::connectWindow() {
    connect(&m_window, &ui::MainWindow::recordingRequested, this, &CaptureSession::setRecording);
    connect(&m_window, &ui::MainWindow::openCaptureRequested, this, &CaptureSession::askToOpen);
    connect(&m_window, &ui::MainWindow::saveCaptureRequested, this, [this] { askToSave(answerInView()); });
    connect(&m_window, &ui::MainWindow::exportRoutingRequested, this,
            [this] { askToExport(m_open ? run : answerInView()); });
    connect(&m_window, &ui::MainWindow::closeCaptureRequested, this, &CaptureSession::close);
    connect(&m_window, &ui::MainWindow::bookmarkRequested, this, &CaptureSession::toggleBookmark);
    ui::CapturePanel* panel = m_window.capture();
    connect(&m_window, &ui::MainWindow::noteRequested, this, [this, panel] {
        if (m_open) {
            panel->beginNote(placeOf(m_message, tokenInView()));
        }
    });
    connect(panel, &ui::CapturePanel::noteWritten, this, &CaptureSession::addNote);
    connect(panel, &ui::CapturePanel::playRequested, this, &CaptureSession::setPlaying);
    connect(panel, &ui::CapturePanel::markActivated, this, &CaptureSession::activateMark);
    connect(panel, &ui::CapturePanel::markRemoved, this, &CaptureSession::removeMark);
    connect(panel, &ui::CapturePanel::tokenClicked, this, [this](qint64, int token) {
        setPlaying(false);
        m_selection.setFollowing(false);
        m_selection.setToken(run, token);
    });
    connect(panel, &ui::CapturePanel::offsetClicked, this, [this](qint64 message, int) {
        // Tokens of earlier answers are not in the file; a note can be written to them as a whole.
        m_selection.setToken(run, -1);
        m_message = static_cast<int>(message) - 1;
        refreshToken();
    });
    connect(panel, &ui::CapturePanel::expertsRequested, this,
            [this] { m_window.setLayoutName(ui::LayoutName::Inspect); });
    connect(panel, &ui::CapturePanel::linkActivated, this, [this](const QString& target) {
        m_window.showToast(tr("This app opens no links. The address is “%1”.").arg(target.left(200)));
    });
}

template <typename Job, typename Done>
void CaptureSession::work(Job job, Done done) {
    m_pool.start([this, job = std::move(job), done = std::move(done)]() mutable {
        std::function<void()> end;
        try {
            end = [result = std::make_shared<decltype(job())>(job()), done = std::move(done)] { done(*result); };
        } catch (const trace::Error& error) {
            end = [this, error] { failed(error); };
        } catch (const std::bad_alloc&) {
            end = [this] {
                failed(trace::Error("exchange.memory", "There is not enough memory left for this capture."));
            };
        }
        QMetaObject::invokeMethod(this, std::move(end), Qt::QueuedConnection);
    });
}

void CaptureSession::failed(const trace::Error& error) {
    m_writing = false;
    m_window.showError(sentence(error));
}

// --- showing ---

void CaptureSession::open(const QString& path) {
    const quint64 mine = ++m_request;
    work([path] { return exchange::readCapture(path); },
         [this, mine, path](const exchange::Capture& capture) {
             if (mine == m_request) {
                 show(path, capture);
             }
         });
}

void CaptureSession::show(const QString& path, const exchange::Capture& capture) {
    setPlaying(false);
    m_path = QFileInfo(path).absoluteFilePath();
    m_capture = capture;
    m_open = true;
    m_message = static_cast<int>(capture.messages.size()) - 1;
    m_traces.clear();
    m_selection.setFollowing(false);
    m_traces.setRun(run, shapeOf(capture), generatedOf(capture.tokens));
    m_traces.appendPrompt(run, promptOf(capture.tokens));
    m_traces.setCurrent(run);

    const store::Message& answer = capture.answer();
    const QString name = answer.model.name.isEmpty() ? answer.model.file : answer.model.name;
    const QString model = QStringLiteral("%1 %2").arg(name, answer.model.type.toUpper()).trimmed();
    const QString when = QLocale().toString(answer.created, QStringLiteral("d MMMM yyyy, HH:mm"));
    ui::CaptureView view;
    view.title = capture.title.isEmpty() ? QFileInfo(path).fileName() : capture.title;
    view.sentence =
        capture.device
            ? tr("Capture of %1, made on %2 with %3.").arg(model, when, QString::fromStdString(capture.device->name))
            : tr("Capture of %1, made on %2.").arg(model, when);
    for (const store::Message& message : capture.messages) {
        if (message.role != store::Role::System) {
            view.messages.append(viewOf(message, capture.messages));
        }
    }
    ui::CapturePanel* panel = m_window.capture();
    panel->setCapture(view);
    std::vector<std::string_view> words;
    for (int i = 0; i < m_traces.tokenCount(); ++i) {
        words.push_back(m_traces.token(i).text);
    }
    panel->setTokenRanges(answer.id, rangesOf(words, answer.text));
    m_window.showError({});
    m_window.setModelsShown(false);
    m_window.setCaptureShown(view.title);
    m_window.setLayoutName(ui::LayoutName::Inspect);
    if (m_traces.tokenCount() > 0) {
        m_selection.setToken(run, 0);
    }
    refreshMarks();
    refreshToken();
    emit opened();
}

void CaptureSession::close() {
    ++m_request;
    if (!m_open) {
        return;
    }
    setPlaying(false);
    m_open = false;
    m_capture = {};
    m_window.setCaptureShown({});
    m_session.showTraces();
    emit closed();
}

ui::KvCacheState CaptureSession::kvCache() const {
    if (!m_open || !m_capture.memory || m_capture.model.block_count == 0 || m_capture.tokens.empty()) {
        return {};
    }
    const quint64 used = quint64{m_capture.tokens.back()->position} + 1;
    return ui::KvCacheState::of(m_capture.model, *m_capture.memory, std::min<quint64>(used, m_capture.memory->context));
}

void CaptureSession::setPlaying(bool playing) {
    if (playing && m_open) {
        m_selection.setFollowing(false);
        if (tokenInView() + 1 >= m_traces.tokenCount()) {
            m_selection.setToken(run, 0); // from the start again
        }
        m_play.start();
    } else {
        m_play.stop();
    }
    m_window.capture()->setPlaying(m_play.isActive());
}

int CaptureSession::tokenInView() const {
    const ui::SelectionState& state = m_selection.state();
    return state.run == run ? state.token : -1;
}

void CaptureSession::refreshToken() {
    if (!m_open) {
        return;
    }
    const int token = tokenInView();
    const bool there = token >= 0 && token < m_traces.tokenCount();
    if (there) {
        m_message = static_cast<int>(m_capture.messages.size()) - 1;
    }
    const bool marked = std::any_of(m_capture.bookmarks.begin(), m_capture.bookmarks.end(),
                                    [token](const exchange::Bookmark& mark) { return mark.token == token; });
    m_window.capture()->setToken(there ? token : -1, m_traces.tokenCount(),
                                 there ? ui::tokenLabel(m_traces.token(token).text) : QString(), there && marked);
}

// --- notes ---

QString CaptureSession::placeOf(int message, int token) const {
    if (token >= 0 && token < m_traces.tokenCount()) {
        return tr("Token %1 %2").arg(ui::tokenNumber(token), ui::tokenLabel(m_traces.token(token).text));
    }
    return message + 1 == m_capture.messages.size() ? tr("The answer") : tr("Message %1").arg(message + 1);
}

void CaptureSession::refreshMarks() {
    QList<ui::CaptureMark> marks;
    for (const exchange::Note& note : std::as_const(m_capture.notes)) {
        marks.append({note.message + 1, note.token, placeOf(note.message, note.token), note.text, false});
    }
    for (const exchange::Bookmark& mark : std::as_const(m_capture.bookmarks)) {
        marks.append({m_capture.answer().id, mark.token, placeOf(0, mark.token), {}, true});
    }
    m_window.capture()->setMarks(marks);
}

void CaptureSession::activateMark(int index) {
    const auto notes = static_cast<int>(m_capture.notes.size());
    const int token = index < notes ? m_capture.notes[index].token : m_capture.bookmarks[index - notes].token;
    const int message =
        index < notes ? m_capture.notes[index].message : static_cast<int>(m_capture.messages.size()) - 1;
    setPlaying(false);
    m_selection.setFollowing(false);
    m_selection.setToken(run, token);
    m_window.capture()->transcript()->scrollToMessage(message + 1);
}

void CaptureSession::removeMark(int index) {
    const auto notes = static_cast<int>(m_capture.notes.size());
    if (index < notes) {
        m_capture.notes.removeAt(index);
    } else {
        m_capture.bookmarks.removeAt(index - notes);
    }
    keep();
}

void CaptureSession::addNote(const QString& text) {
    if (!m_open || text.isEmpty()) {
        return;
    }
    m_capture.notes.append({m_message, tokenInView(), text, QDateTime::currentDateTime()});
    keep();
}

void CaptureSession::toggleBookmark() {
    const int token = tokenInView();
    if (!m_open || token < 0) {
        return;
    }
    QList<exchange::Bookmark>& marks = m_capture.bookmarks;
    const auto same = [token](const exchange::Bookmark& mark) { return mark.token == token; };
    if (marks.removeIf(same) == 0) {
        marks.append({token, QDateTime::currentDateTime()});
        std::sort(marks.begin(), marks.end(), [](const auto& a, const auto& b) { return a.token < b.token; });
    }
    keep();
}

/** Into the file, which changes as a whole. */
void CaptureSession::keep() {
    refreshMarks();
    refreshToken();
    if (m_writing) {
        m_unwritten = true;
        return;
    }
    m_writing = true;
    work(
        [path = m_path, capture = m_capture] {
            exchange::writeCapture(path, capture);
            return true;
        },
        [this, path = m_path](bool) {
            m_writing = false;
            if (std::exchange(m_unwritten, false) && m_open && path == m_path) {
                keep();
            }
        });
}

// --- recording and saving ---

void CaptureSession::setRecording(bool on) {
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
        askToSave(m_recorded);
    } else {
        m_window.showToast(tr("Nothing was answered while the capture was on, so there is nothing to save."));
    }
}

void CaptureSession::setTimingWanted(bool wanted) {
    m_timingWanted = wanted;
    emit timingChanged(wanted || m_recording);
}

void CaptureSession::answerEnded(const store::Message& answer) {
    if (m_recording) {
        m_recorded = answer.id;
    } else if (std::exchange(m_ending, false)) {
        askToSave(answer.id);
    }
}

qint64 CaptureSession::answerInView() const {
    const QList<store::Message> branch = m_session.branch();
    const bool there = std::any_of(branch.begin(), branch.end(), [this](const store::Message& message) {
        return message.id == m_traces.current() && message.role == store::Role::Assistant;
    });
    return there ? m_traces.current() : m_session.lastAnswer();
}

void CaptureSession::askForFile(const QString& title, const QString& kinds, const QString& name,
                                const std::function<void(const QString&)>& use) {
    const bool saving = !name.isEmpty();
    auto* dialog =
        new QFileDialog(&m_window, title, QStandardPaths::writableLocation(QStandardPaths::DocumentsLocation), kinds);
    if (saving) {
        dialog->setAcceptMode(QFileDialog::AcceptSave);
        dialog->setDefaultSuffix(QFileInfo(name).suffix());
        dialog->selectFile(name);
    } else {
        dialog->setFileMode(QFileDialog::ExistingFile);
    }
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &QFileDialog::fileSelected, this, use);
    dialog->open();
}

void CaptureSession::askToOpen() {
    askForFile(tr("Open a capture"), tr("Captures (*.moescope);;All files (*)"), {},
               [this](const QString& path) { open(path); });
}

void CaptureSession::askToSave(qint64 answer) {
    if (answer != 0) {
        askForFile(tr("Save the capture"), tr("Captures (*.moescope)"),
                   fileName(m_session.title(), exchange::captureEnding),
                   [this, answer](const QString& path) { save(answer, path); });
    }
}

void CaptureSession::askToExport(qint64 answer) {
    if (answer != 0) {
        const QString title = answer == run ? m_capture.title : m_session.title();
        askForFile(tr("Export the routing"), tr("NumPy arrays (*.npy)"), fileName(title, QStringLiteral(".npy")),
                   [this, answer](const QString& path) { exportRouting(answer, path); });
    }
}

exchange::Capture CaptureSession::describe(const store::Conversation& conversation, const QList<store::Message>& branch,
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
    }
    for (qsizetype i = 0; i < capture.messages.size(); ++i) {
        capture.messages[i].id = i + 1;
        capture.messages[i].parent = i;
    }
    return capture;
}

void CaptureSession::save(qint64 answer, const QString& path) {
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
            stored.branch = store::branch(store.messages(stored.conversation.id), answer);
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
            if (answer == m_timed) {
                made.steps = m_steps;
            }
            work(
                [path, capture = std::move(made)] {
                    exchange::writeCapture(path, capture);
                    return QFileInfo(path).fileName();
                },
                [this](const QString& name) { m_window.showToast(tr("“%1” was written.").arg(name)); });
        },
        [this](const trace::Error& error) { failed(error); });
}

void CaptureSession::exportRouting(qint64 answer, const QString& path) {
    const auto write = [this, path](const store::TokenTraces& tokens) {
        store::TokenTraces generated;
        std::copy_if(tokens.begin(), tokens.end(), std::back_inserter(generated),
                     [](const trace::TokenTracePtr& token) { return token->generated; });
        work(
            [path, generated] {
                exchange::writeRouting(path, generated);
                return QFileInfo(path).fileName();
            },
            [this](const QString& name) { m_window.showToast(tr("“%1” was written.").arg(name)); });
    };
    if (answer == run) {
        write(m_capture.tokens);
        return;
    }
    m_worker.run(
        this, [answer](store::Store& store) { return store.traces(answer); },
        [this, write](const store::StoredTraces& stored) {
            if (stored.error) {
                failed(*stored.error);
            } else {
                write(stored.tokens);
            }
        },
        [this](const trace::Error& error) { failed(error); });
}

QList<QUrl> CaptureSession::takeCaptures(const QList<QUrl>& urls) {
    QList<QUrl> others;
    QString first;
    for (const QUrl& url : urls) {
        if (!url.isLocalFile() || !exchange::isCaptureName(url.path())) {
            others.append(url);
        } else if (first.isEmpty()) {
            first = url.toLocalFile();
        }
    }
    if (!first.isEmpty()) {
        open(first);
    }
    return others;
}

} // namespace moescope::gui
