// SPDX-License-Identifier: Apache-2.0
#include "tests/support/matvec.h"

namespace moescope::twins {

std::vector<float> matvec(std::span<const float> w, std::span<const float> x) {
    std::vector<float> y;
    for (size_t row = 0; row < w.size() / x.size(); ++row) {
        double sum = 0;
        for (size_t i = 0; i < x.size(); ++i) {
            sum += double{w[row * x.size() + i]} * x[i];
        }
        y.push_back(static_cast<float>(sum));
    }
    return y;
}

} // namespace moescope::twins
