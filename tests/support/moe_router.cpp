// SPDX-License-Identifier: Apache-2.0
#include "tests/support/moe_router.h"

#include "tests/support/matvec.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace moescope::twins {

namespace {

void interfere(std::vector<float>& logits, std::span<const shaders::RouterRule> rules) {
    const auto [low, high] = std::minmax_element(logits.begin(), logits.end());
    const float banned = *low - 0.01F;
    const float forced = *high + 0.01F;
    for (size_t expert = 0; expert < rules.size(); ++expert) {
        if (rules[expert].kind == ROUTER_RULE_BANNED) {
            logits[expert] = banned;
        } else if (rules[expert].kind == ROUTER_RULE_FORCED) {
            logits[expert] = forced;
        }
        logits[expert] += rules[expert].bias;
    }
}

} // namespace

Routing moeRouter(std::span<const float> router, std::span<const float> bias, std::span<const float> normed,
                  uint32_t used, bool norm_weights, std::span<const shaders::RouterRule> rules) {
    Routing routing;
    routing.probs = matvec(router, normed);
    if (routing.probs.size() > bias.size()) {
        routing.shared_weight = 1 / (1 + std::exp(-routing.probs.back()));
        routing.probs.pop_back();
    }
    std::transform(routing.probs.begin(), routing.probs.end(), bias.begin(), routing.probs.begin(), std::plus<>());
    interfere(routing.probs, rules);
    const float most = *std::max_element(routing.probs.begin(), routing.probs.end());
    double sum = 0;
    for (float& p : routing.probs) {
        p = std::exp(p - most);
        sum += p;
    }
    for (float& p : routing.probs) {
        p = static_cast<float>(p / sum);
    }
    std::vector<uint32_t> order(routing.probs.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(),
                     [&](uint32_t a, uint32_t b) { return routing.probs[a] > routing.probs[b]; });
    routing.experts.assign(order.begin(), order.begin() + used);
    routing.runner_up = used < order.size() ? order[used] : 0;
    double chosen = 0;
    for (const uint32_t expert : routing.experts) {
        chosen += routing.probs[expert];
    }
    for (const uint32_t expert : routing.experts) {
        routing.weights.push_back(
            static_cast<float>(norm_weights ? routing.probs[expert] / chosen : routing.probs[expert]));
    }
    return routing;
}

} // namespace moescope::twins
