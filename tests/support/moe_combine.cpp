// SPDX-License-Identifier: Apache-2.0
#include "tests/support/moe_combine.h"

namespace moescope::twins {

std::vector<float> moeCombine(std::span<const float> weights, std::span<const float> y, uint32_t width) {
    std::vector<float> sum(width);
    for (size_t s = 0; s < weights.size(); ++s) {
        for (uint32_t i = 0; i < width; ++i) {
            sum[i] += weights[s] * y[s * width + i];
        }
    }
    return sum;
}

} // namespace moescope::twins
