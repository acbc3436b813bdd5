// SPDX-License-Identifier: Apache-2.0
// The router: normed = rms_norm(x), logits, softmax over all experts, then the best expert_used_count of them (ties: lower
// id). One more row of the router (SHARED_GATE) weighs the shared expert by its sigmoid. RULES are an intervention's: a forced
// expert's logit becomes the row's maximum + 0.01, a banned one's its minimum − 0.01, both of the router's own row; then
// biases are added. Writes ids and weights for the experts, and where the step asks for it the routing log (ids,
// probabilities, runner-up) and all probabilities. Grid: x over tokens, y over parts of the rows, a subgroup a row: the
// last workgroup of a token to finish chooses. With GIVEN the logits are there already (of a batch: matmul), and neither they
// nor the norm are computed. With TEXELS a token has one workgroup.
#version 450
#extension GL_GOOGLE_include_directive : require
#define WEIGHT_TYPE WEIGHT_F32
#include "push_constants.h"
#include "reduce.glsl"
#include "weights.glsl"
#include "dot_unit.glsl"

layout(local_size_x_id = 0) in;
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
layout(std430, binding = 12) coherent buffer Logits { float logits[]; };  // [token][logits_stride]
layout(std430, binding = 13) coherent buffer Counters { uint counters[]; };  // [token]
#include "choose_experts.glsl"
#include "last_done.glsl"

uint rowCount() { return push.expert_count + (SHARED_GATE ? 1u : 0u); }
float squared(vec4 v) { return dot(v, v); }

#ifdef TEXELS
// normed, and the logits of all rows.
void computeLogits(uint token) {
    uint self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x, width = push.width;
    uint vectors = (width + 3u) / 4u, row = token * push.stride / 4u, rows = rowCount();
    float sum = 0.0;
    for (uint i = self; i < vectors; i += workers) {
        sum += squared(VECTOR(x, row + i));
    }
    float scale = 1.0 / sqrt(workgroupSum(sum) / float(width) + push.epsilon);
    for (uint i = self; i < vectors; i += workers) {
        normed[row + i] = VECTOR(x, row + i) * scale * VECTOR(norm, i);
    }
#define INPUT(i) (VECTOR(x, row + (i)) * scale * VECTOR(norm, i))
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
}
#else
// This workgroup's share of normed and of the logits. Each subgroup finds the norm's scale while it goes along a row: as all
// of them add alike, it is the same for each.
void computeLogits(uint token) {
    uint width = push.width, vectors = (width + 3u) / 4u, rows = rowCount(), row = token * push.stride / 4u;
    uint e = gl_WorkGroupID.y * gl_NumSubgroups + gl_SubgroupID;
    float scale;
    do {
        uint base = min(e, rows - 1u) * push.row_words;
        float sum = 0.0, acc = 0.0;
        for (uint i = gl_SubgroupInvocationID; i < vectors; i += gl_SubgroupSize) {
            vec4 v = VECTOR(x, row + i);
            sum += squared(v);
            acc += dot(uintBitsToFloat(WORD(weights, base, i)), v * VECTOR(norm, i));
        }
        scale = 1.0 / sqrt(subgroupAdd(sum) / float(width) + push.epsilon);
        float logit = subgroupAdd(acc) * scale;
        if (subgroupElect() && e < rows) {
            logits[token * push.logits_stride + e] = logit;
        }
        e += gl_NumWorkGroups.y * gl_NumSubgroups;
    } while (e < rows);
    uint workers = gl_NumWorkGroups.y * gl_WorkGroupSize.x;
    for (uint i = gl_WorkGroupID.y * gl_WorkGroupSize.x + gl_LocalInvocationID.x; i < vectors; i += workers) {
        normed[row + i] = VECTOR(x, row + i) * scale * VECTOR(norm, i);
    }
}
#endif

void main() {
    uint token = gl_WorkGroupID.x;
#ifdef TEXELS
    bool given = GIVEN;
    if (!given) {
        computeLogits(token);
    }
#else
    bool given = true;
    if (!GIVEN) {
        computeLogits(token);
        if (!isLastDone(token, gl_NumWorkGroups.y)) {
            return;
        }
    }
#endif
    for (uint e = gl_LocalInvocationID.x; given && e < rowCount(); e += gl_WorkGroupSize.x) {
        keep(token, e, logits[token * push.logits_stride + e]);
    }
    barrier();
    chooseExperts(token);
}
