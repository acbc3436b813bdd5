// SPDX-License-Identifier: Apache-2.0
#include "tests/support/ffn_gate_up.h"

#include "tests/support/matvec.h"

#include <cmath>

namespace moescope::twins {

std::vector<float> ffnGateUp(std::span<const float> gate, std::span<const float> up, std::span<const float> x) {
    std::vector<float> h = matvec(gate, x);
    const std::vector<float> raised = matvec(up, x);
    for (size_t i = 0; i < h.size(); ++i) {
        h[i] = static_cast<float>(h[i] / (1 + std::exp(-double{h[i]})) * raised[i]);
    }
    return h;
}

} // namespace moescope::twins
