// SPDX-License-Identifier: Apache-2.0
// Stores head[] (rope_head.glsl) in the KV cache, by a whole workgroup. The including shader binds the caches as
// words, from KV head push.kv_first on, and defines their names as K_WORDS and V_WORDS.

void store(uint kind, uint at, uint word) {
    if (kind == KEY) {
        K_WORDS[at] = word;
    } else {
        V_WORDS[at] = word;
    }
}

// Largest absolute value of block `block` of 32 elements of head[].
float mostOfBlock(uint block) {
    float largest = 0.0;
    for (uint i = block * 32u; i < min(block * 32u + 32u, push.head_dim); ++i) {
        largest = max(largest, abs(head[i]));
    }
    return largest;
}

// Element i of head[] as a signed byte, whose block reaches `largest`.
int quantOf(uint i, float largest, float scale) {
    float most = largest * scale;
    return int(roundEven(head[i] * scale * (most > 0.0 ? 127.0 / most : 0.0)));
}

// Head `index` of a kind, whose elements are still to be multiplied by `scale`, at `position`.
void storeHead(uint kind, uint index, uint position, float scale) {
    uint self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x;
    uint row = ((index - push.kv_first) * push.context + position) * push.row_words * 4u;
    if (KV_TYPE == KV_F32) {
        for (uint i = self; i < push.head_dim; i += workers) {
            store(kind, row + i, floatBitsToUint(head[i] * scale));
        }
    } else if (KV_TYPE == KV_F16) {
        for (uint i = self; 2u * i < push.head_dim; i += workers) {
            store(kind, row + i, packHalf2x16(vec2(head[2u * i], head[2u * i + 1u]) * scale));
        }
    } else {
        for (uint i = self; 4u * i < push.head_dim; i += workers) {
            float largest = mostOfBlock(i / 8u);
            uint word = 0u;
            for (uint j = 0u; j < min(4u, push.head_dim - 4u * i); ++j) {
                word |= (uint(quantOf(4u * i + j, largest, scale)) & 0xFFu) << (8u * j);
            }
            store(kind, row + i, word);
        }
        for (uint pair = self; pair * 64u < push.head_dim; pair += workers) {
            vec2 largest = vec2(mostOfBlock(2u * pair), mostOfBlock(2u * pair + 1u));
            store(kind, row + push.head_stride / 4u + pair, packHalf2x16(largest * scale / 127.0));
        }
    }
}

// Makes of the elements of head[] what a cache gives back for them times `scale`; they may be stored as they are then. For
// workgroups that have an invocation for each four elements. A barrier must follow before they are read.
void roundHead(float scale) {
    uint self = gl_LocalInvocationID.x;
    uint first = 4u * self, end = min(first + 4u, push.head_dim);
    float largest = KV_TYPE == KV_Q8_0 ? mostOfBlock(self / 8u) : 0.0;
    float quantum = unpackHalf2x16(packHalf2x16(vec2(largest * scale / 127.0))).x;
    barrier();
    for (uint i = first; i < end; ++i) {
        if (KV_TYPE == KV_Q8_0) {
            head[i] = float(quantOf(i, largest, scale)) * quantum;
        } else {
            float value = head[i] * scale;
            head[i] = KV_TYPE == KV_F16 ? unpackHalf2x16(packHalf2x16(vec2(value))).x : value;
        }
    }
}
