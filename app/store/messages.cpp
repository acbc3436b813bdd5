// SPDX-License-Identifier: Apache-2.0
#include "app/store/storeimpl.h"
#include "app/store/tracecodec.h"

#include <algorithm>

namespace moescope::store {
namespace {

const char* const messageColumns =
    "SELECT id, conversation, parent, role, state, created, model_name, model_file, model_type, model_parameters, "
    "sampling, seed, prefill_ms, prefill_tokens, reused_tokens, first_token_ms, decode_ms, decode_tokens, stop_reason, "
    "error_id, error, text, thinking_ms, thinking_tokens, model_active_parameters, recipe, documents, view_from, "
    "view_above FROM messages ";

// The schema allows no other names.
Role roleFrom(const QString& name) {
    for (const Role role : {Role::System, Role::Assistant}) {
        if (roleName(role) == name) {
            return role;
        }
    }
    return Role::User;
}

MessageState stateFrom(const QString& name) {
    for (const MessageState state :
         {MessageState::Streaming, MessageState::Interrupted, MessageState::Cancelled, MessageState::Failed}) {
        if (stateName(state) == name) {
            return state;
        }
    }
    return MessageState::Complete;
}

std::optional<trace::StopReason> stopReasonFrom(const QString& name) {
    using trace::StopReason;
    for (const StopReason reason :
         {StopReason::Eos, StopReason::Stop, StopReason::Length, StopReason::Context, StopReason::Cancelled}) {
        if (name == QLatin1String(trace::stopReasonName(reason))) {
            return reason;
        }
    }
    return std::nullopt;
}

Message readMessage(const QSqlQuery& row) {
    Message message;
    message.id = row.value(0).toLongLong();
    message.conversation = row.value(1).toLongLong();
    message.parent = row.value(2).toLongLong();
    message.role = roleFrom(row.value(3).toString());
    message.state = stateFrom(row.value(4).toString());
    message.created = toTime(row.value(5));
    message.text = row.value(21).toString();
    if (!row.isNull(26)) {
        const PromptText prompt = readDocuments(message.text, row.value(26).toString());
        message.documents = prompt.documents;
        message.words_begin = prompt.words_begin;
    }
    if (message.role != Role::Assistant) {
        return message;
    }
    message.view = {row.value(27).toLongLong(), row.value(28).toUInt()};
    message.model.name = row.value(6).toString();
    message.model.file = row.value(7).toString();
    message.model.type = row.value(8).toString();
    message.model.parameters = row.value(9).toULongLong();
    message.sampling = fromJson(row.value(10));
    if (!row.isNull(11)) {
        message.seed = static_cast<quint64>(row.value(11).toLongLong());
    }
    message.timings.prefill_ms = row.value(12).toDouble();
    message.timings.prefill_tokens = row.value(13).toUInt();
    message.timings.reused_tokens = row.value(14).toUInt();
    message.timings.first_token_ms = row.value(15).toDouble();
    message.timings.decode_ms = row.value(16).toDouble();
    message.timings.decode_tokens = row.value(17).toUInt();
    message.stop_reason = stopReasonFrom(row.value(18).toString());
    message.error_id = row.value(19).toString();
    message.error = row.value(20).toString();
    message.model.active_parameters = row.value(24).toULongLong();
    message.thinking = {row.value(22).toDouble(), row.value(23).toUInt()};
    if (!row.isNull(25)) {
        message.recipe = readRecipe(row.value(25).toString());
    }
    return message;
}

QString partsOf(Connection& database, qint64 message) {
    QString text;
    QSqlQuery parts =
        database.query(QStringLiteral("SELECT text FROM answer_parts WHERE message = ? ORDER BY part"), {message});
    while (database.next(parts)) {
        text += parts.value(0).toString();
    }
    return text;
}

void addTraces(Connection& database, qint64 message, const QList<TraceChunk>& chunks) {
    for (const TraceChunk& chunk : chunks) {
        database.query(QStringLiteral("INSERT INTO traces (message, part, tokens, data) VALUES (?, "
                                      "(SELECT coalesce(max(part), 0) + 1 FROM traces WHERE message = ?), ?, ?)"),
                       {message, message, chunk.tokens, chunk.data});
    }
}

MessageState answerState(Connection& database, qint64 message) {
    const QVariant state =
        database.value(QStringLiteral("SELECT state FROM messages WHERE id = ? AND role = 'assistant'"), {message});
    if (!state.isValid()) {
        failNotFound("answer", message);
    }
    return stateFrom(state.toString());
}

void requireStreaming(Connection& database, qint64 message, bool streaming) {
    const MessageState state = answerState(database, message);
    if ((state == MessageState::Streaming) != streaming) {
        throw trace::Error("store.wrong_state", "Answer {id} cannot be changed like this while it is “{state}”.",
                           {{"id", std::to_string(message)}, {"state", stateName(state).toStdString()}});
    }
}

void requireParent(Connection& database, qint64 conversation, qint64 parent) {
    if (!database.value(QStringLiteral("SELECT 1 FROM conversations WHERE id = ?"), {conversation}).isValid()) {
        failNotFound("conversation", conversation);
    }
    const QVariant found = database.value(QStringLiteral("SELECT 1 FROM messages WHERE id = ? AND conversation = ?"),
                                          {parent, conversation});
    if (parent != 0 && !found.isValid()) {
        failNotFound("message", parent);
    }
}

qint64 addMessage(Connection& database, const Message& message) {
    return database
        .query(QStringLiteral("INSERT INTO messages (conversation, parent, role, state, created, model_name, "
                              "model_file, model_type, model_parameters, model_active_parameters, sampling, seed, "
                              "recipe, indexed, documents, view_from, view_above, text) "
                              "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
               {message.conversation, nullIfZero(message.parent), roleName(message.role), stateName(message.state),
                now(), storable(message.model.name), storable(message.model.file), storable(message.model.type),
                static_cast<qint64>(message.model.parameters), static_cast<qint64>(message.model.active_parameters),
                QString::fromUtf8(toJson(message.sampling)),
                message.seed ? QVariant(static_cast<qint64>(*message.seed)) : QVariant(),
                message.recipe.intervention.empty() ? QVariant() : QVariant(recipeText(message.recipe.intervention)),
                int(message.state != MessageState::Streaming && isIndexable(message.text)),
                message.documents.isEmpty()
                    ? QVariant()
                    : QVariant(documentsText({message.text, message.documents, message.words_begin})),
                nullIfZero(message.view.from), message.view.above, storable(message.text)})
        .lastInsertId()
        .toLongLong();
}

void becomeLeaf(Connection& database, qint64 conversation, qint64 message) {
    database.query(QStringLiteral("UPDATE conversations SET current_leaf = ?, changed = ? WHERE id = ?"),
                   {message, now(), conversation});
}

} // namespace

QList<Message> Store::messages(qint64 conversation) const {
    Connection& database = *m_impl->database;
    QList<Message> list;
    QSqlQuery rows = database.query(
        QLatin1String(messageColumns) + QStringLiteral("WHERE conversation = ? ORDER BY id"), {conversation});
    while (database.next(rows)) {
        list.append(readMessage(rows));
        if (list.last().state == MessageState::Streaming) {
            list.last().text += partsOf(database, list.last().id);
        }
    }
    if (list.isEmpty()) {
        requireParent(database, conversation, 0);
    }
    return list;
}

Message Store::message(qint64 id) const {
    Connection& database = *m_impl->database;
    QSqlQuery row = database.query(QLatin1String(messageColumns) + QStringLiteral("WHERE id = ?"), {id});
    if (!database.next(row)) {
        failNotFound("message", id);
    }
    Message found = readMessage(row);
    row.finish();
    if (found.state == MessageState::Streaming) {
        found.text += partsOf(database, id);
    }
    return found;
}

Message Store::addPrompt(qint64 conversation, qint64 parent, const QString& text, const QList<Document>& documents) {
    Connection& database = *m_impl->database;
    Message prompt;
    prompt.conversation = conversation;
    prompt.parent = parent;
    const PromptText composed = composePrompt(documents, text);
    prompt.text = composed.text;
    prompt.documents = composed.documents;
    prompt.words_begin = composed.words_begin;
    Transaction transaction(database, Durability::Power);
    requireParent(database, conversation, parent);
    const qint64 id = addMessage(database, prompt);
    becomeLeaf(database, conversation, id);
    database.query(QStringLiteral("UPDATE conversations SET draft = '' WHERE id = ?"), {conversation});
    database.query(QStringLiteral("DELETE FROM draft_documents WHERE conversation = ?"), {conversation});
    const QString title = titleFrom(text.trimmed().isEmpty() && !documents.isEmpty() ? documents.first().name : text);
    database.query(QStringLiteral("UPDATE conversations SET title = ? WHERE id = ? AND title = ''"),
                   {storable(title), conversation});
    transaction.commit();
    return message(id);
}

qint64 Store::copyBranch(qint64 conversation, const QList<Message>& branch) {
    Connection& database = *m_impl->database;
    Transaction transaction(database, Durability::Power);
    requireParent(database, conversation, 0);
    qint64 last = 0;
    for (Message message : branch) {
        message.conversation = conversation;
        message.parent = last;
        message.state = MessageState::Complete;
        message.view = {}; // it names a message of the other conversation
        last = addMessage(database, message);
    }
    becomeLeaf(database, conversation, last);
    transaction.commit();
    return last;
}

Message Store::beginAnswer(const AnswerStart& start) {
    Connection& database = *m_impl->database;
    Message answer;
    answer.conversation = start.conversation;
    answer.parent = start.parent;
    answer.role = Role::Assistant;
    answer.state = MessageState::Streaming;
    answer.model = start.model;
    answer.sampling = start.sampling;
    answer.seed = start.seed;
    answer.recipe.intervention = start.recipe;
    answer.view = start.view;
    Transaction transaction(database);
    requireParent(database, start.conversation, start.parent);
    requireParent(database, start.conversation, start.view.from);
    const qint64 id = addMessage(database, answer);
    becomeLeaf(database, start.conversation, id);
    transaction.commit();
    return message(id);
}

void Store::appendAnswer(qint64 message, const QString& text, const TokenTraces& traces) {
    Connection& database = *m_impl->database;
    const QList<TraceChunk> chunks = encodeTraces(traces);
    Transaction transaction(database);
    requireStreaming(database, message, true);
    if (!text.isEmpty()) {
        database.query(QStringLiteral("INSERT INTO answer_parts (message, part, text) VALUES (?, (SELECT "
                                      "coalesce(max(part), 0) + 1 FROM answer_parts WHERE message = ?), ?)"),
                       {message, message, storable(text)});
    }
    const auto generated =
        std::count_if(traces.begin(), traces.end(), [](const auto& token) { return token->generated; });
    if (generated > 0) { // an answer that is interrupted says how far it came
        database.query(QStringLiteral("UPDATE messages SET decode_tokens = decode_tokens + ? WHERE id = ?"),
                       {static_cast<qint64>(generated), message});
    }
    addTraces(database, message, chunks);
    transaction.commit();
}

Message Store::finishAnswer(qint64 id, const QString& text, const TokenTraces& traces, const AnswerEnd& end) {
    Connection& database = *m_impl->database;
    const QList<TraceChunk> chunks = encodeTraces(traces);
    if (end.state == MessageState::Streaming) {
        throw trace::Error("store.invalid", "The change does not fit the stored conversations: {detail}.",
                           {{"detail", "an answer cannot end as “streaming”"}});
    }
    Transaction transaction(database, Durability::Power);
    requireStreaming(database, id, true);
    const Message soFar = message(id);
    const QString whole = storable(soFar.text + text);
    const std::optional<quint64> seed = end.seed ? end.seed : soFar.seed;
    database.query(QStringLiteral("UPDATE messages SET state = ?, prefill_ms = ?, prefill_tokens = ?, reused_tokens = "
                                  "?, first_token_ms = ?, decode_ms = ?, decode_tokens = ?, stop_reason = ?, seed = ?, "
                                  "error_id = ?, error = ?, indexed = ?, thinking_ms = ?, thinking_tokens = ?, "
                                  "answer_begin = coalesce(?, answer_begin), text = ? WHERE id = ?"),
                   {stateName(end.state), end.timings.prefill_ms, end.timings.prefill_tokens, end.timings.reused_tokens,
                    end.timings.first_token_ms, end.timings.decode_ms, end.timings.decode_tokens,
                    end.stop_reason ? QVariant(QLatin1String(trace::stopReasonName(*end.stop_reason))) : QVariant(),
                    seed ? QVariant(static_cast<qint64>(*seed)) : QVariant(), storable(end.error_id),
                    storable(end.error), int(isIndexable(whole)), end.thinking.ms, end.thinking.tokens,
                    end.answer_begin ? QVariant(std::max<qint64>(*end.answer_begin, 0)) : QVariant(), whole, id});
    database.query(QStringLiteral("DELETE FROM answer_parts WHERE message = ?"), {id});
    addTraces(database, id, chunks);
    database.query(QStringLiteral("UPDATE conversations SET changed = ? WHERE id = ?"), {now(), soFar.conversation});
    transaction.commit();
    return message(id);
}

void Store::setAnswerBegin(qint64 id, qint64 characters) {
    Connection& database = *m_impl->database;
    Transaction transaction(database);
    requireStreaming(database, id, true);
    database.query(QStringLiteral("UPDATE messages SET answer_begin = ? WHERE id = ?"),
                   {std::max<qint64>(characters, 0), id});
    transaction.commit();
}

Message Store::resumeAnswer(qint64 id) {
    Connection& database = *m_impl->database;
    Transaction transaction(database);
    requireStreaming(database, id, false);
    database.query(QStringLiteral("UPDATE messages SET state = 'streaming', stop_reason = NULL, error_id = '', error = "
                                  "'' WHERE id = ?"),
                   {id});
    transaction.commit();
    return message(id);
}

Message Store::resumeAnswer(qint64 id, const ContextView& view) {
    Connection& database = *m_impl->database;
    Transaction transaction(database);
    requireStreaming(database, id, false);
    requireParent(database, message(id).conversation, view.from);
    database.query(QStringLiteral("UPDATE messages SET state = 'streaming', stop_reason = NULL, error_id = '', error = "
                                  "'', view_from = ?, view_above = ?, decode_tokens = 0 WHERE id = ?"),
                   {nullIfZero(view.from), view.above, id});
    database.query(QStringLiteral("DELETE FROM traces WHERE message = ?"), {id});
    transaction.commit();
    return message(id);
}

StoredTraces Store::traces(qint64 message) const {
    Connection& database = *m_impl->database;
    StoredTraces stored;
    QSqlQuery rows =
        database.query(QStringLiteral("SELECT tokens, data FROM traces WHERE message = ? ORDER BY part"), {message});
    try {
        while (database.next(rows)) {
            const TokenTraces part = decodeTraces(rows.value(1).toByteArray());
            if (part.size() != rows.value(0).toULongLong()) {
                throw trace::Error("store.trace_damaged", "The stored routing of this answer cannot be read: {detail}.",
                                   {{"detail", "tokens are missing"}});
            }
            stored.tokens.insert(stored.tokens.end(), part.begin(), part.end());
        }
    } catch (const trace::Error& error) {
        if (error.id() != "store.trace_damaged") {
            throw;
        }
        stored.tokens.clear(); // half a routing would be shown as a whole one
        stored.error = error;
    }
    return stored;
}

} // namespace moescope::store
