// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/gui/answerrun.h"
#include "app/gui/settings.h"
#include "app/gui/values.h"
#include "ui/models/contextoffer.h"
#include "ui/models/tracemodel.h"

#include <QHash>
#include <QObject>
#include <QSet>

#include <functional>
#include <optional>

namespace moescope::gui {

/** Whether the loaded model can be loaded with a context of so many tokens. */
struct LongerContext {
    quint32 tokens = 0; ///< it would be loaded with; 0: it cannot
    QString refusal;    ///< why not
};

/** The conversation in view: what the store holds of it, what the window shows of it, and what the user does to it. A
 *  prompt is stored before the model sees it. An answer goes on when another conversation is opened. */
class ChatSession : public QObject {
    Q_OBJECT
public:
    ChatSession(store::StoreWorker& worker, controller::InferenceController& controller, Settings& settings,
                QObject* parent = nullptr);

    qint64 conversation() const { return m_conversation.id; }
    const AnswerRun& run() const { return m_run; }
    /** The branch in view, oldest first. */
    QList<store::Message> branch() const { return store::branch(m_tree, m_conversation.current_leaf); }
    /** What was asked for last is measured against the context or being stored, and begins then. */
    bool isStarting() const { return m_storing; }
    /** What is offered because the chat has outgrown the context; empty: nothing. */
    const ui::ContextOffer& offer() const { return m_offer; }
    /** What of its branch the answer was given, or was to be given: without it and without the system prompt. */
    QList<store::Message> promptMessages(const store::Message& answer) const {
        return store::branch(m_tree, answer.parent, answer.view);
    }
    /** Messages of its branch that the answer was not given. */
    int messagesAbove(const store::Message& answer) const {
        return static_cast<int>(store::branch(m_tree, answer.parent).size() - promptMessages(answer).size());
    }
    /** Answers whether the loaded model can have a context of so many tokens. */
    void setLongerContext(std::function<LongerContext(quint32 tokens)> answer) { m_longer = std::move(answer); }
    /** The last answer of the branch; 0: none. */
    qint64 lastAnswer() const;
    /** The same; null: none. Valid until the next change. */
    const store::Message* findLastAnswer() const;
    /** What a model reads for an answer of the branch: its id, the messages before it, with or without thinking. */
    controller::GenerateJob promptOf(const store::Message& answer) const;
    /** The same for an answer that is there: `tokens` stood before it, of which the store has those in `stored`. */
    controller::AnsweredPrompt answeredPrompt(const store::Message& answer, uint32_t tokens,
                                              const store::TokenTraces& stored) const;
    /** An answer in view for the loaded model to read again, its first token at position `first`, with what the store
     *  has of it and its prompt; null: it is of another model, is being made, or its tokens or its what-if are not known. */
    std::shared_ptr<const controller::KnownAnswer> knownAnswer(qint64 message, uint32_t first,
                                                               const store::TokenTraces& stored = {}) const;
    /** Of the conversation in view. */
    const QString& title() const { return m_conversation.title; }
    const ui::SamplingView& sampling() const { return m_sampling; }
    /** Of the loaded model, empty of what was chosen. */
    ui::SamplingView samplingOfModel() const;
    /** What a conversation follows where nothing was set in it. */
    ui::SamplingView samplingDefaults() const;
    /** The what-if of an answer in the tree; empty: none. */
    trace::Intervention recipeOf(qint64 message) const;
    /** The pair of an answer with a what-if and the untouched one that this answer belongs to. */
    WhatIfPair whatIfPair(qint64 message) const { return whatIfPairOf(m_tree, message); }
    /** Which of its versions a message in view is, from 1 on. */
    int versionOf(qint64 message) const {
        return static_cast<int>(store::versions(m_tree, message).indexOf(message)) + 1;
    }
    /** Message of the conversation in view, null: not in it. Valid until the next change. */
    const store::Message* find(qint64 message) const;
    ui::TraceShape shapeOf(const store::Message& message, const store::TokenTraces& traces) const;
    /** Text of a message in view, live where it is being written. */
    QString textOf(qint64 message) const;

    /** With probabilities of all experts: for panels that draw them. */
    void setRouterProbs(bool on) { m_routerProbs = on; }
    /** The same for a capture. */
    void setRecording(bool on) { m_recording = on; }
    /** Gives the traces of the branch in view anew, after something else had the panels. */
    void showTraces() { loadTraces(); }
    /** Why nothing can be sent although a model is there; empty: nothing is in the way. */
    void setBusy(const QString& reason);
    /** The program ends: a running answer is stored as interrupted, and a message that is not stored yet is a draft again. */
    void shutDown();

public slots:
    void open(qint64 conversation, qint64 message = 0);
    /** Reads it anew, on the branch of a message. */
    void openAgain(qint64 conversation, qint64 message);
    void startNew();
    /** Before it is stored it is measured: where it leaves no room for an answer, offerChanged follows and the text is given
     *  back. */
    void send(const QString& text, const QList<moescope::store::Document>& documents = {});
    void edit(qint64 message, const QString& text, const QList<moescope::store::Document>& documents = {});
    /** Of what is offered; a message that was given back is sent as it stands in the composer now. */
    void choose(moescope::ui::ContextChoice choice, const QString& text,
                const QList<moescope::store::Document>& documents);
    /** None of it. */
    void dismissOffer();
    /** Once more, with another seed unless one is set, and without any what-if. */
    void regenerate(qint64 message);
    /** A version of an answer with the same prompt, sampling and seed and with the recipe. False: nothing was begun. */
    bool rerun(qint64 message) { return rerun(message, m_recipe); }
    /** The same without any what-if. */
    bool rerunUntouched(qint64 message) { return rerun(message, {}); }
    /** The what-if that new answers are made with: to what is sent, and by rerun(). */
    void setRecipe(const moescope::trace::Intervention& recipe) { m_recipe = recipe; }
    void continueAnswer(qint64 message);
    /** A new version of the answer, with the same tokens before its token `token`, `candidate` in its place, and then
     *  what the model says to that with the same seed and sampling. A sentence where that cannot be. */
    void branchAnswer(qint64 message, int token, int candidate);
    void showVersion(qint64 message, int step);
    void stop();
    void setDraft(const QString& text);
    void setDraftDocuments(const QList<moescope::store::Document>& documents);
    void setSampling(const moescope::ui::SamplingView& sampling);
    /** Of this conversation and of those to come. */
    void setThinking(bool on);
    /** A conversation was renamed or removed elsewhere. */
    void conversationRenamed(qint64 conversation, const QString& title);
    void conversationRemoved(qint64 conversation);
    /** What can be sent, and the defaults of sampling, may be others. */
    void refresh();
    /** A model was loaded: its answers are told apart from those of others, and what waits for its context is sent. */
    void modelChanged();
    /** The model that something waits for was not loaded. */
    void loadFailed();

signals:
    void shown(qint64 conversation, const QString& title, const QList<moescope::ui::MessageView>& messages);
    void messagesChanged(const QList<moescope::ui::MessageView>& messages);
    void messageChanged(const moescope::ui::MessageView& message);
    void textAppended(qint64 message, const QString& text);
    void titleChanged(const QString& title);
    void draftShown(const QString& text);
    void draftDocumentsShown(const QList<moescope::store::Document>& documents);
    void offerChanged(const moescope::ui::ContextOffer& offer);
    /** The model is to be loaded with a context of so many tokens. */
    void longerContextWanted(quint32 tokens);
    void samplingShown(const moescope::ui::SamplingView& sampling);
    /** What it follows where nothing was set. */
    void samplingDefaultsShown(const moescope::ui::SamplingView& defaults);
    /** Above the composer; empty: none. */
    void noticeChanged(const QString& sentence);
    void answeringChanged(bool answering);
    /** From the moment that a message or a version is asked for until its answer is over, whatever is in view. */
    void sendingChanged(bool sending);
    /** Why nothing can be sent; empty: something can. */
    void unavailableChanged(const QString& reason);
    void scrollRequested(qint64 message);
    /** The list of conversations is not what it was. */
    void conversationsChanged();

    // Traces of the answers in view.
    void tracesCleared();
    void answerBegun(qint64 message, const moescope::ui::TraceShape& shape, const moescope::store::TokenTraces& begun);
    void tracesAppended(qint64 message, const moescope::store::TokenTraces& traces);
    void answerEnded(qint64 message);
    /** Of a branch that is being made, the token that differs came. */
    void branched(qint64 message, int token);
    void tracesLoaded(qint64 message, const moescope::ui::TraceShape& shape,
                      const moescope::store::TokenTraces& traces);
    /** Of the last answer of the branch: its version with or without a what-if. */
    void versionLoaded(qint64 message, const moescope::ui::TraceShape& shape,
                       const moescope::store::TokenTraces& traces);

private:
    struct Begun {
        store::Conversation conversation;
        QList<store::Message> messages;
        store::Message answer;
        store::StoredTraces traces;
        std::optional<controller::Branch> branch;
        std::string saved_key = {};     ///< of the KV state that was saved last on its branch; empty: none
        store::TokenTraces retold = {}; ///< of the answer so far, which is read anew behind another prompt
    };

    /** What was asked for: what the model would read, and how it begins once that is known to fit. */
    struct Wish {
        enum class Kind { Prompt, Version, Continue };

        Kind kind = Kind::Version;
        qint64 conversation = 0; ///< 0: a new one
        qint64 parent = 0;       ///< of a prompt
        qint64 answer = 0;       ///< that is made anew or continued
        controller::GenerateJob prompt;
        QList<qint64> ids; ///< of its messages but the system prompt; 0: is not stored yet
        quint32 room = 1;  ///< tokens for the answer, at least
        store::ContextView view;
        std::function<Begun(store::Store&, const store::ContextView&)> job;
        QString text; ///< given back where it is not sent
        QList<store::Document> documents;
        bool keeps_new_draft = false; ///< what was written for a new chat is something else
    };

    void show(const store::Conversation& conversation, const QList<store::Message>& messages,
              const QList<store::Document>& documents, qint64 scrollTo);
    void loadTraces();
    /** `other`: of no answer of the branch, but of another version. */
    void loadTraces(const store::Message& answer, quint64 request, bool other);
    void addPrompt(qint64 parent, const QString& text, const QList<store::Document>& documents);
    Wish promptWish(qint64 parent, const QString& text, const QList<store::Document>& documents) const;
    Wish versionWish(const store::Message& answer, const store::AnswerStart& start) const;
    Wish continueWish(const store::Message& answer) const;
    void setPrompt(Wish& wish, const QList<store::Message>& messages) const;
    quint32 answerRoom() const;
    /** Measures it, and begins it if it fits or `choice` makes it fit. */
    void ask(Wish wish, std::optional<ui::ContextChoice> choice = {});
    void measured(const controller::ContextFit& fit);
    void notMeasured(const trace::Error& error);
    void refuse(const Wish& wish, const controller::ContextFit& fit);
    /** In place of what was offered, or of nothing. */
    void setOffer(const ui::ContextOffer& offer);
    ui::ContextOffer offerOf(const Wish& wish, const controller::ContextFit& fit) const;
    /** Offers how the last answer of the branch goes on, if it ended because the context was full. */
    void offerContinuing();
    void probed(const controller::ContextFit& fit);
    void beginNewChat(const Wish& wish, const QString& text, const QList<store::Document>& documents);
    /** Runs the wish's job and starts the answer that it names. */
    void begin(const Wish& wish, const store::ContextView& view);
    bool rerun(qint64 message, const trace::Intervention& recipe);
    void giveBack(const Wish& wish);
    void startRun(const Begun& begun);
    controller::GenerateJob promptOf(const store::Conversation& conversation, const QList<store::Message>& tree,
                                     const store::Message& answer) const;
    std::vector<model::ChatMessage> turnsOf(const QString& system, const QList<store::Message>& messages) const;
    void runEnded(const store::Message& answer);
    void rememberTokens(qint64 answer, const store::TokenTraces& traces);
    void complain(const trace::Error& error);
    void announce();
    store::AnswerStart answerStart(qint64 parent, const trace::Intervention& recipe) const;
    /** Says why the loaded model cannot run the recipe; false: it cannot. */
    bool canRun(const trace::Intervention& recipe);
    ui::MessageView view(const store::Message& message) const;
    QList<ui::MessageView> views() const;
    /** Nothing of its own is being sent, and it could be. */
    bool isFree() const;
    bool canStart() const;
    /** Why an answer cannot be branched now; empty: it can. */
    QString branchRefusal(const store::Message& answer) const;
    void tellBranched(qint64 message);
    QList<qint64> branchIds() const;

    store::StoreWorker& m_worker;
    controller::InferenceController& m_controller;
    Settings& m_settings;
    AnswerRun m_run;
    store::Conversation m_conversation; ///< id 0: a new one, not stored yet
    QList<store::Message> m_tree;
    /** What the answers of the conversation in view were sampled as, as far as it is known: what the KV cache holds of
     *  them is found again by it. */
    QHash<qint64, std::vector<int32_t>> m_tokens;
    ui::SamplingView m_sampling;
    trace::Intervention m_recipe;
    quint64 m_request = 0;      ///< answers of the store to older questions are dropped
    quint64 m_traceRequest = 0; ///< the same for traces; counts the branches that came into view
    bool m_storing = false;
    bool m_routerProbs = false;
    bool m_recording = false;
    QString m_busy;
    std::optional<int> m_branchToken; ///< of the running answer, until it came
    std::function<LongerContext(quint32)> m_longer;
    quint64 m_measuring = 0;                   ///< number of the wish that is measured; 0: none
    quint64 m_probing = 0;                     ///< the same of an answer that could be continued
    bool m_stopped = false;                    ///< the user stopped what is measured
    Wish m_asked;                              ///< that is measured
    quint64 m_askedAt = 0;                     ///< m_request then
    std::optional<ui::ContextChoice> m_choice; ///< made for it
    std::optional<Wish> m_offered;             ///< is meant by m_offer
    std::optional<Wish> m_waiting;             ///< for a longer context
    ui::ContextOffer m_offer;
    QSet<qint64> m_dismissed; ///< answers that nothing is offered for
};

} // namespace moescope::gui
