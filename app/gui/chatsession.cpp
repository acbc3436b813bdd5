// SPDX-License-Identifier: Apache-2.0
#include "app/gui/chatsession.h"

#include <algorithm>

namespace moescope::gui {

using controller::InferenceController;

ChatSession::ChatSession(store::StoreWorker& worker, InferenceController& controller, Settings& settings,
                         QObject* parent)
    : QObject(parent), m_worker(worker), m_controller(controller), m_settings(settings), m_run(worker, controller) {
    connect(&m_run, &AnswerRun::progressed, this, [this](qint64 id) {
        if (const store::Message* message = find(id)) {
            emit messageChanged(view(*message));
        }
    });
    connect(&m_run, &AnswerRun::textAppended, this, [this](qint64 id, const QString& text) {
        if (find(id) != nullptr) {
            emit textAppended(id, text);
        }
    });
    connect(&m_run, &AnswerRun::tracesAppended, this, [this](qint64 id, const store::TokenTraces& traces) {
        if (find(id) != nullptr) {
            emit tracesAppended(id, traces);
        }
    });
    connect(&m_run, &AnswerRun::ended, this, &ChatSession::runEnded);
    connect(&m_run, &AnswerRun::notStored, this, &ChatSession::complain);
    connect(&m_run, &AnswerRun::storedAgain, this, [this] { emit noticeChanged({}); });
    connect(&controller, &InferenceController::stateChanged, this, &ChatSession::refresh);
}

qint64 ChatSession::lastAnswer() const {
    const QList<store::Message> messages = branch();
    for (auto message = messages.crbegin(); message != messages.crend(); ++message) {
        if (message->role == store::Role::Assistant) {
            return message->id;
        }
    }
    return 0;
}

ui::SamplingView ChatSession::samplingDefaults() const {
    if (m_settings.values().sampling_defaults) {
        return *m_settings.values().sampling_defaults;
    }
    const auto& loaded = m_controller.loaded();
    return loaded ? samplingOf(loaded->model.sampling) : ui::SamplingView();
}

QString ChatSession::textOf(qint64 message) const {
    if (m_run.message() == message) {
        return m_run.answer().text;
    }
    const store::Message* found = find(message);
    return found != nullptr ? found->text : QString();
}

void ChatSession::open(qint64 conversation, qint64 message) {
    if (conversation == m_conversation.id && conversation != 0) {
        if (message != 0) {
            emit scrollRequested(message);
        }
        return;
    }
    const quint64 mine = ++m_request;
    m_worker.run(
        this,
        [conversation](store::Store& store) {
            return std::pair(store.conversation(conversation), store.messages(conversation));
        },
        [this, mine, message](const std::pair<store::Conversation, QList<store::Message>>& found) {
            if (mine == m_request) {
                show(found.first, found.second, message);
            }
        },
        [this, mine](const trace::Error& error) {
            if (mine == m_request) {
                complain(error);
            }
        });
}

void ChatSession::startNew() {
    ++m_request;
    store::Conversation fresh;
    fresh.draft = m_settings.values().new_draft;
    fresh.system_prompt = samplingDefaults().system_prompt;
    show(fresh, {}, 0);
}

void ChatSession::show(const store::Conversation& conversation, const QList<store::Message>& messages,
                       qint64 scrollTo) {
    m_conversation = conversation;
    m_tree = messages;
    // A hit of the search may lie on a branch that is not in view.
    if (scrollTo != 0 && !branch().isEmpty()) {
        const QList<store::Message> inView = branch();
        const bool visible = std::any_of(inView.begin(), inView.end(), [&](const auto& m) { return m.id == scrollTo; });
        if (!visible && find(scrollTo) != nullptr) {
            m_conversation.current_leaf = store::newestLeaf(m_tree, scrollTo);
        }
    }
    m_sampling = fromJson(m_conversation.sampling, samplingDefaults());
    m_sampling.system_prompt = m_conversation.system_prompt;
    m_settings.setLastConversation(m_conversation.id);
    emit shown(m_conversation.id, m_conversation.title, views());
    emit draftShown(m_conversation.draft);
    emit samplingShown(m_sampling);
    emit noticeChanged({});
    refresh();
    loadTraces();
    if (scrollTo != 0) {
        emit scrollRequested(scrollTo);
    }
}

void ChatSession::loadTraces() {
    emit tracesCleared();
    const quint64 mine = m_request;
    const QList<store::Message> messages = branch();
    // Newest first: that answer is in view.
    for (auto message = messages.crbegin(); message != messages.crend(); ++message) {
        if (message->role != store::Role::Assistant) {
            continue;
        }
        if (message->id == m_run.message()) {
            emit answerBegun(message->id, shapeOf(*message, m_run.traces()), m_run.traces());
            continue;
        }
        m_worker.run(
            this, [id = message->id](store::Store& store) { return store.traces(id); },
            [this, mine, answer = *message](const store::StoredTraces& stored) {
                if (mine == m_request && find(answer.id) != nullptr) {
                    emit tracesLoaded(answer.id, shapeOf(answer, stored.tokens), stored.tokens);
                }
            });
    }
}

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

store::AnswerStart ChatSession::answerStart(qint64 parent) const {
    return {m_conversation.id, parent, stampOf(m_controller.loaded()->model), toJson(m_sampling), seedOf(m_sampling)};
}

void ChatSession::addPrompt(qint64 parent, const QString& text) {
    begin(
        [start = answerStart(0), parent, text, system = m_sampling.system_prompt,
         sampling = toJson(m_sampling)](store::Store& store) mutable {
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
    begin(
        [start = answerStart(parent)](store::Store& store) {
            Begun begun;
            begun.answer = store.beginAnswer(start);
            begun.messages = store.messages(start.conversation);
            begun.conversation = store.conversation(start.conversation);
            return begun;
        },
        {});
}

void ChatSession::continueAnswer(qint64 message) {
    if (find(message) == nullptr || !canStart()) {
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
                emit answerBegun(begun.answer.id, shapeOf(begun.answer, {}), begun.traces.tokens);
            } else {
                startRun(begun); // its conversation is no longer in view; the answer is made all the same
            }
            announce();
            emit conversationsChanged();
        },
        [this, textToGiveBack](const trace::Error& error) {
            m_storing = false;
            if (!textToGiveBack.isEmpty()) {
                emit draftShown(textToGiveBack);
            }
            announce();
            complain(error);
        });
}

void ChatSession::startRun(const Begun& begun) {
    controller::GenerateJob job;
    if (!begun.conversation.system_prompt.isEmpty()) {
        job.messages.push_back({"system", begun.conversation.system_prompt.toStdString()});
    }
    for (const store::Message& message : store::branch(begun.messages, begun.answer.parent)) {
        job.messages.push_back(
            {message.role == store::Role::Assistant ? "assistant" : "user", message.text.toStdString()});
    }
    const ui::SamplingView sampling = fromJson(begun.answer.sampling, m_sampling);
    job.sampling = toSettings(sampling, begun.answer.seed.value_or(0));
    job.max_tokens = static_cast<uint32_t>(std::max(sampling.max_tokens, 0));
    job.router_probs = m_routerProbs;
    job.begun = begun.answer.text.toStdString();
    for (const trace::TokenTracePtr& token : begun.traces.tokens) {
        if (token->generated) {
            job.begun_tokens.push_back(token->token);
        }
    }
    if (m_controller.state() != InferenceController::State::Ready) {
        // The model went away while the prompt was being stored.
        m_worker.run([id = begun.answer.id](store::Store& store) {
            store.finishAnswer(id, {}, {}, {store::MessageState::Interrupted, {}, {}, {}, {}, {}});
        });
        return;
    }
    m_run.start(begun.answer, job, begun.traces.tokens);
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

void ChatSession::showVersion(qint64 message, int step) {
    const QList<qint64> versions = store::versions(m_tree, message);
    const qsizetype next = versions.indexOf(message) + step;
    if (next < 0 || next >= versions.size() || versions.indexOf(message) < 0) {
        return;
    }
    ++m_request;
    m_conversation.current_leaf = store::newestLeaf(m_tree, versions[next]);
    m_worker.run([id = m_conversation.id, leaf = m_conversation.current_leaf](store::Store& store) {
        store.setCurrentLeaf(id, leaf);
    });
    emit messagesChanged(views());
    announce();
    loadTraces();
}

void ChatSession::setDraft(const QString& text) {
    if (m_conversation.id == 0) {
        m_settings.setNewDraft(text);
    } else if (text != m_conversation.draft) {
        m_conversation.draft = text;
        m_worker.run([id = m_conversation.id, text](store::Store& store) { store.setDraft(id, text); });
    }
}

void ChatSession::setSampling(const ui::SamplingView& sampling) {
    m_sampling = sampling;
    m_conversation.sampling = toJson(sampling);
    m_conversation.system_prompt = sampling.system_prompt;
    if (m_conversation.id != 0) {
        m_worker.run([id = m_conversation.id, json = m_conversation.sampling,
                      system = sampling.system_prompt](store::Store& store) {
            store.setSampling(id, json);
            store.setSystemPrompt(id, system);
        });
    }
}

void ChatSession::conversationRenamed(qint64 conversation, const QString& title) {
    if (conversation == m_conversation.id && conversation != 0) {
        m_conversation.title = title;
        emit titleChanged(title);
    }
}

void ChatSession::conversationRemoved(qint64 conversation) {
    if (m_run.conversation() == conversation) {
        m_run.stop();
    }
    if (conversation == m_conversation.id) {
        startNew();
    }
}

void ChatSession::refresh() {
    if (m_conversation.sampling.isEmpty()) {
        const QString system = m_sampling.system_prompt;
        m_sampling = samplingDefaults();
        m_sampling.system_prompt = system;
        emit samplingShown(m_sampling);
    }
    announce();
}

void ChatSession::announce() {
    const bool here = m_storing || (m_run.isActive() && m_run.conversation() == m_conversation.id);
    emit answeringChanged(here);
    QString reason;
    if (m_run.isActive() && !here) {
        reason = tr("Another conversation is being answered.");
    } else if (m_controller.state() == InferenceController::State::Loading) {
        reason = tr("The model is being loaded.");
    } else if (m_controller.state() == InferenceController::State::Empty) {
        reason = tr("No model is loaded.");
    }
    emit unavailableChanged(reason);
}

bool ChatSession::canStart() const {
    return !m_storing && !m_run.isActive() && m_controller.state() == InferenceController::State::Ready;
}

void ChatSession::complain(const trace::Error& error) { emit noticeChanged(sentence(error)); }

const store::Message* ChatSession::find(qint64 message) const {
    const auto found = std::find_if(m_tree.begin(), m_tree.end(), [&](const auto& m) { return m.id == message; });
    return found == m_tree.end() ? nullptr : &*found;
}

ui::MessageView ChatSession::view(const store::Message& message) const {
    ui::MessageView shownAs = viewOf(message, m_tree, m_controller.loaded());
    if (message.id == m_run.message()) {
        m_run.fill(shownAs);
    }
    return shownAs;
}

QList<ui::MessageView> ChatSession::views() const {
    QList<ui::MessageView> shownAs;
    for (const store::Message& message : branch()) {
        shownAs.append(view(message));
    }
    return shownAs;
}

ui::TraceShape ChatSession::shapeOf(const store::Message& message, const store::TokenTraces& traces) const {
    const auto& loaded = m_controller.loaded();
    if (loaded && QString::fromStdString(loaded->model.name) == message.model.name) {
        return ui::TraceShape::of(loaded->model);
    }
    ui::TraceShape shape;
    shape.model = message.model.name;
    for (const trace::TokenTracePtr& token : traces) {
        if (!token->router.empty()) {
            shape.layers = static_cast<int>(token->router.moe_layers);
            shape.experts = static_cast<int>(token->router.expert_count);
            shape.used = static_cast<int>(token->router.expert_used_count);
            break;
        }
    }
    return shape;
}

} // namespace moescope::gui
