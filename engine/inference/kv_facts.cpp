// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kv_facts.h"

#include "engine/gguf/fingerprint.h"
#include "engine/trace/error.h"

#include <array>
#include <charconv>
#include <chrono>

namespace moescope::inference {

std::string ropeText(const model::ModelConfig& config, uint32_t context) {
    std::string text = "style " + std::to_string(static_cast<int>(config.rope_style));
    const auto add = [&text](const char* name, double value) {
        std::array<char, 32> digits{};
        const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
        text.append(", ").append(name).append(" ").append(digits.data(), end);
    };
    add("dimensions", config.rope_dimension_count);
    add("base", config.rope_freq_base);
    add("window base", config.rope_freq_base_swa);
    add("scaling", static_cast<int>(config.rope_scaling));
    add("factor", config.rope_scaling_factor);
    add("original context", config.rope_original_context_length);
    add("attention factor", config.rope_attn_factor);
    add("beta fast", config.rope_yarn_beta_fast);
    add("beta slow", config.rope_yarn_beta_slow);
    add("truncate", config.rope_yarn_truncate ? 1 : 0);
    if (config.rope_scaling == model::RopeScaling::LongFactors) {
        text += context > config.rope_original_context_length ? ", factors of long contexts"
                                                              : ", factors of short contexts";
    }
    return text;
}

FingerprintJob::FingerprintJob(const gguf::Reader& file, bool wanted, const std::filesystem::path& cache_folder)
    : m_file(file), m_cacheFolder(cache_folder) {
    if (wanted) {
        m_job = std::async(std::launch::async, [this, &file, cache_folder] {
                    return gguf::fingerprintOf(file, cache_folder, &m_stop);
                }).share();
    }
}

const std::string& FingerprintJob::get(trace::CancelFlag cancel) const {
    if (!m_job.valid()) {
        throw trace::Error("session.off", "This model was loaded without the fingerprint that saved KV caches need.");
    }
    while (m_job.wait_for(std::chrono::milliseconds(20)) != std::future_status::ready) {
        trace::stopIfCancelled(cancel);
    }
    return m_job.get();
}

std::string FingerprintJob::take(trace::CancelFlag cancel) const {
    return isWanted() ? get(cancel) : gguf::fingerprintOf(m_file, m_cacheFolder, cancel);
}

} // namespace moescope::inference
