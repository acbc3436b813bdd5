// SPDX-License-Identifier: Apache-2.0
// From a token's router logits to its experts, by one workgroup: an intervention's rules, softmax over all experts, the best
// expert_used_count of them (ties: lower id), and what the log and the host get. The including shader has push, step_state,
// reduce.glsl and the buffers of moe_router.comp.
layout(constant_id = 1) const bool BIAS = false;
layout(constant_id = 2) const bool SHARED_GATE = false;
layout(constant_id = 3) const bool RULES = false;

shared float probs[1024];
shared uint chosen[65];
shared float chosen_prob[65];

const float RULE_MARGIN = 0.01;  // of a forced logit above the row, of a banned one below it
const float NEVER_SCORED = -3.0e38;

// Takes the logit of row `e` of the router.
void keep(uint token, uint e, float logit) {
    if (SHARED_GATE && e == push.expert_count) {
        shared_weights[token] = 1.0 / (1.0 + exp(min(-logit, 80.0)));
    } else {
        probs[e] = logit + (BIAS ? bias[e] : 0.0);
    }
}

// After a barrier that follows the last keep().
void chooseExperts(uint token) {
    uint self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x;
    uint expert_count = push.expert_count, used = push.expert_used_count;
    if (RULES) {
        float high = NEVER_SCORED, low = NEVER_SCORED;  // of the logits and of their negatives
        for (uint e = self; e < expert_count; e += workers) {
            high = max(high, probs[e]);
            low = max(low, -probs[e]);
        }
        float highest = workgroupMax(high), lowest = -workgroupMax(low);
        for (uint e = self; e < expert_count; e += workers) {
            RouterRule rule = rules[push.layer * expert_count + e];
            float logit = rule.kind == ROUTER_RULE_FORCED   ? highest + RULE_MARGIN
                          : rule.kind == ROUTER_RULE_BANNED ? lowest - RULE_MARGIN
                                                            : probs[e];
            probs[e] = logit + rule.bias;
        }
        barrier();
    }

    float most = NEVER_SCORED;
    for (uint e = self; e < expert_count; e += workers) {
        most = max(most, probs[e]);
    }
    most = workgroupMax(most);
    float part = 0.0;
    for (uint e = self; e < expert_count; e += workers) {
        float p = exp(probs[e] - most);
        probs[e] = p;
        part += p;
    }
    float total = workgroupSum(part);
    for (uint e = self; e < expert_count; e += workers) {
        float p = probs[e] / total;
        probs[e] = p;
        if (step_state.log_probs != 0u) {
            router_probs[(push.layer * push.batch + token) * expert_count + e] = p;
        }
    }
    barrier();

    // Rounds of argmax in the first subgroup; one more for the runner-up. A taken expert's probability becomes −1. An invocation
    // reads of shared memory what it wrote itself, so no barrier is needed, and one where not all of a workgroup come ends it
    // on Mesa's lavapipe 25.0.7, even a subgroup's.
    if (gl_SubgroupID == 0u) {
        uint lane = gl_SubgroupInvocationID;
        float chosen_sum = 0.0;
        for (uint round = 0u; round < min(used + 1u, expert_count); ++round) {
            float best = -1.0;
            uint best_expert = 0xFFFFFFFFu;
            for (uint e = lane; e < expert_count; e += gl_SubgroupSize) {
                if (probs[e] > best) {
                    best = probs[e];
                    best_expert = e;
                }
            }
            float top = subgroupMax(best);
            uint top_expert = min(subgroupMin(best == top ? best_expert : 0xFFFFFFFFu), expert_count - 1u);
            if (lane == top_expert % gl_SubgroupSize) {
                probs[top_expert] = -1.0;
            }
            if (lane == round % gl_SubgroupSize) {
                chosen[round] = top_expert;
                chosen_prob[round] = top;
            }
            chosen_sum += round < used ? top : 0.0;
        }
        float factor = push.norm_weights != 0u ? 1.0 / max(chosen_sum, 1.1920929e-7) : 1.0;
        uint entry = (push.layer * push.batch + token) * (3u * used + 2u);
        for (uint s = lane; s < used; s += gl_SubgroupSize) {
            experts[token * used + s] = chosen[s];
            expert_weights[token * used + s] = chosen_prob[s] * factor;
            if (step_state.log_router != 0u) {
                router_log[entry + s] = chosen[s];
                router_log[entry + used + 1u + s] = floatBitsToUint(chosen_prob[s]);
                router_log[entry + 2u * used + 2u + s] = floatBitsToUint(chosen_prob[s] * factor);
            }
        }
        if (step_state.log_router != 0u && lane == used % gl_SubgroupSize) {
            bool all_used = used >= expert_count;
            router_log[entry + used] = all_used ? 0u : chosen[used];
            router_log[entry + 2u * used + 1u] = all_used ? 0u : floatBitsToUint(chosen_prob[used]);
        }
    }
}
