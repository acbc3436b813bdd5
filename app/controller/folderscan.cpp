// SPDX-License-Identifier: Apache-2.0
#include "app/controller/folderscan.h"

#include "app/platform/paths.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <system_error>

namespace moescope::controller {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view extension = ".gguf";
constexpr size_t digits = 5; // of each number in the name of a part

bool isModelName(const std::string& name) {
    if (name.size() <= extension.size()) {
        return false;
    }
    return std::equal(
        extension.begin(), extension.end(), name.end() - static_cast<ptrdiff_t>(extension.size()),
        [](char wanted, char is) { return is == wanted || (is >= 'A' && is <= 'Z' && is + 32 == wanted); });
}

std::optional<uint32_t> numberAt(const std::string& name, size_t at) {
    uint32_t number = 0;
    for (size_t i = at; i < at + digits; ++i) {
        if (name[i] < '0' || name[i] > '9') {
            return std::nullopt;
        }
        number = number * 10 + static_cast<uint32_t>(name[i] - '0');
    }
    return number;
}

int64_t changedAt(const fs::path& path) {
    std::error_code error;
    const fs::file_time_type time = fs::last_write_time(path, error);
    if (error) {
        return 0;
    }
    const auto since = std::chrono::file_clock::to_sys(time).time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
}

uint64_t sizeOf(const fs::path& path) {
    std::error_code error;
    const uintmax_t size = fs::is_regular_file(path, error) ? fs::file_size(path, error) : 0;
    return error ? 0 : size;
}

void addPart(FoundFile& whole, const fs::path& path) {
    whole.bytes += sizeOf(path);
    whole.changed_ms = std::max(whole.changed_ms, changedAt(path));
}

fs::path realPath(const fs::path& path) {
    std::error_code error;
    fs::path real = fs::canonical(path, error);
    return error ? fs::absolute(path, error).lexically_normal() : real;
}

trace::Error folderError(const fs::path& folder, const std::error_code& error) {
    return trace::Error("library.folder", "The folder “{path}” cannot be read: {reason}.",
                        {{"path", platform::toUtf8(folder)}, {"reason", error.message()}});
}

trace::Error limitError(const fs::path& folder, size_t limit, const char* what) {
    return trace::Error("library.limit",
                        "The folder “{path}” was not looked through to its end: more than {limit} {what} are in the "
                        "watched folders.",
                        {{"path", platform::toUtf8(folder)}, {"limit", trace::grouped(limit)}, {"what", what}});
}

/** Files of one folder by name; those that belong together under the name without numbers. */
std::vector<FoundFile> gather(std::vector<fs::path> files) {
    std::sort(files.begin(), files.end());
    std::vector<FoundFile> whole;
    std::map<std::pair<std::string, uint32_t>, size_t> split;
    for (const fs::path& path : files) {
        const auto part = partOf(platform::toUtf8(path.filename()));
        if (!part) {
            whole.push_back({path, 0, 0, 1, 1});
        } else if (const auto [at, first] = split.try_emplace({part->stem, part->parts}, whole.size()); first) {
            whole.push_back({path, 0, 0, part->parts, 1});
        } else {
            ++whole[at->second].parts_there;
            addPart(whole[at->second], path);
            continue;
        }
        addPart(whole.back(), path);
    }
    return whole;
}

} // namespace

std::optional<PartName> partOf(const std::string& name) {
    constexpr std::string_view between = "-of-";
    const size_t tail = 1 + digits + between.size() + digits + extension.size();
    if (!isModelName(name) || name.size() <= tail) {
        return std::nullopt;
    }
    const size_t dash = name.size() - tail;
    const size_t of = dash + 1 + digits;
    const auto part = numberAt(name, dash + 1);
    const auto parts = numberAt(name, of + between.size());
    if (name[dash] != '-' || name.compare(of, between.size(), between) != 0 || !part || !parts || *part == 0 ||
        *part > *parts) {
        return std::nullopt;
    }
    return PartName{name.substr(0, dash), *part, *parts};
}

bool FolderScan::isNew(const fs::path& path, std::set<fs::path>& seen) const {
    return seen.insert(realPath(path)).second;
}

FolderReport FolderScan::scan(const fs::path& folder, const std::function<void(const FoundFile&)>& found) {
    FolderReport report;
    std::vector<fs::path> level{folder};
    for (int depth = 0; depth <= m_limits.depth && !level.empty(); ++depth) {
        std::vector<fs::path> below;
        for (const fs::path& next : level) {
            scanOne(next, depth, report, found, below);
        }
        level = std::move(below);
    }
    return report;
}

void FolderScan::scanOne(const fs::path& folder, int depth, FolderReport& report,
                         const std::function<void(const FoundFile&)>& found, std::vector<fs::path>& below) {
    if (!isNew(folder, m_folders)) {
        return;
    }
    std::error_code error;
    fs::directory_iterator entries(folder, error);
    std::vector<fs::path> files;
    for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
        trace::stopIfCancelled(m_cancel);
        if (++m_entries > m_limits.entries) {
            report.error = limitError(folder, m_limits.entries, "entries");
            break;
        }
        std::error_code unknown; // a link to nowhere is a file that cannot be read, if its name says a model
        if (entries->is_directory(unknown)) {
            if (depth < m_limits.depth) {
                below.push_back(entries->path());
            }
        } else if (isModelName(platform::toUtf8(entries->path().filename()))) {
            files.push_back(entries->path());
        }
    }
    if (error && !report.error) {
        report.error = folderError(folder, error);
    }
    report.folders.push_back(folder);
    for (const FoundFile& file : gather(std::move(files))) {
        trace::stopIfCancelled(m_cancel);
        if (m_models == m_limits.models) {
            report.error = limitError(folder, m_limits.models, "models");
            return;
        }
        if (isNew(file.path, m_files)) {
            ++m_models;
            ++report.models;
            found(file);
        }
    }
}

std::optional<FoundFile> FolderScan::file(const fs::path& path) {
    FoundFile file{path, 0, 0, 1, 1};
    if (const auto part = partOf(platform::toUtf8(path.filename()))) {
        file.parts = part->parts;
        file.parts_there = 0;
        std::error_code error;
        for (uint32_t number = part->parts; number > 0; --number) {
            std::string digitsOf = std::to_string(number);
            digitsOf.insert(0, digits - std::min(digits, digitsOf.size()), '0');
            std::string name = platform::toUtf8(path.filename());
            name.replace(part->stem.size() + 1, digits, digitsOf);
            const fs::path other = path.parent_path() / platform::fromUtf8(name);
            if (fs::exists(other, error)) {
                ++file.parts_there;
                file.path = other;
                addPart(file, other);
            }
        }
    } else {
        addPart(file, path);
    }
    return isNew(file.path, m_files) ? std::optional(file) : std::nullopt;
}

} // namespace moescope::controller
