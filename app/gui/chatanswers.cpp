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

void ChatSession::send(const QString& text, const QList<store::Document>& documents) {
    if ((!text.trimmed().isEmpty() || !documents.isEmpty()) && canStart()) {
        addPrompt(m_conversation.current_leaf, text, documents);
    }
}

void ChatSession::edit(qint64 message, const QString& text, const QList<store::Document>& documents) {
    if (const store::Message* prompt = find(message); prompt != nullptr && canStart()) {
        addPrompt(prompt->parent, text, documents);
    }
}

store::AnswerStart ChatSession::answerStart(qint64 parent, const trace::Intervention& recipe) const {
    return {m_conversation.id,
            parent,
            stampOf(m_controller.loaded()->model),
            toJson(m_sampling),
            seedOf(m_sampling),
            recipe,
            {}};
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

void ChatSession::addPrompt(qint64 parent, const QString& text, const QList<store::Document>& documents) {
    const Wish wish = promptWish(parent, text, documents);
    if (canRun(m_recipe)) {
        ask(wish);
    } else {
        giveBack(wish);
    }
}

void ChatSession::regenerate(qint64 message) {
    const store::Message* answer = find(message);
    if (answer == nullptr || !canStart()) {
        return;
    }
    const bool answered = answer->role == store::Role::Assistant;
    store::AnswerStart start = answerStart(answered ? answer->parent : answer->id, {});
    start.view = answered ? answer->view : store::viewAt(m_tree, answer->id);
    ask(versionWish(*answer, start));
}

bool ChatSession::rerun(qint64 message, const trace::Intervention& recipe) {
    const store::Message* answer = find(message);
    if (answer == nullptr || answer->role != store::Role::Assistant || !canStart() || !canRun(recipe)) {
        return false;
    }
    store::AnswerStart start = answerStart(answer->parent, recipe);
    start.sampling = withoutTaken(answer->sampling);
    start.seed = answer->seed ? answer->seed : start.seed;
    start.view = answer->view;
    ask(versionWish(*answer, start));
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
    ask(continueWish(*answer));
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
    start.view = answer->view;
    Wish wish = versionWish(*answer, start);
    wish.job = [start, message, token, candidate](store::Store& store, const store::ContextView& view) mutable {
        Begun begun;
        const store::StoredTraces stored = store.traces(message);
        if (stored.error) {
            throw trace::Error(*stored.error);
        }
        begun.branch = branchOf(stored.tokens, token, candidate);
        start.sampling = withTaken(start.sampling, token, begun.branch->token);
        start.view = view;
        begun.answer = store.beginAnswer(start);
        begun.messages = store.messages(start.conversation);
        begun.conversation = store.conversation(start.conversation);
        return begun;
    };
    ask(wish);
}

void ChatSession::tellBranched(qint64 message) {
    const store::TokenTraces& traces = m_run.traces();
    const auto generated = std::count_if(traces.begin(), traces.end(), [](const auto& t) { return t->generated; });
    if (m_branchToken && generated > *m_branchToken) {
        emit branched(message, *std::exchange(m_branchToken, std::nullopt));
    }
}

void ChatSession::begin(const Wish& wish, const store::ContextView& view) {
    m_storing = true;
    announce();
    m_worker.run(
        this,
        [job = wish.job, view](store::Store& store) {
            Begun begun = job(store, view);
            if (const std::optional<store::KvState> state = store.kvState(begun.answer.parent)) {
                begun.saved_key = state->key.toStdString();
            }
            return begun;
        },
        [this, mine = m_askedAt, keeps = wish.keeps_new_draft](const Begun& begun) {
            m_storing = false;
            if (mine == m_request) {
                if (m_conversation.id == 0 && !keeps) {
                    m_settings.setNewDraft({});
                    m_settings.setNewDocuments({});
                }
                const bool other = m_conversation.id != begun.conversation.id;
                const QList<qint64> before = branchIds();
                const bool retold = !begun.retold.empty();
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
                if (branchIds().mid(0, before.size()) == before && !retold) {
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
        [this, wish](const trace::Error& error) {
            m_storing = false;
            giveBack(wish);
            announce();
            complain(error);
        });
}

void ChatSession::giveBack(const Wish& wish) {
    if (wish.text.isEmpty() && wish.documents.isEmpty()) {
        return;
    }
    if (wish.conversation == m_conversation.id) {
        emit draftShown(wish.text);
        emit draftDocumentsShown(wish.documents);
        setDraft(wish.text);
        setDraftDocuments(wish.documents);
    } else if (wish.conversation == 0) {
        m_settings.setNewDraft(wish.text);
        m_settings.setNewDocuments(wish.documents);
    } else {
        m_worker.run([id = wish.conversation, text = wish.text, documents = wish.documents](store::Store& store) {
            store.setDraft(id, text);
            store.setDraftDocuments(id, documents);
        });
    }
}

controller::GenerateJob ChatSession::promptOf(const store::Message& answer) const {
    return promptOf(m_conversation, m_tree, answer);
}

controller::GenerateJob ChatSession::promptOf(const store::Conversation& conversation,
                                              const QList<store::Message>& tree, const store::Message& answer) const {
    controller::GenerateJob job;
    job.id = answer.id;
    job.messages = turnsOf(conversation.system_prompt, store::branch(tree, answer.parent, answer.view));
    job.thinking = fromJson(answer.sampling, m_sampling).thinking;
    return job;
}

std::vector<model::ChatMessage> ChatSession::turnsOf(const QString& system,
                                                     const QList<store::Message>& messages) const {
    std::vector<model::ChatMessage> turns = gui::turnsOf(system, messages);
    const auto& loaded = m_controller.loaded();
    const size_t first = turns.size() - static_cast<size_t>(messages.size());
    for (qsizetype i = 0; loaded && i < messages.size(); ++i) {
        const store::Message& message = messages.at(i);
        if (message.role == store::Role::Assistant && isStampOf(message.model, loaded->model)) {
            turns[first + static_cast<size_t>(i)].tokens = m_tokens.value(message.id);
        }
    }
    return turns;
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
    job.router_probs = m_routerProbs || m_recording || areGatesSmall(m_controller.loaded());
    job.begun = begun.answer.text.toStdString();
    job.saved_key = begun.saved_key;
    for (const store::TokenTraces* traces : {&begun.traces.tokens, &begun.retold}) {
        for (const trace::TokenTracePtr& token : *traces) {
            if (token->generated) {
                job.begun_tokens.push_back(token->token);
            }
        }
    }
    std::copy_if(begun.retold.begin(), begun.retold.end(), std::back_inserter(job.begun_traces),
                 [](const trace::TokenTracePtr& token) { return token->generated; });
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
    offerContinuing();
    emit conversationsChanged();
}

} // namespace moescope::gui
