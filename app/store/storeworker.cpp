// SPDX-License-Identifier: Apache-2.0
#include "app/store/storeworker.h"

#include "app/store/storeimpl.h"

#include <exception>

namespace moescope::store {
namespace {

trace::Error asError(const std::exception& exception) {
    return trace::Error("store.failed", "The conversations could not be read or written: {detail}.",
                        {{"detail", exception.what()}});
}

/** Runs `work`; whatever it throws goes to `failed`: out of an event handler it would end the program. */
template <typename Work, typename Failed>
void guarded(const Work& work, const Failed& failed) {
    try {
        work();
    } catch (const trace::Error& error) {
        failed(error);
    } catch (const std::exception& exception) {
        failed(asError(exception));
    }
}

/** Only the store can mend its index and keep in mind that its file is damaged. */
bool isForTheStore(const trace::Error& error) {
    return error.id() == "store.index_damaged" || error.id() == "store.corrupt";
}

} // namespace

StoreWorker::StoreWorker(QObject* parent) : QObject(parent), m_host(std::make_unique<QObject>()) {
    m_host->moveToThread(&m_thread);
    m_thread.setObjectName(QStringLiteral("store"));
    m_thread.start();
    m_searchHost = std::make_unique<QObject>();
    m_searchHost->moveToThread(&m_searchThread);
    m_searchThread.setObjectName(QStringLiteral("search"));
    m_searchThread.start();
}

StoreWorker::~StoreWorker() { close(); }

void StoreWorker::open(const QString& folder, const StoreOptions& options, QObject* receiver,
                       std::function<void(const OpenReport&)> done, std::function<void(const trace::Error&)> failed) {
    const QPointer<QObject> alive(receiver);
    enqueue([this, folder, options, alive, done = std::move(done), failed = std::move(failed)] {
        endSearches();
        m_store.reset();
        guarded(
            [&] {
                m_store = std::make_unique<Store>(folder, options);
                deliver([alive, done, report = m_store->report()] {
                    if (alive && done) {
                        done(report);
                    }
                });
            },
            [&](const trace::Error& error) {
                deliver([alive, failed, error] {
                    if (alive && failed) {
                        failed(error);
                    }
                });
            });
    });
}

void StoreWorker::post(std::function<void(Store&)> job, std::function<void(const trace::Error&)> failed) {
    const trace::Error closed("store.closed", "The conversations are not open: nothing was stored.");
    if (!m_thread.isRunning()) {
        deliver([failed = std::move(failed), closed] { failed(closed); });
        return;
    }
    enqueue([this, job = std::move(job), failed = std::move(failed), closed] {
        guarded(
            [&] {
                if (!m_store) {
                    throw closed;
                }
                job(*m_store);
            },
            [&](const trace::Error& error) { deliver([failed, error] { failed(error); }); });
    });
}

void StoreWorker::enqueue(std::function<void()> task) {
    QMetaObject::invokeMethod(m_host.get(), std::move(task), Qt::QueuedConnection);
}

void StoreWorker::deliver(std::function<void()> result) {
    QMetaObject::invokeMethod(this, std::move(result), Qt::QueuedConnection);
}

void StoreWorker::search(QObject* receiver, const QString& query, int limit, std::shared_ptr<std::atomic<bool>> cancel,
                         std::function<void(const SearchResult&)> done,
                         std::function<void(const trace::Error&)> failed) {
    if (!cancel) {
        cancel = std::make_shared<std::atomic<bool>>(false);
    }
    const QPointer<QObject> alive(receiver);
    const auto answer = [this, alive, done = std::move(done)](SearchResult result) {
        deliver([alive, done, result = std::move(result)] {
            if (alive) {
                done(result);
            }
        });
    };
    const auto refuse = [this, alive, failed = std::move(failed)](const trace::Error& error) {
        if (!failed) {
            emit this->failed(error);
        } else if (alive) {
            failed(error);
        }
    };
    const auto inStore = [query, limit, cancel, answer](Store& store) {
        answer(store.search(query, limit, cancel.get()));
    };
    post(
        [this, query, limit, cancel, answer, refuse, inStore](Store& store) {
            if (store.isInMemory()) {
                inStore(store);
                return;
            }
            const auto work = [this, file = store.report().file, query, limit, cancel, answer, refuse, inStore,
                               ending = m_endings.load()] {
                {
                    const std::lock_guard lock(m_runningMutex);
                    if (ending != m_endings.load()) {
                        cancel->store(true);
                    }
                    m_running = cancel;
                }
                guarded(
                    [&] {
                        SearchResult result;
                        result.complete = false;
                        if (!cancel->load()) {
                            result = searchIn(reader(file), query, limit, cancel.get());
                        }
                        answer(std::move(result));
                    },
                    [&](const trace::Error& error) {
                        m_reader.reset(); // the next search opens another
                        if (isForTheStore(error)) {
                            post(inStore, refuse);
                        } else {
                            deliver([refuse, error] { refuse(error); });
                        }
                    });
                const std::lock_guard lock(m_runningMutex);
                m_running.reset();
            };
            QMetaObject::invokeMethod(m_searchHost.get(), work, Qt::QueuedConnection);
        },
        refuse);
}

Connection& StoreWorker::reader(const QString& file) {
    constexpr int busyTimeout = 5000; // ms
    if (!m_reader) {
        m_reader = std::make_unique<Connection>(file, busyTimeout, Access::Read);
        m_reader->query(QStringLiteral("PRAGMA temp_store = MEMORY"));
    }
    if (m_searchHook) {
        m_searchHook(*m_reader);
    }
    return *m_reader;
}

void StoreWorker::endSearches() {
    {
        const std::lock_guard lock(m_runningMutex);
        ++m_endings;
        if (m_running) {
            m_running->store(true);
        }
    }
    QMetaObject::invokeMethod(
        m_searchHost.get(), [this] { m_reader.reset(); }, Qt::BlockingQueuedConnection);
}

void StoreWorker::flush() {
    if (m_thread.isRunning()) {
        for (QObject* host : {m_host.get(), m_searchHost.get(), m_host.get()}) { // a search may end in the store
            QMetaObject::invokeMethod(
                host, [] {}, Qt::BlockingQueuedConnection);
        }
    }
}

void StoreWorker::close() {
    if (!m_thread.isRunning()) {
        return;
    }
    // Each connection ends on the thread that made it; the last one, which may write, brings the log into the file.
    QMetaObject::invokeMethod(
        m_host.get(),
        [this] {
            endSearches();
            m_store.reset();
        },
        Qt::BlockingQueuedConnection);
    for (QThread* thread : {&m_searchThread, &m_thread}) {
        thread->quit();
        thread->wait();
    }
}

} // namespace moescope::store
