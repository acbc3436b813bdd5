// SPDX-License-Identifier: Apache-2.0
#include "app/gui/capturesession.h"

#include "app/gui/filedialogs.h"
#include "ui/models/tokentext.h"
#include "ui/panels/capturepanel.h"
#include "ui/panels/transcript.h"

#include <QFileInfo>
#include <QLocale>

#include <algorithm>

namespace moescope::gui {
namespace {

constexpr int stepMs = 250; ///< a token, while it steps by itself

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

} // namespace

CaptureSession::CaptureSession(ui::MainWindow& window, ChatSession& session, ui::TraceModel& traces,
                               ui::Selection& selection, FileWork& files, QObject* parent)
    : QObject(parent), m_window(window), m_session(session), m_traces(traces), m_selection(selection), m_files(files) {
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
    connect(&selection, &ui::Selection::changed, this, &CaptureSession::refreshToken);
    connectWindow();
}

CaptureSession::~CaptureSession() { keepRest(); }

void CaptureSession::connectWindow() {
    connect(&m_window, &ui::MainWindow::openCaptureRequested, this, [this] {
        askForFileToRead(&m_window, tr("Open a capture"), tr("Captures (*.moescope);;All files (*)"),
                         [this](const QString& path) { open(path); });
    });
    connect(&m_window, &ui::MainWindow::closeCaptureRequested, this, &CaptureSession::close);
    connect(&m_window, &ui::MainWindow::bookmarkRequested, this, &CaptureSession::toggleBookmark);
    ui::CapturePanel* panel = m_window.capture();
    connect(&m_window, &ui::MainWindow::noteRequested, this, [this, panel] {
        if (m_open) {
            panel->beginNote(ui::placeText(markOf(m_message, tokenInView())));
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

void CaptureSession::failed(const trace::Error& error) { m_window.showError(sentence(error)); }

// --- showing ---

void CaptureSession::open(const QString& path) {
    const quint64 mine = ++m_request;
    keepRest(); // it may be the same file
    m_files.run(
        this, [path] { return exchange::readCapture(path); },
        [this, mine, path](const exchange::Capture& capture) {
            if (mine == m_request) {
                show(path, capture);
            }
        },
        [this](const trace::Error& error) {
            failed(error);
            if (!m_open) {
                emit refused();
            }
        });
}

void CaptureSession::show(const QString& path, const exchange::Capture& capture) {
    setPlaying(false);
    keepRest();
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
            view.messages.last().captured = true;
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
    keepRest();
    m_open = false;
    m_capture = {};
    m_window.setCaptureShown({});
    m_session.showTraces();
    emit closed();
}

quint64 CaptureSession::usedTokens() const {
    if (!m_open || m_capture.tokens.empty()) {
        return 0;
    }
    const quint64 used = quint64{m_capture.tokens.back()->position} + 1;
    // Of an answer that filled it the last token was not put into it.
    return m_capture.memory ? std::min<quint64>(used, m_capture.memory->context) : used;
}

ui::KvCacheState CaptureSession::kvCache() const {
    if (usedTokens() == 0 || !m_capture.memory || m_capture.model.block_count == 0) {
        return {};
    }
    ui::KvCacheState state = ui::KvCacheState::of(m_capture.model, *m_capture.memory, usedTokens());
    state.captured = true;
    return state;
}

ui::ContextState CaptureSession::context() const {
    ui::ContextState state;
    state.captured = m_open;
    const quint64 used = usedTokens();
    const quint32 reserved = m_capture.memory ? m_capture.memory->context : 0;
    const quint32 limit = std::max(m_capture.model.context_length, reserved);
    if (used == 0 || used > limit) {
        return state;
    }
    state.used = static_cast<int>(used);
    state.reserved = static_cast<int>(reserved);
    state.limit = static_cast<int>(limit);
    state.reused = static_cast<int>(std::min<quint64>(m_capture.answer().timings.reused_tokens, used));
    const auto answer = std::find_if(m_capture.tokens.begin(), m_capture.tokens.end(),
                                     [](const trace::TokenTracePtr& token) { return token->generated; });
    const int begin =
        answer == m_capture.tokens.end() ? state.used : static_cast<int>(std::min<quint64>((*answer)->position, used));
    if (begin > 0) {
        // Where each message of it begins is not in the file.
        const bool question = m_capture.messages.size() == 2 && m_capture.system_prompt.isEmpty();
        state.blocks.append(
            {m_capture.messages.first().id, question ? ui::ContextRole::User : ui::ContextRole::Prompt, 0, begin});
    }
    if (begin < state.used) {
        state.blocks.append({run, ui::ContextRole::Model, begin, state.used - begin});
    }
    return state;
}

void CaptureSession::scrollTo(qint64 message) {
    m_window.capture()->transcript()->scrollToMessage(message == run ? m_capture.answer().id : message);
}

ui::LedgerState CaptureSession::ledger() const {
    ui::LedgerState state;
    if (m_capture.ledger) {
        const QString device = m_capture.device ? QString::fromStdString(m_capture.device->name) : QString();
        state = ui::LedgerState::of(*m_capture.ledger, shortDeviceName(device));
    }
    state.of_capture = true;
    return state;
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

ui::CaptureMark CaptureSession::markOf(int message, int token) const {
    ui::CaptureMark mark{message + 1, token};
    if (token >= 0 && token < m_traces.tokenCount()) {
        mark.place = tr("Token %1").arg(ui::tokenNumber(token));
        mark.word = ui::tokenLabel(m_traces.token(token).text);
    } else {
        mark.place = message + 1 == m_capture.messages.size() ? tr("The answer") : tr("Message %1").arg(message + 1);
    }
    return mark;
}

void CaptureSession::refreshMarks() {
    QList<ui::CaptureMark> marks;
    for (const exchange::Note& note : std::as_const(m_capture.notes)) {
        marks.append(markOf(note.message, note.token));
        marks.last().note = note.text;
    }
    for (const exchange::Bookmark& mark : std::as_const(m_capture.bookmarks)) {
        marks.append(markOf(0, mark.token));
        marks.last().message = m_capture.answer().id;
        marks.last().bookmark = true;
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
    write();
}

void CaptureSession::write() {
    m_writing = true;
    m_unwritten = false;
    const auto written = [this] {
        m_writing = false;
        keepRest();
    };
    m_files.run(
        this,
        [path = m_path, capture = m_capture] {
            exchange::writeCapture(path, capture);
            return true;
        },
        [written](bool) { written(); },
        [this, written](const trace::Error& error) {
            failed(error);
            written();
        });
}

void CaptureSession::keepRest() {
    if (m_unwritten) {
        write();
    }
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
