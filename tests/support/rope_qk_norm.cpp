// SPDX-License-Identifier: Apache-2.0
#include "tests/support/rope_qk_norm.h"

#include <cmath>

namespace moescope::twins {

using model::QkNorm;

namespace {

double inverseRms(std::span<const double> values, float epsilon) {
    double sum = 0;
    for (const double value : values) {
        sum += value * value;
    }
    return 1 / std::sqrt(sum / static_cast<double>(values.size()) + epsilon);
}

void turn(const RopeQkNorm& shape, uint32_t position, std::span<double> head) {
    for (uint32_t j = 0; j < shape.turning / 2; ++j) {
        const bool neighbours = shape.style == model::RopeStyle::Interleaved;
        double& a = head[neighbours ? 2 * j : j];
        double& b = head[neighbours ? 2 * j + 1 : j + shape.turning / 2];
        const double angle = position * std::pow(shape.base, -2.0 * j / shape.turning);
        const double turned = a * std::cos(angle) - b * std::sin(angle);
        b = b * std::cos(angle) + a * std::sin(angle);
        a = turned;
    }
}

} // namespace

std::vector<float> ropeQkNorm(const RopeQkNorm& shape, std::span<const float> heads, uint32_t index,
                              std::span<const float> weight, uint32_t position) {
    const std::vector<double> all(heads.begin(), heads.end());
    const size_t first = size_t{index} * shape.head_dim;
    std::vector<double> head(all.begin() + static_cast<ptrdiff_t>(first),
                             all.begin() + static_cast<ptrdiff_t>(first + shape.head_dim));
    const auto scale = [&](double by, size_t firstWeight) {
        for (size_t i = 0; i < head.size(); ++i) {
            head[i] *= by * weight[firstWeight + i];
        }
    };
    if (shape.norm == QkNorm::BeforeRope) {
        scale(inverseRms(head, shape.epsilon), 0);
    } else if (shape.norm == QkNorm::WholeBeforeRope) {
        scale(inverseRms(all, shape.epsilon), first);
    }
    turn(shape, position, head);
    if (shape.norm == QkNorm::AfterRope) {
        scale(inverseRms(head, shape.epsilon), 0);
    }
    return {head.begin(), head.end()};
}

} // namespace moescope::twins
