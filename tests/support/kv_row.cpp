// SPDX-License-Identifier: Apache-2.0
#include "tests/support/kv_row.h"

#include "engine/gguf/tensor_type.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace moescope::twins {

using inference::kvHeadStride;
using inference::KvType;

namespace {

constexpr size_t blockElements = 32;

void packBlock(std::span<float> block, uint8_t* quants, uint8_t* scale) {
    float most = 0;
    for (const float value : block) {
        most = std::max(most, std::abs(value));
    }
    for (size_t i = 0; i < block.size(); ++i) {
        quants[i] = static_cast<uint8_t>(static_cast<int8_t>(most > 0 ? std::round(block[i] * (127 / most)) : 0));
    }
    const uint16_t half = gguf::floatToHalf(most / 127);
    std::memcpy(scale, &half, sizeof half);
}

} // namespace

void packKvRow(KvType type, std::span<float> elements, std::span<uint32_t> words) {
    const auto dim = static_cast<uint32_t>(elements.size());
    auto* bytes = reinterpret_cast<uint8_t*>(words.data());
    switch (type) {
    case KvType::F32: std::memcpy(bytes, elements.data(), elements.size_bytes()); break;
    case KvType::F16:
        for (size_t i = 0; i < dim; ++i) {
            const uint16_t half = gguf::floatToHalf(elements[i]);
            std::memcpy(bytes + 2 * i, &half, sizeof half);
        }
        break;
    case KvType::Q8_0:
        for (size_t first = 0; first < dim; first += blockElements) {
            packBlock(elements.subspan(first, std::min(blockElements, dim - first)), bytes + first,
                      bytes + kvHeadStride(type, dim) + first / blockElements * 2);
        }
        break;
    }
    const std::vector<float> stored = unpackKvRow(type, words, dim);
    std::copy(stored.begin(), stored.end(), elements.begin());
}

std::vector<float> unpackKvRow(KvType type, std::span<const uint32_t> words, uint32_t head_dim) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(words.data());
    const auto halfAt = [&](size_t offset) {
        uint16_t half = 0;
        std::memcpy(&half, bytes + offset, sizeof half);
        return gguf::halfToFloat(half);
    };
    std::vector<float> elements;
    for (size_t i = 0; i < head_dim; ++i) {
        switch (type) {
        case KvType::F32: elements.push_back(std::bit_cast<float>(words[i])); break;
        case KvType::F16: elements.push_back(halfAt(2 * i)); break;
        case KvType::Q8_0:
            elements.push_back(static_cast<float>(static_cast<int8_t>(bytes[i])) *
                               halfAt(kvHeadStride(type, head_dim) + i / blockElements * 2));
            break;
        }
    }
    return elements;
}

} // namespace moescope::twins
