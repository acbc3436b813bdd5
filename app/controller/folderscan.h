// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/cancel.h"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace moescope::controller {

/** A model file in a folder; the parts of a split one are one file. */
struct FoundFile {
    std::filesystem::path path; ///< of the first part that is there
    uint64_t bytes = 0;         ///< of all parts
    int64_t changed_ms = 0;     ///< the newest part, since 1970; 0: not known
    uint32_t parts = 1;         ///< that its name speaks of
    uint32_t parts_there = 1;
};

/** "x-00002-of-00003.gguf": which part of how many. */
struct PartName {
    std::string stem; ///< "x"
    uint32_t part = 1;
    uint32_t parts = 1;
};
/** Nothing for a name that is not that of a part. */
std::optional<PartName> partOf(const std::string& fileName);

/** What a scan looks at, at most. */
struct ScanLimits {
    size_t entries = 200'000; ///< of all folders together
    size_t models = 2'000;
    int depth = 24; ///< folders below the watched one
};

struct FolderReport {
    size_t models = 0;
    std::vector<std::filesystem::path> folders; ///< this one and those below that were looked into
    std::optional<trace::Error> error;          ///< why it, or a folder below, was not looked at to its end
};

/** Looks through folders for files that end in .gguf, those below included and links followed, each real folder and file
 *  once: a link that leads back ends there. Changes nothing. */
class FolderScan {
public:
    explicit FolderScan(const ScanLimits& limits = {}, trace::CancelFlag cancel = nullptr)
        : m_limits(limits), m_cancel(cancel) {}

    /** Calls `found` for each file, folder by folder. Throws trace::Error{work.cancelled}. */
    FolderReport scan(const std::filesystem::path& folder, const std::function<void(const FoundFile&)>& found);
    /** One file by name, wherever it lies; nothing if a scan has met it. A part stands for all of them. */
    std::optional<FoundFile> file(const std::filesystem::path& path);

private:
    void scanOne(const std::filesystem::path& folder, int depth, FolderReport& report,
                 const std::function<void(const FoundFile&)>& found, std::vector<std::filesystem::path>& below);
    bool isNew(const std::filesystem::path& path, std::set<std::filesystem::path>& seen) const;

    ScanLimits m_limits;
    trace::CancelFlag m_cancel;
    size_t m_entries = 0;
    size_t m_models = 0;
    std::set<std::filesystem::path> m_folders; ///< real paths that were looked into
    std::set<std::filesystem::path> m_files;   ///< real paths of what was found
};

} // namespace moescope::controller
