// SPDX-License-Identifier: Apache-2.0
// The best top_k of each chunk of the logits, penalised, best first; a workgroup a chunk. sample.comp chooses among them.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "sampler_state.h"
#include "sampling.h"
#include "best.glsl"

layout(local_size_x_id = 0) in;
layout(std430, binding = 0) readonly buffer Logits { float logits[]; };
layout(std430, binding = 1) readonly buffer Settings { SamplerState settings; };
layout(std430, binding = 2) writeonly buffer Top { uvec2 top[]; };        // [chunk][SAMPLER_MOST_TOP]: score, id
layout(std430, binding = 3) writeonly buffer Refused { uint refused[]; };  // [chunk]: a token whose logit is NaN or +∞

shared uint scores[SAMPLER_CHUNK];
shared uint refused_token;

// The best of those that this invocation looks after: every gl_WorkGroupSize.x-th of the chunk.
uvec2 bestOfMine(uint count) {
    uvec2 best = uvec2(0u, SAMPLER_NONE);
    for (uint i = gl_LocalInvocationID.x; i < count; i += gl_WorkGroupSize.x) {
        uint score = scores[i];
        best = score > best.x ? uvec2(score, i) : best;
    }
    return best;
}

void main() {
    uint self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x, chunk = gl_WorkGroupID.x;
    uint first = chunk * SAMPLER_CHUNK, count = min(settings.token_count - first, SAMPLER_CHUNK), top_k = settings.top_k;
    uint recent_count = settings.recent_count;
    float penalty = settings.penalty, inverse_penalty = settings.inverse_penalty;
    if (self == 0u) {
        refused_token = SAMPLER_NONE;
    }
    barrier();
    for (uint i = self; i < count; i += workers) {
        float logit = logits[first + i];
        scores[i] = scoreOf(logit);
        if (isNanOrInfinity(logit)) {
            atomicMin(refused_token, first + i);
        }
    }
    barrier();
    for (uint r = self; r < recent_count; r += workers) {
        uint token = settings.recent[r];
        bool seen = false;
        for (uint before = 0u; before < r; ++before) {
            seen = seen || settings.recent[before] == token;
        }
        if (!seen && token >= first && token - first < count) {
            scores[token - first] = scoreOf(penalised(logits[token], penalty, inverse_penalty));
        }
    }
    barrier();

    uvec2 mine = bestOfMine(count);
    for (uint k = 0u; k < top_k; ++k) {
        uvec2 best = bestOfWorkgroup(mine);
        if (self == 0u) {
            top[chunk * SAMPLER_MOST_TOP + k] = uvec2(best.x, best.x == 0u ? SAMPLER_NONE : first + best.y);
        }
        if (best.x != 0u && best.y % workers == self) {
            scores[best.y] = 0u;
            mine = bestOfMine(count);
        }
    }
    if (self == 0u) {
        refused[chunk] = refused_token;
    }
}
