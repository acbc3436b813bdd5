// SPDX-License-Identifier: Apache-2.0
// RoPE (pairs j, j + d/2) on q and k, then their RMS norm per head, and the store into the KV cache. A query is multiplied
// by query_layernorm ∘ key_layernorm of its own layer, so that the cache can hold the unit key û = rope(k) / rms(k), the
// same for every layer that reads it. Grid: x over query heads, then key heads, then value heads; y over tokens.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "push_constants.h"
#include "reduce.glsl"

layout(local_size_x_id = 0) in;
layout(constant_id = 1) const bool KV_F16 = false;
layout(constant_id = 2) const bool QK_NORM = true;
layout(push_constant) uniform Push { RopeQkNormPush push; };
layout(std430, binding = 0) readonly buffer Qkv { float qkv[]; };         // [token][head][head_dim]
layout(std430, binding = 1) readonly buffer Rope { vec2 rope[]; };        // cos, sin: [position][head_dim / 2]
layout(std430, binding = 2) readonly buffer QkWeight { float qk_weight[]; };
layout(std430, binding = 3) readonly buffer Step { StepState step_state; };
layout(std430, binding = 4) writeonly buffer QOut { float q_out[]; };
layout(std430, binding = 5) writeonly buffer KCache { uint k_cache[]; };  // [kv head][context][head_stride]
layout(std430, binding = 6) writeonly buffer VCache { uint v_cache[]; };

shared float head[1024];

void main() {
    uint half_dim = push.head_dim / 2u, self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x;
    uint token = gl_WorkGroupID.y, position = step_state.position + token, index = gl_WorkGroupID.x;
    uint kind = index < push.head_count ? 0u : index < push.head_count + push.head_count_kv ? 1u : 2u;
    uint raw = token * push.qkv_stride + index * push.head_dim;
    index -= kind == 0u ? 0u : push.head_count + (kind - 1u) * push.head_count_kv;

    float sum = 0.0;
    for (uint j = self; j < half_dim; j += workers) {
        vec2 pair = vec2(qkv[raw + j], qkv[raw + j + half_dim]);
        if (kind != 2u) {
            vec2 turn = rope[position * half_dim + j];
            pair = vec2(pair.x * turn.x - pair.y * turn.y, pair.y * turn.x + pair.x * turn.y);
            sum += dot(pair, pair);
        }
        head[j] = pair.x;
        head[j + half_dim] = pair.y;
    }
    float scale = workgroupSum(sum);
    scale = QK_NORM && kind != 2u ? 1.0 / sqrt(scale / float(push.head_dim) + push.epsilon) : 1.0;

    if (kind == 0u) {
        uint row = (token * push.head_count + index) * push.head_stride;
        for (uint i = self; i < push.head_dim; i += workers) {
            q_out[row + i] = head[i] * scale * (QK_NORM ? qk_weight[i] : 1.0);
        }
        return;
    }
    uint row = (index * push.context + position) * push.head_stride;
    if (KV_F16) {
        for (uint i = self; 2u * i < push.head_dim; i += workers) {
            uint packed = packHalf2x16(vec2(head[2u * i], head[2u * i + 1u]) * scale);
            if (kind == 1u) {
                k_cache[row / 2u + i] = packed;
            } else {
                v_cache[row / 2u + i] = packed;
            }
        }
    } else {
        for (uint i = self; i < push.head_dim; i += workers) {
            uint bits = floatBitsToUint(head[i] * scale);
            if (kind == 1u) {
                k_cache[row + i] = bits;
            } else {
                v_cache[row + i] = bits;
            }
        }
    }
}
