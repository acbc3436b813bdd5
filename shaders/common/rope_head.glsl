// SPDX-License-Identifier: Apache-2.0
// Bias, norm and RoPE of one raw head, by a whole workgroup. The including shader has a push constant with head_dim,
// head_count, head_count_kv, turning_pairs, rope_first and epsilon, and binds the four buffers below.
layout(constant_id = 2) const uint QK_NORM = 0u;  // as below
layout(constant_id = 3) const bool NEIGHBOURS_TURN = false;  // pairs (2j, 2j + 1), not (j, j + d/2)
layout(constant_id = 4) const bool BIAS = false;
const uint NONE = 0u, AFTER_ROPE = 1u, BEFORE_ROPE = 2u, WHOLE_BEFORE_ROPE = 3u;
const uint QUERY = 0u, KEY = 1u, VALUE = 2u;
layout(std430, binding = 0) readonly buffer Qkv { float qkv[]; };         // [token][head][head_dim]
layout(std430, binding = 1) readonly buffer Bias { float bias[]; };       // [head][head_dim]
layout(std430, binding = 2) readonly buffer Rope { vec2 rope[]; };        // cos, sin: [position][turning_pairs]
// [head_dim]: of q and k multiplied (AFTER_ROPE); else of q, then of k, each [head_dim] or [heads · head_dim]
layout(std430, binding = 3) readonly buffer QkWeight { float qk_weight[]; };

shared float head[1024];  // the result

float rawOf(uint token_base, uint element) { return qkv[token_base + element] + (BIAS ? bias[element] : 0.0); }

// 1 / rms of what the norm before RoPE covers of head `index` of a kind, for the token whose raw heads begin at float
// `token_base`: the head, or all heads of its kind; 1 without such a norm.
float unitOf(uint kind, uint index, uint token_base) {
    bool whole = QK_NORM == WHOLE_BEFORE_ROPE;
    if (kind == VALUE || (!whole && QK_NORM != BEFORE_ROPE)) {
        return 1.0;
    }
    uint before_kind = kind == QUERY ? 0u : push.head_count;
    uint begin = (before_kind + (whole ? 0u : index)) * push.head_dim;
    uint count = whole ? (kind == QUERY ? push.head_count : push.head_count_kv) * push.head_dim : push.head_dim;
    float sum = 0.0;
    for (uint i = gl_LocalInvocationID.x; i < count; i += gl_WorkGroupSize.x) {
        float raw = rawOf(token_base, begin + i);
        sum = fma(raw, raw, sum);
    }
    return 1.0 / sqrt(workgroupSum(sum) / float(count) + push.epsilon);
}

// Turns the head into head[], `unit` its unitOf(). Returns what its elements are still to be multiplied by. A barrier must
// follow before they are read.
float turnHead(uint kind, uint index, uint token_base, uint position, float unit) {
    uint half_dim = push.head_dim / 2u, self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x;
    uint before_kind = kind == QUERY ? 0u : push.head_count + (kind - 1u) * push.head_count_kv;
    uint first = (before_kind + index) * push.head_dim;  // element of the token's raw heads
    bool whole = QK_NORM == WHOLE_BEFORE_ROPE, before = (whole || QK_NORM == BEFORE_ROPE) && kind != VALUE;
    uint weight = whole ? first : kind * push.head_dim;
    float sum = 0.0;
    for (uint j = self; j < half_dim; j += workers) {
        bool turns = kind != VALUE && j < push.turning_pairs;
        bool neighbours = NEIGHBOURS_TURN || !turns;
        uint low = neighbours ? 2u * j : j, high = neighbours ? low + 1u : j + push.turning_pairs;
        vec2 pair = vec2(rawOf(token_base, first + low), rawOf(token_base, first + high));
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
    bool after = QK_NORM == AFTER_ROPE && kind != VALUE;
    return after ? 1.0 / sqrt(scale / float(push.head_dim) + push.epsilon) : 1.0;
}

float ropeHead(uint kind, uint index, uint token_base, uint position) {
    return turnHead(kind, index, token_base, position, unitOf(kind, index, token_base));
}
