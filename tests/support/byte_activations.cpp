// SPDX-License-Identifier: Apache-2.0
#include "tests/support/byte_activations.h"

#include "tests/support/half_bound.h"

#include <algorithm>
#include <cmath>

namespace moescope::twins {

std::vector<float> byteActivations(std::span<const float> x, uint32_t width) {
    std::vector<float> rounded;
    for (size_t row = 0; row < x.size(); row += width) {
        for (size_t first = 0; first < width; first += 16) {
            const auto chunk = x.subspan(row + first, std::min<size_t>(16, width - first));
            const float largest = largestOf(chunk);
            const float inverse = largest > 1e-30F ? 127.0F / largest : 0.0F;
            const float scale = largest / 127.0F;
            for (const float value : chunk) {
                rounded.push_back(scale * std::nearbyint(value * inverse));
            }
        }
    }
    return rounded;
}

} // namespace moescope::twins
