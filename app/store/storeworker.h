// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/store/store.h"

#include <QObject>
#include <QPointer>
#include <QThread>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace moescope::store {

/** The one thread that touches the database. Jobs run there in the order they were given; results come back to the
 *  thread of the StoreWorker (the UI thread), never to a receiver that is gone by then.
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

    /** Opens the store on the thread; jobs given afterwards wait for it. If it fails, the jobs fail with store.closed
     *  until another open() succeeds (StoreOptions::in_memory always does). */
    void open(const QString& folder, const StoreOptions& options, QObject* receiver,
              std::function<void(const OpenReport&)> done, std::function<void(const trace::Error&)> failed);

    /** `job(Store&)` on the thread, then `done(its result)` or `failed(error)` on this object's thread if `receiver`
     *  still lives. Without `failed`, an error is sent as the signal failed(). Callable from any thread. */
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

    /** Waits until every job given so far has run. For the end of the program and for tests: it blocks. */
    void flush();
    /** Runs what is queued, closes the database cleanly and ends the thread. */
    void close();

signals:
    void failed(const moescope::trace::Error& error);

private:
    void post(std::function<void(Store&)> job, std::function<void(const trace::Error&)> failed);
    void enqueue(std::function<void()> task);
    void deliver(std::function<void()> result);

    QThread m_thread;
    std::unique_ptr<QObject> m_host; // lives in m_thread: the queue
    std::unique_ptr<Store> m_store;  // touched in m_thread only
};

} // namespace moescope::store
