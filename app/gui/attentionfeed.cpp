// SPDX-License-Identifier: Apache-2.0
#include "app/gui/attentionfeed.h"

#include "app/gui/capturesession.h"
#include "app/gui/values.h"

namespace moescope::gui {

using controller::Attention;
using controller::AttentionJob;
using controller::InferenceController;
using State = InferenceController::State;

namespace {

ui::AttentionPanel::Wish wishOf(qint64 answer, uint32_t position, uint32_t layer) {
    return {answer, static_cast<int>(position), static_cast<int>(layer)};
}

ui::AttentionState stateOf(const Attention& attention) {
    QList<ui::AttentionState::Message> messages;
    for (const controller::ContextMessage& message : attention.messages) {
        messages.append({QString::fromStdString(message.role), static_cast<int>(message.first)});
    }
    return {attention.weights, attention.texts, messages};
}

} // namespace

AttentionFeed::AttentionFeed(InferenceController& controller, ChatSession& session, store::StoreWorker& store,
                             ui::TraceModel& traces, ui::AttentionPanel& panel)
    : QObject(&panel), m_controller(controller), m_session(session), m_store(store), m_traces(traces), m_panel(panel) {
    connect(&panel, &ui::AttentionPanel::wanted, this, &AttentionFeed::ask);
    connect(&panel, &ui::AttentionPanel::readingWanted, this, qOverload<>(&AttentionFeed::readAgain));
    connect(&controller, &InferenceController::attentionComputed, this, [this](const Attention& attention) {
        const trace::AttentionWeights& weights = *attention.weights;
        m_panel.setAttention(wishOf(attention.answer, weights.position, weights.layer), stateOf(attention));
    });
    connect(&controller, &InferenceController::attentionFailed, this, &AttentionFeed::failed);
    connect(&controller, &InferenceController::modelLoaded, this, [this](const controller::Loaded& loaded) {
        m_panel.setModel(static_cast<int>(loaded.model.block_count), ui::TraceShape::of(loaded.model));
    });
    connect(&controller, &InferenceController::modelUnloaded, this, [this] { m_panel.setModel(0, {}); });
    connect(&controller, &InferenceController::loadFailed, this, [this] { m_panel.setModel(0, {}); });
    connect(&controller, &InferenceController::stateChanged, this, &AttentionFeed::stateChanged);
}

void AttentionFeed::failed(const AttentionJob& job, const trace::Error& error) {
    const ui::AttentionPanel::Wish wish = wishOf(job.answer, job.position, job.layer);
    if (error.id() == "attention.never_read") {
        m_panel.setMissing(wish, tr("Never read"), sentence(error));
        return;
    }
    const bool absent = error.id() == "attention.not_computed" || error.id() == "attention.not_cached";
    if (!absent) {
        m_panel.setMissing(wish, tr("Attention could not be computed"), sentence(error));
    } else if (known(job.answer)) {
        m_panel.setMissing(wish, tr("Not in the KV cache"),
                           tr("%1 It can be read again: its tokens go through the model as they are, and nothing is "
                              "sampled.")
                               .arg(sentence(error)),
                           true);
    } else {
        m_panel.setMissing(wish, tr("Not in the KV cache"),
                           tr("%1 Load the model that gave it, and it can be read again.").arg(sentence(error)));
    }
}

std::shared_ptr<const controller::KnownAnswer> AttentionFeed::known(qint64 answer,
                                                                    const store::TokenTraces& stored) const {
    return m_traces.tokenCount(answer) > 0 ? m_session.knownAnswer(answer, m_traces.token(answer, 0).position, stored)
                                           : nullptr;
}

void AttentionFeed::readAgain() {
    const ui::AttentionPanel::Wish wish = m_panel.wish();
    m_store.run(
        this, [run = wish.run](store::Store& store) { return store.traces(run); },
        [this, wish](const store::StoredTraces& found) {
            if (m_panel.wish() == wish) {
                readAgain(wish, found.tokens);
            }
        },
        [this, wish](const trace::Error& error) {
            m_panel.setMissing(wish, tr("Attention could not be computed"), sentence(error));
        });
}

void AttentionFeed::readAgain(const ui::AttentionPanel::Wish& wish, const store::TokenTraces& stored) {
    const auto answer = known(wish.run, stored);
    if (m_controller.state() != State::Ready || !answer) {
        ask(wish); // it says why not
        return;
    }
    m_panel.setMissing(wish, tr("Reading"), tr("The prompt and this answer go through the model once more."));
    m_controller.attention({wish.run, static_cast<uint32_t>(wish.position), static_cast<uint32_t>(wish.layer), answer});
}

void AttentionFeed::ask(const ui::AttentionPanel::Wish& wish) {
    if (wish.run == CaptureSession::run) {
        m_panel.setMissing(wish, tr("Not in a capture"),
                           tr("A capture holds no keys, so what its tokens looked at cannot be computed."));
        return;
    }
    switch (m_controller.state()) {
    case State::Ready:
        m_controller.attention({wish.run, static_cast<uint32_t>(wish.position), static_cast<uint32_t>(wish.layer)});
        return;
    case State::Generating:
        m_panel.setMissing(wish, tr("After the answer"),
                           tr("The model answers. What this token looked at is computed when the answer is there."));
        return;
    case State::Loading:
    case State::Empty:
        m_panel.setMissing(wish, tr("No model loaded"), tr("Attention is computed by the model that gave the answer."));
        return;
    }
}

void AttentionFeed::stateChanged() {
    if (m_controller.state() == State::Ready) {
        m_panel.askAgain();
    }
}

} // namespace moescope::gui
