// SPDX-License-Identifier: Apache-2.0
// What rope_qk_norm does, for a batch on drivers that compute on the CPU: an invocation takes a whole head of a token, so that
// nothing is summed over invocations. Neighbours take the same head of neighbouring tokens. Heads of whole eights of elements
// and of turning pairs, and KV caches of F32 and F16.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "words.glsl"
#include "push_constants.h"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const uint KV_TYPE = 0u;
layout(constant_id = 2) const uint QK_NORM = 0u;  // as in rope_head.glsl
layout(constant_id = 3) const bool NEIGHBOURS_TURN = false;
layout(constant_id = 4) const bool BIAS = false;
const uint KV_F32 = 0u;
const uint AFTER_ROPE = 1u, BEFORE_ROPE = 2u, WHOLE_BEFORE_ROPE = 3u;
const uint QUERY = 0u, KEY = 1u, VALUE = 2u;
layout(push_constant) uniform Push { RopeQkNormPush push; };
VECTORS_BUFFER(0, qkv)        // [token][head][head_dim]
VECTORS_BUFFER(1, bias)       // [head][head_dim]
VECTORS_BUFFER(2, rope)       // cos, sin, cos, sin: [position][turning_pairs / 2]
VECTORS_BUFFER(3, qk_weight)  // as in rope_head.glsl
layout(std430, binding = 4) readonly buffer Step { StepState step_state; };
layout(std430, binding = 5) writeonly buffer QOut { vec4 q_out[]; };
layout(std430, binding = 6) writeonly buffer KCache { uvec4 k_cache[]; };  // [kv head][context][row_words]
layout(std430, binding = 7) writeonly buffer VCache { uvec4 v_cache[]; };

float squared(vec4 v) { return dot(v, v); }

// Vector i of the raw heads of a token that begin at vector `base`.
vec4 rawOf(uint base, uint i) { return VECTOR(qkv, base + i) + (BIAS ? VECTOR(bias, i) : vec4(0.0)); }

struct Head {
    uint kind;
    uint base;         // vector where the token's raw heads begin
    uint first;        // vector of these where the head begins
    uint turn;         // vector of the table for its position
    bool weighs;       // its elements are normed and weighed before RoPE
    uint weight;       // vector of qk_weight
    float unit;        // 1 / rms, where it weighs
};

vec4 elementsOf(Head head, uint i) {
    vec4 v = rawOf(head.base, head.first + i);
    return head.weighs ? v * head.unit * VECTOR(qk_weight, head.weight + i) : v;
}

// Vectors i of the low and of the high half of what turns; of neighbours, vectors 2i and 2i + 1.
void turnedOf(Head head, uint i, out vec4 low, out vec4 high) {
    uint half_turn = push.turning_pairs / 4u;
    uint a = NEIGHBOURS_TURN ? 2u * i : i, b = NEIGHBOURS_TURN ? a + 1u : i + half_turn;
    low = elementsOf(head, a);
    high = elementsOf(head, b);
    if (head.kind == VALUE) {
        return;
    }
    vec4 t = VECTOR(rope, head.turn + 2u * i), u = VECTOR(rope, head.turn + 2u * i + 1u);
    if (NEIGHBOURS_TURN) {
        low = vec4(low.x * t.x - low.y * t.y, low.y * t.x + low.x * t.y, low.z * t.z - low.w * t.w, low.w * t.z + low.z * t.w);
        high = vec4(high.x * u.x - high.y * u.y, high.y * u.x + high.x * u.y, high.z * u.z - high.w * u.w,
                    high.w * u.z + high.z * u.w);
    } else {
        vec4 c = vec4(t.xz, u.xz), s = vec4(t.yw, u.yw), was = low;
        low = low * c - high * s;
        high = high * c + was * s;
    }
}

void store(uint kind, uint at, uvec4 word) {
    if (kind == KEY) {
        k_cache[at] = word;
    } else {
        v_cache[at] = word;
    }
}

// Elements 8 · i … 8 · i + 7 of a query, key or value. `row`: where it begins, in vectors or words.
void put(uint kind, uint row, uint i, vec4 a, vec4 b) {
    if (kind == QUERY) {
        q_out[row + 2u * i] = a;
        q_out[row + 2u * i + 1u] = b;
    } else if (KV_TYPE == KV_F32) {
        store(kind, row + 2u * i, floatBitsToUint(a));
        store(kind, row + 2u * i + 1u, floatBitsToUint(b));
    } else {
        store(kind, row + i, uvec4(packHalf2x16(a.xy), packHalf2x16(a.zw), packHalf2x16(b.xy), packHalf2x16(b.zw)));
    }
}

// As put(), multiplied by what comes after RoPE.
void putScaled(uint kind, uint row, uint i, vec4 a, vec4 b, float scale) {
    if (QK_NORM == AFTER_ROPE && kind == QUERY) {
        a *= VECTOR(qk_weight, 2u * i);
        b *= VECTOR(qk_weight, 2u * i + 1u);
    }
    put(kind, row, i, a * scale, b * scale);
}

void main() {
    uint tokens = push.tokens, vectors = push.head_dim / 4u, turning = push.turning_pairs / 2u;  // vectors that turn
    uint index = gl_GlobalInvocationID.x / tokens, token = gl_GlobalInvocationID.x % tokens;
    if (index >= push.queries + 2u * push.kv_heads) {
        return;
    }
    uint position = step_state.position + token;
    Head head;
    head.kind = index < push.queries ? QUERY : index < push.queries + push.kv_heads ? KEY : VALUE;
    bool is_query = head.kind == QUERY;
    index = is_query ? push.query_first + index : push.kv_first + index - push.queries - (head.kind - 1u) * push.kv_heads;
    uint before_kind = is_query ? 0u : push.head_count + (head.kind - 1u) * push.head_count_kv;
    head.base = token * push.qkv_stride / 4u;
    head.first = (before_kind + index) * vectors;
    head.turn = (push.rope_first + position) * turning;

    bool whole = QK_NORM == WHOLE_BEFORE_ROPE;
    head.weighs = (whole || QK_NORM == BEFORE_ROPE) && head.kind != VALUE;
    head.weight = whole ? head.first : head.kind * vectors;
    head.unit = 1.0;
    if (head.weighs) {
        uint begin = whole ? before_kind * vectors : head.first;
        uint count = whole ? (head.kind == QUERY ? push.head_count : push.head_count_kv) * vectors : vectors;
        float sum = 0.0;
        for (uint i = 0u; i < count; ++i) {
            sum += squared(rawOf(head.base, begin + i));
        }
        head.unit = 1.0 / sqrt(sum / float(4u * count) + push.epsilon);
    }

    float scale = 1.0;
    if (QK_NORM == AFTER_ROPE && head.kind != VALUE) {
        float sum = 0.0;
        for (uint i = 0u; i < turning / 2u; ++i) {
            vec4 low, high;
            turnedOf(head, i, low, high);
            sum += squared(low) + squared(high);
        }
        for (uint i = turning; i < vectors; ++i) {
            sum += squared(elementsOf(head, i));
        }
        scale = 1.0 / sqrt(sum / float(push.head_dim) + push.epsilon);
    }

    uint row = head.kind == QUERY ? (token * push.head_count + index) * (push.head_stride / 4u)
                                  : ((index - push.kv_first) * push.context + position) * push.row_words;
    for (uint i = 0u; i < turning / 4u; ++i) {
        vec4 low[2], high[2];
        turnedOf(head, 2u * i, low[0], high[0]);
        turnedOf(head, 2u * i + 1u, low[1], high[1]);
        if (NEIGHBOURS_TURN) {
            putScaled(head.kind, row, 2u * i, low[0], high[0], scale);
            putScaled(head.kind, row, 2u * i + 1u, low[1], high[1], scale);
        } else {
            putScaled(head.kind, row, i, low[0], low[1], scale);
            putScaled(head.kind, row, turning / 4u + i, high[0], high[1], scale);
        }
    }
    for (uint i = turning / 2u; i < vectors / 2u; ++i) {
        putScaled(head.kind, row, i, elementsOf(head, 2u * i), elementsOf(head, 2u * i + 1u), scale);
    }
}
