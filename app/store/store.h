// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/store/values.h"

#include <QJsonValue>

#include <atomic>
#include <memory>

namespace moescope::store {

struct StoreOptions {
    bool in_memory = false; ///< nothing is kept: for a session without a usable data folder
    int max_pages = 0;      ///< the database may not grow beyond so many pages of 4096 bytes; 0: no limit
    int purge_after_days = 30;
};

/** All conversations, in one SQLite file (`moescope.sqlite`, WAL). One thread makes, uses and destroys it: in the app
 *  that of StoreWorker.
 *
 *  One program at a time: a second Store on the same folder is refused with store.in_use. Every method throws
 *  trace::Error: store.full (disk full), store.read_only, store.io, store.corrupt, store.busy, store.not_found,
 *  store.invalid; a failed method has changed nothing.
 *
 *  Prompts are on the disk when addPrompt returns, even if the power fails then. Parts of an answer survive the end
 *  of the program at once and a power failure from the next prompt or finished answer on. */
class Store {
public:
    static constexpr int schemaVersion = 7;

    /** Opens `folder`/moescope.sqlite, making both if needed. Throws store.no_folder, store.in_use, store.newer,
     *  store.foreign, store.no_search, store.read_only, store.full, store.io. A damaged file is renamed to
     *  moescope.sqlite.corrupt-YYYYMMDD-HHMMSS and a new one made: see OpenReport::notice. */
    explicit Store(const QString& folder, const StoreOptions& options = {});
    ~Store(); ///< checkpoint and clean end
    Store(const Store&) = delete;
    Store& operator=(const Store&) = delete;

    const OpenReport& report() const;
    /** Nothing of it outlives this object, and no other connection sees it. */
    bool isInMemory() const;

    // Conversations
    Conversation addConversation(const QString& systemPrompt = {}, const QJsonObject& sampling = {});
    /** Newest change first. `deleted`: those that were removed and can be restored. */
    QList<ConversationRow> conversations(bool deleted = false) const;
    Conversation conversation(qint64 id) const;
    void rename(qint64 id, const QString& title);
    void setDraft(qint64 id, const QString& draft);
    /** Texts beside what stands in the composer, in order. `conversation` 0: of the chat that is not stored yet. */
    QList<Document> draftDocuments(qint64 conversation) const;
    void setDraftDocuments(qint64 conversation, const QList<Document>& documents);
    void setSystemPrompt(qint64 id, const QString& systemPrompt);
    void setSampling(qint64 id, const QJsonObject& sampling);
    /** Shows another branch. `message` must be of this conversation. */
    void setCurrentLeaf(qint64 id, qint64 message);
    /** Can be undone with restore() for 30 days. */
    void remove(qint64 id);
    void restore(qint64 id);

    // Comparisons: conversations of another kind, with runs. What holds for conversations holds for them.
    /** `question` names it until it is renamed. */
    Conversation addComparison(const QString& question, const QJsonObject& settings);
    void setComparison(qint64 id, const QJsonObject& settings);
    /** In the order in which they were added. */
    QList<Run> runs(qint64 comparison) const;
    Run addRun(qint64 comparison, const QJsonObject& settings);
    /** All of it but its id and its comparison. Prompt and answer must be messages of the comparison. */
    void changeRun(const Run& run);
    /** Queued again, with its prompt; answer, result and error go for good. */
    Run restartRun(qint64 id);
    /** With its prompt and its answer, for good. */
    void removeRun(qint64 id);

    // States of the KV cache: what lies in their folder is found by them, and goes when no conversation needs it.
    void setKvState(qint64 answer, const KvState& state);
    /** Last blocks that are others now: what stood in their place first, then what is left, nothing where that is empty. */
    void moveKvStates(const QList<QPair<QByteArray, QByteArray>>& moved);
    /** Of the newest answer at or above `message` that has one; nothing: none has. */
    std::optional<KvState> kvState(qint64 message) const;
    /** Last blocks of all states of conversations that are not deleted. */
    QList<QByteArray> kvLeaves() const;
    /** That are not deleted and have some. */
    int kvConversations() const;
    /** Their rows are gone. */
    void forgetKvStates();

    // Messages
    /** The whole tree, oldest first, each with what is stored of its text so far. */
    QList<Message> messages(qint64 conversation) const;
    Message message(qint64 id) const;
    /** Stores a prompt under `parent` (0: at the root), its documents before its words, makes it the current leaf, empties
     *  the draft with its documents and names a conversation that has no title. To edit a prompt, add one with the same
     *  parent. */
    Message addPrompt(qint64 conversation, qint64 parent, const QString& text, const QList<Document>& documents = {});
    /** Messages of another conversation, the first of them at the root here: without what was measured and recorded of them, and
     *  which part of its branch an answer was given. Returns the last one's id here. Not empty. */
    qint64 copyBranch(qint64 conversation, const QList<Message>& branch);
    /** An empty Streaming answer, the current leaf. To regenerate, begin one with the same parent. */
    Message beginAnswer(const AnswerStart& start);
    /** Adds to a Streaming answer; costs time by what is added, not by what is there. */
    void appendAnswer(qint64 message, const QString& text, const TokenTraces& traces);
    /** Of a Streaming answer, how many characters (code points) of its text stand before what is searched: its thinking.
     *  More than it has: nothing of it is searched yet. 0 unless set. */
    void setAnswerBegin(qint64 message, qint64 characters);
    /** Adds the rest and ends a Streaming answer, in one transaction. */
    Message finishAnswer(qint64 message, const QString& text, const TokenTraces& traces, const AnswerEnd& end);
    /** Continue: an Interrupted, Cancelled, Failed or Complete answer is Streaming again and keeps its text. */
    Message resumeAnswer(qint64 message);
    /** The same, to be given another part of its branch: what is stored of its tokens goes, since they are read anew. */
    Message resumeAnswer(qint64 message, const ContextView& view);
    StoredTraces traces(qint64 message) const;

    /** Titles and texts that hold every word of `query`, letters' case aside; signs are literal. What stands
     *  before an answer's begin is left out. `cancel` may be set from another thread. */
    SearchResult search(const QString& query, int limit = 200, const std::atomic<bool>* cancel = nullptr) const;

    // Settings: names with dots ("window.layout"), values any JSON
    QJsonValue setting(const QString& name) const;
    void setSetting(const QString& name, const QJsonValue& value);

    /** A copy of everything as one file with no WAL; `file` must not exist. */
    void backUp(const QString& file) const;

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace moescope::store
