// SPDX-License-Identifier: Apache-2.0
#include "app/gui/whatifview.h"

#include "app/gui/capturesession.h"
#include "app/gui/values.h"
#include "ui/models/whatif.h"
#include "ui/panels/whatifpanel.h"

namespace moescope::gui {

using controller::InferenceController;
using State = ui::WhatIfPanel::State;

WhatIfView::WhatIfView(ui::WhatIfPanel& panel, store::StoreWorker& worker, InferenceController& controller,
                       ChatSession& session, ui::TraceModel& traces, QObject* parent)
    : QObject(parent), m_panel(panel), m_worker(worker), m_controller(controller), m_session(session),
      m_traces(traces) {
    connect(&panel, &ui::WhatIfPanel::wantedChanged, this, &WhatIfView::refresh);
    connect(&traces, &ui::TraceModel::currentChanged, this, &WhatIfView::refresh);
    connect(&session, &ChatSession::answerEnded, this, &WhatIfView::refresh);
    connect(&session, &ChatSession::shown, this, &WhatIfView::refresh);
    connect(&panel, &ui::WhatIfPanel::divergenceRequested, this, &WhatIfView::diverge);
    connect(&panel, &ui::WhatIfPanel::untouchedRequested, this, [this] {
        if (!m_session.rerunUntouched(m_pair.what_if)) {
            emit failed(tr("Nothing can be run now. Load the model, or wait for the end of the answer."));
        }
    });
    connect(&panel, &ui::WhatIfPanel::divergenceCancelled, &controller, &InferenceController::cancelDivergence);
    connect(&controller, &InferenceController::divergenceProgress, this,
            [this](quint64 done, quint64 total, quint64 request) {
                if (request == m_divergence) {
                    m_panel.setProgress(done, total);
                }
            });
    connect(&controller, &InferenceController::diverged, this,
            [this](const QList<trace::TokenDivergence>& divergence, quint64 request) {
                if (request == m_divergence) {
                    m_divergence = 0;
                    keep(divergence);
                    m_panel.setDivergence(divergence);
                }
            });
    connect(&controller, &InferenceController::divergenceFailed, this,
            [this](const trace::Error& error, quint64 request) {
                if (request == m_divergence) {
                    m_divergence = 0;
                    m_panel.setDivergence({});
                    if (error.id() != "work.cancelled") {
                        emit failed(sentence(error));
                    }
                }
            });
}

void WhatIfView::refresh() {
    if (!m_panel.isInView()) {
        return;
    }
    const qint64 shown = m_traces.current();
    if (shown == CaptureSession::run) {
        ++m_request;
        m_pair = {};
        m_panel.setState(State::Captured);
        return;
    }
    if (shown <= 0 && m_session.lastAnswer() != 0) {
        return; // another version came into view and is being read
    }
    WhatIfPair pair = m_session.whatIfPair(shown);
    if (pair.isWhole() && shown == m_pair.untouched && m_session.whatIfPair(m_pair.what_if) == m_pair) {
        pair = m_pair; // of several what-ifs the one that was looked at
    }
    const auto running = [this](qint64 message) { return message != 0 && message == m_session.run().message(); };
    const bool same = pair == m_pair && (m_panel.state() == State::Ready || m_panel.state() == State::Reading);
    if (same) {
        return;
    }
    if (std::exchange(m_divergence, 0) != 0) {
        m_controller.cancelDivergence();
    }
    m_pair = pair;
    ++m_request;
    if (running(pair.untouched) || running(pair.what_if)) {
        m_panel.setState(State::Running);
        m_pair = {}; // it is another once it is whole
    } else if (pair.isWhole()) {
        m_panel.setState(State::Reading);
        read(pair);
    } else {
        m_panel.setState(pair.what_if != 0 ? State::Alone : State::None);
    }
}

void WhatIfView::read(const WhatIfPair& pair) {
    m_worker.run(
        this,
        [pair](store::Store& store) { return std::pair(store.traces(pair.untouched), store.traces(pair.what_if)); },
        [this, pair, mine = m_request](const std::pair<store::StoredTraces, store::StoredTraces>& found) {
            const store::Message* untouched = m_session.find(pair.untouched);
            const store::Message* whatIf = m_session.find(pair.what_if);
            if (mine != m_request || untouched == nullptr || whatIf == nullptr) {
                return;
            }
            for (const store::StoredTraces* traces : {&found.first, &found.second}) {
                if (traces->error) {
                    emit failed(sentence(*traces->error));
                }
            }
            m_stored = found.first.tokens;
            m_panel.setSides({pair.untouched, m_session.shapeOf(*untouched, found.first.tokens),
                              generatedOf(found.first.tokens), m_session.versionOf(pair.untouched)},
                             {pair.what_if, m_session.shapeOf(*whatIf, found.second.tokens),
                              generatedOf(found.second.tokens), m_session.versionOf(pair.what_if)},
                             ui::recipeWords(whatIf->recipe.intervention, true));
            m_panel.setSampling(samplingOf(*whatIf));
            for (const Kept& kept : std::as_const(m_kept)) {
                // A continued answer has more tokens than it had.
                if (kept.pair == pair && kept.divergence.size() == m_panel.model()->untouched().tokens.size()) {
                    m_panel.setDivergence(kept.divergence);
                }
            }
        },
        [this, mine = m_request](const trace::Error& error) {
            if (mine == m_request) {
                m_panel.setState(State::None);
                emit failed(sentence(error));
            }
        });
}

void WhatIfView::keep(const QList<trace::TokenDivergence>& divergence) {
    constexpr int mostKept = 16;
    m_kept.removeIf([this](const Kept& kept) { return kept.pair == m_pair; });
    m_kept.append({m_pair, divergence});
    if (m_kept.size() > mostKept) {
        m_kept.removeFirst();
    }
}

void WhatIfView::diverge() {
    const store::Message* untouched = m_session.find(m_pair.untouched);
    const store::Message* whatIf = m_session.find(m_pair.what_if);
    const auto& loaded = m_controller.loaded();
    if (untouched == nullptr || whatIf == nullptr || m_panel.model()->isEmpty()) {
        return;
    }
    if (m_controller.state() != InferenceController::State::Ready || !isStampOf(untouched->model, loaded->model)) {
        emit failed(loaded && m_controller.state() == InferenceController::State::Ready
                        ? tr("These answers are of “%1”, which is not the loaded model.").arg(untouched->model.name)
                        : tr("The model has no time for it now."));
        return;
    }
    controller::DivergenceJob job;
    job.prompt = m_session.answeredPrompt(*untouched, m_panel.model()->untouched().tokens.first()->position, m_stored);
    for (const trace::TokenTracePtr& token : m_panel.model()->untouched().tokens) {
        job.answer.push_back(token->token);
    }
    job.what_if = whatIf->recipe.intervention;
    m_panel.setProgress(0, 0);
    m_divergence = m_controller.diverge(job);
}

} // namespace moescope::gui
