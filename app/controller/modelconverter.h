// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/error.h"

#include <QObject>
#include <QStringList>
#include <QThreadPool>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

namespace moescope::controller {

struct ConvertJob {
    std::filesystem::path folder; ///< of Hugging Face: config.json and safetensors
    std::filesystem::path target; ///< the .gguf file to write
    std::string type = "f16";     ///< as `moescope-cli convert --type` names them
};

/** Turns a Hugging Face folder into a GGUF file on a thread of its own, one at a time. Everything comes back as a signal
 *  in this object's thread. */
class ModelConverter : public QObject {
    Q_OBJECT
public:
    explicit ModelConverter(QObject* parent = nullptr);
    ~ModelConverter() override; ///< cancels and joins

    bool isRunning() const { return m_running; }
    /** Nothing while one is running. */
    void convert(const ConvertJob& job);
    /** Ends with failed{convert.cancelled}; what was at the target stays as it was. */
    void cancel() { m_cancel.store(true); }

signals:
    void progress(quint64 done, quint64 total);
    void converted(const QString& target, const QStringList& warnings);
    void failed(const moescope::trace::Error& error);

private:
    template <typename Function>
    void carry(Function what);
    void run(const ConvertJob& job);

    std::atomic<bool> m_cancel = false;
    bool m_running = false;
    QThreadPool m_pool;
};

} // namespace moescope::controller
