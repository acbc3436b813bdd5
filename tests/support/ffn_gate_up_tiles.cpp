// SPDX-License-Identifier: Apache-2.0
#include "tests/support/ffn_gate_up_tiles.h"

#include "tests/support/ffn_gate_up.h"

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

} // namespace moescope::twins
