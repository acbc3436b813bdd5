// SPDX-License-Identifier: Apache-2.0
#include "tests/support/attention.h"

#include <algorithm>
#include <cmath>

namespace moescope::twins {

std::vector<float> attention(std::span<const float> q, std::span<const float> keys, std::span<const float> values,
                             float scale, float sink) {
    const size_t dim = q.size();
    const size_t length = keys.size() / dim;
    std::vector<double> scores(length);
    for (size_t p = 0; p < length; ++p) {
        for (size_t i = 0; i < dim; ++i) {
            scores[p] += double{q[i]} * keys[p * dim + i];
        }
        scores[p] *= scale;
    }
    const double most = *std::max_element(scores.begin(), scores.end());
    double sum = std::exp(sink - most);
    std::vector<double> out(dim);
    for (size_t p = 0; p < length; ++p) {
        const double weight = std::exp(scores[p] - most);
        sum += weight;
        for (size_t i = 0; i < dim; ++i) {
            out[i] += weight * values[p * dim + i];
        }
    }
    std::vector<float> result;
    for (const double value : out) {
        result.push_back(static_cast<float>(value / sum));
    }
    return result;
}

} // namespace moescope::twins
