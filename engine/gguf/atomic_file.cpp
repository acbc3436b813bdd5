// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/atomic_file.h"

#include "engine/gguf/file_text.h"

#include <algorithm>
#include <cerrno>
#include <random>
#include <stdexcept>
#include <system_error>
#include <utility>
#include <vector>

#ifdef _WIN32
#define NOMINMAX
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace moescope::gguf {

namespace fs = std::filesystem;

namespace {

constexpr size_t bufferBytes = size_t{1} << 20;

/** A link keeps its place: what it leads to is written, also where that is not there yet. */
fs::path followLinks(fs::path target) {
    constexpr int mostLinks = 40; // as many as Linux follows
    std::error_code error;
    for (int i = 0; i < mostLinks && fs::is_symlink(target, error); ++i) {
        const fs::path next = fs::read_symlink(target, error);
        if (error) {
            break;
        }
        target = target.parent_path() / next; // an absolute path replaces the folder
    }
    return target;
}

fs::path folderOf(const fs::path& target) { return target.has_parent_path() ? target.parent_path() : fs::path("."); }

/** Short and of its own, so that a target whose name is as long as names may be works too. */
fs::path temporaryBeside(const fs::path& target) {
    static constexpr char digits[] = "0123456789abcdefghijklmnopqrstuv";
    std::random_device random;
    std::string name = ".moescope-";
    for (int i = 0; i < 12; ++i) {
        name += digits[random() % 32];
    }
    return folderOf(target) / (name + ".part");
}

trace::Error createError(const fs::path& target, int code) {
    const std::error_code error(code, std::system_category());
    const fs::path folder = folderOf(target);
    if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) {
        return trace::Error("file.no_folder", "“{path}” cannot be written: there is no folder “{folder}”.",
                            {{"path", shownPath(target)}, {"folder", shownPath(folder)}});
    }
    if (error == std::errc::permission_denied || error == std::errc::operation_not_permitted ||
        error == std::errc::read_only_file_system) {
        return trace::Error("file.read_only",
                            "“{path}” cannot be written: the folder “{folder}” is read-only. Choose another folder.",
                            {{"path", shownPath(target)}, {"folder", shownPath(folder)}});
    }
    return trace::Error("file.create", "“{path}” cannot be written: {reason}.",
                        {{"path", shownPath(target)}, {"reason", error.message()}});
}

trace::Error writeError(const fs::path& target, uint64_t written, int code) {
    const std::error_code error(code, std::system_category());
    bool full = error == std::errc::no_space_on_device || error == std::errc::file_too_large;
#ifdef _WIN32
    full = full || code == ERROR_DISK_FULL || code == ERROR_HANDLE_DISK_FULL;
#else
    full = full || code == EDQUOT;
#endif
    if (full) {
        return trace::Error("file.full",
                            "There is no room left for “{path}”: the disk or its quota was full after {written}. "
                            "Make room and try again.",
                            {{"path", shownPath(target)}, {"written", trace::bytesText(written)}});
    }
    return trace::Error(
        "file.write", "“{path}” cannot be written after {written}: {reason}.",
        {{"path", shownPath(target)}, {"written", trace::bytesText(written)}, {"reason", error.message()}});
}

/** Renaming over a device or pipe would remove it, and a file made read-only was meant to stay. */
void requireReplaceable(const fs::path& target) {
    std::error_code error;
    const fs::file_status status = fs::status(target, error);
    if (status.type() == fs::file_type::not_found || status.type() == fs::file_type::none) {
        return;
    }
    requireRegular(target);
    constexpr fs::perms writers = fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write;
    if ((status.permissions() & writers) == fs::perms::none) {
        throw trace::Error("file.protected", "“{path}” is read-only, so it is not replaced.",
                           {{"path", shownPath(target)}});
    }
}

} // namespace

#ifdef _WIN32

struct AtomicFile::Handle {
    fs::path temporary;
    std::vector<uint8_t> pending;
    HANDLE file = INVALID_HANDLE_VALUE;

    /** Paths longer than MAX_PATH need to be absolute and to have the prefix. */
    static std::wstring wide(const fs::path& path) {
        std::wstring name = fs::absolute(path).make_preferred().native();
        return name.rfind(L"\\\\", 0) == 0 ? name : L"\\\\?\\" + name;
    }
    /** 0, or the system's error number. */
    int create(const fs::path& path, Readers) {
        file = CreateFileW(wide(path).c_str(), GENERIC_WRITE, FILE_SHARE_READ, nullptr, CREATE_NEW,
                           FILE_ATTRIBUTE_NORMAL, nullptr);
        return file == INVALID_HANDLE_VALUE ? static_cast<int>(GetLastError()) : 0;
    }
    int put(std::span<const uint8_t> bytes) {
        while (!bytes.empty()) {
            DWORD done = 0;
            const auto wanted = static_cast<DWORD>(std::min(bytes.size(), size_t{1} << 30));
            if (WriteFile(file, bytes.data(), wanted, &done, nullptr) == 0) {
                return static_cast<int>(GetLastError());
            }
            bytes = bytes.subspan(done);
        }
        return 0;
    }
    int sync() { return FlushFileBuffers(file) != 0 ? 0 : static_cast<int>(GetLastError()); }
    int close() {
        const HANDLE closing = std::exchange(file, INVALID_HANDLE_VALUE);
        return closing == INVALID_HANDLE_VALUE || CloseHandle(closing) != 0 ? 0 : static_cast<int>(GetLastError());
    }
    int rename(const fs::path& target) const {
        const DWORD flags = MOVEFILE_REPLACE_EXISTING | MOVEFILE_WRITE_THROUGH;
        return MoveFileExW(wide(temporary).c_str(), wide(target).c_str(), flags) != 0
                   ? 0
                   : static_cast<int>(GetLastError());
    }
    ~Handle() {
        close();
        if (!temporary.empty()) {
            DeleteFileW(wide(temporary).c_str());
        }
    }
};

#else

struct AtomicFile::Handle {
    fs::path temporary;
    std::vector<uint8_t> pending;
    int file = -1;

    /** 0, or errno. */
    int create(const fs::path& path, Readers readers) {
        file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, readers == Readers::Owner ? 0600 : 0666);
        return file < 0 ? errno : 0;
    }
    int put(std::span<const uint8_t> bytes) const {
        while (!bytes.empty()) {
            const ssize_t done = ::write(file, bytes.data(), std::min(bytes.size(), size_t{1} << 30));
            if (done < 0 && errno != EINTR) {
                return errno;
            }
            bytes = bytes.subspan(static_cast<size_t>(std::max<ssize_t>(done, 0)));
        }
        return 0;
    }
    int sync() const { return ::fsync(file) == 0 ? 0 : errno; }
    int close() {
        const int closing = std::exchange(file, -1);
        return closing < 0 || ::close(closing) == 0 ? 0 : errno;
    }
    int rename(const fs::path& target) const {
        if (::rename(temporary.c_str(), target.c_str()) != 0) {
            return errno;
        }
        // The new name lasts only once its folder is on disk. Some file systems cannot sync folders; that is no
        // reason to call the file lost.
        const int folder = ::open(folderOf(target).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (folder >= 0) {
            ::fsync(folder);
            ::close(folder);
        }
        return 0;
    }
    ~Handle() {
        close();
        if (!temporary.empty()) {
            ::unlink(temporary.c_str());
        }
    }
};

#endif

AtomicFile::AtomicFile(const fs::path& target, Readers readers)
    : m_target(followLinks(target)), m_handle(std::make_unique<Handle>()) {
    requireReplaceable(m_target);
    const fs::path temporary = temporaryBeside(m_target);
    if (const int code = m_handle->create(temporary, readers); code != 0) {
        throw createError(m_target, code);
    }
    m_handle->temporary = temporary;
    m_handle->pending.reserve(bufferBytes);
}

AtomicFile::~AtomicFile() = default;

void AtomicFile::write(std::span<const uint8_t> bytes) {
    if (m_handle->temporary.empty()) {
        throw std::logic_error("AtomicFile::write() after commit()");
    }
    std::vector<uint8_t>& pending = m_handle->pending;
    if (pending.size() + bytes.size() > bufferBytes) {
        const int first = m_handle->put(pending);
        const int second = first != 0 ? first : m_handle->put(bytes);
        if (second != 0) {
            throw writeError(m_target, m_position - pending.size(), second);
        }
        pending.clear();
    } else {
        pending.insert(pending.end(), bytes.begin(), bytes.end());
    }
    m_position += bytes.size();
}

void AtomicFile::commit() {
    if (m_handle->temporary.empty()) {
        throw std::logic_error("AtomicFile::commit() twice");
    }
    int code = m_handle->put(m_handle->pending);
    m_handle->pending.clear();
    code = code != 0 ? code : m_handle->sync();
    code = code != 0 ? code : m_handle->close();
    if (code != 0) {
        throw writeError(m_target, m_position, code);
    }
    code = m_handle->rename(m_target);
    if (code != 0) {
        throw createError(m_target, code);
    }
    m_handle->temporary.clear();
}

bool isSameFile(const fs::path& a, const fs::path& b) {
    std::error_code error;
    return fs::equivalent(a, b, error) && !error;
}

} // namespace moescope::gguf
