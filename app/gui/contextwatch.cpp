// SPDX-License-Identifier: Apache-2.0
#include "app/gui/contextwatch.h"

#include <QSet>

#include <algorithm>
#include <utility>

namespace moescope::gui {

using controller::InferenceController;

ContextWatch::ContextWatch(InferenceController& controller, ChatSession& session, QObject* parent)
    : QObject(parent), m_controller(controller), m_session(session) {
    connect(&controller, &InferenceController::promptRendered, this,
            [this](qint64 id, const QList<int>& starts, int tokens) {
                m_prompt = {id, starts, tokens};
                m_asked = 0;
                emit changed();
            });
    connect(&controller, &InferenceController::prefillProgress, this,
            [this](qint64 id, const trace::PrefillProgress& progress) {
                m_reading = id;
                m_progress = progress;
            });
    const auto forget = [this] {
        m_prompt = {};
        m_asked = 0;
        m_reading = 0;
        ask();
        emit changed();
    };
    connect(&controller, &InferenceController::cacheChanged, this, &ContextWatch::changed);
    connect(&controller, &InferenceController::modelLoaded, this, forget);
    connect(&controller, &InferenceController::modelUnloaded, this, forget);
    connect(&session, &ChatSession::shown, this, &ContextWatch::ask);
    connect(&session, &ChatSession::messagesChanged, this, &ContextWatch::ask);
}

void ContextWatch::setWatched(bool watched) {
    m_watched = watched;
    ask();
}

void ContextWatch::ask() {
    // The prompt of an answer that is being made is told without asking.
    if (!m_watched || m_controller.state() != InferenceController::State::Ready) {
        return;
    }
    const store::Message* last = m_session.findLastAnswer();
    if (last == nullptr || last->id == m_prompt.answer || last->id == m_asked) {
        return;
    }
    m_asked = last->id;
    m_controller.render(m_session.promptOf(*last));
}

qsizetype ContextWatch::systemBlocks() {
    if (!std::exchange(m_prompt.listed, true)) {
        const store::Message* answer = m_session.find(m_prompt.answer);
        const QList<store::Message> sent =
            answer != nullptr ? m_session.promptMessages(*answer) : QList<store::Message>();
        for (const store::Message& message : sent) {
            const bool user = message.role == store::Role::User;
            m_prompt.messages.append({message.id, user ? ui::ContextRole::User : ui::ContextRole::Model});
        }
    }
    const qsizetype systems = m_prompt.starts.size() - 1 - m_prompt.messages.size();
    return systems == 0 || systems == 1 ? systems : -1;
}

quint64 ContextWatch::held(quint64 tokens) {
    const store::Message* last = m_session.findLastAnswer();
    if (last == nullptr || last->id == m_session.run().message()) {
        return tokens; // an answer that is being made is told of as it comes
    }
    const InferenceController::Cached& cached = m_controller.cached();
    if (cached.answer == last->id) {
        // The token that ends an answer was sampled, and need not have been read.
        return quint64{cached.tokens} + 1 >= tokens ? tokens : cached.tokens;
    }
    const store::Message* other = m_session.find(cached.answer);
    if (other == nullptr || m_prompt.answer != last->id ||
        m_session.recipeOf(other->id) != m_session.recipeOf(last->id)) {
        return 0;
    }
    const qsizetype systems = systemBlocks();
    if (other->view != last->view) { // what comes after the system prompt is not the same
        return systems > 0 ? std::min<quint64>({tokens, cached.tokens, quint64(m_prompt.starts.at(systems))}) : 0;
    }
    QSet<qint64> above;
    for (; other != nullptr; other = m_session.find(other->parent)) {
        above.insert(other->id);
    }
    qsizetype same = 0;
    while (same < m_prompt.messages.size() && above.contains(m_prompt.messages.at(same).first)) {
        ++same;
    }
    return systems < 0 || same == 0
               ? 0
               : std::min<quint64>({tokens, cached.tokens, quint64(m_prompt.starts.at(systems + same))});
}

ui::ContextState ContextWatch::state(quint64 held, quint64 tokens) {
    const auto& loaded = m_controller.loaded();
    if (!loaded) {
        return {};
    }
    ui::ContextState state;
    state.used = static_cast<int>(held);
    state.reserved = static_cast<int>(loaded->memory.context);
    state.limit = static_cast<int>(std::max(loaded->model.context_length, loaded->memory.context));
    const store::Message* last = m_session.findLastAnswer();
    if (last == nullptr) {
        return state;
    }
    state.cut_messages = m_session.messagesAbove(*last);
    state.cut_tokens = state.cut_messages > 0 ? static_cast<int>(last->view.above) : 0;
    const bool running = last->id == m_session.run().message();
    if (held > 0 && held == tokens) {
        state.reused =
            static_cast<int>(running ? last->id == m_reading ? m_progress.reused : 0 : last->timings.reused_tokens);
    }
    if (running && last->id == m_reading && m_progress.done < m_progress.total) {
        state.prompt = static_cast<int>(m_progress.total);
        const double seconds = m_progress.elapsed_ms / 1000;
        const uint32_t computed = m_progress.done - std::min(m_progress.done, m_progress.reused);
        state.tokens_per_second = seconds > 0 ? computed / seconds : 0;
    }
    if (m_prompt.answer != last->id) {
        return state;
    }
    const qsizetype messages = m_prompt.starts.size() - 1;
    const qsizetype systems = systemBlocks();
    if (systems < 0) {
        return state;
    }
    for (qsizetype at = 0; at < messages; ++at) {
        // What a template writes before the first message counts with it.
        const int first = at == 0 ? 0 : m_prompt.starts.at(at);
        const int count = m_prompt.starts.at(at + 1) - first;
        if (at < systems) {
            state.blocks.append({0, ui::ContextRole::System, first, count});
        } else {
            const auto& [id, role] = m_prompt.messages.at(at - systems);
            state.blocks.append({id, role, first, count});
        }
    }
    const int begin = m_prompt.starts.last();
    const int written =
        static_cast<int>(tokens > 0 || running ? tokens : m_prompt.tokens + last->timings.decode_tokens);
    state.blocks.append({last->id, ui::ContextRole::Model, begin, std::max(written, m_prompt.tokens) - begin});
    return state;
}

} // namespace moescope::gui
