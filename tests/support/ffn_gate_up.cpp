// SPDX-License-Identifier: Apache-2.0
#include "tests/support/ffn_gate_up.h"

#include "tests/support/matvec.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace moescope::twins {

namespace {

double activated(double gate, double up, model::Activation activation) {
    switch (activation) {
    case model::Activation::Silu: return gate / (1 + std::exp(-gate)) * up;
    case model::Activation::GeluTanh:
        return gate / 2 * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (gate + 0.044715 * std::pow(gate, 3)))) * up;
    case model::Activation::SwigluOai:
        gate = std::min(gate, 7.0);
        return gate / (1 + std::exp(-1.702 * gate)) * (std::clamp(up, -7.0, 7.0) + 1);
    }
    return 0;
}

} // namespace

std::vector<float> ffnGateUp(std::span<const float> gate, std::span<const float> up, std::span<const float> x,
                             model::Activation activation, const GateUpBias& bias) {
    std::vector<float> h = matvec(gate, x);
    const std::vector<float> raised = matvec(up, x);
    for (size_t i = 0; i < h.size(); ++i) {
        const double g = h[i] + (bias.gate.empty() ? 0 : bias.gate[i]);
        const double u = raised[i] + (bias.up.empty() ? 0 : bias.up[i]);
        h[i] = static_cast<float>(activated(g, u, activation));
    }
    return h;
}

} // namespace moescope::twins
