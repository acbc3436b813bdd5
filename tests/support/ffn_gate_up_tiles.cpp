// SPDX-License-Identifier: Apache-2.0
#include "tests/support/ffn_gate_up_tiles.h"

#include "tests/support/ffn_gate_up.h"
#include "tests/support/half_bound.h"
#include "tests/support/matvec.h"

#include <algorithm>
#include <cmath>

namespace moescope::twins {

std::vector<float> ffnGateUpTiles(std::span<const float> gate, std::span<const float> up, uint32_t rows, uint32_t width,
                                  std::span<const uint32_t> experts, std::span<const uint32_t> order, uint32_t used,
                                  std::span<const float> x, model::Activation activation, const GateUpBias& bias) {
    const size_t size = size_t{rows} * width;
    std::vector<float> h;
    for (const uint32_t pair : order) {
        const size_t at = experts[pair] * size;
        GateUpBias own;
        if (!bias.gate.empty()) {
            const size_t first = size_t{experts[pair]} * rows;
            own = {bias.gate.subspan(first, rows), bias.up.subspan(first, rows)};
        }
        const std::vector<float> row = ffnGateUp(gate.subspan(at, size), up.subspan(at, size),
                                                 x.subspan(size_t{pair / used} * width, width), activation, own);
        h.insert(h.end(), row.begin(), row.end());
    }
    return h;
}

std::vector<float> ffnGateUpTilesHalfBound(std::span<const float> gate, std::span<const float> up, uint32_t rows,
                                           uint32_t width, std::span<const uint32_t> experts,
                                           std::span<const uint32_t> order, uint32_t used, std::span<const float> x,
                                           const GateUpBias& bias) {
    constexpr float steepest = 1.2F; // of all activations, by the gate; none is further from zero than its gate
    const size_t size = size_t{rows} * width;
    const float largest_w = std::max(largestOf(gate), largestOf(up));
    const float largest_x = largestOf(x);
    std::vector<float> bounds;
    for (const uint32_t pair : order) {
        const std::span<const float> own = x.subspan(size_t{pair / used} * width, width);
        const std::span<const float> own_gate = gate.subspan(experts[pair] * size, size);
        const std::span<const float> own_up = up.subspan(experts[pair] * size, size);
        const std::vector<float> gated = matvec(own_gate, own);
        const std::vector<float> raised = matvec(own_up, own);
        const std::vector<float> gate_bound = halfBound(own_gate, own, largest_w, largest_x);
        const std::vector<float> up_bound = halfBound(own_up, own, largest_w, largest_x);
        for (size_t row = 0; row < rows; ++row) {
            const size_t at = size_t{experts[pair]} * rows + row;
            const float g = std::fabs(gated[row] + (bias.gate.empty() ? 0 : bias.gate[at])) + gate_bound[row];
            const float u = std::fabs(raised[row] + (bias.up.empty() ? 0 : bias.up[at])) + up_bound[row] + 1;
            bounds.push_back(steepest * u * gate_bound[row] + g * up_bound[row]);
        }
    }
    return bounds;
}

} // namespace moescope::twins
