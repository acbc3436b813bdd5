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
            tellBranched(id);
        }
    });
    connect(&m_run, &AnswerRun::ended, this, [this](const store::Message& answer) {
        rememberTokens(answer.id, m_run.traces());
        runEnded(answer);
    });
    connect(&m_run, &AnswerRun::notStored, this, &ChatSession::complain);
    connect(&m_run, &AnswerRun::storedAgain, this, [this] { emit noticeChanged({}); });
    connect(&controller, &InferenceController::stateChanged, this, &ChatSession::refresh);
    connect(&controller, &InferenceController::measured, this,
            [this](const controller::ContextFit& fit, quint64 request) {
                if (request == m_measuring) {
                    measured(fit);
                } else if (request == m_probing) {
                    probed(fit);
                }
            });
    connect(&controller, &InferenceController::measureFailed, this, [this](const trace::Error& error, quint64 request) {
        if (request == m_measuring) {
            notMeasured(error);
        } else if (request == m_probing) {
            m_probing = 0;
        }
    });
}

qint64 ChatSession::lastAnswer() const {
    const store::Message* answer = findLastAnswer();
    return answer != nullptr ? answer->id : 0;
}

const store::Message* ChatSession::findLastAnswer() const {
    const store::Message* message = find(m_conversation.current_leaf);
    while (message != nullptr && message->role != store::Role::Assistant) {
        message = find(message->parent);
    }
    return message;
}

ui::SamplingView ChatSession::samplingOfModel() const {
    const auto& loaded = m_controller.loaded();
    return loaded ? samplingOf(loaded->model.sampling) : ui::SamplingView();
}

ui::SamplingView ChatSession::samplingDefaults() const {
    const Settings::Values& values = m_settings.values();
    ui::SamplingView defaults = fromJson(values.sampling, samplingOfModel());
    defaults.system_prompt = values.system_prompt;
    defaults.thinking = values.thinking;
    return defaults;
}

trace::Intervention ChatSession::recipeOf(qint64 message) const {
    const store::Message* found = find(message);
    return found != nullptr ? found->recipe.intervention : trace::Intervention();
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
    openAgain(conversation, message);
}

void ChatSession::openAgain(qint64 conversation, qint64 message) {
    const quint64 mine = ++m_request;
    m_worker.run(
        this,
        [conversation](store::Store& store) {
            return std::tuple(store.conversation(conversation), store.messages(conversation),
                              store.draftDocuments(conversation));
        },
        [this, mine, message](const auto& found) {
            if (mine == m_request) {
                show(std::get<0>(found), std::get<1>(found), std::get<2>(found), message);
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
    show(fresh, {}, m_settings.values().new_documents, 0);
}

void ChatSession::show(const store::Conversation& conversation, const QList<store::Message>& messages,
                       const QList<store::Document>& documents, qint64 scrollTo) {
    if (m_waiting) { // for a longer context: whoever leaves the chat does not send it
        giveBack(*std::exchange(m_waiting, std::nullopt));
    }
    m_offered.reset();
    setOffer({});
    m_conversation = conversation;
    m_tree = messages;
    m_tokens.clear();
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
    if (m_conversation.kind == store::ConversationKind::Chat) {
        m_settings.setLastConversation(m_conversation.id);
    }
    emit shown(m_conversation.id, m_conversation.title, views());
    emit draftShown(m_conversation.draft);
    emit draftDocumentsShown(documents);
    emit samplingShown(m_sampling);
    emit noticeChanged({});
    refresh();
    loadTraces();
    offerContinuing();
    if (scrollTo != 0) {
        emit scrollRequested(scrollTo);
    }
}

void ChatSession::loadTraces() {
    emit tracesCleared();
    const quint64 mine = ++m_traceRequest;
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
        loadTraces(*message, mine, false);
    }
    const qint64 last = lastAnswer();
    const WhatIfPair pair = whatIfPair(last);
    const store::Message* other = pair.isWhole() ? find(last == pair.what_if ? pair.untouched : pair.what_if) : nullptr;
    if (other != nullptr && other->id != m_run.message()) {
        loadTraces(*other, mine, true);
    }
}

void ChatSession::loadTraces(const store::Message& answer, quint64 request, bool other) {
    m_worker.run(
        this, [id = answer.id](store::Store& store) { return store.traces(id); },
        [this, request, answer, other](const store::StoredTraces& stored) {
            if (request != m_traceRequest || find(answer.id) == nullptr) {
                return;
            }
            if (stored.error) {
                complain(*stored.error);
            }
            rememberTokens(answer.id, stored.tokens);
            if (other) {
                emit versionLoaded(answer.id, shapeOf(answer, stored.tokens), stored.tokens);
            } else {
                emit tracesLoaded(answer.id, shapeOf(answer, stored.tokens), stored.tokens);
            }
        });
}

void ChatSession::showVersion(qint64 message, int step) {
    if (m_storing) {
        return; // what is being stored belongs to the branch in view
    }
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
    m_offered.reset();
    setOffer({});
    emit messagesChanged(views());
    announce();
    loadTraces();
    offerContinuing();
}

void ChatSession::setDraft(const QString& text) {
    if (m_conversation.id == 0) {
        m_settings.setNewDraft(text);
    } else if (text != m_conversation.draft) {
        m_conversation.draft = text;
        m_worker.run([id = m_conversation.id, text](store::Store& store) { store.setDraft(id, text); });
    }
}

void ChatSession::setDraftDocuments(const QList<store::Document>& documents) {
    if (m_conversation.id == 0) {
        m_settings.setNewDocuments(documents);
    } else {
        m_worker.run(
            [id = m_conversation.id, documents](store::Store& store) { store.setDraftDocuments(id, documents); });
    }
}

void ChatSession::setSampling(const ui::SamplingView& sampling) {
    m_sampling = sampling;
    m_conversation.sampling = chosenOf(sampling, samplingDefaults(), m_conversation.sampling);
    m_conversation.system_prompt = sampling.system_prompt;
    if (m_conversation.id != 0) {
        m_worker.run([id = m_conversation.id, json = m_conversation.sampling,
                      system = sampling.system_prompt](store::Store& store) {
            store.setSampling(id, json);
            store.setSystemPrompt(id, system);
        });
    }
}

void ChatSession::setThinking(bool on) {
    m_settings.setThinking(on);
    m_sampling.thinking = on;
    emit samplingShown(m_sampling);
    if (m_conversation.id != 0) {
        m_conversation.sampling = withThinking(m_conversation.sampling, on);
        m_worker.run([id = m_conversation.id, json = m_conversation.sampling](store::Store& store) {
            store.setSampling(id, json);
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
    const QString system = m_sampling.system_prompt;
    m_sampling = fromJson(m_conversation.sampling, samplingDefaults());
    m_sampling.system_prompt = system;
    emit samplingDefaultsShown(samplingDefaults());
    emit samplingShown(m_sampling);
    announce();
}

void ChatSession::modelChanged() {
    refresh();
    for (const store::Message& message : branch()) {
        if (message.role == store::Role::Assistant) {
            emit messageChanged(view(message));
        }
    }
    if (m_waiting && isFree()) { // runs wait for it
        ask(*std::exchange(m_waiting, std::nullopt));
    } else {
        loadFailed();
        m_offered.reset(); // its figures are of another context
        setOffer({});
        offerContinuing();
    }
}

void ChatSession::announce() {
    const bool here = m_storing || (m_run.isActive() && m_run.conversation() == m_conversation.id);
    emit sendingChanged(m_storing || m_waiting || m_run.isActive());
    emit answeringChanged(here);
    QString reason;
    if (m_run.isActive() && !here) {
        reason = tr("Another conversation is being answered.");
    } else if (m_controller.state() == InferenceController::State::Loading) {
        reason = m_waiting ? tr("The model is being loaded with a longer context.") : tr("The model is being loaded.");
    } else if (m_controller.state() == InferenceController::State::Empty) {
        reason = tr("No model is loaded.");
    } else if (!here) {
        reason = !m_busy.isEmpty() ? m_busy
                 : m_conversation.kind == store::ConversationKind::Comparison
                     ? tr("This is a run of a comparison. Add another in Compare, or start a new chat.")
                     : QString();
    }
    emit unavailableChanged(reason);
}

void ChatSession::setBusy(const QString& reason) {
    if (m_busy != reason) {
        m_busy = reason;
        announce();
    }
}

bool ChatSession::isFree() const {
    return m_conversation.kind == store::ConversationKind::Chat && !m_storing && !m_run.isActive() &&
           m_controller.state() == InferenceController::State::Ready;
}

bool ChatSession::canStart() const { return m_busy.isEmpty() && isFree(); }

void ChatSession::complain(const trace::Error& error) { emit noticeChanged(sentence(error)); }

const store::Message* ChatSession::find(qint64 message) const {
    const auto found = std::find_if(m_tree.begin(), m_tree.end(), [&](const auto& m) { return m.id == message; });
    return found == m_tree.end() ? nullptr : &*found;
}

ui::MessageView ChatSession::view(const store::Message& message) const {
    ui::MessageView shownAs = viewOf(message, m_tree);
    if (message.id == m_run.message()) {
        m_run.fill(shownAs);
    }
    return shownAs;
}

QList<qint64> ChatSession::branchIds() const {
    QList<qint64> ids;
    for (const store::Message& message : branch()) {
        ids.append(message.id);
    }
    return ids;
}

QList<ui::MessageView> ChatSession::views() const {
    QList<ui::MessageView> all = viewsOf(m_tree, m_conversation.current_leaf);
    for (ui::MessageView& one : all) {
        if (one.id == m_run.message()) {
            m_run.fill(one);
        }
    }
    return all;
}

ui::TraceShape ChatSession::shapeOf(const store::Message& message, const store::TokenTraces& traces) const {
    const auto& loaded = m_controller.loaded();
    if (loaded && isStampOf(message.model, loaded->model)) {
        ui::TraceShape shape = ui::TraceShape::of(loaded->model);
        if (const uint32_t used = message.recipe.intervention.experts_used; used > 0) {
            shape.used = static_cast<int>(used);
        }
        return shape;
    }
    ui::TraceShape shape;
    shape.model = message.model.name;
    shape.file = message.model.file;
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
