// SPDX-License-Identifier: Apache-2.0
// Causal attention with online softmax. Grid: x over (KV head, group of HEADS query heads), y over tokens, z over splits of
// the context. With one split the result is the output; otherwise each split leaves its sum, maximum and weighted values for
// attention_reduce. A window lets a query see the last positions alone; a sink is a learned logit a head that takes its
// share of the softmax and gives no value. head_dim is at most 8 × the workgroup's size, which is at most 64. Positions run along the
// invocations for the scores, dimensions for the values.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "kv_row.glsl"
#include "push_constants.h"
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

layout(local_size_x_id = 0) in;
// head_stride / 4 where an invocation keeps its queries (software drivers: a load costs more than a register file that
// spills), 0 where it reads them for each key.
layout(constant_id = 2) const uint KEPT_VECTORS = 0u;
layout(constant_id = 3) const bool SINKS = false;
const uint QUERY_VECTORS = KEPT_VECTORS == 0u ? 1u : KEPT_VECTORS;
const uint HEADS = 4u;
const uint CHUNK = 128u;  // positions between two updates of the maximum
layout(push_constant) uniform Push { AttentionPush push; };
layout(std430, binding = 0) readonly buffer Q { vec4 q[]; };            // [token][head][head_stride]
layout(std430, binding = 1) readonly buffer KCache { uvec4 k_cache[]; };  // [kv head][context][row_words]
layout(std430, binding = 2) readonly buffer VCache { uvec4 v_cache[]; };
layout(std430, binding = 3) readonly buffer Step { StepState step_state; };
layout(std430, binding = 4) readonly buffer Sinks { float sinks[]; };   // [head]
layout(std430, binding = 5) writeonly buffer Out { float result[]; };   // [token][head · head_dim]
layout(std430, binding = 6) writeonly buffer Partial { float split_result[]; };  // [token][head][split][2 + head_stride]

shared float scores[HEADS][CHUNK];
shared float lane_values[HEADS][64];
shared vec4 value_sums[HEADS][2][64];

// Reduces one value a head over the workgroup (at most 64 invocations) in a fixed order.
vec4 reduceHeads(vec4 value, bool maximum) {
    vec4 reduced = maximum ? subgroupMax(value) : subgroupAdd(value);
    if (subgroupElect()) {
        for (uint h = 0u; h < HEADS; ++h) {
            lane_values[h][gl_SubgroupID] = reduced[h];
        }
    }
    barrier();
    for (uint h = 0u; h < HEADS; ++h) {
        float all = lane_values[h][0];
        for (uint i = 1u; i < gl_NumSubgroups; ++i) {
            all = maximum ? max(all, lane_values[h][i]) : all + lane_values[h][i];
        }
        reduced[h] = all;
    }
    barrier();
    return reduced;
}

vec4 query[HEADS][QUERY_VECTORS];

// Vector i of the HEADS queries, whose rows begin at `row`, times a key's.
vec4 dots(vec4 key, uint row, uint i, uint head_vectors) {
    vec4 products;
    for (uint h = 0u; h < HEADS; ++h) {
        vec4 of_head = KEPT_VECTORS != 0u ? query[h][i] : q[row + h * head_vectors + i];
        products[h] = dot(key, of_head);
    }
    return products;
}

void main() {
    uint self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x, token = gl_WorkGroupID.y;
    uint group = push.head_count / push.head_count_kv, passes = (group + HEADS - 1u) / HEADS;
    uint kv_head = gl_WorkGroupID.x / passes, pass = gl_WorkGroupID.x % passes;
    uint first_head = kv_head * group + pass * HEADS, heads = min(HEADS, group - pass * HEADS);
    uint head_vectors = KEPT_VECTORS != 0u ? KEPT_VECTORS : push.head_stride / 4u, cache_row = kv_head * push.context;
    uint length = step_state.position + token + 1u, seen = push.window == 0u ? length : min(length, push.window);
    uint span = (seen + push.splits - 1u) / push.splits;
    uint begin = min(length - seen + gl_WorkGroupID.z * span, length), end = min(begin + span, length);
    // The query buffer has room for HEADS − 1 heads beyond the last: their scores are computed and dropped.
    uint q_row = (token * push.head_count + first_head) * head_vectors;
    for (uint i = 0u; i < KEPT_VECTORS; ++i) {
        for (uint h = 0u; h < HEADS; ++h) {
            query[h][i] = q[q_row + h * KEPT_VECTORS + i];
        }
    }

    // Eight dimensions an invocation: its four weights serve two vectors of values.
    uint dim_lanes = (push.head_dim + 7u) / 8u, position_lanes = workers / dim_lanes;
    uint my_lane = self / dim_lanes, my_dim = self % dim_lanes;
    vec4 most = vec4(-3.0e38), sum = vec4(0.0), acc[HEADS][2];
    for (uint h = 0u; h < HEADS; ++h) {
        acc[h][0] = vec4(0.0);
        acc[h][1] = vec4(0.0);
    }

    for (uint chunk = begin; chunk < end; chunk += CHUNK) {
        uint count = min(CHUNK, end - chunk);
        vec4 chunk_most = vec4(-3.0e38);
        for (uint p = self; p < count; p += workers) {
            vec4 score = vec4(0.0);
            uint row = (cache_row + chunk + p) * push.row_words;
            for (uint i = 0u; i < head_vectors / 2u; ++i) {
                vec4 low, high;
                LOAD_KV(k_cache, row, push.head_stride, i, low, high)
                score += dots(low, q_row, 2u * i, head_vectors) + dots(high, q_row, 2u * i + 1u, head_vectors);
            }
            score *= push.scale;
            chunk_most = max(chunk_most, score);
            for (uint h = 0u; h < HEADS; ++h) {
                scores[h][p] = score[h];
            }
        }
        vec4 new_most = max(most, reduceHeads(chunk_most, true));
        vec4 shrink = exp(most - new_most), part = vec4(0.0);
        most = new_most;
        for (uint p = self; p < count; p += workers) {
            for (uint h = 0u; h < HEADS; ++h) {
                float e = exp(scores[h][p] - most[h]);
                scores[h][p] = e;
                part[h] += e;
            }
        }
        sum = sum * shrink + reduceHeads(part, false);
        for (uint h = 0u; h < HEADS; ++h) {
            acc[h][0] *= shrink[h];
            acc[h][1] *= shrink[h];
        }
        for (uint p = my_lane; my_lane < position_lanes && p < count; p += position_lanes) {
            uint row = (cache_row + chunk + p) * push.row_words;
            vec4 low, high;
            LOAD_KV(v_cache, row, push.head_stride, my_dim, low, high)
            for (uint h = 0u; h < HEADS; ++h) {
                float weight = scores[h][p];
                acc[h][0] = fma(vec4(weight), low, acc[h][0]);
                acc[h][1] = fma(vec4(weight), high, acc[h][1]);
            }
        }
        barrier();
    }

    bool whole = push.splits == 1u;
    if (SINKS && whole) {
        for (uint h = 0u; h < heads; ++h) {
            sum[h] += exp(sinks[first_head + h] - most[h]);
        }
    }
    for (uint h = 0u; h < HEADS; ++h) {
        value_sums[h][0][self] = acc[h][0];
        value_sums[h][1][self] = acc[h][1];
    }
    barrier();
    if (my_lane == 0u) {
        for (uint h = 0u; h < heads; ++h) {
            vec4 total[2] = vec4[2](vec4(0.0), vec4(0.0));
            for (uint l = 0u; l < position_lanes; ++l) {
                total[0] += value_sums[h][0][l * dim_lanes + my_dim];
                total[1] += value_sums[h][1][l * dim_lanes + my_dim];
            }
            uint row = token * push.head_count + first_head + h;
            uint at = whole ? token * push.out_stride + (first_head + h) * push.head_dim
                            : (row * push.splits + gl_WorkGroupID.z) * (2u + push.head_stride) + 2u;
            for (uint i = 8u * my_dim; i < min(8u * my_dim + 8u, push.head_dim); ++i) {
                float value = total[(i >> 2) & 1u][i & 3u];
                if (whole) {
                    result[at + i] = value / sum[h];
                } else {
                    split_result[at + i] = value;
                }
            }
        }
    }
    if (!whole && self < heads) {
        uint at = ((token * push.head_count + first_head + self) * push.splits + gl_WorkGroupID.z) * (2u + push.head_stride);
        split_result[at] = most[self];
        split_result[at + 1u] = sum[self];
    }
}
