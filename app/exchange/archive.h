// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/error.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QDateTime>
#include <QHash>
#include <QString>
#include <QStringList>

#include <memory>

namespace moescope::exchange {

/** A file that is being read, for the sentences on what is wrong with it. */
class Source {
public:
    explicit Source(const QString& path);

    const QString& path() const { return m_path; }
    const std::string& name() const { return m_name; } ///< without folders
    /** Throws Error{exchange.damaged}. `detail` ends the sentence: "“tokens.npy” has another shape". */
    [[noreturn]] void damaged(const std::string& detail) const;

private:
    QString m_path;
    std::string m_name;
};

/** A zip archive that appears whole or not at all. */
class ZipWriter {
public:
    /** `time` of all members. Throws Error{file.…}. */
    ZipWriter(const QString& path, const QDateTime& time);
    ~ZipWriter();
    ZipWriter(const ZipWriter&) = delete;
    ZipWriter& operator=(const ZipWriter&) = delete;

    enum class Pack { Deflate, Store };

    /** A member of two stretches. Store what hardly shrinks: it opens several times as fast. Throws Error{file.…} (disk
     *  full), Error{exchange.unwritten}. */
    void add(const QString& name, QByteArrayView head, QByteArrayView rest = {}, Pack pack = Pack::Deflate);
    /** Puts the whole file into its place. */
    void commit();

private:
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

/** How much of an archive is believed. */
struct ZipLimits {
    qint64 bytes = qint64{1} << 30; ///< unpacked, of all members that are read
    int members = 1000;
    qint64 json_bytes = qint64{1} << 28; ///< of a .json: parsed, what is dense takes eight times as much
};

/** The members of a zip archive that are among `wanted`, unpacked; others, and all folders, are passed over. Reads no
 *  more than the limits, whatever the archive says of itself. Throws Error{exchange.unreadable}, exchange.no_capture if
 *  it is no such archive, exchange.too_large, exchange.twice if it has a member twice, exchange.damaged. */
QHash<QString, QByteArray> readZip(const Source& source, const QStringList& wanted, const ZipLimits& limits = {});

} // namespace moescope::exchange
