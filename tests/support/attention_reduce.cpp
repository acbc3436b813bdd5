// SPDX-License-Identifier: Apache-2.0
#include "tests/support/attention_reduce.h"

#include <algorithm>
#include <cmath>

namespace moescope::twins {

std::vector<float> attentionReduce(std::span<const float> partial, uint32_t splits, uint32_t head_stride,
                                   uint32_t head_dim, float sink) {
    const size_t entry = 2 + size_t{head_stride};
    double most = -INFINITY;
    for (size_t s = 0; s < splits; ++s) {
        most = std::max(most, double{partial[s * entry]});
    }
    double sum = std::exp(sink - most);
    std::vector<double> values(head_dim);
    for (size_t s = 0; s < splits; ++s) {
        const double weight = std::exp(partial[s * entry] - most);
        sum += weight * partial[s * entry + 1];
        for (uint32_t i = 0; i < head_dim; ++i) {
            values[i] += weight * partial[s * entry + 2 + i];
        }
    }
    std::vector<float> out;
    for (const double value : values) {
        out.push_back(static_cast<float>(value / sum));
    }
    return out;
}

} // namespace moescope::twins
