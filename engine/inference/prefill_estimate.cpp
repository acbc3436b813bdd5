// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/prefill_estimate.h"

#include "engine/inference/pacer.h"

#include <algorithm>

namespace moescope::inference {

PrefillEstimate::PrefillEstimate(const model::ModelConfig& config) {
    for (uint32_t layer = 0; layer < config.block_count; ++layer) {
        m_windows.push_back(config.window(layer));
    }
}

double PrefillEstimate::lookedBack(uint32_t first, uint32_t count) const {
    // Sum of the first `n` positions, each at most `window`.
    const auto upTo = [](double n, double window) {
        const double growing = window == 0 ? n : std::min(n, window);
        return growing * growing / 2 + (n - growing) * window;
    };
    const double begin = static_cast<double>(first);
    double sum = 0;
    for (const uint32_t window : m_windows) {
        sum += upTo(begin + count, window) - upTo(begin, window);
    }
    return Pacer::positionsOfToken * count + sum / static_cast<double>(std::max<size_t>(m_windows.size(), 1));
}

void PrefillEstimate::add(uint32_t first, uint32_t count, const PassCost& cost) {
    m_first = m_first.value_or(first);
    m_end = first + count;
    m_restEach = cost.rest_ms / count;
    m_attentionEach = cost.attention_ms / lookedBack(first, count);
}

std::optional<double> PrefillEstimate::leftMs(uint32_t count, double elapsed_ms) const {
    const double done = m_first ? costOf(*m_first, m_end - *m_first) : 0;
    if (done <= 0) {
        return std::nullopt;
    }
    return elapsed_ms * costOf(m_end, count) / done;
}

} // namespace moescope::inference
