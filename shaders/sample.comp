// SPDX-License-Identifier: Apache-2.0
// Samples the token behind the step's out of the best of all chunks (sample_top.comp), as inference::Sampler does on the host:
// temperature, top-p, min-p, and of what is left the largest of logit ÷ temperature + noise. One workgroup. The token becomes
// the next step's, at the next position.
#version 450
#extension GL_GOOGLE_include_directive : require
#include "push_constants.h"
#include "sampler_state.h"
#include "sampling.h"
#include "best.glsl"

layout(local_size_x_id = 0) in;
layout(push_constant) uniform Push { SamplePush push; };
layout(std430, binding = 0) readonly buffer Top { uvec2 top[]; };        // [chunk][SAMPLER_MOST_TOP]: score, id
layout(std430, binding = 1) readonly buffer Refused { uint refused[]; };  // [chunk]
layout(std430, binding = 2) buffer Settings { SamplerState settings; };
layout(std430, binding = 3) buffer Step { StepState step_state; };
layout(std430, binding = 4) writeonly buffer TokenIds { uint token_ids[]; };
layout(std430, binding = 5) writeonly buffer Sampled { uint sampled[]; };  // token; one that has no logit, or SAMPLER_NONE

shared uint heads[SAMPLER_MOST_CHUNKS];  // candidates of each chunk that are taken
shared uvec2 chosen[SAMPLER_MOST_TOP];
shared float scaled[SAMPLER_MOST_TOP], weights[SAMPLER_MOST_TOP], noise[SAMPLER_MOST_TOP];

// The best head of the chunks that this invocation looks after; .z is its chunk.
uvec3 bestOfMine(uint top_k) {
    uvec3 best = uvec3(0u, SAMPLER_NONE, 0u);
    for (uint chunk = gl_LocalInvocationID.x; chunk < push.chunks; chunk += gl_WorkGroupSize.x) {
        uint head = heads[chunk];
        if (head < top_k) {
            uvec2 candidate = top[chunk * SAMPLER_MOST_TOP + head];
            best = isBetter(candidate, best.xy) ? uvec3(candidate, chunk) : best;
        }
    }
    return best;
}

// Index in `chosen` of the one that is sampled.
uint draw(uint count) {
    precise float total = 0.0;
    for (uint i = 0u; i < count; ++i) {
        total = total + weights[i];
    }
    precise float enough = settings.top_p * total;
    precise float mass = 0.0;
    uint kept = 0u;
    while (kept < count && (kept == 0u || mass < enough)) {
        mass = mass + weights[kept];
        ++kept;
    }
    while (kept > 1u && weights[kept - 1u] < settings.min_p) {
        --kept;
    }
    uint best = 0u;
    float most = 0.0;
    for (uint i = 0u; i < kept; ++i) {
        precise float drawn = scaled[i] + noise[i];
        if (i == 0u || drawn > most) {
            most = drawn;
            best = i;
        }
    }
    return best;
}

void main() {
    uint self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x;
    uint top_k = settings.top_k, position = step_state.position + 1u;
    for (uint chunk = self; chunk < push.chunks; chunk += workers) {
        heads[chunk] = 0u;
    }
    barrier();
    uint count = 0u;
    uvec3 mine = bestOfMine(top_k);
    for (uint k = 0u; k < top_k; ++k) {
        uvec2 best = bestOfWorkgroup(mine.xy);
        if (best.x != 0u) {
            chosen[k] = best;
            ++count;
            if (best == mine.xy) {
                heads[mine.z] += 1u;
                mine = bestOfMine(top_k);
            }
        }
    }
    barrier();
    for (uint k = self; k < count; k += workers) {
        precise float above = logitOf(chosen[k].x) - logitOf(chosen[0].x);
        precise float share = above * settings.inverse_temperature;
        scaled[k] = share;
        weights[k] = samplingExp(share);
        noise[k] = samplingNoise(settings.seed_low, settings.seed_high, position, chosen[k].y);
    }
    barrier();
    if (self == 0u) {
        uint token = chosen[draw(count)].y, bad = SAMPLER_NONE;
        for (uint chunk = 0u; chunk < push.chunks; ++chunk) {
            bad = min(bad, refused[chunk]);
        }
        token = min(token, settings.token_count - 1u); // whatever the logits are
        sampled[0] = token;
        sampled[1] = bad;
        token_ids[0] = token;
        step_state.position = position;
        uint next = settings.recent_next;
        settings.recent[next] = token;
        settings.recent_next = (next + 1u) % 64u;
        settings.recent_count = min(settings.recent_count + 1u, 64u);
    }
}
