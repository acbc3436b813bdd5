// SPDX-License-Identifier: Apache-2.0
#include "app/store/storeimpl.h"

namespace moescope::store {

void Store::setKvState(qint64 answer, const KvState& state) {
    Connection& database = *m_impl->database;
    Transaction transaction(database);
    if (!database.value(QStringLiteral("SELECT id FROM messages WHERE id = ?"), {answer}).isValid()) {
        failNotFound("message", answer);
    }
    database.query(QStringLiteral("INSERT INTO kv_states (message, leaf, key) VALUES (?, ?, ?) "
                                  "ON CONFLICT (message) DO UPDATE SET leaf = excluded.leaf, key = excluded.key"),
                   {answer, state.leaf, storable(state.key)});
    transaction.commit();
}

void Store::moveKvStates(const QList<QPair<QByteArray, QByteArray>>& moved) {
    Connection& database = *m_impl->database;
    Transaction transaction(database);
    for (const auto& [from, to] : moved) {
        if (to.isEmpty()) {
            database.query(QStringLiteral("DELETE FROM kv_states WHERE leaf = ?"), {from});
        } else {
            database.query(QStringLiteral("UPDATE kv_states SET leaf = ? WHERE leaf = ?"), {to, from});
        }
    }
    transaction.commit();
}

std::optional<KvState> Store::kvState(qint64 message) const {
    Connection& database = *m_impl->database;
    QSqlQuery row = database.query(QStringLiteral(R"(WITH RECURSIVE above (id, parent, depth) AS (
  SELECT id, parent, 0 FROM messages WHERE id = ?
  UNION ALL SELECT messages.id, messages.parent, depth + 1 FROM messages JOIN above ON messages.id = above.parent)
SELECT leaf, key FROM above JOIN kv_states ON kv_states.message = above.id ORDER BY depth LIMIT 1)"),
                                   {message});
    if (!database.next(row)) {
        return std::nullopt;
    }
    return KvState{row.value(0).toByteArray(), row.value(1).toString()};
}

QList<QByteArray> Store::kvLeaves() const {
    Connection& database = *m_impl->database;
    QSqlQuery rows = database.query(QStringLiteral(
        "SELECT DISTINCT leaf FROM kv_states JOIN messages ON messages.id = kv_states.message "
        "JOIN conversations ON conversations.id = messages.conversation WHERE conversations.deleted_at IS NULL"));
    QList<QByteArray> leaves;
    while (database.next(rows)) {
        leaves.append(rows.value(0).toByteArray());
    }
    return leaves;
}

int Store::kvConversations() const {
    return m_impl->database
        ->value(QStringLiteral("SELECT count(DISTINCT conversations.id) FROM kv_states "
                               "JOIN messages ON messages.id = kv_states.message "
                               "JOIN conversations ON conversations.id = messages.conversation "
                               "WHERE conversations.deleted_at IS NULL"))
        .toInt();
}

void Store::forgetKvStates() { m_impl->database->query(QStringLiteral("DELETE FROM kv_states")); }

} // namespace moescope::store
