// SPDX-License-Identifier: Apache-2.0
#include "app/store/store.h"

#include "app/store/schema.h"
#include "app/store/storeimpl.h"

#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>

namespace moescope::store {
namespace {

constexpr int busyTimeout = 5000;      // ms
constexpr int folderTimeout = 1000;    // ms: a program that is just closing
constexpr int indexedLength = 1 << 18; // UTF-16 units

trace::Error readOnly(const QString& folder, const QString& detail) {
    return trace::Error("store.read_only",
                        "“{file}” cannot be opened for writing ({detail}): conversations cannot be stored. Make the "
                        "folder “{folder}” writable or choose another data folder.",
                        {{"file", QDir::toNativeSeparators(folder + QStringLiteral("/moescope.sqlite")).toStdString()},
                         {"detail", detail.toStdString()},
                         {"folder", QDir::toNativeSeparators(folder).toStdString()}});
}

} // namespace

QDateTime toTime(const QVariant& milliseconds) { return QDateTime::fromMSecsSinceEpoch(milliseconds.toLongLong()); }

QByteArray toJson(const QJsonObject& object) { return QJsonDocument(object).toJson(QJsonDocument::Compact); }

QJsonObject fromJson(const QVariant& text) { return QJsonDocument::fromJson(text.toString().toUtf8()).object(); }

bool isIndexable(const QString& text) { return text.size() <= indexedLength && !text.contains(QChar(QChar::Null)); }

void failNotFound(const char* kind, qint64 id) {
    throw trace::Error("store.not_found", "There is no {kind} {id} any more.",
                       {{"kind", kind}, {"id", std::to_string(id)}});
}

Store::Impl::Impl(const QString& folder, const StoreOptions& wanted) : options(wanted) {
    if (options.in_memory) {
        file = QStringLiteral(":memory:");
        report.created = true;
        openDatabase(false);
        report.file = file;
        return;
    }
    if (folder.isEmpty() || !QDir().mkpath(folder) || !QFileInfo(folder).isDir()) {
        throw trace::Error("store.no_folder",
                           "The data folder “{folder}” does not exist and cannot be made: conversations cannot be "
                           "stored. Choose another data folder.",
                           {{"folder", QDir::toNativeSeparators(folder).toStdString()}});
    }
    file = QDir(folder).absoluteFilePath(QStringLiteral("moescope.sqlite"));
    report.file = file;
    takeLock();
    openFile();
}

Store::Impl::~Impl() {
    const bool damaged = database && database->isDamaged();
    const bool opened = database != nullptr;
    database.reset(); // the last connection brings the log into the file and removes it
    if (opened && !damaged && !options.in_memory) {
        QFile::remove(markerFile());
    }
}

void Store::Impl::takeLock() {
    // An exclusive transaction on a database of its own: the system drops it with the process, however that ends.
    const QString path = file + QStringLiteral("-lock");
    lock = std::make_unique<Connection>(path, folderTimeout);
    if (!QFileInfo(path).isWritable() && QFileInfo::exists(path)) {
        throw readOnly(QFileInfo(file).absolutePath(), QStringLiteral("no right to write"));
    }
    try {
        lock->query(QStringLiteral("BEGIN EXCLUSIVE"));
    } catch (const trace::Error& error) {
        if (error.id() != "store.busy") {
            throw;
        }
        throw trace::Error("store.in_use",
                           "The conversations in “{folder}” are open in another Moescope. Close it, or choose another "
                           "data folder for this one.",
                           {{"folder", QDir::toNativeSeparators(QFileInfo(file).absolutePath()).toStdString()}});
    }
}

void Store::Impl::openFile() {
    const FileKind kind = inspectFile(file);
    const bool unclean = QFile::exists(markerFile());
    report.created = kind == FileKind::New;
    try {
        if (kind == FileKind::Damaged) {
            throw trace::Error("store.corrupt", "{detail}", {{"detail", "it is not a database"}});
        }
        openDatabase(unclean && kind == FileKind::Ours);
    } catch (const trace::Error& error) {
        if (error.id() != "store.corrupt") {
            throw;
        }
        setAside(error);
        openDatabase(false);
    }
}

void Store::Impl::openDatabase(bool unclean) {
    if (!options.in_memory) {
        QFile marker(markerFile());
        if (!marker.open(QIODevice::WriteOnly)) {
            throw readOnly(QFileInfo(file).absolutePath(), marker.errorString());
        }
        if (!QFile::exists(file)) {
            // Conversations are private; the log takes over the rights of the file.
            QFile created(file);
            if (!created.open(QIODevice::WriteOnly)) {
                throw readOnly(QFileInfo(file).absolutePath(), created.errorString());
            }
            created.setPermissions(QFileDevice::ReadOwner | QFileDevice::WriteOwner);
        }
    }
    database = std::make_unique<Connection>(file, busyTimeout);
    const int found = schemaVersionOf(*database);
    if (found > schemaVersion) {
        migrate(*database, migrations()); // says so: the newer version stood in the log alone
    }
    database->query(QStringLiteral("PRAGMA foreign_keys = ON"));
    database->query(QStringLiteral("PRAGMA temp_store = MEMORY"));
    const QString mode = database->value(QStringLiteral("PRAGMA journal_mode = WAL")).toString();
    if (!options.in_memory && mode != QLatin1String("wal")) {
        throw trace::Error("store.io", "“{file}” could not be read or written: {detail}.",
                           {{"file", QDir::toNativeSeparators(file).toStdString()},
                            {"detail", "its file system allows no write-ahead log"}});
    }
    database->query(QStringLiteral("PRAGMA journal_size_limit = 67108864"));
    if (options.max_pages > 0) {
        database->query(QStringLiteral("PRAGMA max_page_count = %1").arg(options.max_pages));
    }
    if (unclean) {
        checkWhole();
    }
    requireSearch(*database);
    report.migrated_from = report.created ? 0 : found;
    migrate(*database, migrations());
    endStreaming();
    purge();
}

void Store::Impl::checkWhole() {
    report.checked = true;
    const QString result = database->value(QStringLiteral("PRAGMA quick_check(1)")).toString();
    if (result != QLatin1String("ok")) {
        throw trace::Error("store.corrupt", "{detail}", {{"detail", result.simplified().toStdString()}});
    }
}

void Store::Impl::endStreaming() {
    database->query(QStringLiteral("UPDATE runs SET state = 'queued' WHERE state = 'running'"));
    QList<qint64> ids;
    {
        QSqlQuery rows = database->query(QStringLiteral("SELECT id FROM messages WHERE state = 'streaming'"));
        while (database->next(rows)) {
            ids.append(rows.value(0).toLongLong());
        }
    }
    if (ids.isEmpty()) {
        return;
    }
    Transaction transaction(*database);
    for (const qint64 id : ids) {
        QString text = database->value(QStringLiteral("SELECT text FROM messages WHERE id = ?"), {id}).toString();
        QSqlQuery parts =
            database->query(QStringLiteral("SELECT text FROM answer_parts WHERE message = ? ORDER BY part"), {id});
        while (database->next(parts)) {
            text += parts.value(0).toString();
        }
        parts.finish();
        database->query(QStringLiteral("UPDATE messages SET state = 'interrupted', text = ?, indexed = ? WHERE id = ?"),
                        {storable(text), int(isIndexable(text)), id});
        database->query(QStringLiteral("DELETE FROM answer_parts WHERE message = ?"), {id});
    }
    transaction.commit();
    report.interrupted = static_cast<int>(ids.size());
}

void Store::Impl::purge() {
    constexpr qint64 day = 24LL * 60 * 60 * 1000;
    const qint64 limit = now() - options.purge_after_days * day;
    const QString doomed = QStringLiteral("FROM conversations WHERE deleted_at IS NOT NULL AND deleted_at < ?");
    const int count = database->value(QStringLiteral("SELECT count(*) ") + doomed, {limit}).toInt();
    if (count == 0) {
        return;
    }
    Transaction transaction(*database);
    database->query(QStringLiteral("DELETE ") + doomed, {limit});
    transaction.commit();
    report.purged = count;
}

void Store::Impl::setAside(const trace::Error& reason) {
    database.reset();
    const QString stamp = QDateTime::currentDateTime().toString(QStringLiteral("yyyyMMdd-HHmmss"));
    const QString wanted = file + QStringLiteral(".corrupt-") + stamp;
    QString aside = wanted;
    for (int n = 2; QFile::exists(aside) || QFile::exists(aside + QStringLiteral("-wal")); ++n) {
        aside = wanted + QStringLiteral("-%1").arg(n);
    }
    // The log first: a file without its log would still open, with older contents.
    for (const QString& suffix : {QStringLiteral("-wal"), QString()}) {
        if (QFile::exists(file + suffix) && !QFile::rename(file + suffix, aside + suffix)) {
            throw readOnly(QFileInfo(file).absolutePath(), QStringLiteral("a damaged database cannot be set aside"));
        }
    }
    QFile::remove(file + QStringLiteral("-shm")); // an index of the log, made anew from it
    report.set_aside = aside;
    report.created = true;
    std::string detail = reason.what();
    for (const auto& [name, value] : reason.arguments()) {
        detail = name == "detail" ? value : detail;
    }
    report.notice = trace::Error("store.set_aside",
                                 "The database of conversations was damaged ({detail}). It is kept as “{file}”, and a "
                                 "new one was made.",
                                 {{"detail", detail}, {"file", QDir::toNativeSeparators(aside).toStdString()}});
}

Store::Store(const QString& folder, const StoreOptions& options) : m_impl(std::make_unique<Impl>(folder, options)) {}

Store::~Store() = default;

const OpenReport& Store::report() const { return m_impl->report; }

bool Store::isInMemory() const { return m_impl->options.in_memory; }

QJsonValue Store::setting(const QString& name) const {
    const QVariant text = m_impl->database->value(QStringLiteral("SELECT value FROM settings WHERE name = ?"), {name});
    // In an array: JSON documents of old know no plain values.
    const QJsonArray holder = QJsonDocument::fromJson(text.toString().toUtf8()).array();
    return holder.isEmpty() ? QJsonValue(QJsonValue::Undefined) : holder.first();
}

void Store::setSetting(const QString& name, const QJsonValue& value) {
    Transaction transaction(*m_impl->database);
    if (value.isUndefined()) {
        m_impl->database->query(QStringLiteral("DELETE FROM settings WHERE name = ?"), {name});
    } else {
        const QString text = QString::fromUtf8(QJsonDocument(QJsonArray{value}).toJson(QJsonDocument::Compact));
        m_impl->database->query(QStringLiteral("INSERT INTO settings (name, value) VALUES (?, ?) "
                                               "ON CONFLICT (name) DO UPDATE SET value = excluded.value"),
                                {name, text});
    }
    transaction.commit();
}

void Store::backUp(const QString& path) const {
    if (QFileInfo::exists(path)) {
        throw trace::Error("store.backup_exists", "“{file}” exists already: a backup never overwrites a file.",
                           {{"file", QDir::toNativeSeparators(path).toStdString()}});
    }
    try {
        m_impl->database->query(QStringLiteral("VACUUM INTO ?"), {path});
    } catch (const trace::Error&) {
        QFile::remove(path);
        throw;
    }
}

} // namespace moescope::store
