// SPDX-License-Identifier: Apache-2.0
// Causal attention of a batch. Grid: x over (KV head of the caches, group of HEADS query heads), y over tokens. A window lets a query see
// the last positions alone; a sink is a learned logit a head that takes its share of the softmax and gives no value.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "kv_row.glsl"
#include "push_constants.h"

layout(local_size_x_id = 0) in;
// head_stride / 4 where an invocation keeps its queries (software drivers: a load costs more than a register file that
// spills), 0 where it reads them for each key.
layout(constant_id = 2) const uint KEPT_VECTORS = 0u;
layout(constant_id = 8) const bool SINKS = false;
layout(push_constant) uniform Push { AttentionPush push; };
layout(std430, binding = 0) readonly buffer Q { vec4 q[]; };              // [token][head][head_stride]
layout(std430, binding = 1) readonly buffer KCache { uvec4 k_cache[]; };  // [kv head][context][row_words]
layout(std430, binding = 2) readonly buffer VCache { uvec4 v_cache[]; };
layout(std430, binding = 3) readonly buffer Step { StepState step_state; };
layout(std430, binding = 4) readonly buffer Sinks { float sinks[]; };   // [head]
layout(std430, binding = 5) writeonly buffer Out { float result[]; };   // [token][head · head_dim]

// The query buffer has room for HEADS − 1 heads beyond the last: their scores are computed and dropped.
uint q_row;  // vectors
vec4 kept[4][KEPT_VECTORS == 0u ? 1u : KEPT_VECTORS];
#define HEAD_VECTORS (KEPT_VECTORS != 0u ? KEPT_VECTORS : push.head_stride / 4u)
#define GIVEN_QUERY(h, i) q[q_row + (h) * HEAD_VECTORS + (i)]
#define QUERY_AT(h, i) (KEPT_VECTORS != 0u ? kept[h][i] : GIVEN_QUERY(h, i))
#include "attention_span.glsl"

void main() {
    uint self = gl_LocalInvocationID.x, token = push.token_first + gl_WorkGroupID.y;
    uint group = push.head_count / push.head_count_kv, passes = (group + HEADS - 1u) / HEADS;
    uint held = gl_WorkGroupID.x / passes, kv_head = push.kv_first + held, pass = gl_WorkGroupID.x % passes;
    uint first_head = kv_head * group + pass * HEADS, heads = min(HEADS, group - pass * HEADS);
    uint length = step_state.position + token + 1u, seen = push.window == 0u ? length : min(length, push.window);
    q_row = (token * push.head_count + first_head) * (push.head_stride / 4u);
    for (uint i = 0u; i < KEPT_VECTORS; ++i) {
        for (uint h = 0u; h < HEADS; ++h) {
            kept[h][i] = GIVEN_QUERY(h, i);
        }
    }
    beginSpans();
    attendSpan(held * push.context, length - seen, length);
    if (SINKS) {
        for (uint h = 0u; h < heads; ++h) {
            sum[h] += exp(sinks[first_head + h] - most[h]);
        }
    }
    shareValues();
    uint out_row = token * push.out_stride + first_head * push.head_dim;
    for (uint h = 0u; h < heads && self < dimLanes(); ++h) {
        vec4 total[2] = vec4[2](valuesOf(h, 0u, self), valuesOf(h, 1u, self));
        for (uint i = 8u * self; i < min(8u * self + 8u, push.head_dim); ++i) {
            result[out_row + h * push.head_dim + i] = total[(i >> 2) & 1u][i & 3u] / sum[h];
        }
    }
}
