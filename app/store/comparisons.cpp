// SPDX-License-Identifier: Apache-2.0
#include "app/store/storeimpl.h"

#include <array>

namespace moescope::store {
namespace {

constexpr std::array<std::pair<RunState, const char*>, 5> runStates = {{{RunState::Queued, "queued"},
                                                                        {RunState::Running, "running"},
                                                                        {RunState::Done, "done"},
                                                                        {RunState::Cancelled, "cancelled"},
                                                                        {RunState::Failed, "failed"}}};

QString nameOf(RunState state) {
    for (const auto& [one, name] : runStates) {
        if (one == state) {
            return QString::fromLatin1(name);
        }
    }
    return {};
}

RunState runStateOf(const QString& name) {
    for (const auto& [state, one] : runStates) {
        if (name == QLatin1String(one)) {
            return state;
        }
    }
    return RunState::Failed;
}

void requireComparison(Connection& database, qint64 id) {
    const QVariant kind = database.value(QStringLiteral("SELECT kind FROM conversations WHERE id = ?"), {id});
    if (kind.toString() != QLatin1String("comparison")) {
        failNotFound("comparison", id);
    }
}

/** A message of a run must be one of its comparison, or none. */
void requireMessage(Connection& database, qint64 comparison, qint64 message) {
    const QVariant owner = database.value(QStringLiteral("SELECT conversation FROM messages WHERE id = ?"), {message});
    if (message != 0 && owner.toLongLong() != comparison) {
        failNotFound("message", message);
    }
}

Run runOf(QSqlQuery& row) {
    Run run;
    run.id = row.value(0).toLongLong();
    run.conversation = row.value(1).toLongLong();
    run.state = runStateOf(row.value(2).toString());
    run.prompt = row.value(3).toLongLong();
    run.answer = row.value(4).toLongLong();
    run.error_id = row.value(5).toString();
    run.error = row.value(6).toString();
    run.settings = fromJson(row.value(7));
    run.result = fromJson(row.value(8));
    return run;
}

const QString& runColumns() {
    static const QString columns =
        QStringLiteral("SELECT id, conversation, state, prompt, answer, error_id, error, settings, result FROM runs ");
    return columns;
}

Run runWith(Connection& database, qint64 id) {
    QSqlQuery row = database.query(runColumns() + QStringLiteral("WHERE id = ?"), {id});
    if (!database.next(row)) {
        failNotFound("run", id);
    }
    return runOf(row);
}

/** What is about to go must not be in view. */
void leaveView(Connection& database, qint64 comparison, qint64 message) {
    database.query(QStringLiteral("UPDATE conversations SET current_leaf = NULL WHERE id = ? AND current_leaf = ?"),
                   {comparison, message});
}

/** Unless something was written behind it. */
void removeAnswer(Connection& database, const Run& run) {
    leaveView(database, run.conversation, run.answer);
    database.query(QStringLiteral("DELETE FROM messages WHERE id = ? AND NOT EXISTS "
                                  "(SELECT 1 FROM messages AS child WHERE child.parent = messages.id)"),
                   {run.answer});
}

} // namespace

Conversation Store::addComparison(const QString& question, const QJsonObject& settings) {
    Connection& database = *m_impl->database;
    const qint64 time = now();
    Transaction transaction(database);
    const qint64 id = database
                          .query(QStringLiteral("INSERT INTO conversations (title, created, changed, sampling, "
                                                "system_prompt, draft, kind, comparison) "
                                                "VALUES (?, ?, ?, '{}', '', '', 'comparison', ?)"),
                                 {storable(titleFrom(question)), time, time, QString::fromUtf8(toJson(settings))})
                          .lastInsertId()
                          .toLongLong();
    transaction.commit();
    return conversation(id);
}

void Store::setComparison(qint64 id, const QJsonObject& settings) {
    Connection& database = *m_impl->database;
    Transaction transaction(database);
    requireComparison(database, id);
    database.query(QStringLiteral("UPDATE conversations SET comparison = ? WHERE id = ?"),
                   {QString::fromUtf8(toJson(settings)), id});
    transaction.commit();
}

QList<Run> Store::runs(qint64 comparison) const {
    Connection& database = *m_impl->database;
    QSqlQuery rows = database.query(runColumns() + QStringLiteral("WHERE conversation = ? ORDER BY id"), {comparison});
    QList<Run> runs;
    while (database.next(rows)) {
        runs.append(runOf(rows));
    }
    return runs;
}

Run Store::addRun(qint64 comparison, const QJsonObject& settings) {
    Connection& database = *m_impl->database;
    Transaction transaction(database);
    requireComparison(database, comparison);
    Run run;
    run.conversation = comparison;
    run.settings = settings;
    run.id = database
                 .query(QStringLiteral("INSERT INTO runs (conversation, state, settings, result) "
                                       "VALUES (?, 'queued', ?, '{}')"),
                        {comparison, QString::fromUtf8(toJson(settings))})
                 .lastInsertId()
                 .toLongLong();
    database.query(QStringLiteral("UPDATE conversations SET changed = ? WHERE id = ?"), {now(), comparison});
    transaction.commit();
    return run;
}

void Store::changeRun(const Run& run) {
    Connection& database = *m_impl->database;
    Transaction transaction(database);
    const QVariant comparison = database.value(QStringLiteral("SELECT conversation FROM runs WHERE id = ?"), {run.id});
    if (!comparison.isValid()) {
        failNotFound("run", run.id);
    }
    requireMessage(database, comparison.toLongLong(), run.prompt);
    requireMessage(database, comparison.toLongLong(), run.answer);
    database.query(QStringLiteral("UPDATE runs SET state = ?, prompt = ?, answer = ?, error_id = ?, error = ?, "
                                  "settings = ?, result = ? WHERE id = ?"),
                   {nameOf(run.state), nullIfZero(run.prompt), nullIfZero(run.answer), storable(run.error_id),
                    storable(run.error), QString::fromUtf8(toJson(run.settings)), QString::fromUtf8(toJson(run.result)),
                    run.id});
    transaction.commit();
}

Run Store::restartRun(qint64 id) {
    Connection& database = *m_impl->database;
    Transaction transaction(database);
    Run run = runWith(database, id);
    removeAnswer(database, run);
    run.answer = 0;
    run.state = RunState::Queued;
    run.error_id.clear();
    run.error.clear();
    run.result = {};
    database.query(
        QStringLiteral("UPDATE runs SET state = ?, answer = NULL, error_id = NULL, error = NULL, result = '{}' "
                       "WHERE id = ?"),
        {nameOf(run.state), id});
    transaction.commit();
    return run;
}

void Store::removeRun(qint64 id) {
    Connection& database = *m_impl->database;
    Transaction transaction(database);
    const Run run = runWith(database, id);
    database.query(QStringLiteral("DELETE FROM runs WHERE id = ?"), {id});
    removeAnswer(database, run);
    // A prompt that other runs answer stays, and one that was gone on from.
    leaveView(database, run.conversation, run.prompt);
    database.query(QStringLiteral("DELETE FROM messages WHERE id = ? AND NOT EXISTS "
                                  "(SELECT 1 FROM messages AS child WHERE child.parent = messages.id) AND NOT EXISTS "
                                  "(SELECT 1 FROM runs WHERE prompt = messages.id)"),
                   {run.prompt});
    transaction.commit();
}

} // namespace moescope::store
