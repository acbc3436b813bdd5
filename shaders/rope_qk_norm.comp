// SPDX-License-Identifier: Apache-2.0
// Biases, RoPE and RMS norms of raw q and k, and the store of k and v in the KV cache. Grid: x over query heads, then key
// heads, then value heads; y over tokens. Where the norm comes after RoPE, a query is multiplied by query_layernorm ∘
// key_layernorm of its own layer, so that the cache can hold the unit key û = rope(k) / rms(k), the same for every layer
// that reads it.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "kv_row.glsl"
#include "push_constants.h"
#include "reduce.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 2) const uint QK_NORM = 0u;  // as below
layout(constant_id = 3) const bool NEIGHBOURS_TURN = false;  // pairs (2j, 2j + 1), not (j, j + d/2)
layout(constant_id = 4) const bool BIAS = false;
const uint NONE = 0u, AFTER_ROPE = 1u, BEFORE_ROPE = 2u, WHOLE_BEFORE_ROPE = 3u;
layout(push_constant) uniform Push { RopeQkNormPush push; };
layout(std430, binding = 0) readonly buffer Qkv { float qkv[]; };         // [token][head][head_dim]
layout(std430, binding = 1) readonly buffer Bias { float bias[]; };       // [head][head_dim]
layout(std430, binding = 2) readonly buffer Rope { vec2 rope[]; };        // cos, sin: [position][turning_pairs]
// [head_dim]: of q and k multiplied (AFTER_ROPE); else of q, then of k, each [head_dim] or [heads · head_dim]
layout(std430, binding = 3) readonly buffer QkWeight { float qk_weight[]; };
layout(std430, binding = 4) readonly buffer Step { StepState step_state; };
layout(std430, binding = 5) writeonly buffer QOut { float q_out[]; };
layout(std430, binding = 6) writeonly buffer KCache { uint k_cache[]; };  // [kv head][context][4 · row_words]
layout(std430, binding = 7) writeonly buffer VCache { uint v_cache[]; };

shared float head[1024];

void store(uint kind, uint at, uint word) {
    if (kind == 1u) {
        k_cache[at] = word;
    } else {
        v_cache[at] = word;
    }
}

// A block of 32 elements of head[] as signed bytes; returns their scale.
float storeBlock(uint kind, uint row, uint block, float scale) {
    uint first = block * 32u, end = min(first + 32u, push.head_dim);
    float most = 0.0;
    for (uint i = first; i < end; ++i) {
        most = max(most, abs(head[i] * scale));
    }
    float inverse = most > 0.0 ? 127.0 / most : 0.0;
    for (uint i = first; i < end; i += 4u) {
        uint word = 0u;
        for (uint j = 0u; j < min(4u, end - i); ++j) {
            int quant = int(round(head[i + j] * scale * inverse));
            word |= (uint(quant) & 0xFFu) << (8u * j);
        }
        store(kind, row + i / 4u, word);
    }
    return most / 127.0;
}

float rawOf(uint token, uint element) {
    return qkv[token * push.qkv_stride + element] + (BIAS ? bias[element] : 0.0);
}

void main() {
    uint half_dim = push.head_dim / 2u, self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x;
    uint token = gl_WorkGroupID.y, position = step_state.position + token, index = gl_WorkGroupID.x;
    uint kind = index < push.head_count ? 0u : index < push.head_count + push.head_count_kv ? 1u : 2u;
    uint first = index * push.head_dim;  // element of the token's raw heads
    index -= kind == 0u ? 0u : push.head_count + (kind - 1u) * push.head_count_kv;

    bool whole = QK_NORM == WHOLE_BEFORE_ROPE, before = (whole || QK_NORM == BEFORE_ROPE) && kind != 2u;
    float unit = 1.0;
    uint weight = 0u;
    if (before) {
        uint begin = whole ? (kind == 0u ? 0u : push.head_count * push.head_dim) : first;
        uint count = whole ? (kind == 0u ? push.head_count : push.head_count_kv) * push.head_dim : push.head_dim;
        float sum = 0.0;
        for (uint i = self; i < count; i += workers) {
            float raw = rawOf(token, begin + i);
            sum = fma(raw, raw, sum);
        }
        unit = 1.0 / sqrt(workgroupSum(sum) / float(count) + push.epsilon);
        weight = whole ? first : kind * push.head_dim;
    }

    float sum = 0.0;
    for (uint j = self; j < half_dim; j += workers) {
        bool turns = kind != 2u && j < push.turning_pairs;
        bool neighbours = NEIGHBOURS_TURN || !turns;
        uint low = neighbours ? 2u * j : j, high = neighbours ? low + 1u : j + push.turning_pairs;
        vec2 pair = vec2(rawOf(token, first + low), rawOf(token, first + high));
        if (before) {
            pair *= unit * vec2(qk_weight[weight + low], qk_weight[weight + high]);
        }
        if (turns) {
            vec2 turn = rope[(push.rope_first + position) * push.turning_pairs + j];
            pair = vec2(pair.x * turn.x - pair.y * turn.y, pair.y * turn.x + pair.x * turn.y);
        }
        sum += dot(pair, pair);
        head[low] = pair.x;
        head[high] = pair.y;
    }
    float scale = workgroupSum(sum);
    bool after = QK_NORM == AFTER_ROPE && kind != 2u;
    scale = after ? 1.0 / sqrt(scale / float(push.head_dim) + push.epsilon) : 1.0;

    if (kind == 0u) {
        uint row = (token * push.head_count + index) * push.head_stride;
        for (uint i = self; i < push.head_dim; i += workers) {
            q_out[row + i] = head[i] * scale * (after ? qk_weight[i] : 1.0);
        }
        return;
    }
    uint row = (index * push.context + position) * push.row_words * 4u;
    if (KV_TYPE == KV_F32) {
        for (uint i = self; i < push.head_dim; i += workers) {
            store(kind, row + i, floatBitsToUint(head[i] * scale));
        }
    } else if (KV_TYPE == KV_F16) {
        for (uint i = self; 2u * i < push.head_dim; i += workers) {
            store(kind, row + i, packHalf2x16(vec2(head[2u * i], head[2u * i + 1u]) * scale));
        }
    } else {
        for (uint pair = self; pair * 64u < push.head_dim; pair += workers) {
            vec2 scales = vec2(storeBlock(kind, row, 2u * pair, scale), storeBlock(kind, row, 2u * pair + 1u, scale));
            store(kind, row + push.head_stride / 4u + pair, packHalf2x16(scales));
        }
    }
}
