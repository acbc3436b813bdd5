// SPDX-License-Identifier: Apache-2.0
// Parts of a block's product in f32: four weights or activations. Included by block.glsl.
#define Part vec4
const uint STEP_PARTS = STEP / 4u;
const uint ROW_VECTORS = STEP_PARTS + 1u;  // one to spare: neighbours then read different banks

shared vec4 weight_tile[MATRICES * BLOCK_ROWS * ROW_VECTORS];
shared vec4 token_tile[BLOCK_TOKENS * ROW_VECTORS];

void stage(uint chunk, uint chunks, uint count) {
    for (uint i = gl_LocalInvocationID.x; i < WEIGHT_CHUNKS; i += gl_WorkGroupSize.x) {
        Chunk w;
        weightsOfStep(i, chunk, chunks, w);
        for (uint j = 0u; j < 4u; ++j) {
            weight_tile[i / STEP_CHUNKS * ROW_VECTORS + i % STEP_CHUNKS * 4u + j] = w.values[j];
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

Part weightPart(uint row, uint k) { return weight_tile[row * ROW_VECTORS + k]; }
Part tokenPart(uint token, uint k) { return token_tile[token * ROW_VECTORS + k]; }
float addProducts(Part w, Part v, float sum) { return dotAdd(w, v, sum); }  // one rounding each
