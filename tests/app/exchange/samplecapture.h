// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "app/exchange/capture.h"

#include <cstdint>

namespace moescope::exchange::testing {

struct SampleShape {
    int prompt = 5;
    int generated = 40;
    uint32_t layers = 6;
    uint32_t experts = 16;
    uint32_t used = 2;
    bool probs = true;   ///< probabilities of all experts, of every second token
    bool halves = false; ///< numbers as the store keeps them
};

/** Tokens of made-up but lawful routing, always the same. */
store::TokenTraces sampleTokens(const SampleShape& shape);

/** With everything that a capture can hold. */
Capture sampleCapture(const SampleShape& shape = {});

/** Every difference that a reader could make; empty: none. */
QString difference(const Capture& a, const Capture& b);

} // namespace moescope::exchange::testing
