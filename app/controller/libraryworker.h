// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/modellibrary.h"

#include <QFileSystemWatcher>
#include <QTimer>

#include <chrono>
#include <functional>
#include <map>

namespace moescope::controller {

/** What the worker tells, on its thread. `places` is the number of those that were scanned. */
struct LibraryEvents {
    std::function<void(quint64 places)> begun;
    std::function<void(quint64 places, const QList<trace::ModelCard>&)> cards;
    std::function<void(quint64 places, const ScanReport&)> ended;
};

/** The part of the library that reads disks. All calls on its thread. */
class LibraryWorker : public QObject {
    Q_OBJECT
public:
    using Cancel = std::shared_ptr<std::atomic<bool>>;

    explicit LibraryWorker(LibraryEvents events) : m_events(std::move(events)) {}

    void setPlaces(const LibraryPlaces& places, quint64 number, const Cancel& cancel);
    void scan(const Cancel& cancel);

private:
    struct Known {
        uint64_t bytes = 0;
        int64_t changed_ms = 0;
        uint32_t parts_there = 1;
        trace::ModelCard card;
    };

    void take(const FoundFile& file);
    void send();
    void watch(const std::vector<std::filesystem::path>& folders);

    LibraryEvents m_events;
    LibraryPlaces m_places;
    quint64 m_number = 0;
    Cancel m_cancel;
    std::map<std::string, Known> m_known; ///< by path; of the last scan that was not ended early, and of this one
    std::vector<std::string> m_paths;     ///< met by the scan
    QList<trace::ModelCard> m_unsent;
    std::chrono::steady_clock::time_point m_sent;
    std::unique_ptr<QFileSystemWatcher> m_watcher;
    std::unique_ptr<QTimer> m_settle; ///< a copy that is under way changes its folder many times
};

/** Looks at each path by itself. Throws trace::Error{work.cancelled}. */
Inspected inspectPaths(const std::vector<std::filesystem::path>& paths, trace::CancelFlag cancel);

} // namespace moescope::controller
