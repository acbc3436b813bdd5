// SPDX-License-Identifier: Apache-2.0
// Push constants of the kernels between the raw heads and the output of attention, as push_constants.h has the others'. The KV
// cache of a layer may lie in several buffers of whole KV heads each: a dispatch is for the heads of one of them, from kv_first
// on, and for the queries that share these.
#ifndef MOESCOPE_ATTENTION_PUSH_H
#define MOESCOPE_ATTENTION_PUSH_H

#ifdef __cplusplus
#include <cstdint>
namespace moescope::shaders {
using uint = uint32_t;
#endif

struct RopeQkNormPush {
    uint head_count;
    uint head_count_kv; // 0: a layer that reads its owner's cache
    uint query_first;   // head that the dispatch begins with …
    uint queries;       // … and how many it takes
    uint kv_first;      // likewise of keys, and of values …
    uint kv_heads;
    uint head_dim;
    uint head_stride;   // floats of one head in q_out
    uint qkv_stride;    // of a token in qkv
    uint context;       // rows of the cache a head
    uint row_words;     // uvec4 of one row in the cache
    uint turning_pairs; // of a head; the other elements pass as they are
    uint rope_first;    // row of the table of rotations for position 0
    uint tokens;
    float epsilon;
};

struct AttentionPush {
    uint head_count;
    uint head_count_kv;
    uint kv_first; // head that the caches begin with
    uint head_dim;
    uint head_stride;
    uint context;
    uint out_stride;
    uint window;      // last positions that a query sees; 0: all
    uint row_words;   // uvec4 of one row in the cache
    uint token_first; // of the batch that the grid begins with
    float scale;
};

struct AttentionTilesPush {
    uint head_count;
    uint head_count_kv;
    uint kv_first; // head that the caches begin with
    uint head_dim;
    uint head_stride;
    uint context;
    uint tokens;
    uint out_stride;
    uint window;     // last positions that a query sees; 0: all
    uint row_words;  // uvec4 of one row in the cache
    uint tiles;      // of all queries of a KV head
    uint tile_first; // place in the order of the tiles that the grid begins with
    uint tile_step;  // tiles between two neighbours of that order; shares no divisor with their number
    uint span_first; // position that the dispatch begins with …
    uint span_count; // … and how many it takes; 0: all
    float scale;
};

struct AttentionTokenPush {
    uint head_count;
    uint head_count_kv;
    uint kv_first; // head that the caches begin with
    uint head_dim;
    uint head_stride;
    uint context;
    uint out_stride;
    uint window;        // last positions that the query sees; 0: all
    uint row_words;     // uvec4 of one row in the cache
    uint turning_pairs; // of a head; the other elements pass as they are
    uint rope_first;    // row of the table of rotations for position 0
    uint stores;        // the layer owns its KV cache and stores this token in it
    uint span_first;    // position that the dispatch begins with …
    uint span_count;    // … and how many it takes; 0: all
    float epsilon;
    float scale;
};

struct AttentionWeightsPush {
    uint head_count;
    uint head_count_kv;
    uint kv_first;   // head that the cache begins with
    uint head_first; // query head that the grid begins with …
    uint out_first;  // … and the row of the output
    uint head_stride;
    uint context;
    uint out_stride; // floats of one head's weights
    uint window;     // last positions that a query sees; 0: all
    uint row_words;  // uvec4 of one row in the cache
    float scale;
};

struct AttentionMassPush {
    uint stride;    // of one head's weights
    uint first;     // position
    uint count;     // positions
    uint out_first; // of the heads' masses
};

#ifdef __cplusplus
}
#endif
#endif
