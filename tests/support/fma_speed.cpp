// SPDX-License-Identifier: Apache-2.0
#include "tests/support/fma_speed.h"

namespace moescope::twins {

float fmaSpeed(uint32_t index, uint32_t rounds, float factor) {
    double sum = 0;
    for (uint32_t chain = 0; chain < 8; ++chain) {
        double value = index + chain;
        for (uint32_t i = 0; i < rounds; ++i) {
            value = value * factor + factor;
        }
        sum += 4 * value;
    }
    return static_cast<float>(sum);
}

} // namespace moescope::twins
