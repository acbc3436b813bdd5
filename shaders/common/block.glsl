// SPDX-License-Identifier: Apache-2.0
// What the matrix × matrix kernels share where weights are read from storage buffers: a workgroup multiplies BLOCK_ROWS rows of
// MATRICES matrices (1 or 2) with up to BLOCK_TOKENS tokens, STEP weights of a row a time, which it decodes into shared memory
// once for all of them. The products are of f32 in registers here; with COOPMAT of f16 in cooperative matrices
// (block_coopmat.glsl). The including shader defines what is declared here without a body, and calls multiplyBlock().
layout(local_size_x_id = 0) in;
layout(constant_id = 7) const uint BLOCK_TOKENS = 8u;
const uint BLOCK_ROWS = 64u, STEP = 32u, STEP_CHUNKS = STEP / 16u;
const uint WEIGHT_CHUNKS = MATRICES * BLOCK_ROWS * STEP_CHUNKS, TOKEN_CHUNKS = BLOCK_TOKENS * STEP_CHUNKS;

// 16 weights of a row of the block.
void loadWeights(uint matrix, uint row, uint chunk, out vec4 w[4]);
// Four activations of a token of the block.
vec4 loadActivations(uint token, uint vector);
// What the matrices' rows make of a token; rows and tokens may lie beyond the block's last.
void storeSums(uint token, uint row, float sums[MATRICES]);

// The 16 weights that entry `i` of a step's WEIGHT_CHUNKS are; zeros beyond the row's end and for entries beyond the last.
void weightsOfStep(uint i, uint chunk, uint chunks, out vec4 w[4]) {
    w = vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
    uint row = i / STEP_CHUNKS, at = chunk + i % STEP_CHUNKS;
    if (i < WEIGHT_CHUNKS && at < chunks) {
        loadWeights(row / BLOCK_ROWS, row % BLOCK_ROWS, at, w);
    }
}

// Likewise 16 activations of a step's TOKEN_CHUNKS; zeros where the block has fewer than that many tokens.
void activationsOfStep(uint i, uint chunk, uint chunks, uint count, out vec4 v[4]) {
    v = vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0));
    uint token = i / STEP_CHUNKS, at = chunk + i % STEP_CHUNKS;
    if (i < TOKEN_CHUNKS && token < count && at < chunks) {
        for (uint j = 0u; j < 4u; ++j) {
            v[j] = loadActivations(token, 4u * at + j);
        }
    }
}

#ifdef COOPMAT
#include "block_coopmat.glsl"
#else
layout(constant_id = 8) const uint TOKENS_EACH = 2u;  // tokens of an invocation: BLOCK_TOKENS · ROW_GROUPS ÷ the workgroup's size
const uint ROW_GROUPS = 16u, ROWS_EACH = BLOCK_ROWS / ROW_GROUPS;
const uint ROW_VECTORS = STEP / 4u + 1u;  // one to spare: neighbours then read different banks

shared vec4 weight_tile[MATRICES * BLOCK_ROWS * ROW_VECTORS];
shared vec4 token_tile[BLOCK_TOKENS * ROW_VECTORS];

void stage(uint chunk, uint chunks, uint count) {
    for (uint i = gl_LocalInvocationID.x; i < WEIGHT_CHUNKS; i += gl_WorkGroupSize.x) {
        vec4 w[4];
        weightsOfStep(i, chunk, chunks, w);
        for (uint j = 0u; j < 4u; ++j) {
            weight_tile[i / STEP_CHUNKS * ROW_VECTORS + i % STEP_CHUNKS * 4u + j] = w[j];
        }
    }
    for (uint i = gl_LocalInvocationID.x; i < TOKEN_CHUNKS; i += gl_WorkGroupSize.x) {
        vec4 v[4];
        activationsOfStep(i, chunk, chunks, count, v);
        for (uint j = 0u; j < 4u; ++j) {
            token_tile[i / STEP_CHUNKS * ROW_VECTORS + i % STEP_CHUNKS * 4u + j] = v[j];
        }
    }
}

// Sums in the order of the weights, one rounding each: the same for every size of workgroup and block.
void multiplyBlock(uint width, uint count) {
    uint chunks = (width + 15u) / 16u;
    uint row = gl_LocalInvocationID.x % ROW_GROUPS, token = gl_LocalInvocationID.x / ROW_GROUPS * TOKENS_EACH;
    float acc[TOKENS_EACH][ROWS_EACH][MATRICES];
    for (uint t = 0u; t < TOKENS_EACH; ++t) {
        for (uint r = 0u; r < ROWS_EACH; ++r) {
            for (uint m = 0u; m < MATRICES; ++m) {
                acc[t][r][m] = 0.0;
            }
        }
    }
    for (uint chunk = 0u; chunk < chunks; chunk += STEP_CHUNKS) {
        barrier();  // all have read what they needed of the step before
        stage(chunk, chunks, count);
        barrier();
        for (uint k = 0u; k < STEP / 4u; ++k) {
            vec4 w[ROWS_EACH][MATRICES];
            for (uint r = 0u; r < ROWS_EACH; ++r) {
                for (uint m = 0u; m < MATRICES; ++m) {
                    w[r][m] = weight_tile[(m * BLOCK_ROWS + r * ROW_GROUPS + row) * ROW_VECTORS + k];
                }
            }
            for (uint t = 0u; t < TOKENS_EACH; ++t) {
                vec4 v = token_tile[(token + t) * ROW_VECTORS + k];
                for (uint r = 0u; r < ROWS_EACH; ++r) {
                    for (uint m = 0u; m < MATRICES; ++m) {
                        acc[t][r][m] = dotAdd(w[r][m], v, acc[t][r][m]);
                    }
                }
            }
        }
    }
    for (uint t = 0u; t < TOKENS_EACH; ++t) {
        for (uint r = 0u; r < ROWS_EACH; ++r) {
            storeSums(token + t, r * ROW_GROUPS + row, acc[t][r]);
        }
    }
}
#endif
