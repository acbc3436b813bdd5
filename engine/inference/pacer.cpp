// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/pacer.h"

#include <algorithm>
#include <chrono>
#include <numeric>

namespace moescope::inference {

Pacer::Pacer(vulkan::Device& device) : m_recorder(device, "prefill") {}

void Pacer::begin(uint32_t tokens, const std::atomic<bool>* cancel) {
    m_tokens = tokens;
    m_cancel = cancel;
    m_dispatches = 0;
    m_expectedMs = 0;
    m_inSlice.fill(0);
    m_recorder.begin();
    m_open = true;
}

bool Pacer::next(Interval kind) {
    const auto index = static_cast<size_t>(kind);
    const double expected = m_msPerToken[index] * m_tokens;
    ++m_inSlice[index];
    m_expectedMs += expected;
    const double longest = *std::max_element(m_msPerToken.begin(), m_msPerToken.end()) * m_tokens;
    // Submitted where the next interval, whatever it is, might not fit any more.
    if (m_msPerToken[index] == 0 || m_expectedMs + longest > sliceMs) {
        if (isCancelled()) {
            return false;
        }
        submit();
        m_recorder.begin();
        m_open = true;
        return !isCancelled();
    }
    m_recorder.barrier();
    return true;
}

bool Pacer::finish() {
    if (isCancelled()) {
        return false;
    }
    submit();
    return true;
}

void Pacer::submit() {
    m_dispatches += m_recorder.dispatchCount();
    m_recorder.end();
    m_open = false;
    const auto start = std::chrono::steady_clock::now();
    m_recorder.submitAndWait();
    const double ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
    // A slice's time is shared out in proportion to what was expected of its intervals.
    const uint32_t intervals = std::accumulate(m_inSlice.begin(), m_inSlice.end(), 0U);
    for (size_t kind = 0; kind < kinds; ++kind) {
        if (m_inSlice[kind] == 0) {
            continue;
        }
        const double share = m_expectedMs > 0 ? m_msPerToken[kind] * m_tokens / m_expectedMs : 1.0 / intervals;
        const double measured = ms * share / m_tokens;
        m_msPerToken[kind] =
            m_msPerToken[kind] == 0 ? std::max(measured, 1e-9) : 0.7 * m_msPerToken[kind] + 0.3 * measured;
    }
    m_expectedMs = 0;
    m_inSlice.fill(0);
}

uint32_t Pacer::advisedTokens(uint32_t most) const {
    const double longest = *std::max_element(m_msPerToken.begin(), m_msPerToken.end());
    if (longest == 0) {
        return std::min<uint32_t>(most, 32);
    }
    return static_cast<uint32_t>(std::clamp(0.8 * sliceMs / longest, 1.0, static_cast<double>(most)));
}

} // namespace moescope::inference
