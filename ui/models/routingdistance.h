// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/cancel.h"
#include "engine/trace/routing_log.h"

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::ui {

/** Tokens of two runs that stand for each other. */
struct TokenPair {
    int a = 0;
    int b = 0;
};

/** How differently two runs of one model were routed in a layer, over their aligned tokens. */
struct LayerDistance {
    /** Jensen–Shannon divergence of the expert shares, 0 … 1 bit: 0 if they are the same, 1 if they have no expert in
     *  common. */
    double js_bits = 0;
    /** What 95 of 100 ways to exchange the tokens within aligned pairs do not exceed: the divergence of runs that differ by
     *  chance. */
    double chance_bits = 0;
    double jaccard = 1; ///< mean over the pairs of |A ∩ B| ÷ |A ∪ B| of the chosen experts
    int n = 0;          ///< pairs

    /** By more than rounding. */
    bool isOutsideChance() const { return js_bits > chance_bits + 1e-9; }
};

/** In bits, of two counts of the same things; 0 if one counts nothing. */
double jensenShannonBits(std::span<const int64_t> a, std::span<const int64_t> b);

/** A layer each. Chance is taken over all exchanges where at most 8,192 of them differ in what they count (12 pairs that
 *  differ have 4,096), else over 10,000 of at most 256 pairs or 1,000 of more, which follow from `seed`. Both logs have the same shape; pairs are in range. Throws trace::Error{work.cancelled}. */
std::vector<LayerDistance> routingDistance(const trace::RoutingLog& a, const trace::RoutingLog& b,
                                           std::span<const TokenPair> pairs, uint64_t seed = 1,
                                           trace::CancelFlag cancel = nullptr);

} // namespace moescope::ui
