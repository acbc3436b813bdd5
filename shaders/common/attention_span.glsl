// SPDX-License-Identifier: Apache-2.0
// Attention with online softmax of HEADS queries that share a KV head over a span of positions, by a workgroup of at most 64
// invocations: positions run along them for the scores, dimensions for the values. head_dim is at most 8 × their number.
// The including shader has push, k_cache and v_cache, and defines QUERY_AT(h, i), vector i of query h, and
// HEAD_VECTORS, their number.
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require

const uint HEADS = 4u;
const uint CHUNK = 128u;      // positions between two updates of the maximum
const float NEVER = -1.0e38;  // maximum over no position; times log₂ e still a number, as exp() may take it

shared float scores[HEADS][CHUNK];
shared float lane_values[HEADS][64];
shared vec4 value_sums[HEADS][2][64];

// Of what was seen so far, by query: maximum of the scores, sum of the weights, and this invocation's share of the values.
vec4 most = vec4(NEVER), sum = vec4(0.0), acc[HEADS][2];

// Eight dimensions an invocation: its four weights serve two vectors of values.
uint dimLanes() { return (push.head_dim + 7u) / 8u; }
uint positionLanes() { return gl_WorkGroupSize.x / dimLanes(); }

// Reduces one value a head over the workgroup in a fixed order.
vec4 reduceHeads(vec4 value, bool maximum) {
    vec4 reduced = maximum ? subgroupMax(value) : subgroupAdd(value);
    if (subgroupElect()) {
        for (uint h = 0u; h < HEADS; ++h) {
            lane_values[h][gl_SubgroupID] = reduced[h];
        }
    }
    barrier();
    for (uint h = 0u; h < HEADS; ++h) {
        float all = lane_values[h][0];
        for (uint i = 1u; i < gl_NumSubgroups; ++i) {
            all = maximum ? max(all, lane_values[h][i]) : all + lane_values[h][i];
        }
        reduced[h] = all;
    }
    barrier();
    return reduced;
}

// Before all positions.
void beginSpans() {
    for (uint h = 0u; h < HEADS; ++h) {
        acc[h][0] = vec4(0.0);
        acc[h][1] = vec4(0.0);
    }
}

// Vector i of the queries times a key's.
vec4 dots(vec4 key, uint i) {
    vec4 products;
    for (uint h = 0u; h < HEADS; ++h) {
        products[h] = dot(key, QUERY_AT(h, i));
    }
    return products;
}

// Positions begin … end − 1 of the KV head whose rows begin at row `cache_row`.
void attendSpan(uint cache_row, uint begin, uint end) {
    uint self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x, row_words = push.row_words;
    uint head_stride = push.head_stride, vectors = HEAD_VECTORS;
    uint dim_lanes = dimLanes(), position_lanes = positionLanes(), my_lane = self / dim_lanes, my_dim = self % dim_lanes;
    float scale = push.scale;
    for (uint chunk = begin; chunk < end; chunk += CHUNK) {
        uint count = min(CHUNK, end - chunk);
        vec4 chunk_most = vec4(NEVER);
        for (uint p = self; p < count; p += workers) {
            vec4 score = vec4(0.0);
            uint row = (cache_row + chunk + p) * row_words;
            for (uint i = 0u; i < vectors / 2u; ++i) {
                vec4 low, high;
                LOAD_KV(k_cache, row, head_stride, i, low, high)
                score += dots(low, 2u * i) + dots(high, 2u * i + 1u);
            }
            score *= scale;
            chunk_most = max(chunk_most, score);
            for (uint h = 0u; h < HEADS; ++h) {
                scores[h][p] = score[h];
            }
        }
        vec4 new_most = max(most, reduceHeads(chunk_most, true));
        vec4 shrink = exp(most - new_most), part = vec4(0.0);
        most = new_most;
        for (uint p = self; p < count; p += workers) {
            for (uint h = 0u; h < HEADS; ++h) {
                float e = exp(scores[h][p] - most[h]);
                scores[h][p] = e;
                part[h] += e;
            }
        }
        sum = sum * shrink + reduceHeads(part, false);
        for (uint h = 0u; h < HEADS; ++h) {
            acc[h][0] *= shrink[h];
            acc[h][1] *= shrink[h];
        }
        for (uint p = my_lane; my_lane < position_lanes && p < count; p += position_lanes) {
            uint row = (cache_row + chunk + p) * row_words;
            vec4 low, high;
            LOAD_KV(v_cache, row, head_stride, my_dim, low, high)
            for (uint h = 0u; h < HEADS; ++h) {
                float weight = scores[h][p];
                acc[h][0] = fma(vec4(weight), low, acc[h][0]);
                acc[h][1] = fma(vec4(weight), high, acc[h][1]);
            }
        }
        barrier();
    }
}

// After the last span: makes the values of all invocations known to each other.
void shareValues() {
    for (uint h = 0u; h < HEADS; ++h) {
        value_sums[h][0][gl_LocalInvocationID.x] = acc[h][0];
        value_sums[h][1][gl_LocalInvocationID.x] = acc[h][1];
    }
    barrier();
}

// Weighted values 8 · lane + 4 · part … + 3 of query h.
vec4 valuesOf(uint h, uint part, uint lane) {
    vec4 total = vec4(0.0);
    for (uint l = 0u; l < positionLanes(); ++l) {
        total += value_sums[h][part][l * dimLanes() + lane];
    }
    return total;
}
