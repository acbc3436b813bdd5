// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sample_top.h"

#include <algorithm>
#include <cmath>

namespace moescope::twins {

SampleTop sampleTop(std::span<const float> chunk, uint32_t first, std::span<const uint32_t> recent, float penalty,
                    uint32_t top_k) {
    SampleTop found;
    for (uint32_t i = 0; i < chunk.size(); ++i) {
        const uint32_t token = first + i;
        float logit = chunk[i];
        if (std::isnan(logit) || logit == INFINITY) {
            found.refused = found.refused.value_or(token);
        }
        if (std::isnan(logit)) {
            continue;
        }
        if (std::find(recent.begin(), recent.end(), token) != recent.end()) {
            logit *= logit > 0 ? 1 / penalty : penalty;
        }
        found.top.emplace_back(logit, token);
    }
    std::stable_sort(found.top.begin(), found.top.end(),
                     [](const auto& a, const auto& b) { return a.first > b.first; });
    found.top.resize(std::min<size_t>(found.top.size(), top_k));
    return found;
}

} // namespace moescope::twins
