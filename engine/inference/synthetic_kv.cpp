// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/synthetic_kv.h"

#include "engine/trace/random.h"

#include <cstring>

namespace moescope::inference {

namespace {

/** One element a word, from 32 random bits: a sign, and a fraction behind the exponent of numbers from ½ to 1. */
constexpr uint32_t floatOf(uint32_t bits) { return 0x3F000000U | (bits & 0x807FFFFFU); }
constexpr uint16_t halfOf(uint32_t bits) { return static_cast<uint16_t>(0x3800U | (bits & 0x83FFU)); }
constexpr uint8_t quantOf(uint32_t bits) {
    const auto size = static_cast<uint8_t>(64 + bits % 64);
    return (bits & 64) != 0 ? static_cast<uint8_t>(-size) : size;
}
constexpr uint16_t quantum = 0x2008; ///< half: 1 ÷ 127, of a block of Q8_0

template <typename Element>
void put(uint8_t* row, uint32_t index, Element element) {
    std::memcpy(row + size_t{index} * sizeof(element), &element, sizeof(element));
}

} // namespace

std::vector<uint8_t> syntheticKvRows(const model::ModelConfig& config, KvType type, uint32_t tokens, uint64_t seed) {
    const size_t rowBytes = size_t{kvRowWords(type, config.head_dim)} * 16;
    const size_t rows = size_t{2} * config.kvOwnerCount() * config.head_count_kv * tokens;
    std::vector<uint8_t> bytes(rows * rowBytes); // what pads a row is zero
    trace::Random random(seed);
    for (uint8_t* row = bytes.data(); row != bytes.data() + bytes.size(); row += rowBytes) {
        for (uint32_t i = 0; i < config.head_dim; ++i) {
            const auto bits = static_cast<uint32_t>(random.next() >> 32);
            switch (type) {
            case KvType::F32: put(row, i, floatOf(bits)); break;
            case KvType::F16: put(row, i, halfOf(bits)); break;
            case KvType::Q8_0: put(row, i, quantOf(bits)); break;
            }
        }
        for (uint32_t block = 0; type == KvType::Q8_0 && block * 32 < config.head_dim; ++block) {
            put(row + kvHeadStride(type, config.head_dim), block, quantum);
        }
    }
    return bytes;
}

} // namespace moescope::inference
