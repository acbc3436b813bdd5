// SPDX-License-Identifier: Apache-2.0
#include "app/store/connection.h"

#include <QDir>
#include <QFileInfo>
#include <QSqlError>
#include <QStorageInfo>

#include <algorithm>
#include <atomic>

namespace moescope::store {
namespace {

// Primary result codes of SQLite, the low byte of an extended one: https://www.sqlite.org/rescode.html
enum SqliteCode {
    SqlitePermission = 3,
    SqliteBusy = 5,
    SqliteLocked = 6,
    SqliteReadOnly = 8,
    SqliteCorrupt = 11,
    SqliteFull = 13,
    SqliteCannotOpen = 14,
    SqliteTooBig = 18,
    SqliteConstraint = 19,
    SqliteNotADatabase = 26,
    SqliteCorruptIndex = 267, // extended: from a virtual table
};

std::atomic<quint64> connectionsMade = 0;

} // namespace

Connection::Connection(const QString& file, int busyTimeout, Access access)
    : m_file(file), m_name(QStringLiteral("moescope-store-%1").arg(++connectionsMade)) {
    if (!QSqlDatabase::isDriverAvailable(QStringLiteral("QSQLITE"))) {
        throw trace::Error("store.no_sqlite",
                           "Qt's driver for SQLite is not installed: conversations cannot be stored.");
    }
    m_database = QSqlDatabase::addDatabase(QStringLiteral("QSQLITE"), m_name);
    m_database.setDatabaseName(file);
    m_database.setConnectOptions(QStringLiteral("QSQLITE_BUSY_TIMEOUT=%1").arg(busyTimeout) +
                                 (access == Access::Read ? QStringLiteral(";QSQLITE_OPEN_READONLY") : QString()));
    if (!m_database.open()) {
        const QSqlError error = m_database.lastError();
        m_database = QSqlDatabase();
        QSqlDatabase::removeDatabase(m_name);
        fail(error);
    }
}

Connection::~Connection() {
    m_database.close();
    m_database = QSqlDatabase();
    QSqlDatabase::removeDatabase(m_name);
}

QSqlQuery Connection::query(const QString& sql, const QVariantList& values) {
    QSqlQuery query(m_database);
    query.setForwardOnly(true);
    if (!query.prepare(sql)) {
        fail(query.lastError());
    }
    for (const QVariant& value : values) {
        query.addBindValue(value);
    }
    if (!query.exec()) {
        fail(query.lastError());
    }
    return query;
}

QVariant Connection::value(const QString& sql, const QVariantList& values) {
    QSqlQuery found = query(sql, values);
    return next(found) ? found.value(0) : QVariant();
}

bool Connection::next(QSqlQuery& query) {
    if (query.next()) {
        return true;
    }
    if (query.lastError().isValid()) {
        fail(query.lastError());
    }
    return false;
}

void Connection::fail(const QSqlError& error) {
    const std::string file = QDir::toNativeSeparators(m_file).toStdString();
    const QString folderPath = QFileInfo(m_file).absolutePath();
    const std::string folder = QDir::toNativeSeparators(folderPath).toStdString();
    const std::string detail = error.text().trimmed().toStdString();
    const int extended = error.nativeErrorCode().toInt(); // 0 if Qt itself refused
    const int code = extended & 0xFF;
    switch (code) {
    case SqliteBusy:
    case SqliteLocked:
        throw trace::Error(
            "store.busy", "Another program holds “{file}” locked: the last change to the conversations was not stored.",
            {{"file", file}});
    case SqlitePermission:
    case SqliteReadOnly:
    case SqliteCannotOpen:
        throw trace::Error("store.read_only",
                           "“{file}” cannot be opened for writing ({detail}): conversations cannot be stored. Make the "
                           "folder “{folder}” writable or choose another data folder.",
                           {{"file", file}, {"detail", detail}, {"folder", folder}});
    case SqliteFull: {
        const qint64 free = std::max<qint64>(0, QStorageInfo(folderPath).bytesAvailable());
        throw trace::Error("store.full",
                           "There is no room left for the conversations in “{folder}” ({free} free on its disk): the "
                           "last change was not stored.",
                           {{"folder", folder}, {"free", trace::bytesText(static_cast<uint64_t>(free))}});
    }
    case SqliteCorrupt:
    case SqliteNotADatabase:
        if (extended == SqliteCorruptIndex) {
            throw trace::Error("store.index_damaged", "The search index of “{file}” is damaged ({detail}).",
                               {{"file", file}, {"detail", detail}});
        }
        m_damaged = true;
        throw trace::Error("store.corrupt",
                           "The database of conversations “{file}” is damaged ({detail}). It is checked at the next "
                           "start, and set aside if it cannot be used.",
                           {{"file", file}, {"detail", detail}});
    case SqliteTooBig:
        throw trace::Error("store.too_big", "The text is too long to be stored: {detail}.", {{"detail", detail}});
    case SqliteConstraint:
        throw trace::Error("store.invalid", "The change does not fit the stored conversations: {detail}.",
                           {{"detail", detail}});
    default:
        throw trace::Error("store.io", "“{file}” could not be read or written: {detail}.",
                           {{"file", file}, {"detail", detail}});
    }
}

Transaction::Transaction(Connection& connection, Durability durability) : m_connection(connection) {
    m_connection.query(durability == Durability::Power ? QStringLiteral("PRAGMA synchronous = FULL")
                                                       : QStringLiteral("PRAGMA synchronous = NORMAL"));
    // IMMEDIATE: a reader that becomes a writer would not wait for the lock.
    m_connection.query(QStringLiteral("BEGIN IMMEDIATE"));
}

Transaction::~Transaction() {
    if (m_open) {
        try {
            m_connection.query(QStringLiteral("ROLLBACK"));
        } catch (const trace::Error&) {
            // A full disk has rolled it back already; the error that led here is the one to tell.
        }
    }
}

void Transaction::commit() {
    m_connection.query(QStringLiteral("COMMIT"));
    m_open = false;
}

QString storable(const QString& text) {
    constexpr char16_t byteOrderMark = 0xFEFF;
    qsizetype start = 0;
    while (start < text.size() && text.at(start).unicode() == byteOrderMark) {
        ++start;
    }
    if (start == text.size()) {
        return QLatin1String("");
    }
    QString valid = start == 0 ? text : text.sliced(start);
    for (qsizetype i = 0; i < valid.size(); ++i) {
        const QChar c = std::as_const(valid).at(i);
        if (!c.isSurrogate() && c.unicode() < 0xFFFE) {
            continue;
        }
        if (c.isHighSurrogate() && i + 1 < valid.size() && std::as_const(valid).at(i + 1).isLowSurrogate()) {
            ++i;
        } else {
            valid[i] = QChar(QChar::ReplacementCharacter);
        }
    }
    return valid;
}

} // namespace moescope::store
