// SPDX-License-Identifier: Apache-2.0
// The part of ChatSession that starts and ends answers.
#include "app/gui/chatsession.h"

#include <algorithm>
#include <utility>

namespace moescope::gui {

using controller::InferenceController;

namespace {

/** What a version of an answer takes over from it up to its token `token`, and `candidate` in the place of that. */
controller::Branch branchOf(const store::TokenTraces& traces, int token, int candidate) {
    controller::Branch branch;
    int generated = 0;
    for (const trace::TokenTracePtr& trace : traces) {
        if (!trace->generated || generated++ != token) {
            branch.begun.push_back(trace);
            continue;
        }
        const auto found = std::find_if(trace->candidates.begin(), trace->candidates.end(),
                                        [candidate](const auto& one) { return one.token == candidate; });
        if (found != trace->candidates.end()) {
            branch.token = *found;
            branch.candidates = trace->candidates;
            return branch;
        }
        break;
    }
    throw trace::Error("app.no_candidates",
                       "The tokens of this answer, or what else could have stood there, were not "
                       "kept, so it cannot be branched. Regenerate it, and branch the new version.");
}

} // namespace

void ChatSession::send(const QString& text) {
    if (text.trimmed().isEmpty() || !canStart()) {
        return;
    }
    addPrompt(m_conversation.current_leaf, text);
}

void ChatSession::edit(qint64 message, const QString& text) {
    if (const store::Message* prompt = find(message); prompt != nullptr && canStart()) {
        addPrompt(prompt->parent, text);
    }
}

store::AnswerStart ChatSession::answerStart(qint64 parent, const trace::Intervention& recipe) const {
    return {m_conversation.id,  parent, stampOf(m_controller.loaded()->model), toJson(m_sampling),
            seedOf(m_sampling), recipe};
}

bool ChatSession::canRun(const trace::Intervention& recipe) {
    try {
        trace::checkIntervention(recipe, m_controller.loaded()->model);
    } catch (const trace::Error& error) {
        complain(error);
        return false;
    }
    return true;
}

void ChatSession::addPrompt(qint64 parent, const QString& text) {
    if (!canRun(m_recipe)) {
        giveBack(m_conversation.id, text);
        return;
    }
    begin(
        [start = answerStart(0, m_recipe), parent, text, system = m_sampling.system_prompt,
         sampling = withThinking(m_conversation.sampling, m_sampling.thinking)](store::Store& store) mutable {
            if (start.conversation == 0) {
                start.conversation = store.addConversation(system, sampling).id;
            }
            start.parent = store.addPrompt(start.conversation, parent, text).id;
            Begun begun;
            begun.answer = store.beginAnswer(start);
            begun.messages = store.messages(start.conversation);
            begun.conversation = store.conversation(start.conversation);
            return begun;
        },
        text);
}

void ChatSession::regenerate(qint64 message) {
    const store::Message* answer = find(message);
    if (answer == nullptr || !canStart()) {
        return;
    }
    const qint64 parent = answer->role == store::Role::Assistant ? answer->parent : answer->id;
    beginVersion(answerStart(parent, {}));
}

void ChatSession::beginVersion(const store::AnswerStart& start) {
    begin(
        [start](store::Store& store) {
            Begun begun;
            begun.answer = store.beginAnswer(start);
            begun.messages = store.messages(start.conversation);
            begun.conversation = store.conversation(start.conversation);
            return begun;
        },
        {});
}

bool ChatSession::rerun(qint64 message, const trace::Intervention& recipe) {
    const store::Message* answer = find(message);
    if (answer == nullptr || answer->role != store::Role::Assistant || !canStart() || !canRun(recipe)) {
        return false;
    }
    store::AnswerStart start = answerStart(answer->parent, recipe);
    start.sampling = withoutTaken(answer->sampling);
    start.seed = answer->seed ? answer->seed : start.seed;
    beginVersion(start);
    return true;
}

void ChatSession::continueAnswer(qint64 message) {
    const store::Message* answer = find(message);
    if (answer == nullptr || !canStart()) {
        return;
    }
    if (answer->recipe.error) { // its rest would be made without the what-if of its beginning
        complain(*answer->recipe.error);
        return;
    }
    begin(
        [message](store::Store& store) {
            Begun begun;
            begun.traces = store.traces(message);
            begun.answer = store.resumeAnswer(message);
            begun.messages = store.messages(begun.answer.conversation);
            begun.conversation = store.conversation(begun.answer.conversation);
            return begun;
        },
        {});
}

QString ChatSession::branchRefusal(const store::Message& answer) const {
    if (m_storing || m_run.isActive()) {
        return tr("An answer is being made. Stop it, or wait for its end, and branch then.");
    }
    if (m_controller.state() == InferenceController::State::Loading) {
        return tr("The model is being loaded. Branch when it is there.");
    }
    const auto& loaded = m_controller.loaded();
    if (m_controller.state() != InferenceController::State::Ready || !loaded) {
        return tr("No model is loaded, so no answer can be branched.");
    }
    if (!isStampOf(answer.model, loaded->model)) {
        const store::ModelStamp other = stampOf(loaded->model);
        const bool same = answer.model.name == other.name;
        return tr("“%1” gave this answer and “%2” is loaded, whose tokens are others. Load “%1”, and branch then.")
            .arg(same ? answer.model.file : answer.model.name, same ? other.file : other.name);
    }
    return {};
}

void ChatSession::branchAnswer(qint64 message, int token, int candidate) {
    const store::Message* answer = find(message);
    if (answer == nullptr || answer->role != store::Role::Assistant) {
        emit noticeChanged(tr("This answer is not of the conversation in view, so it cannot be branched."));
        return;
    }
    if (const QString refusal = branchRefusal(*answer); !refusal.isEmpty()) {
        emit noticeChanged(refusal);
        return;
    }
    if (answer->recipe.error) { // without it the answer would go on as another
        complain(*answer->recipe.error);
        return;
    }
    store::AnswerStart start = answerStart(answer->parent, answer->recipe.intervention);
    start.sampling = answer->sampling;
    start.seed = answer->seed;
    begin(
        [start, message, token, candidate](store::Store& store) mutable {
            Begun begun;
            const store::StoredTraces stored = store.traces(message);
            if (stored.error) {
                throw trace::Error(*stored.error);
            }
            begun.branch = branchOf(stored.tokens, token, candidate);
            start.sampling = withTaken(start.sampling, token, begun.branch->token);
            begun.answer = store.beginAnswer(start);
            begun.messages = store.messages(start.conversation);
            begun.conversation = store.conversation(start.conversation);
            return begun;
        },
        {});
}

void ChatSession::tellBranched(qint64 message) {
    const store::TokenTraces& traces = m_run.traces();
    const auto generated = std::count_if(traces.begin(), traces.end(), [](const auto& t) { return t->generated; });
    if (m_branchToken && generated > *m_branchToken) {
        emit branched(message, *std::exchange(m_branchToken, std::nullopt));
    }
}

template <typename Job>
void ChatSession::begin(Job job, const QString& textToGiveBack) {
    const quint64 mine = ++m_request;
    m_storing = true;
    emit noticeChanged({});
    announce();
    m_worker.run(
        this, std::move(job),
        [this, mine](const Begun& begun) {
            m_storing = false;
            if (mine == m_request) {
                if (m_conversation.id == 0) {
                    m_settings.setNewDraft({});
                }
                const bool other = m_conversation.id != begun.conversation.id;
                const QList<qint64> before = branchIds();
                m_conversation = begun.conversation;
                m_tree = begun.messages;
                m_settings.setLastConversation(m_conversation.id);
                startRun(begun);
                if (other) {
                    emit shown(m_conversation.id, m_conversation.title, views());
                } else {
                    emit messagesChanged(views());
                    emit titleChanged(m_conversation.title);
                }
                if (branchIds().mid(0, before.size()) == before) {
                    emit answerBegun(begun.answer.id, shapeOf(begun.answer, {}), begun.traces.tokens);
                } else {
                    loadTraces(); // answers of the branch that was left no longer count
                }
            } else {
                startRun(begun); // its conversation is no longer in view; the answer is made all the same
            }
            announce();
            emit conversationsChanged();
        },
        [this, textToGiveBack, from = m_conversation.id](const trace::Error& error) {
            m_storing = false;
            giveBack(from, textToGiveBack);
            announce();
            complain(error);
        });
}

void ChatSession::giveBack(qint64 conversation, const QString& text) {
    if (text.isEmpty()) {
        return;
    }
    if (conversation == m_conversation.id) {
        emit draftShown(text);
    } else if (conversation == 0) {
        m_settings.setNewDraft(text);
    } else {
        m_worker.run([conversation, text](store::Store& store) { store.setDraft(conversation, text); });
    }
}

// The gates of a small model are kept even while no panel shows them, so that they are there when one does.
bool ChatSession::areGatesSmall() const {
    constexpr uint32_t mostGates = 512; // a token: 1 KiB in the store
    const auto& loaded = m_controller.loaded();
    return loaded && loaded->model.moeLayers() * loaded->model.expert_count <= mostGates;
}

controller::GenerateJob ChatSession::promptOf(const store::Message& answer) const {
    return promptOf(m_conversation, m_tree, answer);
}

controller::GenerateJob ChatSession::promptOf(const store::Conversation& conversation,
                                              const QList<store::Message>& tree, const store::Message& answer) const {
    controller::GenerateJob job;
    job.id = answer.id;
    if (!conversation.system_prompt.isEmpty()) {
        job.messages.push_back({"system", conversation.system_prompt.toStdString()});
    }
    for (const store::Message& message : store::branch(tree, answer.parent)) {
        const bool answered = message.role == store::Role::Assistant;
        model::ChatMessage& turn =
            job.messages.emplace_back(model::ChatMessage{answered ? "assistant" : "user", message.text.toStdString()});
        const auto& loaded = m_controller.loaded();
        if (answered && loaded && isStampOf(message.model, loaded->model)) {
            turn.tokens = m_tokens.value(message.id);
        }
    }
    job.thinking = fromJson(answer.sampling, m_sampling).thinking;
    return job;
}

controller::AnsweredPrompt ChatSession::answeredPrompt(const store::Message& answer, uint32_t tokens,
                                                       const store::TokenTraces& stored) const {
    controller::GenerateJob job = promptOf(answer);
    controller::AnsweredPrompt prompt{std::move(job.messages), job.thinking, tokens, {}};
    std::copy_if(stored.begin(), stored.end(), std::back_inserter(prompt.kept),
                 [](const trace::TokenTracePtr& token) { return !token->generated; });
    return prompt;
}

std::shared_ptr<const controller::KnownAnswer> ChatSession::knownAnswer(qint64 message, uint32_t first,
                                                                        const store::TokenTraces& stored) const {
    const store::Message* answer = find(message);
    const auto& loaded = m_controller.loaded();
    const std::vector<int32_t> tokens = m_tokens.value(message);
    if (answer == nullptr || message == m_run.message() || !loaded || !isStampOf(answer->model, loaded->model) ||
        answer->recipe.error || tokens.empty()) {
        return nullptr;
    }
    return std::make_shared<const controller::KnownAnswer>(
        controller::KnownAnswer{answeredPrompt(*answer, first, stored), tokens, answer->recipe.intervention});
}

void ChatSession::startRun(const Begun& begun) {
    controller::GenerateJob job = promptOf(begun.conversation, begun.messages, begun.answer);
    const ui::SamplingView sampling = fromJson(begun.answer.sampling, m_sampling);
    job.sampling = toSettings(sampling, begun.answer.seed.value_or(0));
    job.max_tokens = static_cast<uint32_t>(std::max(sampling.max_tokens, 0));
    job.intervention = begun.answer.recipe.intervention;
    job.router_probs = m_routerProbs || m_recording || areGatesSmall();
    job.begun = begun.answer.text.toStdString();
    for (const trace::TokenTracePtr& token : begun.traces.tokens) {
        if (token->generated) {
            job.begun_tokens.push_back(token->token);
        }
    }
    job.branch = begun.branch;
    m_branchToken.reset();
    if (begun.branch) {
        const auto& tokens = begun.branch->begun;
        m_branchToken =
            static_cast<int>(std::count_if(tokens.begin(), tokens.end(), [](const auto& t) { return t->generated; }));
    }
    if (m_controller.state() != InferenceController::State::Ready) {
        // The model went away while the prompt was being stored.
        m_worker.run(
            this,
            [id = begun.answer.id, seed = begun.answer.seed](store::Store& store) {
                return store.finishAnswer(id, {}, {}, {store::MessageState::Interrupted, {}, {}, seed, {}, {}});
            },
            [this](const store::Message& answer) { runEnded(answer); },
            [this](const trace::Error& error) { complain(error); });
        return;
    }
    m_run.start(begun.answer, job, begun.traces.tokens);
}

void ChatSession::rememberTokens(qint64 answer, const store::TokenTraces& traces) {
    std::vector<int32_t>& tokens = m_tokens[answer];
    tokens.clear();
    for (const trace::TokenTracePtr& token : traces) {
        if (token->generated) {
            tokens.push_back(token->token);
        }
    }
}

void ChatSession::runEnded(const store::Message& answer) {
    const auto place = std::find_if(m_tree.begin(), m_tree.end(), [&](const auto& m) { return m.id == answer.id; });
    if (place != m_tree.end()) {
        *place = answer;
        emit messageChanged(view(answer));
        emit answerEnded(answer.id);
    }
    announce();
    emit conversationsChanged();
}

} // namespace moescope::gui
