// SPDX-License-Identifier: Apache-2.0
// What attention gives its weights to: the softmax of one query over the positions up to its own, which attention.comp never
// holds as a whole. Grid: x over query heads of the cache. A position outside the window has weight 0; behind the last position stands
// the share of the learned sink, 0 without one, so that every row sums to 1.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "kv_row.glsl"
#include "push_constants.h"
#include "reduce.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 2) const bool SINKS = false;
layout(push_constant) uniform Push { AttentionWeightsPush push; };
layout(std430, binding = 0) readonly buffer Q { vec4 q[]; };              // [head][head_stride]
layout(std430, binding = 1) readonly buffer KCache { uvec4 k_cache[]; };  // [kv head][context][row_words]
layout(std430, binding = 2) readonly buffer Step { StepState step_state; };
layout(std430, binding = 3) readonly buffer Sinks { float sinks[]; };     // [head]
layout(std430, binding = 4) buffer Out { float weights[]; };              // [row of a head][out_stride]: scores first

void main() {
    uint head = push.head_first + gl_WorkGroupID.x, self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x;
    uint held = head / (push.head_count / push.head_count_kv) - push.kv_first;
    uint length = step_state.position + 1u, seen = push.window == 0u ? length : min(length, push.window);
    uint first = length - seen, out_row = (push.out_first + gl_WorkGroupID.x) * push.out_stride, head_vectors = push.head_stride / 4u;

    // Each invocation comes back to the positions that it wrote itself: no barrier stands between the passes.
    float most = SINKS ? sinks[head] : -3.0e38;
    for (uint p = self; p < length; p += workers) {
        if (p < first) {
            weights[out_row + p] = 0.0;
            continue;
        }
        vec4 products = vec4(0.0);
        uint row = (held * push.context + p) * push.row_words;
        for (uint i = 0u; i < head_vectors / 2u; ++i) {
            vec4 low, high;
            LOAD_KV(k_cache, row, push.head_stride, i, low, high)
            products = fma(low, q[head * head_vectors + 2u * i], products);
            products = fma(high, q[head * head_vectors + 2u * i + 1u], products);
        }
        float score = dot(products, vec4(1.0)) * push.scale;
        weights[out_row + p] = score;
        most = max(most, score);
    }
    most = workgroupMax(most);
    float part = 0.0;
    for (uint p = self; p < length; p += workers) {
        if (p >= first) {
            float e = exp(weights[out_row + p] - most);
            weights[out_row + p] = e;
            part += e;
        }
    }
    float sink = SINKS ? exp(sinks[head] - most) : 0.0;
    float sum = workgroupSum(part) + sink;
    for (uint p = self; p < length; p += workers) {
        weights[out_row + p] /= sum;
    }
    if (self == 0u) {
        weights[out_row + length] = sink / sum;
    }
}
