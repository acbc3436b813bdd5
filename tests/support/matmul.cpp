// SPDX-License-Identifier: Apache-2.0
#include "tests/support/matmul.h"

#include "tests/support/half_bound.h"
#include "tests/support/matvec.h"

namespace moescope::twins {

std::vector<float> matmul(std::span<const float> w, std::span<const float> x, uint32_t width) {
    std::vector<float> y;
    for (size_t at = 0; at < x.size(); at += width) {
        const std::vector<float> row = matvec(w, x.subspan(at, width));
        y.insert(y.end(), row.begin(), row.end());
    }
    return y;
}

std::vector<float> matmulHalfBound(std::span<const float> w, std::span<const float> x, uint32_t width) {
    const float largest_w = largestOf(w);
    const float largest_x = largestOf(x);
    std::vector<float> bounds;
    for (size_t at = 0; at < x.size(); at += width) {
        const std::vector<float> row = halfBound(w, x.subspan(at, width), largest_w, largest_x);
        bounds.insert(bounds.end(), row.begin(), row.end());
    }
    return bounds;
}

} // namespace moescope::twins
