// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/mapped_file.h"

#include "engine/gguf/file_text.h"

#include <algorithm>

#ifdef _WIN32
#define NOMINMAX
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#else
#include <cerrno>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace moescope::gguf {

namespace {

trace::Error changedError(const std::filesystem::path& path) {
    return trace::Error("gguf.changed", "“{path}” was changed or cut short while it was in use. Load it again.",
                        {{"path", shownPath(path)}});
}

trace::Error readError(const std::filesystem::path& path, int code) {
    return trace::Error("file.read", "“{path}” cannot be read: {reason}.",
                        {{"path", shownPath(path)}, {"reason", std::system_category().message(code)}});
}

/** Most that one system call is asked for: both systems have a limit just under 2 GiB. */
constexpr uint64_t mostAtOnce = uint64_t{1} << 30;

} // namespace

#ifdef _WIN32

struct MappedFile::Handle {
    HANDLE file = INVALID_HANDLE_VALUE;
    FILETIME written{};
    ~Handle() {
        if (file != INVALID_HANDLE_VALUE) {
            CloseHandle(file);
        }
    }
};

MappedFile::MappedFile(const std::filesystem::path& path) : m_path(path), m_handle(std::make_unique<Handle>()) {
    requireRegular(path);
    // Absolute and with the prefix, paths longer than MAX_PATH work.
    std::wstring name = std::filesystem::absolute(path).make_preferred().native();
    if (name.rfind(L"\\\\", 0) != 0) {
        name.insert(0, L"\\\\?\\");
    }
    m_handle->file = CreateFileW(name.c_str(), GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                                 nullptr, OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, nullptr);
    BY_HANDLE_FILE_INFORMATION info{};
    if (m_handle->file == INVALID_HANDLE_VALUE || GetFileInformationByHandle(m_handle->file, &info) == 0) {
        throw openError(path, static_cast<int>(GetLastError()));
    }
    if (GetFileType(m_handle->file) != FILE_TYPE_DISK) {
        throw trace::Error("file.special", "“{path}” is {kind}, but a regular file is needed.",
                           {{"path", shownPath(path)}, {"kind", "a device"}});
    }
    m_size = uint64_t{info.nFileSizeHigh} << 32 | info.nFileSizeLow;
    m_handle->written = info.ftLastWriteTime;
}

void MappedFile::read(uint64_t offset, std::span<uint8_t> out) const {
    if (offset > m_size || out.size() > m_size - offset) {
        throw changedError(m_path);
    }
    while (!out.empty()) {
        OVERLAPPED at{};
        at.Offset = static_cast<DWORD>(offset);
        at.OffsetHigh = static_cast<DWORD>(offset >> 32);
        DWORD got = 0;
        const auto wanted = static_cast<DWORD>(std::min<uint64_t>(out.size(), mostAtOnce));
        if (ReadFile(m_handle->file, out.data(), wanted, &got, &at) == 0 && GetLastError() != ERROR_HANDLE_EOF) {
            throw readError(m_path, static_cast<int>(GetLastError()));
        }
        if (got == 0) {
            throw changedError(m_path);
        }
        offset += got;
        out = out.subspan(got);
    }
    BY_HANDLE_FILE_INFORMATION info{};
    if (GetFileInformationByHandle(m_handle->file, &info) == 0 ||
        (uint64_t{info.nFileSizeHigh} << 32 | info.nFileSizeLow) != m_size ||
        CompareFileTime(&info.ftLastWriteTime, &m_handle->written) != 0) {
        throw changedError(m_path);
    }
}

FileState MappedFile::state() const {
    BY_HANDLE_FILE_INFORMATION info{};
    FILE_BASIC_INFO basic{};
    if (GetFileInformationByHandle(m_handle->file, &info) == 0 ||
        GetFileInformationByHandleEx(m_handle->file, FileBasicInfo, &basic, sizeof(basic)) == 0) {
        throw readError(m_path, static_cast<int>(GetLastError()));
    }
    return {info.dwVolumeSerialNumber, uint64_t{info.nFileIndexHigh} << 32 | info.nFileIndexLow,
            uint64_t{info.nFileSizeHigh} << 32 | info.nFileSizeLow, basic.ChangeTime.QuadPart};
}

#else

struct MappedFile::Handle {
    int file = -1;
    timespec written{};
    ~Handle() {
        if (file >= 0) {
            ::close(file);
        }
    }
};

namespace {

timespec writtenAt(const struct stat& info) {
#ifdef __APPLE__
    return info.st_mtimespec;
#else
    return info.st_mtim;
#endif
}

timespec changedAt(const struct stat& info) {
#ifdef __APPLE__
    return info.st_ctimespec;
#else
    return info.st_ctim;
#endif
}

} // namespace

MappedFile::MappedFile(const std::filesystem::path& path) : m_path(path), m_handle(std::make_unique<Handle>()) {
    requireRegular(path);
    // Another file may take its place between the check and here: without O_NONBLOCK a FIFO would wait for a writer.
    m_handle->file = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    struct stat info {};
    if (m_handle->file < 0 || ::fstat(m_handle->file, &info) != 0) {
        throw openError(path, errno);
    }
    if (!S_ISREG(info.st_mode)) {
        throw trace::Error("file.special", "“{path}” is {kind}, but a regular file is needed.",
                           {{"path", shownPath(path)}, {"kind", S_ISFIFO(info.st_mode) ? "a pipe" : "a device"}});
    }
    m_size = static_cast<uint64_t>(info.st_size);
    m_handle->written = writtenAt(info);
}

void MappedFile::read(uint64_t offset, std::span<uint8_t> out) const {
    if (offset > m_size || out.size() > m_size - offset) {
        throw changedError(m_path);
    }
    while (!out.empty()) {
        const auto wanted = static_cast<size_t>(std::min<uint64_t>(out.size(), mostAtOnce));
        const ssize_t got = ::pread(m_handle->file, out.data(), wanted, static_cast<off_t>(offset));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            throw readError(m_path, errno);
        }
        if (got == 0) {
            throw changedError(m_path);
        }
        offset += static_cast<uint64_t>(got);
        out = out.subspan(static_cast<size_t>(got));
    }
    // Bytes written over in place, at the same size, would pass for the model's own.
    struct stat info {};
    if (::fstat(m_handle->file, &info) != 0) {
        throw readError(m_path, errno);
    }
    const timespec written = writtenAt(info);
    if (static_cast<uint64_t>(info.st_size) != m_size || written.tv_sec != m_handle->written.tv_sec ||
        written.tv_nsec != m_handle->written.tv_nsec) {
        throw changedError(m_path);
    }
}

FileState MappedFile::state() const {
    struct stat info {};
    if (::fstat(m_handle->file, &info) != 0) {
        throw readError(m_path, errno);
    }
    const timespec changed = changedAt(info);
    return {static_cast<uint64_t>(info.st_dev), static_cast<uint64_t>(info.st_ino), static_cast<uint64_t>(info.st_size),
            int64_t{changed.tv_sec} * 1'000'000'000 + changed.tv_nsec};
}

#endif

MappedFile::~MappedFile() = default;

void preferHugePages([[maybe_unused]] void* memory, [[maybe_unused]] uint64_t bytes) {
#if defined(__linux__)
    constexpr uintptr_t page = uintptr_t{2} << 20;
    const auto begin = (reinterpret_cast<uintptr_t>(memory) + page - 1) / page * page;
    const auto end = (reinterpret_cast<uintptr_t>(memory) + bytes) / page * page;
    if (end > begin) {
        (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE); // what is refused stays as it is
    }
#endif
}

std::string readText(const std::filesystem::path& path, uint64_t most) {
    const MappedFile file(path);
    if (file.size() > most) {
        throw trace::Error(
            "file.too_large", "“{file}” has {bytes}; at most {most} are read as text.",
            {{"file", shownPath(path)}, {"bytes", trace::bytesText(file.size())}, {"most", trace::bytesText(most)}});
    }
    std::string text(file.size(), '\0');
    file.read(0, {reinterpret_cast<uint8_t*>(text.data()), text.size()});
    return text;
}

} // namespace moescope::gguf
