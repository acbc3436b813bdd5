// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ui/models/attention.h"

#include <cmath>

namespace moescope::test {

/** Weights of a smooth sink: head h gives its first position a share of its own, the rest falls off with the distance, and
 *  sums to 1 (less a learned sink of h %, if there are any). */
inline ui::AttentionState attentionSample(int heads, int position, bool sinks = false, uint32_t layer = 3) {
    trace::AttentionWeights weights{.position = uint32_t(position), .layer = layer, .heads = uint32_t(heads)};
    std::vector<std::string> texts;
    for (int head = 0; head < heads; ++head) {
        const double whole = sinks ? 1 - 0.01 * head : 1;
        std::vector<double> row;
        double sum = 0;
        for (int p = 0; p <= position; ++p) {
            const double decay = std::exp(-(position - p) / (1.0 + 3 * head));
            row.push_back(p == 0 ? 0.5 * (head + 1) : decay);
            sum += row.back();
        }
        for (const double weight : row) {
            weights.weights.push_back(float(weight / sum * whole));
        }
        if (sinks) {
            weights.sinks.push_back(float(1 - whole));
        }
    }
    for (int p = 0; p <= position; ++p) {
        texts.push_back(" w" + std::to_string(p));
    }
    const int answer = std::max(1, position * 3 / 4);
    return {std::make_shared<const trace::AttentionWeights>(std::move(weights)),
            std::make_shared<const std::vector<std::string>>(std::move(texts)),
            {{QStringLiteral("system"), 0},
             {QStringLiteral("user"), std::max(1, position / 8)},
             {QStringLiteral("assistant"), std::max(1, position / 4)},
             {QStringLiteral("user"), std::max(1, position / 2)},
             {QStringLiteral("user"), std::max(1, position / 2)},
             {QStringLiteral("assistant"), answer}}};
}

} // namespace moescope::test
