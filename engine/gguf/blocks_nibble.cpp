// SPDX-License-Identifier: Apache-2.0
#include "engine/gguf/blocks.h"
#include "engine/gguf/tensor_type.h"

#include <bit>

namespace moescope::gguf::blocks {

namespace {

/** Calls use(i, q) for each weight of a block from its 16 bytes of nibbles. */
template <typename Use>
void eachNibble(const uint8_t* nibbles, Use use) {
    for (size_t i = 0; i < nibbleBytes; ++i) {
        use(i, nibbles[i] & 15);
        use(i + nibbleBytes, nibbles[i] >> 4);
    }
}

/** Blocks of half d, and half m if `hasMinimum`, [four bytes of fifth bits,] and nibbles. */
template <bool hasMinimum, bool hasFifth>
void decodeAffine(const uint8_t* row, std::span<float> out) {
    constexpr size_t fifthAt = hasMinimum ? 4 : 2;
    constexpr size_t nibblesAt = fifthAt + (hasFifth ? 4 : 0);
    constexpr int middle = hasFifth ? 16 : 8;
    for (size_t at = 0; at < out.size(); at += nibbleWeights, row += nibblesAt + nibbleBytes) {
        const float d = halfToFloat(loadU16(row));
        const float m = hasMinimum ? halfToFloat(loadU16(row + 2)) : 0.0F;
        const uint32_t fifth =
            hasFifth ? loadU16(row + fifthAt) | static_cast<uint32_t>(loadU16(row + fifthAt + 2)) << 16 : 0U;
        eachNibble(row + nibblesAt, [&](size_t i, int nibble) {
            const int q = nibble | static_cast<int>(fifth >> i & 1U) << 4;
            if constexpr (hasMinimum) {
                out[at + i] = d * static_cast<float>(q) + m;
            } else {
                out[at + i] = d * static_cast<float>(q - middle);
            }
        });
    }
}

} // namespace

float mxfp4Scale(uint8_t exponent) {
    // The two smallest are subnormal.
    return std::bit_cast<float>(exponent < 2 ? 0x200000U << exponent : static_cast<uint32_t>(exponent - 1) << 23);
}

void decodeQ40(const uint8_t* row, std::span<float> out) { decodeAffine<false, false>(row, out); }
void decodeQ41(const uint8_t* row, std::span<float> out) { decodeAffine<true, false>(row, out); }
void decodeQ50(const uint8_t* row, std::span<float> out) { decodeAffine<false, true>(row, out); }
void decodeQ51(const uint8_t* row, std::span<float> out) { decodeAffine<true, true>(row, out); }

void decodeIq4Nl(const uint8_t* row, std::span<float> out) {
    for (size_t at = 0; at < out.size(); at += nibbleWeights, row += iq4nlBytes) {
        const float d = halfToFloat(loadU16(row));
        eachNibble(row + 2, [&](size_t i, int q) { out[at + i] = d * static_cast<float>(iq4Table[q]); });
    }
}

void decodeMxfp4(const uint8_t* row, std::span<float> out) {
    for (size_t at = 0; at < out.size(); at += nibbleWeights, row += mxfp4Bytes) {
        const float d = mxfp4Scale(row[0]);
        eachNibble(row + 1, [&](size_t i, int q) { out[at + i] = d * static_cast<float>(mxfp4Table[q]); });
    }
}

void decodeIq4Xs(const uint8_t* row, std::span<float> out) {
    for (size_t at = 0; at < out.size(); at += kWeights, row += iq4xsBytes) {
        const float d = halfToFloat(loadU16(row));
        const unsigned upper = loadU16(row + 2);
        for (size_t sub = 0; sub < 8; ++sub) {
            const int scale = (row[4 + sub / 2] >> (sub % 2 * 4) & 15) | static_cast<int>(upper >> sub * 2 & 3U) << 4;
            const float step = d * static_cast<float>(scale - 32);
            eachNibble(row + iq4xsQuants + sub * nibbleBytes, [&](size_t i, int q) {
                out[at + sub * nibbleWeights + i] = step * static_cast<float>(iq4Table[q]);
            });
        }
    }
}

} // namespace moescope::gguf::blocks
