// SPDX-License-Identifier: Apache-2.0
// One workgroup a token: normed = rms_norm(x), router logits, softmax over all experts, then the best
// expert_used_count of them (ties: lower id). One more row of the router (SHARED_GATE) weighs the shared expert by its
// sigmoid. RULES are an intervention's: a forced expert's logit becomes the row's maximum + 0.01, a banned one's its
// minimum − 0.01, both of the router's own row; then biases are added. Writes ids and weights for the experts, and where
// the step asks for it the routing log (ids, probabilities, runner-up) and all probabilities. With GIVEN the logits are there
// already (of a batch: matmul), and neither they nor the norm are computed.
#version 450
#extension GL_GOOGLE_include_directive : require
#define WEIGHT_TYPE WEIGHT_F32
#include "push_constants.h"
#include "reduce.glsl"
#include "weights.glsl"
#include "dot_unit.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const bool BIAS = false;
layout(constant_id = 2) const bool SHARED_GATE = false;
layout(constant_id = 3) const bool RULES = false;
layout(constant_id = 4) const bool GIVEN = false;
layout(push_constant) uniform Push { MoeRouterPush push; };
VECTORS_BUFFER(0, x)
VECTORS_BUFFER(1, norm)
WORDS_BUFFER(2, weights)
layout(std430, binding = 3) readonly buffer Bias { float bias[]; };  // [expert]
layout(std430, binding = 4) readonly buffer Rules { RouterRule rules[]; };  // [layer][expert]
layout(std430, binding = 5) readonly buffer Step { StepState step_state; };
layout(std430, binding = 6) writeonly buffer Normed { vec4 normed[]; };
layout(std430, binding = 7) writeonly buffer Experts { uint experts[]; };
layout(std430, binding = 8) writeonly buffer ExpertWeights { float expert_weights[]; };
layout(std430, binding = 9) writeonly buffer SharedWeights { float shared_weights[]; };  // [token]
layout(std430, binding = 10) writeonly buffer Log { uint router_log[]; };
layout(std430, binding = 11) writeonly buffer Probs { float router_probs[]; };
layout(std430, binding = 12) readonly buffer Logits { float given[]; };  // [token][logits_stride]

shared float probs[1024];
shared uint chosen[65];
shared float chosen_prob[65];

const float RULE_MARGIN = 0.01;  // of a forced logit above the row, of a banned one below it

float squared(vec4 v) { return dot(v, v); }

// Takes the logit of row `e` of the router.
void keep(uint token, uint e, float logit) {
    if (SHARED_GATE && e == push.expert_count) {
        shared_weights[token] = 1.0 / (1.0 + exp(-logit));
    } else {
        probs[e] = logit + (BIAS ? bias[e] : 0.0);
    }
}

// normed, and the logits of all rows.
void computeLogits(uint token) {
    uint self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x, width = push.width;
    uint vectors = (width + 3u) / 4u, row = token * push.stride / 4u, rows = push.expert_count + (SHARED_GATE ? 1u : 0u);
    float sum = 0.0;
    for (uint i = self; i < vectors; i += workers) {
        sum += squared(VECTOR(x, row + i));
    }
    float scale = 1.0 / sqrt(workgroupSum(sum) / float(width) + push.epsilon);
    for (uint i = self; i < vectors; i += workers) {
        normed[row + i] = VECTOR(x, row + i) * scale * VECTOR(norm, i);
    }
#define INPUT(i) (VECTOR(x, row + (i)) * scale * VECTOR(norm, i))
#ifdef TEXELS
    // An invocation an expert.
    for (uint first = gl_SubgroupID * SUBGROUP; first < rows; first += gl_NumSubgroups * SUBGROUP) {
        uint e = first + gl_SubgroupInvocationID, base = rowStart(min(e, rows - 1u), push.row_words);
        float acc = 0.0;
        for (uint unit = 0u; unit < unitsOf(width); ++unit) {
            LOAD_UNIT(INPUT, unit)
            DOT_UNIT(weights, base, unit, width, acc)
        }
        if (e < rows) {
            keep(token, e, acc);
        }
    }
#else
    // A subgroup an expert, its invocations along the row.
    for (uint e = gl_SubgroupID; e < rows; e += gl_NumSubgroups) {
        float acc = 0.0;
        for (uint i = gl_SubgroupInvocationID; i < vectors; i += gl_SubgroupSize) {
            acc += dot(uintBitsToFloat(WORD(weights, e * push.row_words, i)), INPUT(i));
        }
        acc = subgroupAdd(acc);
        if (subgroupElect()) {
            keep(token, e, acc);
        }
    }
#endif
}

void main() {
    uint token = gl_WorkGroupID.x, self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x;
    uint expert_count = push.expert_count, used = push.expert_used_count;
    if (GIVEN) {
        for (uint e = self; e < expert_count + (SHARED_GATE ? 1u : 0u); e += workers) {
            keep(token, e, given[token * push.logits_stride + e]);
        }
    } else {
        computeLogits(token);
    }
    barrier();

    if (RULES) {
        float highest = probs[0], lowest = probs[0];
        for (uint e = 1u; e < expert_count; ++e) {
            highest = max(highest, probs[e]);
            lowest = min(lowest, probs[e]);
        }
        barrier();
        for (uint e = self; e < expert_count; e += workers) {
            RouterRule rule = rules[push.layer * expert_count + e];
            float logit = rule.kind == ROUTER_RULE_FORCED   ? highest + RULE_MARGIN
                          : rule.kind == ROUTER_RULE_BANNED ? lowest - RULE_MARGIN
                                                            : probs[e];
            probs[e] = logit + rule.bias;
        }
        barrier();
    }

    float most = probs[0];
    for (uint e = 1u; e < expert_count; ++e) {
        most = max(most, probs[e]);
    }
    barrier();
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

    // Rounds of argmax in the first subgroup; one more for the runner-up. A taken expert's probability becomes −1.
    if (gl_SubgroupID == 0u) {
        for (uint round = 0u; round < min(used + 1u, expert_count); ++round) {
            float best = -1.0;
            uint best_expert = 0xFFFFFFFFu;
            for (uint e = gl_SubgroupInvocationID; e < expert_count; e += gl_SubgroupSize) {
                if (probs[e] > best) {
                    best = probs[e];
                    best_expert = e;
                }
            }
            float top = subgroupMax(best);
            uint top_expert = min(subgroupMin(best == top ? best_expert : 0xFFFFFFFFu), expert_count - 1u);
            if (subgroupElect()) {
                chosen[round] = top_expert;
                chosen_prob[round] = top;
                probs[top_expert] = -1.0;
            }
            subgroupMemoryBarrierShared();
            subgroupBarrier();
        }
        float chosen_sum = 0.0;
        for (uint s = 0u; s < used; ++s) {
            chosen_sum += chosen_prob[s];
        }
        float factor = push.norm_weights != 0u ? 1.0 / max(chosen_sum, 1.1920929e-7) : 1.0;
        uint entry = (push.layer * push.batch + token) * (3u * used + 2u);
        for (uint s = gl_SubgroupInvocationID; s < used; s += gl_SubgroupSize) {
            experts[token * used + s] = chosen[s];
            expert_weights[token * used + s] = chosen_prob[s] * factor;
            if (step_state.log_router != 0u) {
                router_log[entry + s] = chosen[s];
                router_log[entry + used + 1u + s] = floatBitsToUint(chosen_prob[s]);
                router_log[entry + 2u * used + 2u + s] = floatBitsToUint(chosen_prob[s] * factor);
            }
        }
        if (step_state.log_router != 0u && subgroupElect()) {
            bool all_used = used >= expert_count;
            router_log[entry + used] = all_used ? 0u : chosen[used];
            router_log[entry + 2u * used + 1u] = all_used ? 0u : floatBitsToUint(chosen_prob[used]);
        }
    }
}
