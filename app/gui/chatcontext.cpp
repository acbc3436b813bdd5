// SPDX-License-Identifier: Apache-2.0
// The part of ChatSession that keeps a chat within its context: nothing of it is cut but by the user's choice.
#include "app/gui/chatsession.h"

#include <algorithm>
#include <utility>

namespace moescope::gui {

using controller::InferenceController;
using ui::ContextChoice;

namespace {

constexpr qint64 itself = -1; ///< ContextView::from: the prompt that is stored with it

} // namespace

void ChatSession::ask(Wish wish, std::optional<ContextChoice> choice) {
    m_asked = std::move(wish);
    m_choice = choice;
    m_askedAt = ++m_request;
    m_storing = true;
    m_stopped = false;
    m_probing = 0;
    m_offered.reset();
    setOffer({});
    emit noticeChanged({});
    m_measuring = m_controller.measure(m_asked.prompt, m_asked.room);
    announce();
}

void ChatSession::measured(const controller::ContextFit& fit) {
    m_measuring = 0;
    const Wish wish = std::exchange(m_asked, {});
    const auto choice = std::exchange(m_choice, std::nullopt);
    if (std::exchange(m_stopped, false)) {
        m_storing = false;
        giveBack(wish);
        announce();
        return;
    }
    if (fit.fits()) {
        begin(wish, wish.view);
        return;
    }
    if (choice == ContextChoice::Newest && fit.first > 0) {
        const size_t head = wish.prompt.messages.size() - static_cast<size_t>(wish.ids.size());
        const qint64 first = wish.ids.at(static_cast<qsizetype>(fit.first - head));
        begin(wish, {first == 0 ? itself : first, wish.view.above + fit.above});
        return;
    }
    m_storing = false;
    if (choice == ContextChoice::Longer && m_longer) {
        if (const LongerContext longer = m_longer(fit.tokens + fit.room); longer.tokens > 0) {
            m_waiting = wish;
            announce();
            emit longerContextWanted(longer.tokens);
            return;
        }
    }
    refuse(wish, fit);
}

void ChatSession::notMeasured(const trace::Error&) {
    m_measuring = 0;
    m_choice.reset();
    const Wish wish = std::exchange(m_asked, {});
    if (std::exchange(m_stopped, false)) {
        m_storing = false;
        giveBack(wish);
        announce();
        return;
    }
    // Where the model went away or its template refuses the prompt the answer says so itself.
    begin(wish, wish.view);
}

void ChatSession::shutDown() {
    if (std::exchange(m_measuring, 0) != 0) {
        giveBack(std::exchange(m_asked, {}));
    }
    if (m_waiting) {
        giveBack(*std::exchange(m_waiting, std::nullopt));
    }
    m_run.abandon();
}

void ChatSession::refuse(const Wish& wish, const controller::ContextFit& fit) {
    giveBack(wish);
    if (m_askedAt == m_request) { // else another chat is in view by now
        m_offered = wish;
        setOffer(offerOf(wish, fit));
    }
    announce();
}

void ChatSession::setOffer(const ui::ContextOffer& offer) {
    if (offer != m_offer) {
        m_offer = offer;
        emit offerChanged(offer);
    }
}

ui::ContextOffer ChatSession::offerOf(const Wish& wish, const controller::ContextFit& fit) const {
    const QString tokens = ui::groupedText(fit.tokens);
    const QString context = ui::groupedText(fit.context);
    ui::ContextOffer offer;
    switch (wish.kind) {
    case Wish::Kind::Prompt:
        offer.sentence =
            tr("With this message the prompt has %1 tokens, and %2 more are kept for an answer. The context "
               "holds %3, so nothing was sent.")
                .arg(tokens, ui::groupedText(fit.room), context);
        offer.brief = tr("%1 tokens, and %2 for an answer, do not fit the context of %3. Nothing was sent.")
                          .arg(tokens, ui::groupedText(fit.room), context);
        break;
    case Wish::Kind::Version:
        offer.sentence = tr("The prompt of this answer has %1 tokens, and the context holds %2. Nothing was computed.")
                             .arg(tokens, context);
        offer.brief = tr("%1 tokens do not fit the context of %2. Nothing was computed.").arg(tokens, context);
        break;
    case Wish::Kind::Continue:
        offer.sentence = tr("The chat fills the context of %1 tokens, so the answer cannot go on.").arg(context);
        offer.brief = tr("The context of %1 tokens is full.").arg(context);
        break;
    }
    const qsizetype turns = std::count_if(wish.prompt.messages.begin(), wish.prompt.messages.end(),
                                          [](const auto& message) { return message.role == "user"; });
    if (fit.first > 0) {
        const size_t head = wish.prompt.messages.size() - static_cast<size_t>(wish.ids.size());
        const auto above = static_cast<qint64>(fit.first - head);
        offer.newest =
            above == 1 ? tr("leaves out the oldest message that the model sees, %1 tokens. It stays in the chat.")
                             .arg(ui::groupedText(fit.above))
                       : tr("leaves out the oldest %1 messages that the model sees, %2 tokens. They stay in the chat.")
                             .arg(ui::groupedText(above), ui::groupedText(fit.above));
    } else if (turns <= 1) {
        offer.newest_refusal = tr("there are no older ones to leave out.");
    } else {
        offer.newest_refusal = tr("the last one alone has %1 tokens.").arg(ui::groupedText(fit.newest));
    }
    const LongerContext longer = m_longer ? m_longer(fit.tokens + fit.room) : LongerContext();
    if (longer.tokens > 0) {
        offer.longer = tr("loads the model again with %1 tokens.").arg(ui::groupedText(longer.tokens));
    } else {
        offer.longer_refusal = longer.refusal;
    }
    if (turns <= 1 && wish.ids.size() <= 2) {
        offer.newchat_refusal = tr("it would be as long there.");
    } else if (fit.first == 0) {
        offer.newchat_refusal = tr("this alone has %1 tokens.").arg(ui::groupedText(fit.newest));
    } else if (wish.kind == Wish::Kind::Continue) {
        offer.newchat =
            tr("begins with the last question and what is there of its answer, which goes on. This chat stays as it "
               "is.");
    } else {
        offer.newchat = tr("begins with your message. This chat stays as it is.");
    }
    return offer;
}

void ChatSession::choose(ContextChoice choice, const QString& text, const QList<store::Document>& documents) {
    if (!m_offered || !canStart()) {
        return;
    }
    const Wish wish = *m_offered;
    const bool prompt = wish.kind == Wish::Kind::Prompt;
    if (prompt && text.trimmed().isEmpty() && documents.isEmpty()) {
        return;
    }
    if (prompt) { // the composer gave it
        emit draftShown({});
        emit draftDocumentsShown({});
    }
    if (choice == ContextChoice::NewChat) {
        m_offered.reset();
        setOffer({});
        beginNewChat(wish, text, documents);
    } else if (prompt) {
        ask(promptWish(wish.parent, text, documents), choice);
    } else {
        ask(wish, choice);
    }
}

void ChatSession::dismissOffer() {
    if (m_offered && m_offered->kind == Wish::Kind::Continue) {
        m_dismissed.insert(m_offered->answer);
    }
    m_offered.reset();
    setOffer({});
}

void ChatSession::beginNewChat(const Wish& wish, const QString& text, const QList<store::Document>& documents) {
    QString words = text;
    QList<store::Document> texts = documents;
    const store::Message* answer = find(wish.answer);
    if (wish.kind == Wish::Kind::Prompt) { // it leaves this chat
        setDraft({});
        setDraftDocuments({});
    } else if (answer == nullptr) {
        return;
    }
    const store::Message begun = answer != nullptr ? *answer : store::Message();
    if (wish.kind != Wish::Kind::Prompt) {
        const store::Message* question = find(begun.parent);
        if (question == nullptr) {
            return;
        }
        words = question->text.mid(question->words_begin);
        texts = store::documentsOf(question->text, question->documents);
    }
    const std::vector<int32_t> begun_tokens = m_tokens.value(begun.id); // of the chat in view
    store::Conversation fresh;
    fresh.system_prompt = m_conversation.system_prompt;
    fresh.sampling = m_conversation.sampling;
    ++m_request;
    show(fresh, {}, {}, 0);
    Wish next = promptWish(0, words, texts);
    next.keeps_new_draft = true;
    if (wish.kind == Wish::Kind::Continue) {
        next.kind = Wish::Kind::Continue;
        next.room = 1;
        next.text.clear();
        next.documents.clear();
        next.prompt.begun = begun.text.toStdString();
        next.prompt.begun_tokens = begun_tokens;
        next.job = [prompt = next.job, begun](store::Store& store, const store::ContextView&) {
            const Begun asked = prompt(store, {});
            Begun copy = asked;
            copy.retold = store.traces(begun.id).tokens;
            store.appendAnswer(asked.answer.id, begun.text, {});
            copy.answer = store.message(asked.answer.id);
            copy.messages = store.messages(asked.conversation.id);
            return copy;
        };
    }
    ask(next);
}

void ChatSession::offerContinuing() {
    m_probing = 0;
    const store::Message* last = find(m_conversation.current_leaf);
    const bool full = last != nullptr && last->role == store::Role::Assistant &&
                      last->stop_reason == trace::StopReason::Context && !last->recipe.error &&
                      !m_dismissed.contains(last->id);
    if (full && canStart() && !m_offered) {
        const Wish wish = continueWish(*last);
        m_probing = m_controller.measure(wish.prompt, wish.room);
    }
}

void ChatSession::probed(const controller::ContextFit& fit) {
    m_probing = 0;
    const store::Message* last = find(m_conversation.current_leaf);
    if (last != nullptr && canStart() && !fit.fits()) {
        m_offered = continueWish(*last);
        setOffer(offerOf(*m_offered, fit));
    }
}

void ChatSession::stop() {
    if (m_measuring != 0) {
        m_stopped = true;
        m_controller.cancelMeasuring();
    } else {
        m_run.stop();
    }
}

void ChatSession::loadFailed() {
    if (m_waiting) {
        giveBack(*std::exchange(m_waiting, std::nullopt));
        announce();
    }
}

quint32 ChatSession::answerRoom() const {
    constexpr quint32 share = 16; // of the context: an answer of a few words is none
    constexpr quint32 least = 16;
    constexpr quint32 most = 256;
    const auto& loaded = m_controller.loaded();
    const quint32 usual = std::clamp(loaded ? loaded->memory.context / share : least, least, most);
    return m_sampling.max_tokens > 0 ? std::min<quint32>(usual, static_cast<quint32>(m_sampling.max_tokens)) : usual;
}

void ChatSession::setPrompt(Wish& wish, const QList<store::Message>& messages) const {
    for (const store::Message& message : messages) {
        wish.ids.append(message.id);
    }
    const QString& system = m_conversation.id == 0 ? m_sampling.system_prompt : m_conversation.system_prompt;
    wish.prompt.messages = turnsOf(system, messages);
}

ChatSession::Wish ChatSession::promptWish(qint64 parent, const QString& text,
                                          const QList<store::Document>& documents) const {
    Wish wish;
    wish.kind = Wish::Kind::Prompt;
    wish.conversation = m_conversation.id;
    wish.parent = parent;
    wish.text = text;
    wish.documents = documents;
    wish.room = answerRoom();
    wish.view = store::viewAt(m_tree, parent);
    QList<store::Message> messages = store::branch(m_tree, parent, wish.view);
    store::Message prompt;
    prompt.text = store::composePrompt(documents, text).text;
    messages.append(prompt);
    setPrompt(wish, messages);
    wish.prompt.thinking = m_sampling.thinking;
    wish.job = [start = answerStart(0, m_recipe), parent, text, documents, system = m_sampling.system_prompt,
                sampling = withThinking(m_conversation.sampling, m_sampling.thinking)](
                   store::Store& store, const store::ContextView& view) mutable {
        if (start.conversation == 0) {
            start.conversation = store.addConversation(system, sampling).id;
        }
        start.parent = store.addPrompt(start.conversation, parent, text, documents).id;
        start.view = view;
        start.view.from = view.from == itself ? start.parent : view.from;
        Begun begun;
        begun.answer = store.beginAnswer(start);
        begun.messages = store.messages(start.conversation);
        begun.conversation = store.conversation(start.conversation);
        return begun;
    };
    return wish;
}

ChatSession::Wish ChatSession::versionWish(const store::Message& answer, const store::AnswerStart& start) const {
    Wish wish;
    wish.conversation = m_conversation.id;
    wish.answer = answer.id;
    wish.view = start.view;
    setPrompt(wish, store::branch(m_tree, start.parent, start.view));
    wish.prompt.thinking = fromJson(start.sampling, m_sampling).thinking;
    wish.job = [start](store::Store& store, const store::ContextView& view) {
        store::AnswerStart given = start;
        given.view = view;
        Begun begun;
        begun.answer = store.beginAnswer(given);
        begun.messages = store.messages(start.conversation);
        begun.conversation = store.conversation(start.conversation);
        return begun;
    };
    return wish;
}

ChatSession::Wish ChatSession::continueWish(const store::Message& answer) const {
    Wish wish;
    wish.kind = Wish::Kind::Continue;
    wish.conversation = m_conversation.id;
    wish.answer = answer.id;
    wish.view = answer.view;
    setPrompt(wish, promptMessages(answer));
    wish.prompt.thinking = fromJson(answer.sampling, m_sampling).thinking;
    wish.prompt.begun = answer.text.toStdString();
    wish.prompt.begun_tokens = m_tokens.value(answer.id);
    wish.job = [id = answer.id, before = answer.view](store::Store& store, const store::ContextView& view) {
        Begun begun;
        begun.traces = store.traces(id);
        if (view == before) {
            begun.answer = store.resumeAnswer(id);
        } else {
            begun.retold = std::exchange(begun.traces, {}).tokens;
            begun.answer = store.resumeAnswer(id, view);
        }
        begun.messages = store.messages(begun.answer.conversation);
        begun.conversation = store.conversation(begun.answer.conversation);
        return begun;
    };
    return wish;
}

} // namespace moescope::gui
