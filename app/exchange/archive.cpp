// SPDX-License-Identifier: Apache-2.0
#include "app/exchange/archive.h"

#include "engine/gguf/atomic_file.h"

#include <QFile>
#include <QFileInfo>

#include <archive.h>
#include <archive_entry.h>

#include <array>
#include <exception>
#include <filesystem>

namespace moescope::exchange {
namespace {

constexpr size_t blockBytes = size_t{1} << 18;
constexpr qint64 bestRatio = 1032; // of deflate

struct EntryDelete {
    void operator()(archive_entry* entry) const { archive_entry_free(entry); }
};
struct ReadDelete {
    void operator()(archive* reader) const { archive_read_free(reader); }
};
using Entry = std::unique_ptr<archive_entry, EntryDelete>;

std::string reasonOf(archive* of) {
    const char* const reason = archive_error_string(of);
    return reason != nullptr ? QString::fromUtf8(reason).left(200).toStdString() : "its format is unknown";
}

/** The file as libarchive reads it. */
struct Input {
    QFile file;
    std::array<char, blockBytes> block;
};

la_ssize_t readBlock(archive*, void* data, const void** block) {
    auto* const input = static_cast<Input*>(data);
    *block = input->block.data();
    return input->file.read(input->block.data(), static_cast<qint64>(input->block.size()));
}

la_int64_t seekTo(archive*, void* data, la_int64_t offset, int whence) {
    QFile& file = static_cast<Input*>(data)->file;
    const qint64 base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? file.pos() : file.size();
    const qint64 to = base + offset;
    return to >= 0 && to <= file.size() && file.seek(to) ? to : ARCHIVE_FATAL;
}

la_int64_t skipBytes(archive* reader, void* data, la_int64_t count) {
    QFile& file = static_cast<Input*>(data)->file;
    const qint64 from = file.pos();
    const qint64 to = std::min(from + count, file.size());
    return seekTo(reader, data, to, SEEK_SET) < 0 ? 0 : to - from;
}

QByteArray unpack(archive* reader, const Source& source, const QString& name, qint64 size) {
    QByteArray bytes(size, Qt::Uninitialized);
    qint64 filled = 0;
    char beyond = 0;
    // To the end, where the checksum is compared, and not a byte further.
    while (true) {
        const bool full = filled == size;
        const la_ssize_t got = full ? archive_read_data(reader, &beyond, 1)
                                    : archive_read_data(reader, bytes.data() + filled, size_t(size - filled));
        if (got < 0) {
            source.damaged("its part “" + name.toStdString() + "” cannot be unpacked (" + reasonOf(reader) + ")");
        }
        if (got == 0) {
            break;
        }
        if (full) {
            source.damaged("its part “" + name.toStdString() + "” is longer than it says");
        }
        filled += got;
    }
    if (filled != size) {
        source.damaged("its part “" + name.toStdString() + "” is shorter than it says");
    }
    return bytes;
}

} // namespace

Source::Source(const QString& path) : m_path(path), m_name(QFileInfo(path).fileName().toStdString()) {}

void Source::damaged(const std::string& detail) const {
    throw trace::Error("exchange.damaged", "“{file}” is damaged and was not opened: {detail}.",
                       {{"file", m_name}, {"detail", detail}});
}

struct ZipWriter::Impl {
    gguf::AtomicFile file;
    archive* zip = archive_write_new();
    std::exception_ptr error; ///< of the file, which must not pass through libarchive
    qint64 time = 0;
    std::string name;

    explicit Impl(const std::filesystem::path& path) : file(path) {}
    ~Impl() { archive_write_free(zip); }

    static la_ssize_t write(archive* zip, void* data, const void* bytes, size_t count) {
        auto* const own = static_cast<Impl*>(data);
        try {
            own->file.write({static_cast<const uint8_t*>(bytes), count});
            return static_cast<la_ssize_t>(count);
        } catch (...) {
            own->error = std::current_exception();
            archive_set_error(zip, -1, "the file cannot be written");
            return -1;
        }
    }
    void check(la_ssize_t result) {
        if (error) {
            std::rethrow_exception(std::exchange(error, nullptr));
        }
        if (result < ARCHIVE_OK) {
            throw trace::Error("exchange.unwritten", "“{file}” cannot be written: {reason}.",
                               {{"file", name}, {"reason", reasonOf(zip)}});
        }
    }
};

ZipWriter::ZipWriter(const QString& path, const QDateTime& time)
    : m_impl(std::make_unique<Impl>(std::filesystem::path(path.toStdU16String()))) {
    m_impl->time = time.toSecsSinceEpoch();
    m_impl->name = QFileInfo(path).fileName().toStdString();
    archive* const zip = m_impl->zip;
    m_impl->check(archive_write_set_format_zip(zip));
    // The numbers hardly shrink further with more effort.
    m_impl->check(archive_write_set_options(zip, "zip:compression=deflate,zip:compression-level=1"));
    m_impl->check(archive_write_set_bytes_in_last_block(zip, 1));
    m_impl->check(archive_write_open(zip, m_impl.get(), nullptr, &Impl::write, nullptr));
}

ZipWriter::~ZipWriter() {
    if (m_impl) {
        archive_write_fail(m_impl->zip); // nothing more is written while it is freed
    }
}

void ZipWriter::add(const QString& name, QByteArrayView head, QByteArrayView rest, Pack pack) {
    m_impl->check(pack == Pack::Store ? archive_write_zip_set_compression_store(m_impl->zip)
                                      : archive_write_zip_set_compression_deflate(m_impl->zip));
    const Entry entry(archive_entry_new());
    archive_entry_set_pathname(entry.get(), name.toUtf8().constData());
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    archive_entry_set_mtime(entry.get(), m_impl->time, 0);
    archive_entry_set_size(entry.get(), head.size() + rest.size());
    m_impl->check(archive_write_header(m_impl->zip, entry.get()));
    for (const QByteArrayView part : {head, rest}) {
        if (!part.isEmpty()) {
            m_impl->check(archive_write_data(m_impl->zip, part.data(), static_cast<size_t>(part.size())));
        }
    }
    m_impl->check(archive_write_finish_entry(m_impl->zip));
}

void ZipWriter::commit() {
    m_impl->check(archive_write_close(m_impl->zip));
    m_impl->file.commit();
}

QHash<QString, QByteArray> readZip(const Source& source, const QStringList& wanted, const ZipLimits& limits) {
    const auto input = std::make_unique<Input>();
    input->file.setFileName(source.path());
    if (!input->file.open(QIODevice::ReadOnly) || input->file.isSequential()) {
        throw trace::Error("exchange.unreadable", "“{file}” cannot be read: {reason}.",
                           {{"file", source.name()}, {"reason", input->file.errorString().toStdString()}});
    }
    const std::unique_ptr<archive, ReadDelete> owner(archive_read_new());
    archive* const reader = owner.get();
    archive_read_support_format_zip_seekable(reader); // what its directory at the end names, and nothing else
    archive_read_set_callback_data(reader, input.get());
    archive_read_set_read_callback(reader, &readBlock);
    archive_read_set_seek_callback(reader, &seekTo);
    archive_read_set_skip_callback(reader, &skipBytes);
    const auto notOne = [&source, reader] {
        throw trace::Error("exchange.no_capture",
                           "“{file}” is no capture, or a part of one: it cannot be read as a ZIP archive ({reason}).",
                           {{"file", source.name()}, {"reason", reasonOf(reader)}});
    };
    if (archive_read_open1(reader) != ARCHIVE_OK) {
        notOne();
    }
    QHash<QString, QByteArray> members;
    qint64 unpacked = 0;
    int count = 0;
    archive_entry* entry = nullptr;
    for (int result = archive_read_next_header(reader, &entry); result != ARCHIVE_EOF;
         result = archive_read_next_header(reader, &entry)) {
        if (result < ARCHIVE_WARN) { // a warning tells of a name that this system cannot spell
            if (count == 0) {
                notOne();
            }
            source.damaged("its list of parts cannot be read (" + reasonOf(reader) + ")");
        }
        const char* const path = archive_entry_pathname(entry);
        const QString name = path != nullptr ? QString::fromUtf8(path) : QString();
        if (++count > limits.members) {
            throw trace::Error("exchange.too_large", "“{file}” was not opened: it has more than {most} parts.",
                               {{"file", source.name()}, {"most", trace::grouped(uint64_t(limits.members))}});
        }
        if (!wanted.contains(name)) {
            continue;
        }
        if (result != ARCHIVE_OK) {
            source.damaged("its part “" + name.toStdString() + "” contradicts the list of parts (" + reasonOf(reader) +
                           ")");
        }
        if (members.contains(name)) {
            throw trace::Error("exchange.twice",
                               "“{file}” is damaged and was not opened: it has its part “{part}” twice.",
                               {{"file", source.name()}, {"part", name.toStdString()}});
        }
        const qint64 size = archive_entry_size_is_set(entry) != 0 ? archive_entry_size(entry) : -1;
        if (archive_entry_filetype(entry) != AE_IFREG || size < 0) {
            source.damaged("its part “" + name.toStdString() + "” is no file");
        }
        if (size > limits.bytes - unpacked) {
            throw trace::Error("exchange.too_large",
                               "“{file}” was not opened: unpacked it has more than {most}, the most that is read.",
                               {{"file", source.name()}, {"most", trace::bytesText(uint64_t(limits.bytes))}});
        }
        if (size / bestRatio > input->file.size()) {
            source.damaged("its part “" + name.toStdString() + "” says that it is longer than it can be");
        }
        if (size > limits.json_bytes && name.endsWith(QLatin1String(".json"))) {
            throw trace::Error(
                "exchange.too_large",
                "“{file}” was not opened: its part “{part}” has more than {most}, the most that is read.",
                {{"file", source.name()},
                 {"part", name.toStdString()},
                 {"most", trace::bytesText(uint64_t(limits.json_bytes))}});
        }
        unpacked += size;
        members.insert(name, unpack(reader, source, name, size));
    }
    return members;
}

} // namespace moescope::exchange
