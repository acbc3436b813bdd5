// SPDX-License-Identifier: Apache-2.0
#include "tests/support/attention_mass.h"

#include <numeric>

namespace moescope::twins {

std::vector<float> attentionMass(std::span<const float> weights, size_t stride, size_t first, size_t count) {
    std::vector<float> mass;
    for (size_t head = 0; head < weights.size() / stride; ++head) {
        const auto row = weights.begin() + static_cast<ptrdiff_t>(head * stride + first);
        mass.push_back(static_cast<float>(std::accumulate(row, row + static_cast<ptrdiff_t>(count), 0.0)));
    }
    return mass;
}

} // namespace moescope::twins
