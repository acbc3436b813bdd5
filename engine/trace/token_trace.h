// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace moescope::trace {

/** What the routers of all MoE layers did for one token.
 *
 *  Layers are the MoE layers in order. `experts` and `weights` hold `expert_used_count` entries a layer, best
 *  first, as multiplied onto the expert's output; the runner-up is the best expert not chosen. Probabilities are
 *  the softmax over all experts before selection. Of a prompt that was kept the choices alone remain. */
struct RouterTrace {
    uint32_t moe_layers = 0;
    uint32_t expert_count = 0;
    uint32_t expert_used_count = 0;

    std::vector<uint16_t> experts;     ///< [moe_layers][expert_used_count]
    std::vector<float> weights;        ///< [moe_layers][expert_used_count]
    std::vector<float> chosen_probs;   ///< [moe_layers][expert_used_count], before renormalisation
    std::vector<uint16_t> runner_up;   ///< [moe_layers]; no meaning where expert_count == expert_used_count
    std::vector<float> runner_up_prob; ///< [moe_layers]; 0 where expert_count == expert_used_count
    std::vector<float> probs;          ///< [moe_layers][expert_count], empty unless asked for

    bool empty() const noexcept { return moe_layers == 0 || experts.empty(); }
    /** Neither probabilities nor runners-up are known. */
    bool choicesOnly() const noexcept { return chosen_probs.empty(); }

    /** Probability of the last chosen expert minus the runner-up's: how close the choice was. */
    float margin(uint32_t layer) const {
        return chosen_probs[layer * expert_used_count + expert_used_count - 1] - runner_up_prob[layer];
    }
};

/** A token that could have stood in the place of a sampled one. */
struct TokenCandidate {
    int32_t token = 0;
    std::string text;      ///< bytes of the token
    float probability = 0; ///< softmax of the raw logits
    float sampled = 0;     ///< with which it could be sampled; 0 where the samplers had removed it
};

/** One token that went through the model. Immutable once it has left the engine: shared, never copied. */
struct TokenTrace {
    int32_t token = 0;
    uint32_t position = 0;  ///< in the context, from 0
    bool generated = false; ///< sampled by us, not part of the prompt
    std::string text;       ///< bytes of the token; not always whole UTF-8 characters
    float probability = 0;  ///< softmax of the raw logit with which it was sampled; 0 for prompt tokens
    RouterTrace router;
    /** The likeliest by raw probability, best first, and the sampled one after them where it is none of them. Empty for
     *  prompt tokens and where they were not asked for. */
    std::vector<TokenCandidate> candidates;
};

using TokenTracePtr = std::shared_ptr<const TokenTrace>;

} // namespace moescope::trace
