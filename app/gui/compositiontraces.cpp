// SPDX-License-Identifier: Apache-2.0
// The part of Composition that ties answers' traces to the panels, and says what is in the context.
#include "app/gui/composition.h"

#include "app/gui/capturerecorder.h"
#include "app/gui/capturesession.h"
#include "app/gui/filedialogs.h"
#include "app/gui/routingpanels.h"
#include "ui/models/tokentext.h"
#include "ui/panels/chatpanel.h"
#include "ui/panels/conversationspanel.h"
#include "ui/panels/modellibrarypanel.h"

#include <algorithm>

namespace moescope::gui {

using State = controller::InferenceController::State;

void Composition::connectTraces() {
    // While a capture is shown the panels are its own; what the chat has is given again when it is closed.
    connect(&m_session, &ChatSession::tracesCleared, this, [this] {
        if (!m_captures->isOpen()) {
            m_traces.clear();
        }
    });
    connect(&m_session, &ChatSession::answerBegun, this,
            [this](qint64 id, const ui::TraceShape& shape, const store::TokenTraces& begun) {
                if (m_captures->isOpen()) {
                    return;
                }
                m_traces.begin(id, shape, !m_session.recipeOf(id).empty());
                m_traces.appendPrompt(id, promptOf(begun));
                m_traces.append(id, generatedOf(begun));
            });
    connect(&m_session, &ChatSession::tracesAppended, this, [this](qint64 id, const store::TokenTraces& traces) {
        m_traces.appendPrompt(id, promptOf(traces));
        m_traces.append(id, generatedOf(traces));
        updateContext();
    });
    connect(&m_session, &ChatSession::answerEnded, &m_traces, &ui::TraceModel::finish);
    connect(&m_session, &ChatSession::tracesLoaded, this,
            [this](qint64 id, const ui::TraceShape& shape, const store::TokenTraces& traces) {
                if (m_captures->isOpen()) {
                    return;
                }
                m_traces.setRun(id, shape, generatedOf(traces), !m_session.recipeOf(id).empty());
                m_traces.appendPrompt(id, promptOf(traces));
                if (id == m_session.lastAnswer()) {
                    m_traces.setCurrent(id);
                }
                if (id == m_wanted.first) {
                    chooseToken(id, std::exchange(m_wanted, {}).second);
                }
            });
    connect(&m_session, &ChatSession::versionLoaded, this,
            [this](qint64 id, const ui::TraceShape& shape, const store::TokenTraces& traces) {
                if (!m_captures->isOpen()) {
                    m_traces.setVersion(id, shape, generatedOf(traces));
                }
            });
    connect(m_panels, &RoutingPanels::timingWanted, m_recorder.get(), &CaptureRecorder::setTimingWanted);
    connect(m_panels, &RoutingPanels::stepWanted, &m_controller, &controller::InferenceController::recordStep);
    connect(&m_controller, &controller::InferenceController::stepsTimed, &m_timelines, &ui::StepTimelines::append);
    connect(&m_controller, &controller::InferenceController::stepRecorded, this,
            [this](const trace::StepTimelinePtr& step) {
                if (!m_captures->isOpen()) { // it is none of the capture's
                    m_timelines.record(m_traces.current(), step);
                }
            });
    connect(&m_context, &ContextWatch::changed, this, &Composition::updateContext);
    connect(m_panels, &RoutingPanels::contextSeen, this, [this](bool seen) {
        if (m_window == nullptr) {
            return; // its docks are going
        }
        m_context.setWatched(seen);
        updateContext();
    });
    connect(m_panels, &RoutingPanels::messageChosen, this, [this](qint64 message) {
        if (m_captures->isOpen()) {
            m_captures->scrollTo(message);
        } else {
            m_window->chat()->scrollToMessage(message);
        }
    });
    connect(m_panels, &RoutingPanels::probabilitiesWanted, &m_session, &ChatSession::setRouterProbs);
    connect(m_panels, &RoutingPanels::branchRequested, this, [this](qint64 run, int token, int candidate) {
        if (m_captures->isOpen()) {
            m_window->showToast(tr("A capture cannot be branched. Close it, and branch the answer in its chat."));
        } else {
            beginVersion(run, [&] { m_session.branchAnswer(run, token, candidate); });
        }
    });
    connect(&m_session, &ChatSession::branched, this, &Composition::chooseToken);
    connect(&m_traces, &ui::TraceModel::currentChanged, this, [this] {
        updateTokens();
        updateFilter();
        updateContext();
    });
    connect(&m_traces, &ui::TraceModel::appended, this, [this] {
        updateTokens();
        updateFilter();
    });
    connect(m_window.get(), &ui::MainWindow::filterChosen, &m_traces, &ui::TraceModel::setFilter);
    connect(&m_traces, &ui::TraceModel::filterChanged, this, [this] {
        m_window->setFilter(m_traces.filter());
        updateFilter();
    });
    connect(&m_selection, &ui::Selection::changed, this, [this](const ui::SelectionState& state) {
        const bool there = state.run == m_traces.current() && state.token >= 0 && state.token < m_traces.tokenCount();
        m_window->chat()->setSelectedToken(there ? state.token : -1);
        m_window->setTokenText(there ? ui::tokenLabel(m_traces.token(state.token).text) : QString());
    });
    connect(&m_selection, &ui::Selection::followingChanged, this, &Composition::updateTokens);
    ui::ChatPanel* chat = m_window->chat();
    connect(chat, &ui::ChatPanel::tokenClicked, this, &Composition::chooseToken);
    connect(chat, &ui::ChatPanel::offsetClicked, this, [this](qint64 message, int offset) {
        if (!m_traces.hasRun(message)) {
            return; // it is being read from the store
        }
        m_traces.setCurrent(message);
        const QList<ui::TokenRange> ranges = rangesInView();
        const auto token = std::find_if(ranges.cbegin(), ranges.cend(), [offset](const ui::TokenRange& range) {
            return range.begin <= offset && offset < range.end;
        });
        if (token != ranges.cend()) {
            chooseToken(message, static_cast<int>(token - ranges.cbegin()));
        }
    });
    connect(chat, &ui::ChatPanel::expertsRequested, this, [this](qint64 message) {
        m_traces.setCurrent(message);
        m_selection.setRun(message);
        m_window->setLayoutName(ui::LayoutName::Inspect);
    });
    connect(chat, &ui::ChatPanel::branchRequested, this, [this](qint64 message) {
        m_traces.setCurrent(message);
        m_selection.setRun(message);
        m_window->showPanel(QStringLiteral("probabilities"));
    });
}

void Composition::beginVersion(qint64 answer, const std::function<void()>& begin) {
    const bool followed = answer != m_session.lastAnswer();
    const int version = m_session.versionOf(answer);
    begin();
    if (followed && m_session.isStarting()) {
        m_window->showToast(tr("The chat goes on from the new version. The messages that followed stand behind "
                               "version %1: page back to it to read them.")
                                .arg(version));
    }
}

ui::ExpertWeights Composition::expertWeights(const controller::Loaded& loaded) const {
    ui::ExpertWeights weights;
    weights.shape = ui::TraceShape::of(loaded.model);
    weights.place = shortDeviceName(QString::fromStdString(loaded.device.name));
    const ui::ModelListModel* models = m_window->library()->models();
    const int row = models->rowOf(m_modelPath);
    const quint64 experts = quint64(weights.shape.layers) * quint64(weights.shape.experts);
    if (row >= 0 && experts > 0 && models->at(row).card.needs) {
        weights.bytes = models->at(row).card.needs->routed.bytes / experts; // all experts of a file are alike
    }
    return weights;
}

void Composition::connectCaptures() {
    connect(m_captures.get(), &CaptureSession::opened, this, [this] {
        const auto& steps = m_captures->capture().steps;
        m_timelines.setRun(CaptureSession::run, QList<trace::StepTimelinePtr>(steps.begin(), steps.end()));
        m_panels->setCaptured(true);
        m_whatIf.setRefusal(tr("A capture computes nothing, so no what-if can be made of it. Close it, and make one of "
                               "the answer in its chat."));
        updateContext();
        showLedger();
    });
    connect(m_captures.get(), &CaptureSession::closed, this, [this] {
        m_panels->setCaptured(false);
        m_whatIf.setRefusal({});
        updateContext();
        showLedger();
    });
    connect(m_captures.get(), &CaptureSession::closed, this, &Composition::loadPutOff);
    connect(m_captures.get(), &CaptureSession::refused, this, &Composition::loadPutOff);
    connect(m_recorder.get(), &CaptureRecorder::timingChanged, &m_controller,
            &controller::InferenceController::setStepsTimed);
    // Whoever goes to a chat leaves the capture.
    const auto leave = [this] { m_captures->close(); };
    connect(m_window->conversations(), &ui::ConversationsPanel::conversationActivated, this, leave);
    connect(m_window->conversations(), &ui::ConversationsPanel::draftActivated, this, leave);
    connect(m_window.get(), &ui::MainWindow::newChatRequested, this, leave);
    connect(&m_book, &ConversationBook::restored, this, leave);
    ui::ChatPanel* chat = m_window->chat();
    connect(chat, &ui::ChatPanel::captureRequested, m_recorder.get(), &CaptureRecorder::askToSave);
    connect(chat, &ui::ChatPanel::routingRequested, m_recorder.get(), &CaptureRecorder::askToExport);
    connect(m_window.get(), &ui::MainWindow::exportRoutingRequested, this, &Composition::exportRouting);
    connect(m_panels, &RoutingPanels::routingExportRequested, this, &Composition::exportRouting);
}

void Composition::exportRouting() {
    if (!m_captures->isOpen()) {
        m_recorder->askToExport(m_recorder->answerInView());
        return;
    }
    const exchange::Capture& capture = m_captures->capture();
    askForRoutingFile(m_window.get(), capture.title,
                      [this, tokens = capture.tokens](const QString& path) { m_recorder->writeRouting(tokens, path); });
}

std::optional<quint64> Composition::tokensInContext() const {
    const store::Message* answer = m_session.findLastAnswer();
    if (answer == nullptr) {
        return 0;
    }
    if (!isStampOf(answer->model, m_controller.loaded()->model)) {
        return {};
    }
    const bool running = answer->id == m_session.run().message();
    if (running && m_reading) {
        return m_read;
    }
    if (const trace::TokenTrace* last = m_traces.lastToken(answer->id)) {
        return quint64{last->position} + 1;
    }
    if (running) {
        return m_used; // until something of it is read
    }
    // An answer without its routing.
    const trace::StepTimings& timings = answer->timings;
    return quint64{timings.reused_tokens} + timings.prefill_tokens + timings.decode_tokens;
}

void Composition::updateContext() {
    const bool captured = m_captures->isOpen();
    const auto& loaded = m_controller.loaded();
    m_panels->setModelLoaded(loaded.has_value());
    if (!loaded) {
        m_used = 0;
        m_window->setContext(0, 0);
        m_window->setKv(0, 0);
        m_panels->setKvCache(m_captures->kvCache());
        m_panels->setExpertWeights({});
        m_panels->setContext(m_captures->context());
        return;
    }
    // Of an answer that filled it the last token was not put into it.
    const std::optional<quint64> counted = tokensInContext();
    m_used = std::min<quint64>(counted.value_or(0), loaded->memory.context);
    m_documents.setUsed(m_used);
    const quint64 held = m_context.held(m_used);
    // The line at the bottom says nothing else than the panels: of a capture nothing.
    m_window->setContext(counted ? static_cast<int>(m_used) : -1,
                         captured ? 0 : static_cast<int>(loaded->memory.context));
    m_window->setKv(held * loaded->memory.kv_bytes_per_token, captured ? 0 : loaded->memory.kv_bytes);
    m_panels->setExpertWeights(expertWeights(*loaded));
    m_panels->setKvCache(captured ? m_captures->kvCache() : ui::KvCacheState::of(loaded->model, loaded->memory, held));
    if (m_context.isWatched()) {
        m_panels->setContext(captured ? m_captures->context() : m_context.state(held, m_used));
    }
}

void Composition::updateTokens() {
    m_window->setSelectionLimits(m_traces.tokenCount(), m_traces.shape().layers);
    if (m_traces.current() <= 0) {
        return;
    }
    // In Chat only a word that was clicked is marked, not the newest one.
    const bool marked = m_window->layoutName() == ui::LayoutName::Inspect || !m_selection.isFollowing();
    m_window->chat()->setTokenRanges(m_traces.current(), marked ? rangesInView() : QList<ui::TokenRange>());
}

void Composition::updateFilter() {
    const auto maskOf = [this](ui::Side side) {
        const ui::RunView* run = m_comparison.side(side);
        return run != nullptr ? m_traces.maskOf(run->answer) : nullptr;
    };
    m_comparison.setMasks(maskOf(ui::Side::A), maskOf(ui::Side::B));
    if (m_traces.filter().isEmpty()) {
        m_window->setFilterMatches(-1, 0);
        return;
    }
    m_window->setFilterMatches(m_traces.matched(ui::Scope::Answer).choices(),
                               m_traces.statistics(ui::Scope::Answer).choices());
}

QList<ui::TokenRange> Composition::rangesInView() const {
    std::vector<std::string_view> tokens;
    for (int i = 0; i < m_traces.tokenCount(); ++i) {
        tokens.push_back(m_traces.token(i).text);
    }
    return rangesOf(tokens, m_session.textOf(m_traces.current()));
}

void Composition::chooseToken(qint64 message, int token) {
    m_traces.setCurrent(message);
    m_selection.setFollowing(false);
    m_selection.setToken(message, token);
}

} // namespace moescope::gui
