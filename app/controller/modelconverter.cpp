// SPDX-License-Identifier: Apache-2.0
#include "app/controller/modelconverter.h"

#include "app/controller/modelcards.h"
#include "app/platform/paths.h"
#include "engine/model/convert.h"

#include <chrono>

namespace moescope::controller {

template <typename Function>
void ModelConverter::carry(Function what) {
    QMetaObject::invokeMethod(this, std::move(what), Qt::QueuedConnection);
}

ModelConverter::ModelConverter(QObject* parent) : QObject(parent) { m_pool.setMaxThreadCount(1); }

ModelConverter::~ModelConverter() {
    m_cancel.store(true);
    m_pool.waitForDone();
}

void ModelConverter::convert(const ConvertJob& job) {
    if (m_running) {
        return;
    }
    m_running = true;
    m_cancel.store(false);
    m_pool.start([this, job] { run(job); });
}

void ModelConverter::run(const ConvertJob& job) {
    try {
        model::ConvertOptions options;
        options.type = gguf::parseTensorType(job.type);
        auto next = std::chrono::steady_clock::now();
        options.progress = [this, &next](uint64_t done, uint64_t total) {
            if (const auto now = std::chrono::steady_clock::now(); now >= next) {
                next = now + std::chrono::milliseconds(33);
                carry([this, done, total] { emit progress(done, total); });
            }
            return !m_cancel.load();
        };
        const model::ConvertResult result = model::convert(job.folder, job.target, options);
        QStringList warnings;
        for (const std::string& warning : result.warnings) {
            warnings.append(QString::fromStdString(warning));
        }
        carry([this, target = QString::fromStdString(platform::toUtf8(job.target)), warnings] {
            m_running = false;
            emit converted(target, warnings);
        });
    } catch (...) {
        carry([this, error = currentError()] {
            m_running = false;
            emit failed(error);
        });
    }
}

} // namespace moescope::controller
