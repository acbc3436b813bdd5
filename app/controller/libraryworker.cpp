// SPDX-License-Identifier: Apache-2.0
#include "app/controller/libraryworker.h"

#include "app/controller/modelcards.h"
#include "app/platform/paths.h"

#include <algorithm>
#include <system_error>

namespace moescope::controller {
namespace {

namespace fs = std::filesystem;

constexpr auto sendEvery = std::chrono::milliseconds(50);
constexpr int settleTime = 400;     // ms after the last change
constexpr size_t mostWatched = 512; // folders and files: each costs the system a handle
constexpr auto notWhole = "library.parts";
constexpr size_t mostReread = 256; // files that could not be read, looked at again in each scan

trace::ModelCard cardOf(const FoundFile& file) {
    trace::ModelCard card = readCard(file.path);
    card.parts = file.parts;
    card.changed_ms = file.changed_ms;
    card.info.file_bytes = std::max(card.info.file_bytes, file.bytes);
    if (file.parts_there < file.parts) {
        card.needs.reset();
        card.software_needs.reset();
        card.error = trace::Error(notWhole,
                                  "“{file}” is one of {parts} parts, and {missing} of them are not in its folder. Put "
                                  "all parts into one folder.",
                                  {{"file", card.info.file_name},
                                   {"parts", trace::grouped(file.parts)},
                                   {"missing", trace::grouped(file.parts - file.parts_there)}});
    }
    return card;
}

std::string reasonOf(const trace::ModelCard& card) { return card.error ? card.error->what() : std::string(); }

/** config.json without a GGUF file beside it. */
bool isHuggingFaceFolder(const fs::path& folder) {
    std::error_code error;
    return fs::is_regular_file(folder / "config.json", error);
}

void inspectOne(const fs::path& given, Inspected& result) {
    std::error_code error;
    const fs::path path = fs::absolute(given).lexically_normal();
    const std::string shown = platform::toUtf8(path);
    const fs::file_status status = fs::status(path, error);
    if (!fs::exists(status)) {
        throw trace::Error("library.missing", "“{path}” is not there, or cannot be reached.", {{"path", shown}});
    }
    if (fs::is_directory(status)) {
        FolderScan scan({.entries = 10'000, .models = 1, .depth = 1});
        if (isHuggingFaceFolder(path) && scan.scan(path, [](const FoundFile&) {}).models == 0) {
            throw trace::Error("library.hugging_face",
                               "“{path}” is a Hugging Face folder. Choose “Convert a Hugging Face folder” to make a "
                               "GGUF file of it.",
                               {{"path", shown}});
        }
        result.folders.push_back(shown);
        return;
    }
    FolderScan scan;
    const auto file = scan.file(path);
    trace::ModelCard card = cardOf(file.value());
    const auto of = card.info.path;
    const bool twice = std::any_of(result.files.begin(), result.files.end(),
                                   [&of](const trace::ModelCard& other) { return other.info.path == of; });
    if (twice) {
        return; // another part of it was given as well
    }
    if (!card.known) {
        throw trace::Error(card.error.value());
    }
    result.files.push_back(std::move(card));
}

} // namespace

void LibraryWorker::setPlaces(const LibraryPlaces& places, quint64 number, const Cancel& cancel) {
    m_places = places;
    m_number = number;
    if (!m_places.made.empty()) {
        std::error_code error; // one that cannot be made is reported by the scan
        fs::create_directories(m_places.made, error);
    }
    scan(cancel);
}

void LibraryWorker::scan(const Cancel& cancel) {
    if (cancel->load()) {
        return; // another set of places is on its way
    }
    m_cancel = cancel;
    m_paths.clear();
    m_unsent.clear();
    m_sent = std::chrono::steady_clock::now();
    m_events.begun(m_number);
    ScanReport report;
    std::vector<fs::path> folders;
    try {
        FolderScan scan({}, cancel.get());
        for (const fs::path& folder : m_places.folders) {
            FolderReport of = scan.scan(folder, [this](const FoundFile& file) { take(file); });
            report.folders.push_back({platform::toUtf8(folder), of.models, std::move(of.error)});
            folders.insert(folders.end(), of.folders.begin(), of.folders.end());
        }
        for (const fs::path& path : m_places.files) {
            trace::stopIfCancelled(cancel.get());
            if (const auto file = scan.file(path)) {
                take(*file);
            }
        }
    } catch (const trace::Error&) {
        return; // cancelled: the next scan tells everything
    }
    send();
    std::map<std::string, Known> kept;
    for (const std::string& path : m_paths) {
        kept.insert(m_known.extract(path));
    }
    m_known = std::move(kept);
    report.paths = m_paths;
    watch(folders);
    m_events.ended(m_number, report);
}

void LibraryWorker::take(const FoundFile& file) {
    const std::string path = platform::toUtf8(file.path);
    m_paths.push_back(path);
    const auto known = m_known.find(path);
    const bool same = known != m_known.end() && known->second.bytes == file.bytes &&
                      known->second.changed_ms == file.changed_ms && known->second.parts_there == file.parts_there;
    // What could not be read may be readable by now without having changed: rights, a disk that came back.
    if (same && (!known->second.card.error || m_paths.size() > mostReread)) {
        return;
    }
    trace::ModelCard card = cardOf(file);
    if (!same || reasonOf(card) != reasonOf(known->second.card)) {
        m_unsent.append(card);
        m_known[path] = {file.bytes, file.changed_ms, file.parts_there, std::move(card)};
    }
    if (std::chrono::steady_clock::now() - m_sent >= sendEvery) {
        send();
    }
}

void LibraryWorker::send() {
    if (!m_unsent.isEmpty()) {
        m_events.cards(m_number, m_unsent);
        m_unsent.clear();
    }
    m_sent = std::chrono::steady_clock::now();
}

void LibraryWorker::watch(const std::vector<fs::path>& folders) {
    if (!m_watcher) {
        m_settle = std::make_unique<QTimer>();
        m_settle->setSingleShot(true);
        m_settle->setInterval(settleTime);
        m_watcher = std::make_unique<QFileSystemWatcher>();
        connect(m_watcher.get(), &QFileSystemWatcher::directoryChanged, m_settle.get(), qOverload<>(&QTimer::start));
        connect(m_watcher.get(), &QFileSystemWatcher::fileChanged, m_settle.get(), qOverload<>(&QTimer::start));
        connect(m_settle.get(), &QTimer::timeout, this, [this] { scan(m_cancel); });
    }
    QStringList wanted;
    const auto add = [&wanted](const std::string& path) {
        if (static_cast<size_t>(wanted.size()) < mostWatched) {
            wanted.append(QString::fromStdString(path));
        }
    };
    for (const fs::path& folder : folders) {
        add(platform::toUtf8(folder));
    }
    for (const auto& [path, known] : m_known) {
        if (known.card.error) {
            add(path); // a download that is not whole yet grows without a change of its folder
        }
    }
    const QStringList watched = m_watcher->directories() + m_watcher->files();
    QStringList gone;
    std::copy_if(watched.begin(), watched.end(), std::back_inserter(gone),
                 [&wanted](const QString& path) { return !wanted.contains(path); });
    if (!gone.isEmpty()) {
        m_watcher->removePaths(gone);
    }
    wanted.removeIf([&watched](const QString& path) { return watched.contains(path); });
    if (!wanted.isEmpty()) {
        m_watcher->addPaths(wanted); // one that cannot be watched is seen by the next scan
    }
}

Inspected inspectPaths(const std::vector<fs::path>& paths, trace::CancelFlag cancel) {
    Inspected result;
    for (const fs::path& path : paths) {
        trace::stopIfCancelled(cancel);
        try {
            inspectOne(path, result);
        } catch (...) {
            result.errors.push_back(currentError());
        }
    }
    return result;
}

} // namespace moescope::controller
