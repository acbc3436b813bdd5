// SPDX-License-Identifier: Apache-2.0
#include "app/store/storeimpl.h"

namespace moescope::store {
namespace {

ConversationKind kindOf(const QVariant& name) {
    return name.toString() == QLatin1String("comparison") ? ConversationKind::Comparison : ConversationKind::Chat;
}

/** A conversation that somebody else may have removed meanwhile. */
void update(Connection& database, const QString& sql, const QVariantList& values, qint64 id) {
    Transaction transaction(database);
    const int changed = database.query(sql, values).numRowsAffected();
    if (changed == 0) {
        failNotFound("conversation", id);
    }
    transaction.commit();
}

} // namespace

Conversation Store::addConversation(const QString& systemPrompt, const QJsonObject& sampling) {
    Connection& database = *m_impl->database;
    const qint64 time = now();
    qint64 id = 0;
    Transaction transaction(database);
    id =
        database
            .query(QStringLiteral("INSERT INTO conversations (title, created, changed, sampling, system_prompt, draft) "
                                  "VALUES ('', ?, ?, ?, ?, '')"),
                   {time, time, QString::fromUtf8(toJson(sampling)), storable(systemPrompt)})
            .lastInsertId()
            .toLongLong();
    transaction.commit();
    return conversation(id);
}

QList<ConversationRow> Store::conversations(bool deleted) const {
    Connection& database = *m_impl->database;
    QSqlQuery rows =
        database.query(QStringLiteral("SELECT id, title, created, changed, deleted_at, "
                                      "(SELECT count(*) FROM messages WHERE conversation = conversations.id), kind "
                                      "FROM conversations WHERE deleted_at IS %1 ORDER BY changed DESC, id DESC")
                           .arg(deleted ? QStringLiteral("NOT NULL") : QStringLiteral("NULL")));
    QList<ConversationRow> list;
    while (database.next(rows)) {
        ConversationRow row;
        row.id = rows.value(0).toLongLong();
        row.title = rows.value(1).toString();
        row.created = toTime(rows.value(2));
        row.changed = toTime(rows.value(3));
        if (!rows.isNull(4)) {
            row.deleted_at = toTime(rows.value(4));
        }
        row.messages = rows.value(5).toInt();
        row.kind = kindOf(rows.value(6));
        list.append(row);
    }
    return list;
}

Conversation Store::conversation(qint64 id) const {
    Connection& database = *m_impl->database;
    QSqlQuery row =
        database.query(QStringLiteral("SELECT title, created, changed, deleted_at, current_leaf, sampling, "
                                      "system_prompt, draft, kind, comparison FROM conversations WHERE id = ?"),
                       {id});
    if (!database.next(row)) {
        failNotFound("conversation", id);
    }
    Conversation found;
    found.id = id;
    found.title = row.value(0).toString();
    found.created = toTime(row.value(1));
    found.changed = toTime(row.value(2));
    if (!row.isNull(3)) {
        found.deleted_at = toTime(row.value(3));
    }
    found.current_leaf = row.value(4).toLongLong();
    found.sampling = fromJson(row.value(5));
    found.system_prompt = row.value(6).toString();
    found.draft = row.value(7).toString();
    found.kind = kindOf(row.value(8));
    found.comparison = fromJson(row.value(9));
    return found;
}

void Store::rename(qint64 id, const QString& title) {
    update(*m_impl->database, QStringLiteral("UPDATE conversations SET title = ? WHERE id = ?"),
           {storable(titleLine(title)), id}, id);
}

void Store::setDraft(qint64 id, const QString& draft) {
    update(*m_impl->database, QStringLiteral("UPDATE conversations SET draft = ? WHERE id = ?"), {storable(draft), id},
           id);
}

QList<Document> Store::draftDocuments(qint64 id) const {
    Connection& database = *m_impl->database;
    QSqlQuery rows = database.query(
        QStringLiteral("SELECT name, text, tokens FROM draft_documents WHERE conversation IS ? ORDER BY id"),
        {nullIfZero(id)});
    QList<Document> documents;
    while (database.next(rows)) {
        documents.append({rows.value(0).toString(), rows.value(1).toString(), rows.value(2).toUInt()});
    }
    return documents;
}

void Store::setDraftDocuments(qint64 id, const QList<Document>& documents) {
    Connection& database = *m_impl->database;
    Transaction transaction(database);
    if (id != 0 && !database.value(QStringLiteral("SELECT 1 FROM conversations WHERE id = ?"), {id}).isValid()) {
        failNotFound("conversation", id);
    }
    database.query(QStringLiteral("DELETE FROM draft_documents WHERE conversation IS ?"), {nullIfZero(id)});
    for (const Document& document : documents) {
        database.query(
            QStringLiteral("INSERT INTO draft_documents (conversation, name, tokens, text) VALUES (?, ?, ?, ?)"),
            {nullIfZero(id), titleLine(storable(document.name)), document.tokens, storable(document.text)});
    }
    transaction.commit();
}

void Store::setSystemPrompt(qint64 id, const QString& systemPrompt) {
    update(*m_impl->database, QStringLiteral("UPDATE conversations SET system_prompt = ? WHERE id = ?"),
           {storable(systemPrompt), id}, id);
}

void Store::setSampling(qint64 id, const QJsonObject& sampling) {
    update(*m_impl->database, QStringLiteral("UPDATE conversations SET sampling = ? WHERE id = ?"),
           {QString::fromUtf8(toJson(sampling)), id}, id);
}

void Store::setCurrentLeaf(qint64 id, qint64 message) {
    const QVariant owner =
        m_impl->database->value(QStringLiteral("SELECT conversation FROM messages WHERE id = ?"), {message});
    if (owner.toLongLong() != id || !owner.isValid()) {
        failNotFound("message", message);
    }
    update(*m_impl->database, QStringLiteral("UPDATE conversations SET current_leaf = ? WHERE id = ?"), {message, id},
           id);
}

void Store::remove(qint64 id) {
    update(*m_impl->database,
           QStringLiteral("UPDATE conversations SET deleted_at = coalesce(deleted_at, ?) WHERE id = ?"), {now(), id},
           id);
}

void Store::restore(qint64 id) {
    update(*m_impl->database, QStringLiteral("UPDATE conversations SET deleted_at = NULL WHERE id = ?"), {id}, id);
}

} // namespace moescope::store
