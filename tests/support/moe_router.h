// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "shaders/common/push_constants.h"

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::twins {

/** What the router does for one token. */
struct Routing {
    std::vector<float> probs;      ///< softmax over all experts
    std::vector<uint32_t> experts; ///< best first; ties: lower id
    std::vector<float> weights;
    uint32_t runner_up = 0;
    float shared_weight = 0; ///< sigmoid of the row after the experts', if there is one
};

/** `normed`: the token after the norm; router [experts or experts + 1][normed.size()]; bias [experts]; rules [experts] or
 *  empty. */
Routing moeRouter(std::span<const float> router, std::span<const float> bias, std::span<const float> normed,
                  uint32_t used, bool norm_weights, std::span<const shaders::RouterRule> rules = {});

} // namespace moescope::twins
