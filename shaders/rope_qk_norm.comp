// SPDX-License-Identifier: Apache-2.0
// Biases, RoPE and RMS norms of raw q and k, and the store of k and v in the KV cache. Grid: x over query heads, then key
// heads, then value heads of the dispatch; y over tokens. Where the norm comes after RoPE, a query is multiplied by query_layernorm ∘
// key_layernorm of its own layer, so that the cache can hold the unit key û = rope(k) / rms(k), the same for every layer
// that reads it.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "kv_row.glsl"
#include "push_constants.h"
#include "reduce.glsl"

layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { RopeQkNormPush push; };
layout(std430, binding = 4) readonly buffer Step { StepState step_state; };
layout(std430, binding = 5) writeonly buffer QOut { float q_out[]; };
layout(std430, binding = 6) writeonly buffer KCache { uint k_cache[]; };  // [kv head][context][4 · row_words]
layout(std430, binding = 7) writeonly buffer VCache { uint v_cache[]; };
#include "rope_head.glsl"
#define K_WORDS k_cache
#define V_WORDS v_cache
#include "kv_store.glsl"

void main() {
    uint token = gl_WorkGroupID.y, position = step_state.position + token, index = gl_WorkGroupID.x;
    uint kind = index < push.queries ? QUERY : index < push.queries + push.kv_heads ? KEY : VALUE;
    index = kind == QUERY ? push.query_first + index : push.kv_first + index - push.queries - (kind - 1u) * push.kv_heads;
    float scale = ropeHead(kind, index, token * push.qkv_stride, position);
    if (kind != QUERY) {
        storeHead(kind, index, position, scale);
        return;
    }
    uint row = (token * push.head_count + index) * push.head_stride;
    for (uint i = gl_LocalInvocationID.x; i < push.head_dim; i += gl_WorkGroupSize.x) {
        q_out[row + i] = head[i] * scale * (QK_NORM == AFTER_ROPE ? qk_weight[i] : 1.0);
    }
}
