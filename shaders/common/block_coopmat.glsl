// SPDX-License-Identifier: Apache-2.0
// multiplyBlock() with cooperative matrices: products of f16, sums of f32. Weights and activations are scaled by powers of two
// before they are rounded to f16, so that the largest seen so far of the block's weights, and of its activations, lies in
// [2¹⁴, 2¹⁵): none overflows, and those down to 2⁻²⁸ of the largest keep all eleven bits. A larger one in a later step scales
// the sums so far, exactly.
#extension GL_KHR_cooperative_matrix : require
#extension GL_KHR_memory_scope_semantics : require
#extension GL_KHR_shader_subgroup_basic : require
#extension GL_KHR_shader_subgroup_arithmetic : require
#extension GL_EXT_shader_explicit_arithmetic_types_float16 : require
layout(constant_id = 6) const uint SUBGROUP = 32u;
// Rows, tokens and weights of a matrix, and subgroups side by side along the tokens; of SUBGROUPS in all.
layout(constant_id = 8) const uint M = 16u;
layout(constant_id = 9) const uint N = 16u;
layout(constant_id = 10) const uint K = 16u;
layout(constant_id = 11) const uint TOKEN_SUBGROUPS = 1u;
const uint SUBGROUPS = 4u, ROW_SUBGROUPS = SUBGROUPS / TOKEN_SUBGROUPS;
const uint OWN_ROWS = BLOCK_ROWS / ROW_SUBGROUPS, OWN_TOKENS = BLOCK_TOKENS / TOKEN_SUBGROUPS;
const uint ROW_TILES = OWN_ROWS / M, TOKEN_TILES = OWN_TOKENS / N;
const uint ROW_VECTORS = STEP / 4u + 2u;  // two to spare: neighbouring rows then lie in different banks
const uint WORKERS = SUBGROUPS * SUBGROUP;
const uint WEIGHTS_EACH = (WEIGHT_CHUNKS + WORKERS - 1u) / WORKERS, TOKENS_EACH = (TOKEN_CHUNKS + WORKERS - 1u) / WORKERS;
const uint LEAST_EXPONENT = 27u;  // with its bias of 127: smaller values are scaled as if this were the largest one's

shared f16vec4 weight_tile[MATRICES * BLOCK_ROWS * ROW_VECTORS];
shared f16vec4 token_tile[BLOCK_TOKENS * ROW_VECTORS];
shared float sum_tile[MATRICES * SUBGROUPS * M * N];
shared uvec2 largest[SUBGROUPS];  // bits of the largest weight and activation

coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator> sums[MATRICES * ROW_TILES * TOKEN_TILES];

uint largestOf(vec4 v[4], uint bits) {
    vec4 most = max(max(abs(v[0]), abs(v[1])), max(abs(v[2]), abs(v[3])));
    return max(bits, floatBitsToUint(max(max(most.x, most.y), max(most.z, most.w))));
}

// 2^(14 − exponent) and its inverse; the exponent comes with its bias.
float scaleFor(uint exponent) { return uintBitsToFloat((268u - exponent) << 23); }
float inverseFor(uint exponent) { return uintBitsToFloat((exponent - 14u) << 23); }

void multiplyTiles() {
    uint row = gl_SubgroupID % ROW_SUBGROUPS * OWN_ROWS, token = gl_SubgroupID / ROW_SUBGROUPS * OWN_TOKENS;
    for (uint k = 0u; k < STEP / 4u; k += K / 4u) {
        coopmat<float16_t, gl_ScopeSubgroup, K, N, gl_MatrixUseB> v[TOKEN_TILES];
        for (uint t = 0u; t < TOKEN_TILES; ++t) {
            coopMatLoad(v[t], token_tile, (token + t * N) * ROW_VECTORS + k, ROW_VECTORS, gl_CooperativeMatrixLayoutColumnMajor);
        }
        for (uint m = 0u; m < MATRICES; ++m) {
            for (uint r = 0u; r < ROW_TILES; ++r) {
                coopmat<float16_t, gl_ScopeSubgroup, M, K, gl_MatrixUseA> w;
                coopMatLoad(w, weight_tile, (m * BLOCK_ROWS + row + r * M) * ROW_VECTORS + k, ROW_VECTORS,
                            gl_CooperativeMatrixLayoutRowMajor);
                for (uint t = 0u; t < TOKEN_TILES; ++t) {
                    uint at = (m * ROW_TILES + r) * TOKEN_TILES + t;
                    sums[at] = coopMatMulAdd(w, v[t], sums[at]);
                }
            }
        }
    }
}

// Through shared memory, a matrix of each subgroup a time.
void storeTiles(float scale) {
    uint row = gl_SubgroupID % ROW_SUBGROUPS * OWN_ROWS, token = gl_SubgroupID / ROW_SUBGROUPS * OWN_TOKENS;
    for (uint r = 0u; r < ROW_TILES; ++r) {
        for (uint t = 0u; t < TOKEN_TILES; ++t) {
            barrier();
            for (uint m = 0u; m < MATRICES; ++m) {
                coopMatStore(sums[(m * ROW_TILES + r) * TOKEN_TILES + t], sum_tile, (m * SUBGROUPS + gl_SubgroupID) * M * N, M,
                             gl_CooperativeMatrixLayoutColumnMajor);
            }
            barrier();
            for (uint i = gl_SubgroupInvocationID; i < M * N; i += SUBGROUP) {
                float own[MATRICES];
                for (uint m = 0u; m < MATRICES; ++m) {
                    own[m] = sum_tile[(m * SUBGROUPS + gl_SubgroupID) * M * N + i] * scale;
                }
                storeSums(token + t * N + i / M, row + r * M + i % M, own);
            }
        }
    }
}

void multiplyBlock(uint width, uint count) {
    uint chunks = (width + 15u) / 16u, self = gl_SubgroupID * SUBGROUP + gl_SubgroupInvocationID;
    uvec2 exponents = uvec2(LEAST_EXPONENT);  // of the largest weight and activation so far
    for (uint i = 0u; i < MATRICES * ROW_TILES * TOKEN_TILES; ++i) {
        sums[i] = coopmat<float, gl_ScopeSubgroup, M, N, gl_MatrixUseAccumulator>(0.0);
    }
    for (uint chunk = 0u; chunk < chunks; chunk += STEP_CHUNKS) {
        Chunk w[WEIGHTS_EACH];
        vec4 v[TOKENS_EACH][4];
        uvec2 bits = uvec2(0u);
        for (uint i = 0u; i < WEIGHTS_EACH; ++i) {
            weightsOfStep(self + i * WORKERS, chunk, chunks, w[i]);
            bits.x = largestOf(w[i].values, bits.x);
        }
        for (uint i = 0u; i < TOKENS_EACH; ++i) {
            activationsOfStep(self + i * WORKERS, chunk, chunks, count, v[i]);
            bits.y = largestOf(v[i], bits.y);
        }
        bits = subgroupMax(bits);
        if (subgroupElect()) {
            largest[gl_SubgroupID] = bits;
        }
        barrier();  // and all have read what they needed of the step before
        uvec2 before = exponents;
        for (uint s = 0u; s < SUBGROUPS; ++s) {
            exponents = max(exponents, largest[s] >> 23);
        }
        uint rise = exponents.x - before.x + exponents.y - before.y;
        if (rise > 0u) {
            float factor = rise < 127u ? uintBitsToFloat((127u - rise) << 23) : 0.0;
            for (uint i = 0u; i < MATRICES * ROW_TILES * TOKEN_TILES; ++i) {
                sums[i] = sums[i] * factor;
            }
        }
        vec2 scales = vec2(scaleFor(exponents.x), scaleFor(exponents.y));
        for (uint i = 0u; i < WEIGHTS_EACH; ++i) {
            uint at = self + i * WORKERS;
            for (uint j = 0u; j < 4u && at < WEIGHT_CHUNKS; ++j) {
                weight_tile[at / STEP_CHUNKS * ROW_VECTORS + at % STEP_CHUNKS * 4u + j] = f16vec4(w[i].values[j] * scales.x);
            }
        }
        for (uint i = 0u; i < TOKENS_EACH; ++i) {
            uint at = self + i * WORKERS;
            for (uint j = 0u; j < 4u && at < TOKEN_CHUNKS; ++j) {
                token_tile[at / STEP_CHUNKS * ROW_VECTORS + at % STEP_CHUNKS * 4u + j] = f16vec4(v[i][j] * scales.y);
            }
        }
        barrier();
        multiplyTiles();
    }
    storeTiles(inverseFor(exponents.x) * inverseFor(exponents.y));
}
