// SPDX-License-Identifier: Apache-2.0
// Push constants of every kernel, one text for GLSL and C++: a drift cannot compile. Members are 32-bit scalars only, so that both languages lay them out alike. Widths are in weights or floats;
// strides and bases of weights are in uvec4 (16 bytes), strides of activations in floats.
#ifndef MOESCOPE_PUSH_CONSTANTS_H
#define MOESCOPE_PUSH_CONSTANTS_H

#include "attention_push.h"
#include "router_rule.h"

#ifdef __cplusplus
#include <cstdint>
namespace moescope::shaders {
using uint = uint32_t;
#endif

struct FmaSpeedPush {
    uint rounds;
    float factor;
};

struct EmbedPush {
    uint width;     // embedding_length
    uint row_words; // uvec4 of one row of token_embd
    uint out_stride;
    float scale;
};

struct RmsNormPush {
    uint width;
    uint in_stride;
    uint out_stride;
    float epsilon;
};

struct MatvecPush {
    uint rows;
    uint width;
    uint row_words;
    uint out_first; // float of y that row 0 makes
    float epsilon;  // of the norm before, if there is one
    float scale;    // of W · x + bias
};

struct MatmulPush {
    uint tokens;
    uint rows;
    uint width;
    uint row_words;
    uint in_stride;
    uint out_stride;
    uint out_first; // float of a row of Y that row 0 of W makes
    float scale;    // of W · X + bias
};

struct MoeRouterPush {
    uint width;
    uint stride; // of a token in x and normed
    uint expert_count;
    uint expert_used_count;
    uint row_words;     // uvec4 of one router row
    uint layer;         // MoE layer, for the log
    uint batch;         // tokens a layer has room for in the log
    uint norm_weights;  // divide the chosen probabilities by their sum
    uint logits_stride; // floats of a token's given logits
    float epsilon;
};

struct MoeSortPush {
    uint pairs; // tokens × expert_used_count
    uint expert_count;
    uint low_tokens;     // of a low tile
    uint tall_tokens;    // of a tall one; 0: there are none
    uint low_first;      // place in the list of the first low tile
    uint gate_up_groups; // workgroups a tile along the rows of gate and up …
    uint down_groups;    // … and of down
};

struct FfnGateUpPush {
    uint rows;  // expert_feed_forward_length
    uint width; // embedding_length
    uint row_words;
    uint out_stride; // floats of one expert's output
    float epsilon;   // of the norm before, if there is one
};

struct FfnDownPush {
    uint rows;              // embedding_length
    uint expert_used_count; // 0: no routed experts
    uint expert_width;      // expert_feed_forward_length
    uint expert_row_words;
    uint expert_stride; // floats of one expert's gate × up
    uint shared_width;  // 0: no shared expert
    uint shared_row_words;
    float scale; // of what is added to x
};

struct FfnTilesPush {
    uint pairs;     // rows in all
    uint rows;      // of the expert's matrix
    uint row_first; // of these, that the grid begins with
    uint width;
    uint row_words;
    uint in_stride;
    uint out_stride;
    uint expert_used_count;
    uint tile_first; // of the list, that the grid begins with
};

struct MoeCombinePush {
    uint width;
    uint stride;      // of a token in x
    uint pair_stride; // of a pair in the experts' output
    uint expert_used_count;
    float scale; // of what is added to x
};

// Written by the host before each submission; the position by the kernel that samples where the device does.
struct StepState {
    uint position;   // of the first token of the batch in the context
    uint log_router; // write the routing log
    uint log_probs;  // write all router probabilities
    uint reserved;
};

#ifdef __cplusplus
}
#endif
#endif
