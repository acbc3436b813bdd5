// SPDX-License-Identifier: Apache-2.0
// Attention of one token from its raw heads in one dispatch: bias, QK norm and RoPE, the store of key and value where the layer
// owns its KV cache, attention over splits of the positions, and their sum. Grid: x over (KV head of the caches, group of HEADS
// query heads), y over splits. Each workgroup turns its queries itself. The positions go to as many splits as have LEAST_SPAN
// of them, and the others end at once: the grid is the same for every position. The last split has the token's own key and
// value from its shared memory, as the cache rounds them; nobody reads them from the cache. The last workgroup of a
// group of heads to finish joins the splits in their order:
// out = Σ_s e^(m_s − m) · v_s / (Σ_s e^(m_s − m) · l_s + e^(sink − m)).
#version 450
#extension GL_GOOGLE_include_directive : require
#include "kv_row.glsl"
#include "push_constants.h"
#include "reduce.glsl"

layout(local_size_x_id = 0) in;  // 64, so at least as many as there are splits
layout(constant_id = 8) const bool SINKS = false;
layout(push_constant) uniform Push { AttentionTokenPush push; };
layout(std430, binding = 4) readonly buffer Step { StepState step_state; };
layout(std430, binding = 5) writeonly buffer KWords { uint k_words[]; };  // [kv head][context][4 · row_words]
layout(std430, binding = 6) writeonly buffer VWords { uint v_words[]; };
layout(std430, binding = 7) readonly buffer KCache { uvec4 k_cache[]; };  // as k_words, whose new row is not read
layout(std430, binding = 8) readonly buffer VCache { uvec4 v_cache[]; };
layout(std430, binding = 9) readonly buffer Sinks { float sinks[]; };     // [head]
// [head][split][1 + head_stride / 4]: maximum and sum, then the weighted values
layout(std430, binding = 10) coherent buffer Partial { vec4 partial[]; };
layout(std430, binding = 11) coherent buffer Counters { uint counters[]; };  // [KV head, group]
layout(std430, binding = 12) writeonly buffer Out { float result[]; };       // [head · head_dim]
#include "rope_head.glsl"
#define K_WORDS k_words
#define V_WORDS v_words
#include "kv_store.glsl"
#include "last_done.glsl"

const uint LEAST_SPAN = 128u;
shared vec4 queries[4][64];
#define QUERY_AT(h, i) queries[h][i]
#define HEAD_VECTORS (push.head_stride / 4u)
#include "attention_span.glsl"

vec4 headVector(uint i) {
    vec4 v;
    for (uint j = 0u; j < 4u; ++j) {
        v[j] = 4u * i + j < push.head_dim ? head[4u * i + j] : 0.0;
    }
    return v;
}

// The token's queries into queries[], zeros where the group has fewer heads. With `newest` its own key and value too: as the
// first position that is seen, and with `store` into the cache. One loop over all: the code of a head is there once.
void takeHeads(uint first_head, uint heads, uint kv_head, bool newest, bool store, uint position) {
    uint self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x, vectors = HEAD_VECTORS;
    vec4 products = vec4(0.0);
    float unit = 1.0;
    for (uint k = 0u; k < heads + (newest ? 2u : 0u); ++k) {
        uint kind = k < heads ? QUERY : k == heads ? KEY : VALUE, index = kind == QUERY ? first_head + k : kv_head;
        if (k == 0u || kind != QUERY || QK_NORM == BEFORE_ROPE) {  // else it is that of all queries
            unit = unitOf(kind, index, 0u);
        }
        float scale = turnHead(kind, index, 0u, position, unit);
        barrier();
        if (kind != QUERY) {
            roundHead(scale);
            scale = 1.0;
            barrier();
        }
        for (uint i = self; i < vectors; i += workers) {
            vec4 v = headVector(i) * scale;
            if (kind == QUERY) {
                for (uint j = 0u; j < 4u && QK_NORM == AFTER_ROPE; ++j) {
                    v[j] *= qk_weight[min(4u * i + j, push.head_dim - 1u)];
                }
                queries[k][i] = v;
            } else if (kind == KEY) {
                for (uint h = 0u; h < heads; ++h) {
                    products[h] += dot(v, queries[h][i]);
                }
            }
        }
        if (kind == VALUE && self < dimLanes()) {
            for (uint h = 0u; h < HEADS; ++h) {
                acc[h][0] = headVector(2u * self);
                acc[h][1] = headVector(2u * self + 1u);
            }
        }
        if (kind != QUERY && store) {
            storeHead(kind, index, position, 1.0);
        }
        barrier();
    }
    for (uint k = self; k < (HEADS - heads) * vectors; k += workers) {
        queries[heads + k / vectors][k % vectors] = vec4(0.0);
    }
    if (newest) {
        most = reduceHeads(products, false) * push.scale;
        sum = vec4(1.0);
    }
    barrier();
}

void writeHead(uint index, uint vector, vec4 values) {
    for (uint i = 4u * vector; i < min(4u * vector + 4u, push.head_dim); ++i) {
        result[index * push.head_dim + i] = values[i & 3u];
    }
}

uint entryOf(uint index, uint split) { return (index * gl_NumWorkGroups.y + split) * (1u + HEAD_VECTORS); }

// `splits` are at most the invocations: each takes the maxima and sums of one.
void joinSplits(uint first_head, uint heads, uint splits) {
    uint self = gl_LocalInvocationID.x, vectors = (push.head_dim + 3u) / 4u;
    vec4 split_most = vec4(NEVER), split_sum = vec4(0.0);
    for (uint h = 0u; h < heads && self < splits; ++h) {
        vec4 entry = partial[entryOf(first_head + h, self)];
        split_most[h] = entry.x;
        split_sum[h] = entry.y;
    }
    vec4 all_most = reduceHeads(split_most, true);
    vec4 weight = exp(split_most - all_most);
    vec4 all_sum = reduceHeads(weight * split_sum, false);
    for (uint h = 0u; h < heads; ++h) {
        scores[h][self] = weight[h];
        if (SINKS) {
            all_sum[h] += exp(sinks[first_head + h] - all_most[h]);
        }
    }
    barrier();
    for (uint k = self; k < heads * vectors; k += gl_WorkGroupSize.x) {
        uint h = k / vectors, i = k % vectors;
        vec4 value = vec4(0.0);
        for (uint s = 0u; s < splits; ++s) {
            value += scores[h][s] * partial[entryOf(first_head + h, s) + 1u + i];
        }
        writeHead(first_head + h, i, value / all_sum[h]);
    }
}

void main() {
    uint self = gl_LocalInvocationID.x, group = push.head_count / push.head_count_kv;
    uint passes = (group + HEADS - 1u) / HEADS, held = gl_WorkGroupID.x / passes, pass = gl_WorkGroupID.x % passes;
    uint kv_head = push.kv_first + held;
    uint first_head = kv_head * group + pass * HEADS, heads = min(HEADS, group - pass * HEADS);
    uint position = step_state.position, length = position + 1u;
    uint seen = push.window == 0u ? length : min(length, push.window);
    uint span = max(LEAST_SPAN, (seen + gl_NumWorkGroups.y - 1u) / gl_NumWorkGroups.y);
    uint splits = (seen + span - 1u) / span, split = gl_WorkGroupID.y;
    if (split >= splits) {
        return;
    }
    uint begin = length - seen + split * span, end = min(begin + span, length);
    bool newest = push.stores != 0u && split + 1u == splits;
    beginSpans();
    takeHeads(first_head, heads, kv_head, newest, pass == 0u, position);
    attendSpan(held * push.context, begin, newest ? end - 1u : end);
    if (SINKS && splits == 1u) {
        for (uint h = 0u; h < heads; ++h) {
            sum[h] += exp(sinks[first_head + h] - most[h]);
        }
    }
    shareValues();
    for (uint h = 0u; h < heads && self < dimLanes(); ++h) {
        vec4 low = valuesOf(h, 0u, self), high = valuesOf(h, 1u, self);
        if (splits == 1u) {
            writeHead(first_head + h, 2u * self, low / sum[h]);
            writeHead(first_head + h, 2u * self + 1u, high / sum[h]);
        } else {
            uint at = entryOf(first_head + h, split);
            partial[at + 1u + 2u * self] = low;
            partial[at + 2u + 2u * self] = high;
            if (self == 0u) {
                partial[at] = vec4(most[h], sum[h], 0.0, 0.0);
            }
        }
    }
    if (splits > 1u && isLastDone(kv_head * passes + pass, splits)) {
        joinSplits(first_head, heads, splits);
    }
}
