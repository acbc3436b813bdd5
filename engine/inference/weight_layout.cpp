// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weight_layout.h"

#include <cmath>
#include <cstring>
#include <stdexcept>

namespace moescope::inference {

using gguf::TensorType;

namespace {

constexpr uint32_t q8Weights = 32;
constexpr uint32_t q8Bytes = 34;
constexpr uint32_t q6FileBytes = 210;
constexpr uint32_t q6DeviceBytes = 224;

bool isFiniteHalf(const uint8_t* bytes) { return (bytes[1] & 0x7C) != 0x7C; }

bool isFiniteBf16(const uint8_t* bytes) { return (bytes[1] & 0x7F) != 0x7F || (bytes[0] & 0x80) == 0; }

bool isFiniteFloat(const uint8_t* bytes) {
    float value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return std::isfinite(value);
}

} // namespace

uint32_t rowWords(TensorType type, uint32_t width) {
    const uint32_t chunks = stride(width) / 16;
    switch (type) {
    case TensorType::F32: return 4 * chunks;
    case TensorType::F16:
    case TensorType::BF16: return 2 * chunks;
    case TensorType::Q8_0: return chunks + (width + 255) / 256;
    case TensorType::Q4_K: return (width + 255) / 256 * 9;
    case TensorType::Q5_K: return (width + 255) / 256 * 11;
    case TensorType::Q6_K: return (width + 255) / 256 * 14;
    }
    throw std::invalid_argument("no device layout for this type");
}

void layOutRow(TensorType type, std::span<const uint8_t> row, uint32_t width, std::span<uint8_t> out) {
    if (type == TensorType::Q8_0) {
        uint8_t* quants = out.data();
        uint8_t* scales = out.data() + stride(width);
        for (size_t block = 0; block < width / q8Weights; ++block) {
            const uint8_t* source = row.data() + block * q8Bytes;
            std::memcpy(scales + 2 * block, source, 2);
            std::memcpy(quants + block * q8Weights, source + 2, q8Weights);
        }
    } else if (type == TensorType::Q6_K) {
        for (size_t block = 0; block * q6FileBytes < row.size(); ++block) {
            std::memcpy(out.data() + block * q6DeviceBytes, row.data() + block * q6FileBytes, q6FileBytes);
        }
    } else {
        std::memcpy(out.data(), row.data(), row.size());
    }
}

bool isFinite(TensorType type, std::span<const uint8_t> row) {
    const gguf::BlockShape shape = gguf::blockShape(type);
    for (size_t at = 0; at + shape.bytes <= row.size(); at += shape.bytes) {
        const uint8_t* block = row.data() + at;
        bool finite = true;
        switch (type) {
        case TensorType::F32: finite = isFiniteFloat(block); break;
        case TensorType::BF16: finite = isFiniteBf16(block); break;
        case TensorType::F16:
        case TensorType::Q8_0: finite = isFiniteHalf(block); break;
        case TensorType::Q4_K:
        case TensorType::Q5_K: finite = isFiniteHalf(block) && isFiniteHalf(block + 2); break;
        case TensorType::Q6_K: finite = isFiniteHalf(block + q6FileBytes - 2); break;
        }
        if (!finite) {
            return false;
        }
    }
    return true;
}

std::vector<size_t> stackSizes(std::span<const StackPart> parts, uint64_t most_bytes) {
    std::vector<size_t> sizes;
    uint64_t bytes = 0;
    for (size_t i = 0; i < parts.size(); ++i) {
        const bool joins = i > 0 && parts[i].type == parts[i - 1].type && bytes + parts[i].bytes <= most_bytes;
        if (joins) {
            ++sizes.back();
        } else {
            sizes.push_back(1);
            bytes = 0;
        }
        bytes += parts[i].bytes;
    }
    return sizes;
}

} // namespace moescope::inference
