// SPDX-License-Identifier: Apache-2.0
#include "app/store/schema.h"

#include "app/store/store.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QtEndian>

namespace moescope::store {
namespace {

QStringList firstSchema() {
    return {
        // Long texts come last in a row: the columns before them are read without their pages.
        QStringLiteral(R"(CREATE TABLE conversations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  title TEXT NOT NULL,
  created INTEGER NOT NULL,
  changed INTEGER NOT NULL,
  deleted_at INTEGER,
  current_leaf INTEGER,
  sampling TEXT NOT NULL,
  system_prompt TEXT NOT NULL,
  draft TEXT NOT NULL,
  FOREIGN KEY (id, current_leaf) REFERENCES messages (conversation, id) DEFERRABLE INITIALLY DEFERRED
) STRICT)"),
        QStringLiteral("CREATE INDEX conversations_list ON conversations (deleted_at, changed)"),
        // A parent is a message of the same conversation. No cascade along parents: a long chat would exceed
        // SQLite's depth of triggers; messages go with their conversation.
        QStringLiteral(R"(CREATE TABLE messages (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  parent INTEGER,
  role TEXT NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
  state TEXT NOT NULL CHECK (state IN ('complete', 'streaming', 'interrupted', 'cancelled', 'failed')),
  created INTEGER NOT NULL,
  model_name TEXT,
  model_file TEXT,
  model_type TEXT,
  model_parameters INTEGER,
  sampling TEXT,
  seed INTEGER,
  prefill_ms REAL NOT NULL DEFAULT 0,
  prefill_tokens INTEGER NOT NULL DEFAULT 0,
  reused_tokens INTEGER NOT NULL DEFAULT 0,
  first_token_ms REAL NOT NULL DEFAULT 0,
  decode_ms REAL NOT NULL DEFAULT 0,
  decode_tokens INTEGER NOT NULL DEFAULT 0,
  stop_reason TEXT,
  error_id TEXT,
  error TEXT,
  indexed INTEGER NOT NULL,
  text TEXT NOT NULL,
  UNIQUE (conversation, id),
  FOREIGN KEY (conversation, parent) REFERENCES messages (conversation, id) DEFERRABLE INITIALLY DEFERRED
) STRICT)"),
        QStringLiteral("CREATE INDEX messages_parent ON messages (conversation, parent)"),
        QStringLiteral("CREATE INDEX messages_streaming ON messages (id) WHERE state = 'streaming'"),
        QStringLiteral("CREATE INDEX messages_not_indexed ON messages (id) WHERE indexed = 0"),
        QStringLiteral(R"(CREATE TABLE answer_parts (
  message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  part INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (message, part)
) STRICT)"),
        QStringLiteral(R"(CREATE TABLE traces (
  message INTEGER NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
  part INTEGER NOT NULL,
  tokens INTEGER NOT NULL,
  data BLOB NOT NULL,
  PRIMARY KEY (message, part)
) STRICT)"),
        QStringLiteral("CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID"),
        QStringLiteral("CREATE VIRTUAL TABLE title_search USING fts5 (title, content = 'conversations', "
                       "content_rowid = 'id', tokenize = 'trigram')"),
        QStringLiteral(R"(CREATE TRIGGER title_search_insert AFTER INSERT ON conversations BEGIN
  INSERT INTO title_search (rowid, title) VALUES (new.id, new.title);
END)"),
        QStringLiteral(R"(CREATE TRIGGER title_search_update AFTER UPDATE OF title ON conversations BEGIN
  INSERT INTO title_search (title_search, rowid, title) VALUES ('delete', old.id, old.title);
  INSERT INTO title_search (rowid, title) VALUES (new.id, new.title);
END)"),
        QStringLiteral(R"(CREATE TRIGGER title_search_delete AFTER DELETE ON conversations BEGIN
  INSERT INTO title_search (title_search, rowid, title) VALUES ('delete', old.id, old.title);
END)"),
        QStringLiteral("CREATE VIEW indexed_texts (id, text) AS SELECT id, text FROM messages WHERE indexed = 1"),
        QStringLiteral("CREATE VIRTUAL TABLE text_search USING fts5 (text, content = 'indexed_texts', "
                       "content_rowid = 'id', tokenize = 'trigram')"),
        QStringLiteral(R"(CREATE TRIGGER text_search_insert AFTER INSERT ON messages WHEN new.indexed = 1 BEGIN
  INSERT INTO text_search (rowid, text) VALUES (new.id, new.text);
END)"),
        QStringLiteral(R"(CREATE TRIGGER text_search_update AFTER UPDATE OF text, indexed ON messages BEGIN
  INSERT INTO text_search (text_search, rowid, text) SELECT 'delete', old.id, old.text WHERE old.indexed = 1;
  INSERT INTO text_search (rowid, text) SELECT new.id, new.text WHERE new.indexed = 1;
END)"),
        QStringLiteral(R"(CREATE TRIGGER text_search_delete AFTER DELETE ON messages WHEN old.indexed = 1 BEGIN
  INSERT INTO text_search (text_search, rowid, text) VALUES ('delete', old.id, old.text);
END)"),
    };
}

QStringList thinkingTimes() {
    return {QStringLiteral("ALTER TABLE messages ADD COLUMN thinking_ms REAL NOT NULL DEFAULT 0"),
            QStringLiteral("ALTER TABLE messages ADD COLUMN thinking_tokens INTEGER NOT NULL DEFAULT 0")};
}

/** What is searched of an answer begins behind its thinking: at a character of the text, as substr() counts them. */
QStringList searchedAnswers() {
    return {
        QStringLiteral("ALTER TABLE messages ADD COLUMN answer_begin INTEGER NOT NULL DEFAULT 0"),
        QStringLiteral("DROP TRIGGER text_search_insert"),
        QStringLiteral("DROP TRIGGER text_search_update"),
        QStringLiteral("DROP TRIGGER text_search_delete"),
        QStringLiteral("DROP VIEW indexed_texts"),
        QStringLiteral("CREATE VIEW indexed_texts (id, text) AS SELECT id, substr(text, answer_begin + 1) "
                       "FROM messages WHERE indexed = 1"),
        QStringLiteral(R"(CREATE TRIGGER text_search_insert AFTER INSERT ON messages WHEN new.indexed = 1 BEGIN
  INSERT INTO text_search (rowid, text) VALUES (new.id, substr(new.text, new.answer_begin + 1));
END)"),
        QStringLiteral(
            R"(CREATE TRIGGER text_search_update AFTER UPDATE OF text, indexed, answer_begin ON messages BEGIN
  INSERT INTO text_search (text_search, rowid, text)
    SELECT 'delete', old.id, substr(old.text, old.answer_begin + 1) WHERE old.indexed = 1;
  INSERT INTO text_search (rowid, text) SELECT new.id, substr(new.text, new.answer_begin + 1) WHERE new.indexed = 1;
END)"),
        QStringLiteral(R"(CREATE TRIGGER text_search_delete AFTER DELETE ON messages WHEN old.indexed = 1 BEGIN
  INSERT INTO text_search (text_search, rowid, text)
    VALUES ('delete', old.id, substr(old.text, old.answer_begin + 1));
END)"),
    };
}

QStringList activeParameters() {
    return {QStringLiteral("ALTER TABLE messages ADD COLUMN model_active_parameters INTEGER NOT NULL DEFAULT 0")};
}

/** The what-if that an answer was made with, as recipeText() writes it. NULL: none. */
QStringList recipes() { return {QStringLiteral("ALTER TABLE messages ADD COLUMN recipe TEXT")}; }

/** A comparison is a conversation of another kind, whose runs are branches of it: a prompt and its answer. And states of the KV
 *  cache that outlive the program. */
QStringList comparisons() {
    return {
        QStringLiteral("ALTER TABLE conversations ADD COLUMN kind TEXT NOT NULL DEFAULT 'chat' "
                       "CHECK (kind IN ('chat', 'comparison'))"),
        QStringLiteral("ALTER TABLE conversations ADD COLUMN comparison TEXT NOT NULL DEFAULT '{}'"),
        QStringLiteral(R"(CREATE TABLE runs (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation INTEGER NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
  state TEXT NOT NULL CHECK (state IN ('queued', 'running', 'done', 'cancelled', 'failed')),
  prompt INTEGER REFERENCES messages (id) ON DELETE SET NULL,
  answer INTEGER REFERENCES messages (id) ON DELETE SET NULL,
  error_id TEXT,
  error TEXT,
  settings TEXT NOT NULL,
  result TEXT NOT NULL
) STRICT)"),
        QStringLiteral("CREATE INDEX runs_of ON runs (conversation, id)"),
        QStringLiteral("CREATE INDEX runs_prompt ON runs (prompt)"),
        QStringLiteral("CREATE INDEX runs_answer ON runs (answer)"),
        // Which saved state of the KV cache an answer ends in. Its rows lie in a folder beside the database.
        QStringLiteral(R"(CREATE TABLE kv_states (
  message INTEGER PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
  leaf BLOB NOT NULL,
  key TEXT NOT NULL
) STRICT)"),
    };
}

/** What of a prompt's text is documents, as documentsText() writes it (NULL: nothing), and which part of its branch an
 *  answer was given (NULL: all of it). The documents of a draft stand apart; without a conversation they are of the chat
 *  that is not stored yet. */
QStringList documentsAndViews() {
    return {
        QStringLiteral("ALTER TABLE messages ADD COLUMN documents TEXT"),
        QStringLiteral("ALTER TABLE messages ADD COLUMN view_from INTEGER REFERENCES messages (id) "
                       "DEFERRABLE INITIALLY DEFERRED"),
        QStringLiteral("ALTER TABLE messages ADD COLUMN view_above INTEGER NOT NULL DEFAULT 0"),
        QStringLiteral("CREATE INDEX messages_view ON messages (view_from) WHERE view_from IS NOT NULL"),
        QStringLiteral(R"(CREATE TABLE draft_documents (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  conversation INTEGER REFERENCES conversations (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  tokens INTEGER NOT NULL,
  text TEXT NOT NULL
) STRICT)"),
        QStringLiteral("CREATE INDEX draft_documents_of ON draft_documents (conversation, id)"),
    };
}

[[noreturn]] void failNewer(const QString& file, qint64 found, int known) {
    throw trace::Error("store.newer",
                       "“{file}” was written by a newer Moescope (schema {found}; this one knows {known}). It was left "
                       "as it is: use the newer program or choose another data folder.",
                       {{"file", QDir::toNativeSeparators(file).toStdString()},
                        {"found", std::to_string(found)},
                        {"known", std::to_string(known)}});
}

} // namespace

const QList<Migration>& migrations() {
    static const QList<Migration> all = {{1, firstSchema()},      {2, thinkingTimes()}, {3, searchedAnswers()},
                                         {4, activeParameters()}, {5, recipes()},       {6, comparisons()},
                                         {7, documentsAndViews()}};
    return all;
}

int schemaVersionOf(Connection& connection) { return connection.value(QStringLiteral("PRAGMA user_version")).toInt(); }

void migrate(Connection& connection, const QList<Migration>& steps) {
    const int found = schemaVersionOf(connection);
    const int known = steps.isEmpty() ? 0 : steps.last().version;
    if (found > known) {
        failNewer(connection.file(), found, known);
    }
    for (const Migration& step : steps) {
        if (step.version <= found) {
            continue;
        }
        Transaction transaction(connection, Durability::Power);
        for (const QString& statement : step.statements) {
            connection.query(statement);
        }
        connection.query(QStringLiteral("PRAGMA application_id = %1").arg(applicationId));
        connection.query(QStringLiteral("PRAGMA user_version = %1").arg(step.version));
        transaction.commit();
    }
}

void requireSearch(Connection& connection) {
    try {
        connection.query(QStringLiteral("CREATE VIRTUAL TABLE temp.search_probe USING fts5 (t, tokenize = 'trigram')"));
        connection.query(QStringLiteral("INSERT INTO temp.search_probe (t) VALUES ('moescope')"));
        const QVariant hit = connection.value(
            QStringLiteral("SELECT count(*) FROM temp.search_probe WHERE search_probe MATCH '\"Scop\"'"));
        connection.query(QStringLiteral("DROP TABLE temp.search_probe"));
        if (hit.toInt() == 1) {
            return;
        }
    } catch (const trace::Error& error) {
        if (error.id() != "store.io") {
            throw; // a full or damaged disk says nothing about FTS5
        }
    }
    const QString version = connection.value(QStringLiteral("SELECT sqlite_version()")).toString();
    throw trace::Error("store.no_search",
                       "SQLite {version} has no full-text search with trigrams (FTS5, 3.34 or later), which the "
                       "conversations need.",
                       {{"version", version.toStdString()}});
}

FileKind inspectFile(const QString& file) {
    const QFileInfo info(file);
    const std::string name = QDir::toNativeSeparators(file).toStdString();
    if (!info.exists() && !info.isSymLink()) {
        return FileKind::New;
    }
    if (!info.isFile()) {
        throw trace::Error("store.foreign", "“{file}” is not a file: conversations cannot be stored there.",
                           {{"file", name}});
    }
    QFile bytes(file);
    if (!bytes.open(QIODevice::ReadOnly)) {
        throw trace::Error("store.io", "“{file}” could not be read or written: {detail}.",
                           {{"file", name}, {"detail", bytes.errorString().toStdString()}});
    }
    if (bytes.size() == 0) {
        return FileKind::New;
    }
    // The file format: 100 bytes, big-endian; user version at 60, application id at 68.
    const QByteArray header = bytes.read(100);
    if (header.size() < 100 || !header.startsWith(QByteArrayView("SQLite format 3\0", 16).toByteArray())) {
        return FileKind::Damaged;
    }
    const auto version = qFromBigEndian<qint32>(header.constData() + 60);
    const auto application = qFromBigEndian<quint32>(header.constData() + 68);
    if (application != applicationId && (application != 0 || version != 0)) {
        throw trace::Error("store.foreign",
                           "“{file}” is a database of another program. It was left as it is: choose another data "
                           "folder.",
                           {{"file", name}});
    }
    if (version > Store::schemaVersion) {
        failNewer(file, version, Store::schemaVersion);
    }
    return FileKind::Ours;
}

} // namespace moescope::store
