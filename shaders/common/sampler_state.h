// SPDX-License-Identifier: Apache-2.0
// What the kernels that sample read beside the logits, one text for GLSL and C++: 32-bit scalars only, as in push_constants.h.
#ifndef MOESCOPE_SAMPLER_STATE_H
#define MOESCOPE_SAMPLER_STATE_H

#ifdef __cplusplus
#include <cstdint>
namespace moescope::shaders {
using uint = uint32_t;
#endif

// What the next token is sampled with; the kernels sample_top and sample read it, and sample keeps its list of tokens.
struct SamplerState {
    uint token_count; // ids from here on are padding
    uint top_k;       // candidates: 1 (greedy) to SAMPLER_MOST_TOP
    float inverse_temperature;
    float top_p;
    float min_p;
    float penalty; // of tokens in `recent`; 1: none
    float inverse_penalty;
    uint seed_low;
    uint seed_high;
    uint recent_count;
    uint recent_next; // where in `recent` the next one goes
    uint reserved;
    uint recent[64];
};

struct SamplePush {
    uint chunks; // of SAMPLER_CHUNK logits
};

#ifdef __cplusplus
}
#endif
#endif
