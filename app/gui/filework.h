// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/error.h"

#include <QObject>
#include <QPointer>
#include <QThreadPool>

#include <functional>
#include <memory>
#include <new>
#include <utility>

namespace moescope::gui {

/** Reads and writes files on a thread of their own, one after the other. */
class FileWork : public QObject {
    Q_OBJECT
public:
    FileWork() { m_pool.setMaxThreadCount(1); }
    /** What was begun or waits is done to its end; nobody hears of it any more. */
    ~FileWork() override { m_pool.waitForDone(); }

    /** Runs `job()` there, then `done(result)` here, or `failed(trace::Error)`, unless `context` is gone. */
    template <typename Job, typename Done, typename Failed>
    void run(QObject* context, Job job, Done done, Failed failed) {
        m_pool.start([this, context = QPointer<QObject>(context), job = std::move(job), done = std::move(done),
                      failed = std::move(failed)]() mutable {
            std::function<void()> end;
            try {
                end = [result = std::make_shared<decltype(job())>(job()), done = std::move(done)] { done(*result); };
            } catch (const trace::Error& error) {
                end = [failed = std::move(failed), error] { failed(error); };
            } catch (const std::bad_alloc&) {
                end = [failed = std::move(failed)] {
                    failed(trace::Error("exchange.memory", "There is not enough memory left for this file."));
                };
            }
            QMetaObject::invokeMethod(
                this,
                [context = std::move(context), end = std::move(end)] {
                    if (context) {
                        end();
                    }
                },
                Qt::QueuedConnection);
        });
    }

private:
    QThreadPool m_pool;
};

} // namespace moescope::gui
