// SPDX-License-Identifier: Apache-2.0
#include "tests/support/half_bound.h"

#include <algorithm>
#include <cmath>

namespace moescope::twins {

std::vector<float> halfBound(std::span<const float> w, std::span<const float> x, float largest_w, float largest_x) {
    const size_t width = x.size();
    const double relative = 0x1p-10 + static_cast<double>(width) * 0x1p-23;
    std::vector<float> bounds;
    for (size_t at = 0; at < w.size(); at += width) {
        double products = 0;
        double weights = 0;
        double activations = 0;
        for (size_t i = 0; i < width; ++i) {
            products += std::fabs(double{w[at + i]} * x[i]);
            weights += std::fabs(w[at + i]);
            activations += std::fabs(x[i]);
        }
        bounds.push_back(
            static_cast<float>(relative * products + 0x1p-38 * (largest_w * activations + largest_x * weights)));
    }
    return bounds;
}

float largestOf(std::span<const float> values) {
    float largest = 0;
    for (const float value : values) {
        largest = std::max(largest, std::fabs(value));
    }
    return largest;
}

} // namespace moescope::twins
