// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/blocks.h"
#include "engine/gguf/tensor_type.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace moescope::gguf::blocks {

uint16_t scaleToHalf(float scale) { return floatToHalf(std::min(scale, 65504.0F)); }

void requireFinite(std::span<const float> row) {
    for (const float weight : row) {
        if (!std::isfinite(weight)) {
            throw trace::Error("gguf.not_finite",
                               "A weight is not a finite number (NaN or infinity), so it cannot be quantised.");
        }
    }
}

void decodeF32(const uint8_t* row, std::span<float> out) {
    for (size_t i = 0; i < out.size(); ++i, row += 4) {
        const uint32_t low = loadU16(row);
        const uint32_t high = loadU16(row + 2);
        out[i] = std::bit_cast<float>(high << 16 | low);
    }
}

void decodeF16(const uint8_t* row, std::span<float> out) {
    for (size_t i = 0; i < out.size(); ++i) {
        out[i] = halfToFloat(loadU16(row + 2 * i));
    }
}

void decodeBf16(const uint8_t* row, std::span<float> out) {
    for (size_t i = 0; i < out.size(); ++i) {
        out[i] = bf16ToFloat(loadU16(row + 2 * i));
    }
}

void decodeQ8(const uint8_t* row, std::span<float> out) {
    for (size_t at = 0; at < out.size(); at += q8Weights, row += q8Bytes) {
        const float d = halfToFloat(loadU16(row));
        for (size_t i = 0; i < q8Weights; ++i) {
            out[at + i] = static_cast<float>(static_cast<int8_t>(row[2 + i])) * d;
        }
    }
}

void encodeF32(std::span<const float> row, uint8_t* out) {
    for (const float weight : row) {
        const uint32_t bits = std::bit_cast<uint32_t>(weight);
        storeU16(out, static_cast<uint16_t>(bits));
        storeU16(out + 2, static_cast<uint16_t>(bits >> 16));
        out += 4;
    }
}

void encodeF16(std::span<const float> row, uint8_t* out) {
    for (size_t i = 0; i < row.size(); ++i) {
        storeU16(out + 2 * i, floatToHalf(row[i]));
    }
}

void encodeBf16(std::span<const float> row, uint8_t* out) {
    for (size_t i = 0; i < row.size(); ++i) {
        storeU16(out + 2 * i, floatToBf16(row[i]));
    }
}

void encodeQ8(std::span<const float> row, uint8_t* out) {
    requireFinite(row);
    for (size_t at = 0; at < row.size(); at += q8Weights, out += q8Bytes) {
        const std::span<const float> block = row.subspan(at, q8Weights);
        float largest = 0;
        for (const float weight : block) {
            largest = std::max(largest, std::fabs(weight));
        }
        const float d = std::min(largest / 127.0F, 65504.0F);
        const uint16_t half = scaleToHalf(d);
        storeU16(out, half);
        // A scale that the half cannot tell from 0 has no use for quants, and its inverse may be infinite.
        const float inverse = (half & 0x7fffU) != 0 ? 1.0F / d : 0.0F;
        for (size_t i = 0; i < q8Weights; ++i) {
            const float q = std::clamp(std::round(block[i] * inverse), -127.0F, 127.0F);
            out[2 + i] = static_cast<uint8_t>(static_cast<int8_t>(q));
        }
    }
}

} // namespace moescope::gguf::blocks
