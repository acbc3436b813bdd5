// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"
#include "engine/model/model_config.h"

#include <atomic>
#include <filesystem>
#include <future>
#include <string>

/** What a KV cache follows from that costs more than a look. */
namespace moescope::inference {

/** All settings that turn keys, in words. */
std::string ropeText(const model::ModelConfig& config);

/** The fingerprint of a model's files, taken by a thread of its own while they are uploaded: their bytes are read from the
 *  disk once. */
class FingerprintJob {
public:
    /** `file` must outlive it. Not `wanted`: nothing is read. */
    FingerprintJob(const gguf::Reader& file, bool wanted, const std::filesystem::path& cache_folder);
    ~FingerprintJob() { m_stop = true; } // the future waits
    FingerprintJob(const FingerprintJob&) = delete;
    FingerprintJob& operator=(const FingerprintJob&) = delete;

    /** Waits for it. Throws trace::Error{session.off} if it was not wanted, and as gguf::fingerprintOf() does. */
    const std::string& get() const;

private:
    std::atomic<bool> m_stop = false;
    std::shared_future<std::string> m_job;
};

} // namespace moescope::inference
