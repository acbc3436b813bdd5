// SPDX-License-Identifier: Apache-2.0
// Parts of a block's product in integers: the quants of 16 weights as they are, and 16 activations rounded to signed bytes, so
// that the largest of them is 127. A part adds, with s and o for the weights' scale and offset and a for the activations' scale,
// s · a · Σ quant · byte + o · a · Σ byte; the sums are exact. Included by block.glsl, for the block formats alone.
#extension GL_EXT_spirv_intrinsics : require
// OpSDot of two words of four signed bytes (format 0): glslang of version 12 has no function for it.
spirv_instruction(capabilities = [6018, 6019], id = 4450)
int signedDot(uint a, uint b, spirv_literal uint format);

const uint STEP_PARTS = STEP_CHUNKS;
const uint ROW_PARTS = STEP_PARTS + 1u;    // one to spare: neighbours then read different banks
const float LEAST_ACTIVATION = 1e-30;      // smaller ones than that are taken for 0: 127 ÷ them is near the end of f32

struct Part {
    uvec4 bytes;
    vec2 factors;  // of weights: scale and offset; of activations: scale and their sum
};

shared uvec4 weight_bytes[MATRICES * BLOCK_ROWS * ROW_PARTS];
shared vec2 weight_factors[MATRICES * BLOCK_ROWS * ROW_PARTS];
shared uvec4 token_bytes[BLOCK_TOKENS * ROW_PARTS];
shared vec2 token_factors[BLOCK_TOKENS * ROW_PARTS];

// By their bits, which order infinity and what is no number behind all numbers.
uvec4 magnitudes(vec4 v) { return floatBitsToUint(v) & 0x7FFFFFFFu; }

Part roundToBytes(vec4 v[4]) {
    uvec4 most = max(max(magnitudes(v[0]), magnitudes(v[1])), max(magnitudes(v[2]), magnitudes(v[3])));
    uint bits = max(max(most.x, most.y), max(most.z, most.w));
    float largest = uintBitsToFloat(bits);
    float inverse = largest > LEAST_ACTIVATION ? 127.0 / largest : 0.0;
    Part rounded;
    ivec4 sums = ivec4(0);
    for (uint j = 0u; j < 4u; ++j) {
        ivec4 bytes = ivec4(roundEven(v[j] * inverse));
        sums += bytes;
        rounded.bytes[j] = wordOf(uvec4(bytes));
    }
    float scale = bits >= 0x7F800000u ? uintBitsToFloat(0x7FC00000u) : largest / 127.0;  // what is no number stays none
    rounded.factors = scale * vec2(1.0, float(sums.x + sums.y + sums.z + sums.w));
    return rounded;
}

void stage(uint chunk, uint chunks, uint count) {
    for (uint i = gl_LocalInvocationID.x; i < WEIGHT_CHUNKS; i += gl_WorkGroupSize.x) {
        Chunk w;
        weightsOfStep(i, chunk, chunks, w);
        uint at = i / STEP_CHUNKS * ROW_PARTS + i % STEP_CHUNKS;
        weight_bytes[at] = signedValuesOf(w.quants);
        weight_factors[at] = w.factors;
    }
    for (uint i = gl_LocalInvocationID.x; i < TOKEN_CHUNKS; i += gl_WorkGroupSize.x) {
        vec4 v[4];
        activationsOfStep(i, chunk, chunks, count, v);
        uint at = i / STEP_CHUNKS * ROW_PARTS + i % STEP_CHUNKS;
        Part rounded = roundToBytes(v);
        token_bytes[at] = rounded.bytes;
        token_factors[at] = rounded.factors;
    }
}

Part weightPart(uint row, uint k) { return Part(weight_bytes[row * ROW_PARTS + k], weight_factors[row * ROW_PARTS + k]); }
Part tokenPart(uint token, uint k) { return Part(token_bytes[token * ROW_PARTS + k], token_factors[token * ROW_PARTS + k]); }
float addProducts(Part w, Part v, float sum) {
    int products = signedDot(w.bytes.x, v.bytes.x, 0u) + signedDot(w.bytes.y, v.bytes.y, 0u) +
                   signedDot(w.bytes.z, v.bytes.z, 0u) + signedDot(w.bytes.w, v.bytes.w, 0u);
    sum = fma(w.factors.x * v.factors.x, float(products), sum);
#ifdef WEIGHT_OFFSETS
    sum = fma(w.factors.y, v.factors.y, sum);
#endif
    return sum;
}
