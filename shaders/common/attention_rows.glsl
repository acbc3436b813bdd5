// SPDX-License-Identifier: Apache-2.0
// Causal attention with online softmax of ROWS queries that share a KV head, by one subgroup, for drivers that compute on the CPU
// (words.glsl). For the scores an invocation has KEYS positions and the queries go round by shuffles; for the values it has
// 8 · DIM_PASSES dimensions (fewer than a subgroup's worth: several positions at once) and the weights go round. Windows and
// sinks as in attention.comp. The including shader has ROWS, push, step_state, and q, k_cache, v_cache, sinks, result and state.
//
// With SPANS the positions of a long context go to several dispatches one behind the other: all loops of an invocation together
// end after 65,535 rounds on Mesa's lavapipe 22.3.6, in silence. Until the last one result holds sums of weighted values, and
// state, [token][head], the maximum of the scores and the sum of the weights.
layout(constant_id = 7) const uint BLOCK = 8u;       // vectors of a query that go round at a time: divides them, is even
layout(constant_id = 8) const bool SINKS = false;
layout(constant_id = 9) const uint DIM_LANES = 4u;   // invocations that share a row of values, 8 dimensions each
layout(constant_id = 10) const uint DIM_PASSES = 1u;
layout(constant_id = 12) const bool SPANS = false;
const uint KEYS = 2u;
const float NEVER = -1.0e38;  // score of a position that a query does not see; as in attention_span.glsl

const uint TILE_KEYS = KEYS * SUBGROUP;
const uint POSITION_LANES = SUBGROUP / DIM_LANES;  // positions whose values are read at once

float mostOfSubgroup(float value) {
    float most = subgroupShuffle(value, 0u);
    for (uint i = 1u; i < SUBGROUP; ++i) {
        most = max(most, subgroupShuffle(value, i));
    }
    return most;
}

float sumOfSubgroup(float value) {
    float sum = subgroupShuffle(value, 0u);
    for (uint i = 1u; i < SUBGROUP; ++i) {
        sum += subgroupShuffle(value, i);
    }
    return sum;
}

// Queries first … first + ROWS − 1 of the batch's `queries` of this KV head: token by token, the heads of its group.
void attend(uint kv_head, uint first, uint queries) {
    uint self = gl_SubgroupInvocationID, head_dim = push.head_dim, head_stride = push.head_stride;
    uint head_count = push.head_count, group = head_count / push.head_count_kv, row_words = push.row_words;
    uint vectors = head_stride / 4u, window = push.window, position = step_state.position;
    float scale = push.scale;

    uint query_row[ROWS];  // vectors
    uint query_position[ROWS];
    for (uint r = 0u; r < ROWS; ++r) {
        uint query = min(first + r, queries - 1u), token = query / group;
        query_row[r] = (token * head_count + kv_head * group + query % group) * vectors;
        query_position[r] = position + token;
    }
    uint end = query_position[ROWS - 1u] + 1u;
    uint begin = window == 0u ? 0u : query_position[0] + 1u - min(query_position[0] + 1u, window);
    uint cache_row = (kv_head - push.kv_first) * push.context;
    bool more = false;  // spans
    if (SPANS) {
        if (push.span_first != 0u && push.span_first >= end) {
            return;
        }
        uint span_end = push.span_first + push.span_count;
        more = span_end < end;
        begin = max(begin, push.span_first);
        end = min(end, span_end);
    }

    uint dim_lane = self % DIM_LANES, position_lane = self / DIM_LANES;
    float most[ROWS], sum[ROWS];
    vec4 acc[DIM_PASSES][ROWS][2];
    for (uint r = 0u; r < ROWS; ++r) {
        most[r] = NEVER;
        sum[r] = 0.0;
        for (uint pass = 0u; pass < DIM_PASSES; ++pass) {
            acc[pass][r][0] = vec4(0.0);
            acc[pass][r][1] = vec4(0.0);
        }
    }

    if (SPANS && push.span_first != 0u) {
        for (uint r = 0u; r < ROWS; ++r) {
            uint query = min(first + r, queries - 1u), token = query / group, head = kv_head * group + query % group;
            vec2 before = state[token * head_count + head];
            most[r] = before.x;
            sum[r] = self == 0u ? before.y : 0.0;
            for (uint pass = 0u; pass < DIM_PASSES; ++pass) {
                uint dim = 8u * (pass * DIM_LANES + dim_lane), at = token * push.out_stride + head * head_dim + dim;
                for (uint i = 0u; i < 8u; ++i) {
                    float was = position_lane == 0u && dim + i < head_dim ? result[at + i] : 0.0;
                    acc[pass][r][i / 4u][i & 3u] = was;
                }
            }
        }
    }

    for (uint chunk = begin; chunk < end; chunk += TILE_KEYS) {
        // p[r][k]: score, then weight, of query r and position chunk + k · SUBGROUP + self.
        float p[ROWS][KEYS];
        uint key_row[KEYS];
        for (uint k = 0u; k < KEYS; ++k) {
            key_row[k] = (cache_row + min(chunk + k * SUBGROUP + self, end - 1u)) * row_words;
            for (uint r = 0u; r < ROWS; ++r) {
                p[r][k] = 0.0;
            }
        }
        for (uint block = 0u; block < vectors; block += BLOCK) {
            vec4 held[ROWS];
            for (uint r = 0u; r < ROWS; ++r) {
                held[r] = VECTOR(q, query_row[r] + block + self % BLOCK);
            }
            for (uint i = 0u; i < BLOCK / 2u; ++i) {
                vec4 low[KEYS], high[KEYS];
                for (uint k = 0u; k < KEYS; ++k) {
                    LOAD_KV(k_cache, key_row[k], head_stride, block / 2u + i, low[k], high[k])
                }
                for (uint r = 0u; r < ROWS; ++r) {
                    vec4 a = subgroupShuffle(held[r], 2u * i), b = subgroupShuffle(held[r], 2u * i + 1u);
                    for (uint k = 0u; k < KEYS; ++k) {
                        p[r][k] += dot(a, low[k]) + dot(b, high[k]);
                    }
                }
            }
        }

        for (uint r = 0u; r < ROWS; ++r) {
            float here = NEVER;
            for (uint k = 0u; k < KEYS; ++k) {
                uint at = chunk + k * SUBGROUP + self, back = query_position[r] - at;  // huge for what is to come
                bool seen = at <= query_position[r] && (window == 0u || back < window);
                p[r][k] = seen ? p[r][k] * scale : NEVER;
                here = max(here, p[r][k]);
            }
            float now = max(most[r], mostOfSubgroup(here));
            float shrink = exp(most[r] - now);
            most[r] = now;
            float part = 0.0;
            for (uint k = 0u; k < KEYS; ++k) {
                p[r][k] = p[r][k] == NEVER ? 0.0 : exp(p[r][k] - now);
                part += p[r][k];
            }
            sum[r] = sum[r] * shrink + part;
            for (uint pass = 0u; pass < DIM_PASSES; ++pass) {
                acc[pass][r][0] *= shrink;
                acc[pass][r][1] *= shrink;
            }
        }

        for (uint j = 0u; j < TILE_KEYS / POSITION_LANES; ++j) {
            uint k = j * POSITION_LANES / SUBGROUP;
            uint source = j * POSITION_LANES % SUBGROUP + position_lane % POSITION_LANES;
            uint row = (cache_row + min(chunk + k * SUBGROUP + source, end - 1u)) * row_words;
            float weight[ROWS];
            for (uint r = 0u; r < ROWS; ++r) {
                weight[r] = subgroupShuffle(k == 0u ? p[r][0] : p[r][1], source);
            }
            for (uint pass = 0u; pass < DIM_PASSES; ++pass) {
                vec4 low, high;
                uint dims = min(pass * DIM_LANES + dim_lane, vectors / 2u - 1u);
                LOAD_KV(v_cache, row, head_stride, dims, low, high)
                for (uint r = 0u; r < ROWS; ++r) {
                    acc[pass][r][0] = fma(vec4(weight[r]), low, acc[pass][r][0]);
                    acc[pass][r][1] = fma(vec4(weight[r]), high, acc[pass][r][1]);
                }
            }
        }
    }

    for (uint r = 0u; r < ROWS; ++r) {
        uint query = min(first + r, queries - 1u), token = query / group, head = kv_head * group + query % group;
        float total = sumOfSubgroup(sum[r]);
        if (SPANS && more) {
            if (self == 0u && first + r < queries) {
                state[token * head_count + head] = vec2(most[r], total);
            }
            total = 1.0;
        } else if (SINKS) {
            total += exp(sinks[head] - most[r]);
        }
        for (uint pass = 0u; pass < DIM_PASSES; ++pass) {
            vec4 low = vec4(0.0), high = vec4(0.0);
            for (uint l = 0u; l < POSITION_LANES; ++l) {
                uint from = (l * DIM_LANES + dim_lane) % SUBGROUP;
                low += subgroupShuffle(acc[pass][r][0], from);
                high += subgroupShuffle(acc[pass][r][1], from);
            }
            uint dim = 8u * (pass * DIM_LANES + dim_lane);
            uint at = token * push.out_stride + head * head_dim + dim;
            if (position_lane == 0u && first + r < queries) {
                for (uint i = 0u; i < 8u; ++i) {
                    if (dim + i < head_dim) {
                        result[at + i] = (i < 4u ? low[i & 3u] : high[i & 3u]) / total;
                    }
                }
            }
        }
    }
}
