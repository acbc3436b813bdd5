// SPDX-License-Identifier: Apache-2.0
// Stores head[] (rope_head.glsl) in the KV cache, by a whole workgroup. The including shader binds the caches as
// words and defines their names as K_WORDS and V_WORDS.

void store(uint kind, uint at, uint word) {
    if (kind == KEY) {
        K_WORDS[at] = word;
    } else {
        V_WORDS[at] = word;
    }
}

// A block of 32 elements of head[] as signed bytes; returns their scale.
float storeBlock(uint kind, uint row, uint block, float scale) {
    uint first = block * 32u, end = min(first + 32u, push.head_dim);
    float most = 0.0;
    for (uint i = first; i < end; ++i) {
        most = max(most, abs(head[i] * scale));
    }
    float inverse = most > 0.0 ? 127.0 / most : 0.0;
    for (uint i = first; i < end; i += 4u) {
        uint word = 0u;
        for (uint j = 0u; j < min(4u, end - i); ++j) {
            int quant = int(round(head[i + j] * scale * inverse));
            word |= (uint(quant) & 0xFFu) << (8u * j);
        }
        store(kind, row + i / 4u, word);
    }
    return most / 127.0;
}

// Head `index` of a kind, whose elements are still to be multiplied by `scale`, at `position`.
void storeHead(uint kind, uint index, uint position, float scale) {
    uint self = gl_LocalInvocationID.x, workers = gl_WorkGroupSize.x;
    uint row = (index * push.context + position) * push.row_words * 4u;
    if (KV_TYPE == KV_F32) {
        for (uint i = self; i < push.head_dim; i += workers) {
            store(kind, row + i, floatBitsToUint(head[i] * scale));
        }
    } else if (KV_TYPE == KV_F16) {
        for (uint i = self; 2u * i < push.head_dim; i += workers) {
            store(kind, row + i, packHalf2x16(vec2(head[2u * i], head[2u * i + 1u]) * scale));
        }
    } else {
        for (uint pair = self; pair * 64u < push.head_dim; pair += workers) {
            vec2 scales = vec2(storeBlock(kind, row, 2u * pair, scale), storeBlock(kind, row, 2u * pair + 1u, scale));
            store(kind, row + push.head_stride / 4u + pair, packHalf2x16(scales));
        }
    }
}
