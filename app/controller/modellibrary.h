// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/controller/folderscan.h"
#include "engine/trace/model_card.h"

#include <QList>
#include <QObject>
#include <QThread>
#include <QThreadPool>

#include <atomic>
#include <memory>

namespace moescope::controller {

/** Where models are looked for. Files that lie elsewhere are named one by one. */
struct LibraryPlaces {
    std::vector<std::filesystem::path> folders;
    std::vector<std::filesystem::path> files;
    std::filesystem::path made; ///< a folder of `folders` that is made if it is not there; empty: none
};

struct WatchedFolder {
    std::string path;
    size_t models = 0;
    std::optional<trace::Error> error; ///< why it, or a folder below, was not read to its end
};

/** How a scan ended: what is not in `paths` is not there any more. */
struct ScanReport {
    std::vector<std::string> paths;
    std::vector<WatchedFolder> folders;
};

/** What a person gave by name: sorted into what can be added, and sentences about the rest. */
struct Inspected {
    std::vector<std::string> folders;
    std::vector<trace::ModelCard> files;
    std::vector<trace::Error> errors;
};

class LibraryWorker;

/** The models on this machine. Folders are read, and watched for changes, on a thread of its own; no call waits, and
 *  everything comes back as a signal in this object's thread. No file is ever moved or written. */
class ModelLibrary : public QObject {
    Q_OBJECT
public:
    explicit ModelLibrary(QObject* parent = nullptr);
    ~ModelLibrary() override; ///< cancels and joins

    /** Scans these from now on, at once and whenever one of them changes. Ends a scan of other places. */
    void setPlaces(const LibraryPlaces& places);
    /** Looks again, unless it is looking anyway. */
    void rescan();
    /** Looks at what was dropped or chosen. */
    void inspect(const std::vector<std::filesystem::path>& paths);

    bool isScanning() const { return m_scanning; }

signals:
    void scanBegun();
    /** New ones and those that are not as they were. */
    void cardsRead(const QList<moescope::trace::ModelCard>& cards);
    void scanEnded(const moescope::controller::ScanReport& report);
    void inspected(const moescope::controller::Inspected& inspected);

private:
    template <typename Function>
    void carry(Function what);
    void scan();

    QThread m_thread;
    QThreadPool m_inspecting; ///< does not wait for a scan of a slow disk
    std::atomic<bool> m_stopping = false;
    LibraryWorker* m_worker = nullptr; ///< lives in m_thread, which deletes it at its end
    std::shared_ptr<std::atomic<bool>> m_cancel = std::make_shared<std::atomic<bool>>(false); ///< of the latest scan
    quint64 m_places = 0; ///< number of the latest places: what a scan of others still tells is dropped
    bool m_scanning = false;
};

} // namespace moescope::controller
