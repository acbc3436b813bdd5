// SPDX-License-Identifier: Apache-2.0
// What the matrix × matrix kernels share where weights are read from storage buffers: a workgroup multiplies BLOCK_ROWS rows of
// MATRICES matrices (1 or 2) with up to BLOCK_TOKENS tokens, STEP weights of a row a time, which it decodes into shared memory
// once for all of them. The products are of f32 in registers (block_f32.glsl); with INTEGER_DOT of bytes in registers
// (block_integer_dot.glsl); with COOPMAT of f16 in cooperative matrices (block_coopmat.glsl). The including shader defines what is
// declared here without a body, and calls multiplyBlock().
layout(local_size_x_id = 0) in;
layout(constant_id = 7) const uint BLOCK_TOKENS = 8u;
#ifdef INTEGER_DOT
const uint STEP = 64u;  // they take a quarter of the memory that f32 takes
#else
const uint STEP = 32u;
#endif
const uint BLOCK_ROWS = 64u, STEP_CHUNKS = STEP / 16u;
const uint WEIGHT_CHUNKS = MATRICES * BLOCK_ROWS * STEP_CHUNKS, TOKEN_CHUNKS = BLOCK_TOKENS * STEP_CHUNKS;

// 16 weights of a row, and LOAD_CHUNK, which finds them as LOAD_WEIGHTS does.
#ifdef INTEGER_DOT
struct Chunk {
    uvec4 quants;
    vec2 factors;  // scale and offset
};
const Chunk ZEROS = Chunk(uvec4(0u), vec2(0.0));
#define LOAD_CHUNK(BUFFER, row, chunk, width, OUT) LOAD_QUANTS(BUFFER, row, chunk, width, OUT.quants, OUT.factors)
#else
struct Chunk {
    vec4 values[4];
};
const Chunk ZEROS = Chunk(vec4[4](vec4(0.0), vec4(0.0), vec4(0.0), vec4(0.0)));
#define LOAD_CHUNK(BUFFER, row, chunk, width, OUT) LOAD_WEIGHTS(BUFFER, row, chunk, width, OUT.values)
#endif

// 16 weights of a row of the block.
void loadWeights(uint matrix, uint row, uint chunk, out Chunk w);
// Four activations of a token of the block.
vec4 loadActivations(uint token, uint vector);
// What the matrices' rows make of a token; rows and tokens may lie beyond the block's last.
void storeSums(uint token, uint row, float sums[MATRICES]);

// The 16 weights that entry `i` of a step's WEIGHT_CHUNKS are; zeros beyond the row's end and for entries beyond the last.
void weightsOfStep(uint i, uint chunk, uint chunks, out Chunk w) {
    w = ZEROS;
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

// Both define Part, some weights of a row or activations of a token, STEP_PARTS of which are a step; stage(), which decodes a
// step into shared memory; weightPart() and tokenPart(), which read it; and addProducts(weights, activations, sum).
#ifdef INTEGER_DOT
#include "block_integer_dot.glsl"
#else
#include "block_f32.glsl"
#endif

// Sums in the order of the weights: the same for every size of workgroup and block.
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
        for (uint k = 0u; k < STEP_PARTS; ++k) {
            Part w[ROWS_EACH][MATRICES];
            for (uint r = 0u; r < ROWS_EACH; ++r) {
                for (uint m = 0u; m < MATRICES; ++m) {
                    w[r][m] = weightPart(m * BLOCK_ROWS + r * ROW_GROUPS + row, k);
                }
            }
            for (uint t = 0u; t < TOKENS_EACH; ++t) {
                Part v = tokenPart(token + t, k);
                for (uint r = 0u; r < ROWS_EACH; ++r) {
                    for (uint m = 0u; m < MATRICES; ++m) {
                        acc[t][r][m] = addProducts(w[r][m], v, acc[t][r][m]);
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
