// SPDX-License-Identifier: Apache-2.0
#include "tests/support/ffn_down.h"

#include "tests/support/matvec.h"

namespace moescope::twins {

std::vector<float> ffnDown(std::span<const float> down, uint32_t rows, uint32_t width,
                           std::span<const uint32_t> experts, std::span<const float> weights, std::span<const float> h,
                           std::span<const float> bias) {
    std::vector<float> sum(rows);
    for (size_t s = 0; s < experts.size(); ++s) {
        const std::vector<float> y =
            matvec(down.subspan(size_t{experts[s]} * rows * width, size_t{rows} * width), h.subspan(s * width, width));
        for (uint32_t row = 0; row < rows; ++row) {
            sum[row] += weights[s] * (y[row] + (bias.empty() ? 0 : bias[size_t{experts[s]} * rows + row]));
        }
    }
    return sum;
}

} // namespace moescope::twins
