// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/error.h"

#include <QSqlDatabase>
#include <QSqlQuery>
#include <QString>
#include <QVariantList>

namespace moescope::store {

enum class Access {
    Write,
    Read, ///< the file must be there
};

/** One connection of SQLite. Every failure is a trace::Error with an id of the store. */
class Connection {
public:
    /** `busyTimeout`: ms to wait for a lock of another program. */
    Connection(const QString& file, int busyTimeout, Access access = Access::Write);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    /** Prepares, binds in order and runs; the rows are read with next(). */
    QSqlQuery query(const QString& sql, const QVariantList& values = {});
    /** The first column of the first row; invalid without a row. */
    QVariant value(const QString& sql, const QVariantList& values = {});
    bool next(QSqlQuery& query);

    const QString& file() const { return m_file; }
    /** SQLite said that the file is damaged. */
    bool isDamaged() const { return m_damaged; }

private:
    [[noreturn]] void fail(const QSqlError& error);

    QString m_file;
    QString m_name; // of the connection
    QSqlDatabase m_database;
    bool m_damaged = false;
};

enum class Durability {
    Program, ///< survives the end of the program
    Power,   ///< survives a power failure: waits for the disk
};

/** One transaction that may write; rolled back unless committed. */
class Transaction {
public:
    explicit Transaction(Connection& connection, Durability durability = Durability::Program);
    ~Transaction();
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;

    void commit();

private:
    Connection& m_connection;
    bool m_open = true;
};

/** Text as SQLite can hold it: half surrogate pairs and the noncharacters U+FFFE and U+FFFF become U+FFFD, byte order
 *  marks at the start go; never null. */
QString storable(const QString& text);

} // namespace moescope::store
