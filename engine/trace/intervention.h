// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

namespace moescope::trace {

struct ModelInfo;

/** A routed expert: layers are the MoE layers in order. */
struct ExpertPlace {
    uint32_t layer = 0;
    uint32_t expert = 0;

    auto operator<=>(const ExpertPlace&) const = default;
};

struct ExpertBias {
    ExpertPlace place;
    float bias = 0; ///< added to the router's logit

    bool operator==(const ExpertBias&) const = default;
};

/** A what-if: how a run's routing differs from what the model's routers alone would do.
 *
 *  A forced expert's logit becomes the maximum of the layer's row + 0.01, a banned one's its minimum − 0.01, both of
 *  the router's own row; then biases are added. Softmax over all experts, top-k and weights follow as ever. */
struct Intervention {
    std::vector<ExpertPlace> banned = {};
    std::vector<ExpertPlace> forced = {};
    std::vector<ExpertBias> biases = {};
    bool without_shared = false; ///< shared experts add nothing
    uint32_t experts_used = 0;   ///< routed experts a token; 0: as many as the model's

    bool empty() const {
        return banned.empty() && forced.empty() && biases.empty() && !without_shared && experts_used == 0;
    }
    bool operator==(const Intervention&) const = default;
};

/** The same what-if in one spelling: experts in order, and the model's own number of experts used as 0. */
Intervention normalised(Intervention intervention, uint32_t model_experts_used);

/** Throws trace::Error{intervention.…} with a sentence if `model` cannot run so: a layer or expert it does not have, an
 *  expert named twice or both banned and forced, a bias that is no finite number, more forced in a layer than experts
 *  are used, fewer left unbanned than are used, no router, no shared expert, more experts used than there are. */
void checkIntervention(const Intervention& intervention, const ModelInfo& model);

} // namespace moescope::trace
