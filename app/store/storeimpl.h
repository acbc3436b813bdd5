// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/store/connection.h"
#include "app/store/store.h"

#include <QDateTime>

#include <optional>

namespace moescope::store {

/** The inside of Store: its files and its connection. */
struct Store::Impl {
    Impl(const QString& folder, const StoreOptions& options);
    ~Impl();
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    StoreOptions options;
    QString file; ///< ":memory:" without a folder
    OpenReport report;
    std::unique_ptr<Connection> lock; ///< holds the folder while it lives; its end, even by a kill, frees it
    std::unique_ptr<Connection> database;

private:
    void takeLock();
    void openFile();
    void openDatabase(bool unclean);
    void checkWhole();
    void endStreaming();
    void purge();
    void setAside(const trace::Error& reason);
    QString markerFile() const { return file + QStringLiteral("-open"); }
};

inline qint64 now() { return QDateTime::currentMSecsSinceEpoch(); }
inline QVariant nullIfZero(qint64 id) { return id == 0 ? QVariant() : QVariant(id); }
QDateTime toTime(const QVariant& milliseconds);

QByteArray toJson(const QJsonObject& object);
/** Empty if it is no JSON object: one bad field must not make a conversation unreadable. */
QJsonObject fromJson(const QVariant& text);

/** Whether the full-text index takes `text`: it stops at NUL, and a very long text would cost seconds. Such messages
 *  are searched by reading them. */
bool isIndexable(const QString& text);

/** Store::search() on any connection to the file; throws store.index_damaged as well. */
SearchResult searchIn(Connection& database, const QString& query, int limit, const std::atomic<bool>* cancel);

[[noreturn]] void failNotFound(const char* kind, qint64 id);

} // namespace moescope::store
