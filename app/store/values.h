// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/store/documents.h"
#include "app/store/recipe.h"
#include "engine/trace/error.h"
#include "engine/trace/info.h"
#include "engine/trace/token_trace.h"

#include <QDateTime>
#include <QJsonObject>
#include <QList>
#include <QString>

#include <optional>
#include <vector>

namespace moescope::store {

enum class Role { System, User, Assistant };
enum class MessageState {
    Complete,
    Streaming,   ///< being written now
    Interrupted, ///< the program ended, or the device was lost, while it was written
    Cancelled,   ///< stopped by the user
    Failed,      ///< ended by the error that the message names
};

/** "system", "user", "assistant": as stored. */
QString roleName(Role role);
/** "complete", "streaming", "interrupted", "cancelled", "failed": as stored. */
QString stateName(MessageState state);

enum class ConversationKind { Chat, Comparison };

/** A line of the conversation list. */
struct ConversationRow {
    qint64 id = 0;
    ConversationKind kind = ConversationKind::Chat;
    QString title; ///< empty until the first message; never with line breaks or control characters
    QDateTime created;
    QDateTime changed; ///< last message stored
    std::optional<QDateTime> deleted_at;
    int messages = 0; ///< in all branches
};

struct Conversation {
    qint64 id = 0;
    QString title;
    QDateTime created;
    QDateTime changed;
    std::optional<QDateTime> deleted_at;
    qint64 current_leaf = 0; ///< last message of the branch in view; 0: no message yet
    QString system_prompt;
    QString draft;        ///< what stands in the composer
    QJsonObject sampling; ///< settings of this conversation; keys as on the command line ("top_k"); absent: default
    ConversationKind kind = ConversationKind::Chat;
    QJsonObject comparison; ///< of a comparison: its question and what is in view
};

enum class RunState {
    Queued,
    Running, ///< the program writes it now; of one that ended meanwhile it is Queued
    Done,
    Cancelled, ///< stopped by the user
    Failed,    ///< ended by the error that it names
};

/** One run of a comparison: what was asked for, and what came of it. */
struct Run {
    qint64 id = 0;
    qint64 conversation = 0;
    RunState state = RunState::Queued;
    qint64 prompt = 0; ///< message; 0: not made yet
    qint64 answer = 0; ///< likewise
    QString error_id;
    QString error;
    QJsonObject settings; ///< what differs between runs: prompt, model, type of KV cache, sampling, intervention
    QJsonObject result;   ///< what was measured beside the answer
};

/** The saved state of the KV cache that an answer ends in. */
struct KvState {
    QByteArray leaf; ///< id of its last block
    QString key;     ///< what its rows follow from, in words that can be compared
};

/** Which model wrote an answer. */
struct ModelStamp {
    QString name;
    QString file; ///< file name, no path
    QString type; ///< type of most weights, "q6_k"
    quint64 parameters = 0;
    quint64 active_parameters = 0; ///< of them for each token; 0: not known
};

/** How long a model thought before it answered. */
struct ThinkingTime {
    double ms = 0;      ///< 0: not known
    quint32 tokens = 0; ///< 0: none, or not known
};

/** What of its branch an answer was given to. */
struct ContextView {
    qint64 from = 0;   ///< message that the prompt begins with, after the system prompt; 0: the first of the branch
    quint32 above = 0; ///< tokens of the messages above it, as they were counted when it was chosen

    bool operator==(const ContextView&) const = default;
};

struct Message {
    qint64 id = 0; ///< unique over all conversations, never used twice
    qint64 conversation = 0;
    qint64 parent = 0; ///< 0: first of its branch. Messages with the same parent are versions of each other
    Role role = Role::User;
    MessageState state = MessageState::Complete;
    QDateTime created;
    ModelStamp model; ///< of answers
    QJsonObject
        sampling; ///< settings the answer was made with, all of them, and tokens put in the place of sampled ones
    std::optional<quint64> seed;
    StoredRecipe recipe;        ///< of answers: how their routing was changed
    trace::StepTimings timings; ///< of answers; load_ms is not kept
    ThinkingTime thinking;      ///< of answers; what was thought stands in the text, between its marks
    std::optional<trace::StopReason> stop_reason;
    QString error_id;                   ///< "vulkan.device_lost"; empty: none
    QString error;                      ///< its sentence
    ContextView view;                   ///< of answers
    QList<DocumentSpan> documents = {}; ///< of prompts: what of the text is documents
    qsizetype words_begin = 0;          ///< of prompts: where the user's words begin in the text
    QString text;
};

/** What is known of an answer before its first token. */
struct AnswerStart {
    qint64 conversation = 0;
    qint64 parent = 0; ///< the prompt it answers
    ModelStamp model;
    QJsonObject sampling;
    std::optional<quint64> seed;
    trace::Intervention recipe = {}; ///< empty: none
    ContextView view = {};
};

/** How an answer ended. */
struct AnswerEnd {
    MessageState state = MessageState::Complete; ///< not Streaming
    trace::StepTimings timings;
    std::optional<trace::StopReason> stop_reason;
    std::optional<quint64> seed; ///< drawn by the sampler, if none was asked for
    QString error_id;
    QString error;
    ThinkingTime thinking = {};
    /** As setAnswerBegin() takes it; unset: as it was. */
    std::optional<qint64> answer_begin = {};
};

using TokenTraces = std::vector<trace::TokenTracePtr>;

/** Tokens of an answer as they went through the model, the computed prompt tokens before it included. */
struct StoredTraces {
    TokenTraces tokens;                ///< empty when none was stored, or when it cannot be read
    std::optional<trace::Error> error; ///< store.trace_damaged: why it cannot be read
};

struct TextRange {
    qsizetype start = 0; ///< UTF-16 units
    qsizetype length = 0;

    bool operator==(const TextRange&) const = default;
};

struct SearchHit {
    qint64 conversation = 0;
    qint64 message = 0; ///< 0: the title is the hit
    QString title;      ///< of the conversation
    Role role = Role::User;
    QDateTime date;         ///< of the message; for a title, of the last change
    QString snippet;        ///< one line around the first hit; the title itself if that is the hit
    QList<TextRange> marks; ///< hits inside the snippet
};

struct SearchResult {
    QList<SearchHit> hits; ///< titles first, then messages, newest first
    bool complete = true;  ///< false: stopped at the limit or cancelled
};

/** What opening the store found and did. */
struct OpenReport {
    QString file;
    bool created = false;               ///< there was no database before
    bool checked = false;               ///< the last end was not clean: quick_check was run
    int migrated_from = 0;              ///< schema version found; 0 when created
    int interrupted = 0;                ///< answers that were being written and now are Interrupted
    int purged = 0;                     ///< conversations deleted for good, 30 days after their removal
    QString set_aside;                  ///< where a damaged database lies now; empty: none
    std::optional<trace::Error> notice; ///< store.corrupt, to be shown; the store works
};

/** First line of `text` that is not empty, without control characters and marks that turn the direction of text. */
QString titleLine(const QString& text);
/** First line of a first message as a title: at most 60 characters, cut at a word boundary with "…". */
QString titleFrom(const QString& text);

/** The messages from the root to `leaf`, in order; empty if `leaf` is not among `messages`. */
QList<Message> branch(const QList<Message>& messages, qint64 leaf);
/** The same, without what an answer with this view was not given: from its first message on. All of it where that is not
 *  on the branch. */
QList<Message> branch(const QList<Message>& messages, qint64 leaf, const ContextView& view);
/** Of the last answer at or above `leaf`: what the next one is given too. */
ContextView viewAt(const QList<Message>& messages, qint64 leaf);
/** Ids of all versions of `message` (itself too), oldest first: children of the same parent with the same role. */
QList<qint64> versions(const QList<Message>& messages, qint64 message);
/** The newest message at or under `message`: what to show after a switch of version. `messages` oldest first. */
qint64 newestLeaf(const QList<Message>& messages, qint64 message);

} // namespace moescope::store
