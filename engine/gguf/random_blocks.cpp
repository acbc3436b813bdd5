// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/random_blocks.h"

#include "engine/gguf/blocks.h"

#include <cmath>
#include <cstring>
#include <optional>
#include <vector>

namespace moescope::gguf {

namespace {

/** Where a block keeps its factors, and how much of d centres its weights. */
struct FactorPlace {
    size_t d = 0;
    std::optional<size_t> least; ///< of m or dmin
    float of_d = 0;              ///< m or dmin over d
};

FactorPlace factorPlace(TensorType type) {
    switch (type) {
    // m is added: minus the middle of the quants.
    case TensorType::Q4_1: return {.d = 0, .least = 2, .of_d = -7.5F};
    case TensorType::Q5_1: return {.d = 0, .least = 2, .of_d = -15.5F};
    // dmin · minimum is subtracted, and minima are as random as scales.
    case TensorType::Q2_K: return {.d = blocks::q2kD, .least = blocks::q2kD + 2, .of_d = 1.5F};
    case TensorType::Q4_K: return {.d = 0, .least = 2, .of_d = 7.5F};
    case TensorType::Q5_K: return {.d = 0, .least = 2, .of_d = 15.5F};
    case TensorType::Q3_K: return {.d = blocks::q3kD};
    case TensorType::Q6_K: return {.d = blocks::q6kD};
    default: return {};
    }
}

constexpr uint16_t halfMask = 0x83FF; ///< sign and mantissa of F16
constexpr int halfBits = 10;          ///< of its mantissa
constexpr uint16_t bf16Mask = 0x807F;
constexpr int bf16Bits = 7;
constexpr size_t sampleBlocks = 64;

/** The exponent of weights that are ± 1 to 2 times a power of two, for a root mean square near `deviation`. */
int exponentFor(float deviation) { return static_cast<int>(std::lround(std::log2(deviation / std::sqrt(7.0 / 3)))); }

float rootMeanSquare(std::span<const float> weights) {
    double sum = 0;
    for (const float weight : weights) {
        sum += double{weight} * weight;
    }
    return static_cast<float>(std::sqrt(sum / static_cast<double>(weights.size())));
}

} // namespace

RandomBlocks::RandomBlocks(TensorType type, float deviation, uint64_t seed)
    : m_type(type), m_shape(blockShape(type)), m_state(seed), m_exponent(0), m_factor(floatToHalf(1)) {
    switch (type) {
    case TensorType::F32: m_scale = deviation * std::sqrt(3.0F) / 2147483648.0F; return;
    case TensorType::F16: m_exponent = static_cast<uint16_t>((exponentFor(deviation) + 15) << halfBits); return;
    case TensorType::BF16: m_exponent = static_cast<uint16_t>((exponentFor(deviation) + 127) << bf16Bits); return;
    default: break;
    }
    // What d is for is measured with d = 1, on blocks that nobody gets.
    const FactorPlace place = factorPlace(type);
    m_least = floatToHalf(place.of_d);
    m_exponent = 128;
    std::vector<uint8_t> sample(sampleBlocks * m_shape.bytes);
    std::vector<float> weights(sampleBlocks * m_shape.weights);
    fill(sample);
    dequantize(type, sample, weights);
    const float d = deviation / rootMeanSquare(weights);
    m_factor = floatToHalf(d);
    m_least = floatToHalf(place.of_d * d);
    m_exponent = static_cast<uint16_t>(128 + std::lround(std::log2(d)));
    m_state = seed;
}

void RandomBlocks::fill(std::span<uint8_t> blocks) {
    uint8_t* at = blocks.data();
    for (size_t left = blocks.size(); left > 0;) {
        // SplitMix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014.
        m_state += 0x9E3779B97F4A7C15U;
        uint64_t mixed = (m_state ^ (m_state >> 30)) * 0xBF58476D1CE4E5B9U;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBU;
        mixed ^= mixed >> 31;
        const size_t count = std::min(left, sizeof mixed);
        std::memcpy(at, &mixed, count);
        at += count;
        left -= count;
    }
    if (m_shape.weights == 1) {
        fillFloats(blocks);
    } else {
        setFactors(blocks);
    }
}

void RandomBlocks::fillFloats(std::span<uint8_t> bytes) {
    if (m_type == TensorType::F32) {
        for (size_t at = 0; at < bytes.size(); at += sizeof(float)) {
            int32_t whole = 0;
            std::memcpy(&whole, bytes.data() + at, sizeof whole);
            const float weight = static_cast<float>(whole) * m_scale;
            std::memcpy(bytes.data() + at, &weight, sizeof weight);
        }
        return;
    }
    const uint16_t mask = m_type == TensorType::F16 ? halfMask : bf16Mask;
    for (size_t at = 0; at < bytes.size(); at += sizeof(uint16_t)) {
        const uint16_t random = blocks::loadU16(bytes.data() + at);
        blocks::storeU16(bytes.data() + at, static_cast<uint16_t>((random & mask) | m_exponent));
    }
}

void RandomBlocks::setFactors(std::span<uint8_t> blocks) const {
    const FactorPlace place = factorPlace(m_type);
    for (uint8_t* block = blocks.data(); block < blocks.data() + blocks.size(); block += m_shape.bytes) {
        if (m_type == TensorType::MXFP4) {
            block[0] = static_cast<uint8_t>(m_exponent);
            continue;
        }
        blocks::storeU16(block + place.d, m_factor);
        if (place.least) {
            blocks::storeU16(block + *place.least, m_least);
        }
    }
}

} // namespace moescope::gguf
