// SPDX-License-Identifier: Apache-2.0
#include "tests/support/rope_qk_norm.h"

#include <cmath>

namespace moescope::twins {

std::vector<float> ropeQkNorm(std::span<const float> head, std::span<const float> weight, uint32_t position,
                              double base, bool norm, float epsilon) {
    const size_t half = head.size() / 2;
    std::vector<float> out(head.size());
    double sum = 0;
    for (size_t j = 0; j < half; ++j) {
        const double angle =
            position * std::pow(base, -2.0 * static_cast<double>(j) / static_cast<double>(head.size()));
        out[j] = static_cast<float>(head[j] * std::cos(angle) - head[j + half] * std::sin(angle));
        out[j + half] = static_cast<float>(head[j + half] * std::cos(angle) + head[j] * std::sin(angle));
        sum += double{out[j]} * out[j] + double{out[j + half]} * out[j + half];
    }
    const double scale = norm ? 1 / std::sqrt(sum / static_cast<double>(head.size()) + epsilon) : 1;
    for (size_t i = 0; i < head.size(); ++i) {
        out[i] = static_cast<float>(out[i] * scale * weight[i]);
    }
    return out;
}

} // namespace moescope::twins
