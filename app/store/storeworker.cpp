// SPDX-License-Identifier: Apache-2.0
#include "app/store/storeworker.h"

#include <exception>

namespace moescope::store {
namespace {

trace::Error asError(const std::exception& exception) {
    return trace::Error("store.failed", "The conversations could not be read or written: {detail}.",
                        {{"detail", exception.what()}});
}

} // namespace

StoreWorker::StoreWorker(QObject* parent) : QObject(parent), m_host(std::make_unique<QObject>()) {
    m_host->moveToThread(&m_thread);
    m_thread.setObjectName(QStringLiteral("store"));
    m_thread.start();
}

StoreWorker::~StoreWorker() { close(); }

void StoreWorker::open(const QString& folder, const StoreOptions& options, QObject* receiver,
                       std::function<void(const OpenReport&)> done, std::function<void(const trace::Error&)> failed) {
    const QPointer<QObject> alive(receiver);
    enqueue([this, folder, options, alive, done = std::move(done), failed = std::move(failed)] {
        m_store.reset();
        const auto refuse = [&](const trace::Error& error) {
            deliver([alive, failed, error] {
                if (alive && failed) {
                    failed(error);
                }
            });
        };
        try {
            m_store = std::make_unique<Store>(folder, options);
            deliver([alive, done, report = m_store->report()] {
                if (alive && done) {
                    done(report);
                }
            });
        } catch (const trace::Error& error) {
            refuse(error);
        } catch (const std::exception& exception) {
            refuse(asError(exception));
        }
    });
}

void StoreWorker::post(std::function<void(Store&)> job, std::function<void(const trace::Error&)> failed) {
    const trace::Error closed("store.closed", "The conversations are not open: nothing was stored.");
    if (!m_thread.isRunning()) {
        deliver([failed = std::move(failed), closed] { failed(closed); });
        return;
    }
    enqueue([this, job = std::move(job), failed = std::move(failed), closed] {
        try {
            if (!m_store) {
                throw closed;
            }
            job(*m_store);
        } catch (const trace::Error& error) {
            deliver([failed, error] { failed(error); });
        } catch (const std::exception& exception) {
            deliver([failed, error = asError(exception)] { failed(error); });
        }
    });
}

void StoreWorker::enqueue(std::function<void()> task) {
    QMetaObject::invokeMethod(m_host.get(), std::move(task), Qt::QueuedConnection);
}

void StoreWorker::deliver(std::function<void()> result) {
    QMetaObject::invokeMethod(this, std::move(result), Qt::QueuedConnection);
}

void StoreWorker::flush() {
    if (m_thread.isRunning()) {
        QMetaObject::invokeMethod(
            m_host.get(), [] {}, Qt::BlockingQueuedConnection);
    }
}

void StoreWorker::close() {
    if (!m_thread.isRunning()) {
        return;
    }
    // The connection ends on the thread that made it.
    QMetaObject::invokeMethod(
        m_host.get(), [this] { m_store.reset(); }, Qt::BlockingQueuedConnection);
    m_thread.quit();
    m_thread.wait();
}

} // namespace moescope::store
