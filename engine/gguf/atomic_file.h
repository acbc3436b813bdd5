// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace moescope::gguf {

/** Who may read a file that is written: whom the system lets by default, or its owner alone. On Windows folders decide. */
enum class Readers { Default, Owner };

/** A file that appears whole or not at all: written under a temporary name beside the target, synced and renamed
 *  by commit(); removed by the destructor otherwise. Errors (disk full, read-only folder) are trace::Error. */
class AtomicFile {
public:
    explicit AtomicFile(const std::filesystem::path& target, Readers readers = Readers::Default);
    ~AtomicFile();
    AtomicFile(const AtomicFile&) = delete;
    AtomicFile& operator=(const AtomicFile&) = delete;

    void write(std::span<const uint8_t> bytes);
    uint64_t position() const noexcept { return m_position; }
    void commit();

private:
    std::filesystem::path m_target;
    uint64_t m_position = 0;
    struct Handle;
    std::unique_ptr<Handle> m_handle;
};

/** True if both name the same existing file, whatever the spelling, links followed. */
bool isSameFile(const std::filesystem::path& a, const std::filesystem::path& b);

} // namespace moescope::gguf
