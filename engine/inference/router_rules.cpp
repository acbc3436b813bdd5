// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/router_rules.h"

#include "engine/inference/kernels.h"
#include "engine/trace/error.h"

namespace moescope::inference {

RouterRules routerRules(const trace::Intervention& intervention, const model::ModelConfig& config) {
    RouterRules rules;
    rules.experts_used = intervention.experts_used != 0 ? intervention.experts_used : config.expert_used_count;
    if (rules.experts_used > Kernels::mostExpertsUsed) {
        throw trace::Error(
            "intervention.experts_used",
            "{used} experts cannot answer each token: this version computes with at most {most}.",
            {{"used", trace::grouped(rules.experts_used)}, {"most", trace::grouped(Kernels::mostExpertsUsed)}});
    }
    rules.norm_weights = config.normsWeights(rules.experts_used);
    rules.without_shared = intervention.without_shared;
    if (intervention.banned.empty() && intervention.forced.empty() && intervention.biases.empty()) {
        return rules;
    }
    rules.table.resize(size_t{config.moeLayerCount()} * config.expert_count, {.kind = ROUTER_RULE_NONE, .bias = 0});
    const auto at = [&](const trace::ExpertPlace& place) -> shaders::RouterRule& {
        return rules.table[size_t{place.layer} * config.expert_count + place.expert];
    };
    for (const trace::ExpertPlace& place : intervention.banned) {
        at(place).kind = ROUTER_RULE_BANNED;
    }
    for (const trace::ExpertPlace& place : intervention.forced) {
        at(place).kind = ROUTER_RULE_FORCED;
    }
    for (const trace::ExpertBias& bias : intervention.biases) {
        at(bias.place).bias = bias.bias;
    }
    return rules;
}

} // namespace moescope::inference
