// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/model_config.h"
#include "engine/trace/intervention.h"
#include "shaders/common/push_constants.h"

#include <vector>

namespace moescope::inference {

/** An intervention as the forward pass runs it. */
struct RouterRules {
    uint32_t experts_used = 0; ///< routed experts a token
    bool norm_weights = false; ///< divide the chosen probabilities by their sum
    bool without_shared = false;
    std::vector<shaders::RouterRule> table; ///< [MoE layer][expert]; empty where no router is interfered with
};

/** Throws trace::Error{intervention.experts_used} for more experts a token than the kernels have room for. What the model
 *  itself cannot run is trace::checkIntervention()'s to refuse, before. */
RouterRules routerRules(const trace::Intervention& intervention, const model::ModelConfig& config);

} // namespace moescope::inference
