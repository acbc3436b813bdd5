// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/store/store.h"

#include <QObject>
#include <QPointer>
#include <QThread>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

namespace moescope::store {

class Connection;

/** Two threads: the storing one opens, reads and changes the database and runs the jobs in the order they were given,
 *  the searching one only searches. Results come back to the thread of the StoreWorker (the UI thread), never to a
 *  receiver that is gone by then.
 *
 *      worker.run(this, [id](Store& store) { return store.messages(id); },
 *                 [this](const QList<Message>& messages) { show(messages); },
 *                 [this](const trace::Error& error) { complain(error); });
 */
class StoreWorker : public QObject {
    Q_OBJECT
public:
    explicit StoreWorker(QObject* parent = nullptr);
    ~StoreWorker() override; ///< close()

    /** Opens the store on the storing thread; jobs given afterwards wait for it. If it fails, the jobs fail with
     *  store.closed until another open() succeeds (StoreOptions::in_memory always does). */
    void open(const QString& folder, const StoreOptions& options, QObject* receiver,
              std::function<void(const OpenReport&)> done, std::function<void(const trace::Error&)> failed);

    /** `job(Store&)` on the storing thread, then `done(its result)` or `failed(error)` on this object's thread if
     *  `receiver` still lives. Without `failed`, an error is sent as the signal failed(). Callable from any thread. */
    template <typename Job, typename Done>
    void run(QObject* receiver, Job job, Done done, std::function<void(const trace::Error&)> failed = {}) {
        using Result = std::invoke_result_t<Job&, Store&>;
        QPointer<QObject> alive(receiver);
        post(
            [this, alive, job = std::move(job), done = std::move(done)](Store& store) mutable {
                if constexpr (std::is_void_v<Result>) {
                    job(store);
                    deliver([alive, done = std::move(done)]() mutable {
                        if (alive) {
                            done();
                        }
                    });
                } else {
                    auto result = std::make_shared<Result>(job(store));
                    deliver([alive, result, done = std::move(done)]() mutable {
                        if (alive) {
                            done(*result);
                        }
                    });
                }
            },
            [alive, failed = std::move(failed), this](const trace::Error& error) {
                if (!failed) {
                    emit this->failed(error);
                } else if (alive) {
                    failed(error);
                }
            });
    }

    /** A job with no result; an error is sent as the signal failed(). */
    template <typename Job>
    void run(Job job) {
        post([job = std::move(job)](Store& store) mutable { job(store); },
             [this](const trace::Error& error) { emit failed(error); });
    }

    /** Store::search() on the searching thread and a connection of its own, which only reads: a long search holds up no
     *  job. It finds what the jobs given before it stored. `cancel` may be null; a cancelled search is done, and not
     *  complete; so is one that open() or close() ends. The storing thread searches only a store in memory, and again
     *  after store.index_damaged, where it mends the index, or store.corrupt. */
    void search(QObject* receiver, const QString& query, int limit, std::shared_ptr<std::atomic<bool>> cancel,
                std::function<void(const SearchResult&)> done, std::function<void(const trace::Error&)> failed = {});

    /** Waits until every job and search given so far has run. For the end of the program and for tests: it blocks. */
    void flush();
    /** Runs the jobs that are queued, ends the searches, closes the database cleanly and ends both threads. */
    void close();

    /** For tests: called on the searching thread, with its connection, before each search reads. Set it first. */
    void setSearchHook(std::function<void(Connection&)> hook) { m_searchHook = std::move(hook); }

signals:
    void failed(const moescope::trace::Error& error);

private:
    void post(std::function<void(Store&)> job, std::function<void(const trace::Error&)> failed);
    void enqueue(std::function<void()> task);
    void deliver(std::function<void()> result);
    /** The connection of the searches. On the searching thread. */
    Connection& reader(const QString& file);
    /** Ends the search that runs, drops those that wait, and closes their connection. On the storing thread. */
    void endSearches();

    QThread m_searchThread;
    std::unique_ptr<QObject> m_searchHost; // lives in m_searchThread: the queue
    std::unique_ptr<Connection> m_reader;  // touched in m_searchThread only
    std::atomic<int> m_endings = 0;        // calls of endSearches(): what was begun before is dropped
    std::mutex m_runningMutex;
    std::shared_ptr<std::atomic<bool>> m_running; // ends the search that runs; null: none does
    std::function<void(Connection&)> m_searchHook;

    QThread m_thread;
    std::unique_ptr<QObject> m_host; // lives in m_thread: the queue
    std::unique_ptr<Store> m_store;  // touched in m_thread only
};

} // namespace moescope::store
