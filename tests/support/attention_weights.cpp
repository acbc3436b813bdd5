// SPDX-License-Identifier: Apache-2.0
#include "tests/support/attention_weights.h"

#include <algorithm>
#include <cmath>

namespace moescope::twins {

std::vector<float> attentionWeights(std::span<const float> q, std::span<const float> keys, size_t first, float scale,
                                    float sink) {
    const size_t dim = q.size();
    const size_t length = keys.size() / dim;
    std::vector<double> weights(length + 1, -INFINITY);
    for (size_t p = first; p < length; ++p) {
        double score = 0;
        for (size_t i = 0; i < dim; ++i) {
            score += double{q[i]} * keys[p * dim + i];
        }
        weights[p] = score * scale;
    }
    weights[length] = sink;
    const double most = *std::max_element(weights.begin(), weights.end());
    double sum = 0;
    for (double& weight : weights) {
        weight = std::exp(weight - most);
        sum += weight;
    }
    std::vector<float> result;
    for (const double weight : weights) {
        result.push_back(static_cast<float>(weight / sum));
    }
    return result;
}

} // namespace moescope::twins
