// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/weight_layout.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <stdexcept>

namespace moescope::inference {

using gguf::TensorType;

namespace {

constexpr uint32_t q8Weights = 32;
constexpr uint32_t q8Bytes = 34;
constexpr uint32_t q6FileBytes = 210;
constexpr uint32_t q6DeviceBytes = 224;
constexpr uint32_t q3FileBytes = 110;
constexpr uint32_t q3DeviceBytes = 112;
constexpr uint32_t q2FileBytes = 84;
constexpr uint32_t q2DeviceBytes = 80;

/** A file's block of types that keep nibbles, fifth bits and factors apart on the device: first its factors, then four
 *  bytes of fifth bits if there are any, then 16 bytes of nibbles for every 32 weights. */
struct NibbleBlock {
    uint32_t factor_bytes;
    bool fifth = false;
    uint32_t weights = 32;

    uint32_t nibblesAt() const { return factor_bytes + (fifth ? 4 : 0); }
    uint32_t bytes() const { return nibblesAt() + weights / 2; }
};

std::optional<NibbleBlock> nibbleBlock(TensorType type) {
    switch (type) {
    case TensorType::Q4_0:
    case TensorType::IQ4_NL: return NibbleBlock{2};
    case TensorType::Q4_1: return NibbleBlock{4};
    case TensorType::Q5_0: return NibbleBlock{2, true};
    case TensorType::Q5_1: return NibbleBlock{4, true};
    case TensorType::MXFP4: return NibbleBlock{1};
    case TensorType::IQ4_XS: return NibbleBlock{8, false, 256};
    default: return std::nullopt;
    }
}

constexpr uint32_t words(uint32_t bytes) { return (bytes + 15) / 16; }

uint32_t fifthWords(const NibbleBlock& block, uint32_t width) { return block.fifth ? words(stride(width) / 8) : 0; }

void layOutNibbles(const NibbleBlock& block, std::span<const uint8_t> row, uint32_t width, std::span<uint8_t> out) {
    uint8_t* nibbles = out.data();
    uint8_t* fifth = nibbles + stride(width) / 2;
    uint8_t* factors = fifth + size_t{fifthWords(block, width)} * 16;
    for (size_t i = 0; i < width / block.weights; ++i) {
        const uint8_t* source = row.data() + i * block.bytes();
        std::memcpy(factors + i * block.factor_bytes, source, block.factor_bytes);
        std::memcpy(nibbles + i * block.weights / 2, source + block.nibblesAt(), block.weights / 2);
        for (size_t bit = 0; bit < (block.fifth ? 32U : 0U); ++bit) {
            const unsigned set = source[block.factor_bytes + bit / 8] >> bit % 8 & 1U;
            // Chunk of 16 weights: eight of them share 16 bytes.
            const size_t chunk = 2 * i + bit / 16;
            fifth[chunk / 8 * 16 + bit % 16] |= static_cast<uint8_t>(set << chunk % 8);
        }
    }
}

/** Blocks of `from` bytes at a distance of `to`. */
void spread(std::span<const uint8_t> row, size_t from, size_t to, uint8_t* out) {
    for (size_t block = 0; block * from < row.size(); ++block) {
        std::memcpy(out + block * to, row.data() + block * from, from);
    }
}

void layOutQ2(std::span<const uint8_t> row, uint8_t* out) {
    const size_t blocks = row.size() / q2FileBytes;
    uint8_t* factors = out + blocks * q2DeviceBytes;
    for (size_t i = 0; i < blocks; ++i) {
        const uint8_t* source = row.data() + i * q2FileBytes;
        std::memcpy(out + i * q2DeviceBytes, source, q2DeviceBytes);
        std::memcpy(factors + 4 * i, source + q2DeviceBytes, 4);
    }
}

bool isFiniteHalf(const uint8_t* bytes) { return (bytes[1] & 0x7C) != 0x7C; }

bool isFiniteBf16(const uint8_t* bytes) { return (bytes[1] & 0x7F) != 0x7F || (bytes[0] & 0x80) == 0; }

/** The exponent 255 is NaN; with the two below it, the larger entries of the table are beyond the largest float. */
bool isFiniteMxfp4(const uint8_t* bytes, const gguf::BlockShape& shape) {
    constexpr uint8_t lastSafe = 252;
    if (bytes[0] <= lastSafe || bytes[0] == 0xFF) {
        return bytes[0] != 0xFF;
    }
    std::vector<float> weights(shape.weights);
    gguf::dequantize(TensorType::MXFP4, {bytes, shape.bytes}, weights);
    return std::all_of(weights.begin(), weights.end(), [](float weight) { return std::isfinite(weight); });
}

bool isFiniteFloat(const uint8_t* bytes) {
    float value = 0;
    std::memcpy(&value, bytes, sizeof value);
    return std::isfinite(value);
}

} // namespace

uint32_t rowWords(TensorType type, uint32_t width) {
    const uint32_t chunks = stride(width) / 16;
    if (const auto block = nibbleBlock(type)) {
        const uint32_t blocks = (stride(width) + block->weights - 1) / block->weights;
        return chunks / 2 + fifthWords(*block, width) + words(blocks * block->factor_bytes);
    }
    switch (type) {
    case TensorType::F32: return 4 * chunks;
    case TensorType::F16:
    case TensorType::BF16: return 2 * chunks;
    case TensorType::Q8_0: return chunks + (width + 255) / 256;
    case TensorType::Q2_K: return (width + 255) / 256 * 5 + words((width + 255) / 256 * 4);
    case TensorType::Q3_K: return (width + 255) / 256 * 7;
    case TensorType::Q4_K: return (width + 255) / 256 * 9;
    case TensorType::Q5_K: return (width + 255) / 256 * 11;
    case TensorType::Q6_K: return (width + 255) / 256 * 14;
    default: break;
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
    } else if (const auto block = nibbleBlock(type)) {
        layOutNibbles(*block, row, width, out);
    } else if (type == TensorType::Q6_K) {
        spread(row, q6FileBytes, q6DeviceBytes, out.data());
    } else if (type == TensorType::Q3_K) {
        spread(row, q3FileBytes, q3DeviceBytes, out.data());
    } else if (type == TensorType::Q2_K) {
        layOutQ2(row, out.data());
    } else {
        std::memcpy(out.data(), row.data(), row.size());
    }
}

void groupRows(std::span<const uint8_t> rows, uint32_t row_words, uint32_t group, std::span<uint8_t> out) {
    constexpr size_t wordBytes = 16;
    const size_t groupBytes = size_t{group} * row_words * wordBytes;
    for (size_t begin = 0; begin < rows.size(); begin += groupBytes) {
        uint8_t* to = out.data() + begin;
        for (size_t word = 0; word < row_words; ++word) {
            for (size_t row = 0; row < group; ++row, to += wordBytes) {
                std::memcpy(to, rows.data() + begin + (row * row_words + word) * wordBytes, wordBytes);
            }
        }
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
        case TensorType::Q4_0:
        case TensorType::Q5_0:
        case TensorType::Q8_0:
        case TensorType::IQ4_NL:
        case TensorType::IQ4_XS: finite = isFiniteHalf(block); break;
        case TensorType::MXFP4: finite = isFiniteMxfp4(block, shape); break;
        case TensorType::Q2_K:
            finite = isFiniteHalf(block + shape.bytes - 4) && isFiniteHalf(block + shape.bytes - 2);
            break;
        case TensorType::Q4_1:
        case TensorType::Q5_1:
        case TensorType::Q4_K:
        case TensorType::Q5_K: finite = isFiniteHalf(block) && isFiniteHalf(block + 2); break;
        case TensorType::Q3_K:
        case TensorType::Q6_K: finite = isFiniteHalf(block + shape.bytes - 2); break;
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
