// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"
#include "engine/model/model_config.h"
#include "engine/trace/cancel.h"

#include <atomic>
#include <filesystem>
#include <future>
#include <string>

/** What a KV cache follows from that costs more than a look. */
namespace moescope::inference {

/** All settings that turn keys, in words; of models with factors for two lengths, those that a context of so many tokens
 *  takes. */
std::string ropeText(const model::ModelConfig& config, uint32_t context);

/** The fingerprint of a model's files, taken by a thread of its own while they are uploaded: what the system's cache holds of
 *  them is read from the disk once. */
class FingerprintJob {
public:
    /** `file` must outlive it. Not `wanted`: nothing is read. */
    FingerprintJob(const gguf::Reader& file, bool wanted, const std::filesystem::path& cache_folder);
    ~FingerprintJob() { m_stop = true; } // the future waits
    FingerprintJob(const FingerprintJob&) = delete;
    FingerprintJob& operator=(const FingerprintJob&) = delete;

    bool isWanted() const { return m_job.valid(); }
    /** Waits for it. Throws trace::Error{session.off} if it was not wanted, {work.cancelled}, and as gguf::fingerprintOf()
     *  does. */
    const std::string& get(trace::CancelFlag cancel) const;
    /** The same, taken on this thread where it was not wanted. */
    std::string take(trace::CancelFlag cancel) const;

private:
    const gguf::Reader& m_file;
    std::filesystem::path m_cacheFolder;
    std::atomic<bool> m_stop = false;
    std::shared_future<std::string> m_job;
};

} // namespace moescope::inference
