// SPDX-License-Identifier: Apache-2.0
#include "tests/support/rms_norm.h"

#include <cmath>

namespace moescope::twins {

std::vector<float> rmsNorm(std::span<const float> x, std::span<const float> weight, float epsilon) {
    double sum = 0;
    for (const float value : x) {
        sum += double{value} * value;
    }
    const double scale = 1 / std::sqrt(sum / static_cast<double>(x.size()) + epsilon);
    std::vector<float> y;
    for (size_t i = 0; i < x.size(); ++i) {
        y.push_back(static_cast<float>(x[i] * scale * weight[i]));
    }
    return y;
}

} // namespace moescope::twins
