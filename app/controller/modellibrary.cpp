// SPDX-License-Identifier: Apache-2.0
#include "app/controller/modellibrary.h"

#include "app/controller/libraryworker.h"

namespace moescope::controller {

template <typename Function>
void ModelLibrary::carry(Function what) {
    QMetaObject::invokeMethod(this, std::move(what), Qt::QueuedConnection);
}

ModelLibrary::ModelLibrary(QObject* parent) : QObject(parent) {
    LibraryEvents events;
    events.begun = [this](quint64 places) {
        carry([this, places] {
            if (places == m_places) {
                m_scanning = true;
                emit scanBegun();
            }
        });
    };
    events.cards = [this](quint64 places, const QList<trace::ModelCard>& cards) {
        carry([this, places, cards] {
            if (places == m_places) {
                emit cardsRead(cards);
            }
        });
    };
    events.ended = [this](quint64 places, const ScanReport& report) {
        carry([this, places, report] {
            if (places == m_places) {
                m_scanning = false;
                emit scanEnded(report);
            }
        });
    };
    m_worker = new LibraryWorker(std::move(events)); // the thread's
    m_worker->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_worker, &QObject::deleteLater);
    m_thread.start();
    m_inspecting.setMaxThreadCount(1);
}

ModelLibrary::~ModelLibrary() {
    m_cancel->store(true);
    m_stopping.store(true);
    m_inspecting.waitForDone();
    m_thread.quit();
    m_thread.wait();
}

void ModelLibrary::setPlaces(const LibraryPlaces& places) {
    m_cancel->store(true);
    m_cancel = std::make_shared<std::atomic<bool>>(false);
    m_scanning = true;
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, places, number = ++m_places, cancel = m_cancel] {
        worker->setPlaces(places, number, cancel);
    });
}

void ModelLibrary::rescan() {
    if (m_places == 0 || m_scanning) {
        return;
    }
    m_scanning = true;
    QMetaObject::invokeMethod(m_worker, [worker = m_worker, cancel = m_cancel] { worker->scan(cancel); });
}

void ModelLibrary::inspect(const std::vector<std::filesystem::path>& paths) {
    m_inspecting.start([this, paths] {
        try {
            carry([this, what = inspectPaths(paths, &m_stopping)] { emit inspected(what); });
        } catch (const trace::Error&) {
            return; // the program ends
        }
    });
}

} // namespace moescope::controller
