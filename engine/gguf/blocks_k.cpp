// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/blocks.h"
#include "engine/gguf/tensor_type.h"

namespace moescope::gguf::blocks {

namespace {

struct ScaleMin {
    uint8_t scale;
    uint8_t minimum;
};

/** Scale and minimum of 32 weights, 6 bits each. Bytes 0…3 hold scales 0…3 and bytes 4…7 minima 0…3 in their lower six
 *  bits; the upper two bits there are the upper bits of scales and minima 4…7, whose lower nibbles lie in bytes 8…11. */
ScaleMin unpack(const uint8_t* packed, size_t sub) {
    if (sub < 4) {
        return {static_cast<uint8_t>(packed[sub] & 63), static_cast<uint8_t>(packed[sub + 4] & 63)};
    }
    const uint8_t low = packed[sub + 4];
    return {static_cast<uint8_t>((low & 15) | (packed[sub - 4] >> 6 << 4)),
            static_cast<uint8_t>(low >> 4 | (packed[sub] >> 6 << 4))};
}

/** Q4_K (`high` null) and Q5_K differ only in the fifth bit: bit `sub` of byte i belongs to weight 32·sub + i. */
void decodeSuperBlock(const uint8_t* block, const uint8_t* high, const uint8_t* nibbles, float* out) {
    const float d = halfToFloat(loadU16(block));
    const float dmin = halfToFloat(loadU16(block + 2));
    for (size_t sub = 0; sub < 8; ++sub) {
        const ScaleMin factors = unpack(block + 4, sub);
        const float scale = d * static_cast<float>(factors.scale);
        const float minimum = dmin * static_cast<float>(factors.minimum);
        const uint8_t* quants = nibbles + sub / 2 * 32;
        const unsigned shift = sub % 2 * 4;
        for (size_t i = 0; i < 32; ++i) {
            unsigned q = quants[i] >> shift & 15U;
            if (high != nullptr) {
                q |= (high[i] >> sub & 1U) << 4;
            }
            out[sub * 32 + i] = scale * static_cast<float>(q) - minimum;
        }
    }
}

/** Scale `sub` of Q3_K without its offset: nibbles in bytes 0…7, those of scales 8…15 above the others', and the upper
 *  two bits in bytes 8…11, four scales apart. */
int scaleOfQ3(const uint8_t* packed, size_t sub) {
    return (packed[sub % 8] >> (sub / 8 * 4) & 15) | (packed[8 + sub % 4] >> (sub / 4 * 2) & 3) << 4;
}

} // namespace

void decodeQ2K(const uint8_t* row, std::span<float> out) {
    for (size_t at = 0; at < out.size(); at += kWeights, row += q2kBytes) {
        const float d = halfToFloat(loadU16(row + q2kD));
        const float dmin = halfToFloat(loadU16(row + q2kD + 2));
        for (size_t sub = 0; sub < 16; ++sub) {
            const float scale = d * static_cast<float>(row[sub] & 15);
            const float minimum = dmin * static_cast<float>(row[sub] >> 4);
            const uint8_t* quants = row + q2kQuants + sub / 8 * 32 + sub % 2 * 16;
            for (size_t i = 0; i < 16; ++i) {
                const int q = quants[i] >> (sub / 2 % 4 * 2) & 3;
                out[at + sub * 16 + i] = scale * static_cast<float>(q) - minimum;
            }
        }
    }
}

void decodeQ3K(const uint8_t* row, std::span<float> out) {
    for (size_t at = 0; at < out.size(); at += kWeights, row += q3kBytes) {
        const float d = halfToFloat(loadU16(row + q3kD));
        for (size_t sub = 0; sub < 16; ++sub) {
            const float scale = d * static_cast<float>(scaleOfQ3(row + q3kScales, sub) - 32);
            const uint8_t* high = row + sub % 2 * 16;
            const uint8_t* quants = row + q3kQuants + sub / 8 * 32 + sub % 2 * 16;
            for (size_t i = 0; i < 16; ++i) {
                const int q = (quants[i] >> (sub / 2 % 4 * 2) & 3) | (high[i] >> (sub / 2) & 1) << 2;
                out[at + sub * 16 + i] = scale * static_cast<float>(q - 4);
            }
        }
    }
}

void decodeQ4K(const uint8_t* row, std::span<float> out) {
    for (size_t at = 0; at < out.size(); at += kWeights, row += q4kBytes) {
        decodeSuperBlock(row, nullptr, row + 4 + kPackedScales, out.data() + at);
    }
}

void decodeQ5K(const uint8_t* row, std::span<float> out) {
    for (size_t at = 0; at < out.size(); at += kWeights, row += q5kBytes) {
        decodeSuperBlock(row, row + q5kHighBits, row + q5kHighBits + kWeights / 8, out.data() + at);
    }
}

void decodeQ6K(const uint8_t* row, std::span<float> out) {
    for (size_t at = 0; at < out.size(); at += kWeights, row += q6kBytes) {
        const float d = halfToFloat(loadU16(row + q6kD));
        // Each half of the super-block is four groups of 32: two in the lower nibbles of 64 bytes, two in the upper.
        for (size_t group = 0; group < 8; ++group) {
            const size_t half = group / 4;
            const size_t quarter = group % 4;
            const uint8_t* low = row + half * 64 + quarter % 2 * 32;
            const uint8_t* high = row + q6kHighBits + half * 32;
            for (size_t i = 0; i < 32; ++i) {
                const unsigned q = (low[i] >> (quarter / 2 * 4) & 15U) | (high[i] >> (quarter * 2) & 3U) << 4;
                const auto scale = static_cast<int8_t>(row[q6kScales + group * 2 + i / 16]);
                out[at + group * 32 + i] = d * static_cast<float>(scale) * static_cast<float>(static_cast<int>(q) - 32);
            }
        }
    }
}

} // namespace moescope::gguf::blocks
