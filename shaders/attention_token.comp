// SPDX-License-Identifier: Apache-2.0
// Attention of one token from its raw heads, for drivers that compute on the CPU: bias, QK norm and RoPE, the store of key and
// value where the layer owns its KV cache, and attention. A workgroup is one subgroup and takes one KV head of the caches and all its queries.
// It reads as texels what it has just stored as words: such a driver has one memory and no caches of its own.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "words.glsl"
#include "kv_row.glsl"
#include "push_constants.h"
#include "reduce.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 11) const uint ROWS = 4u;  // queries of a KV head
layout(push_constant) uniform Push { AttentionTokenPush push; };
layout(std430, binding = 4) readonly buffer Step { StepState step_state; };
layout(std430, binding = 5) buffer QOut { float q_out[]; };               // [head][head_stride]
layout(std430, binding = 6) buffer KWords { uint k_words[]; };            // [kv head][context][4 · row_words]
layout(std430, binding = 7) buffer VWords { uint v_words[]; };
VECTORS_BUFFER(8, q)                                                      // as q_out
WORDS_BUFFER(9, k_cache)                                                  // as k_words
WORDS_BUFFER(10, v_cache)
layout(std430, binding = 11) readonly buffer Sinks { float sinks[]; };    // [head]
layout(std430, binding = 12) buffer Out { float result[]; };              // [head · head_dim]
layout(std430, binding = 13) buffer State { vec2 state[]; };              // as attention_rows.glsl has it
#include "rope_head.glsl"
#define K_WORDS k_words
#define V_WORDS v_words
#include "kv_store.glsl"
#include "attention_rows.glsl"

void main() {
    uint kv_head = push.kv_first + gl_WorkGroupID.x, self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x;
    uint position = step_state.position;
    if (SPANS && push.span_first != 0u) {
        attend(kv_head, 0u, ROWS);
        return;
    }
    for (uint r = 0u; r < ROWS; ++r) {
        uint index = kv_head * ROWS + r;
        float scale = ropeHead(QUERY, index, 0u, position);
        barrier();
        for (uint i = self; i < push.head_dim; i += workers) {
            q_out[index * push.head_stride + i] = head[i] * scale * (QK_NORM == AFTER_ROPE ? qk_weight[i] : 1.0);
        }
        barrier();
    }
    if (push.stores != 0u) {
        float scale = ropeHead(KEY, kv_head, 0u, position);
        barrier();
        storeHead(KEY, kv_head, position, scale);
        barrier();
        scale = ropeHead(VALUE, kv_head, 0u, position);
        barrier();
        storeHead(VALUE, kv_head, position, scale);
    }
    memoryBarrierBuffer();
    barrier();
    attend(kv_head, 0u, ROWS);
}
