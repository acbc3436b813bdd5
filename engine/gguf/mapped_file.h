// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>

namespace moescope::gguf {

/** What the system knows of a file's state: while it is the same, so are the file's bytes. */
struct FileState {
    uint64_t device = 0;
    uint64_t inode = 0;
    uint64_t size = 0;
    int64_t changed =
        0; ///< when bytes or attributes last changed, in ns (Windows: 100 ns); on Unix no program can set it back

    bool operator==(const FileState&) const = default;
};

/** A regular file, opened once and read by offset.
 *
 *  Only a regular file is accepted: a directory, FIFO, socket or device is refused with a sentence. A file that is
 *  truncated while open must not end the process (no SIGBUS): read() fails with trace::Error{gguf.changed}. */
class MappedFile {
public:
    explicit MappedFile(const std::filesystem::path& path);
    ~MappedFile();
    MappedFile(const MappedFile&) = delete;
    MappedFile& operator=(const MappedFile&) = delete;

    const std::filesystem::path& path() const noexcept { return m_path; }
    uint64_t size() const noexcept { return m_size; }
    FileState state() const;

    /** Copies out.size() bytes at `offset`; throws trace::Error if they are not there. Thread-safe. */
    void read(uint64_t offset, std::span<uint8_t> out) const;

private:
    std::filesystem::path m_path;
    uint64_t m_size = 0;
    struct Handle;
    std::unique_ptr<Handle> m_handle;
};

/** Asks the system for large pages behind memory that is not in use yet: reading and writing much of it then costs fewer faults and
 *  fewer lookups. Whole pages of 2 MiB inside it alone; where the system has none, or will not, nothing happens. */
void preferHugePages(void* memory, uint64_t bytes);

/** All bytes of a regular file, as text. Throws trace::Error{file.too_large} if there are more than `most`, and as MappedFile
 *  does. */
std::string readText(const std::filesystem::path& path, uint64_t most);

} // namespace moescope::gguf
