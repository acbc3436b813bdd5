// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/store/connection.h"

#include <QStringList>

#include <span>

namespace moescope::store {

/** In the header of the file: "MoeS". Tells our database from any other. */
inline constexpr quint32 applicationId = 0x4D6F6553;

/** Statements that bring the schema from version n − 1 to n. A released migration is never changed. */
struct Migration {
    int version = 0;
    QStringList statements;
};

/** All migrations, 1 … Store::schemaVersion. */
const QList<Migration>& migrations();

int schemaVersionOf(Connection& connection);

/** Runs the migrations above the file's version, each in one transaction that also sets the version. Throws
 *  store.newer if the file's version is above the last one. */
void migrate(Connection& connection, const QList<Migration>& steps);

/** Throws store.no_search if this SQLite has no FTS5 with the trigram tokenizer. */
void requireSearch(Connection& connection);

/** What lies on the disk before SQLite has touched it. */
enum class FileKind {
    New,     ///< absent or empty
    Ours,    ///< of this version or older
    Damaged, ///< not a database
};

/** Reads the header of `file`. Throws store.newer or store.foreign for databases that are to stay as they are,
 *  store.io if it cannot be read. Only while no connection of this process is open on it. */
FileKind inspectFile(const QString& file);

} // namespace moescope::store
