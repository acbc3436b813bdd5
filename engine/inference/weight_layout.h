// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/tensor_type.h"

#include <cstdint>
#include <span>
#include <vector>

namespace moescope::inference {

/** How weights lie on the device: rows of whole uvec4 (16 bytes), so that every load is 128 bits wide.
 *
 *  | type                 | row                                                                                    |
 *  |----------------------|----------------------------------------------------------------------------------------|
 *  | F32                  | width rounded up to 64 weights                                                         |
 *  | F16, BF16            | width rounded up to 64 weights                                                         |
 *  | Q8_0                 | all quants (width rounded up to 64 bytes), then all scales as halves                   |
 *  | Q4_0, IQ4_NL, MXFP4  | all nibbles (width rounded up to 64 weights, 16 bytes for 32), then all scales         |
 *  | Q4_1                 | all nibbles, then all pairs of d and m                                                 |
 *  | Q5_0, Q5_1           | all nibbles, all fifth bits, then all scales or pairs; bit s of byte i of 16 bytes of  |
 *  |                      | fifth bits belongs to weight 16·s + i of 128                                           |
 *  | IQ4_XS               | all nibbles, then the other 8 bytes of each super-block                                |
 *  | Q2_K                 | super-blocks of 80 bytes (scales, bit pairs), then all pairs of d and dmin             |
 *  | Q3_K                 | super-blocks of 112 bytes: the file's 110, then padding                                |
 *  | Q4_K, Q5_K           | as in the file: super-blocks of 144 and 176 bytes                                      |
 *  | Q6_K                 | super-blocks of 224 bytes: the file's 210 (low, high, scales), d at 208, then padding  |
 *
 *  Each part of a row is rounded up to 16 bytes. Padding is zero. */
uint32_t rowWords(gguf::TensorType type, uint32_t width);

/** Rows whose words may alternate on the device, at most: matrices are padded to whole groups of them. */
constexpr uint64_t mostGroupedRows = 16;

/** Bytes of `rows` rows and their padding. */
inline uint64_t layoutBytes(gguf::TensorType type, uint32_t width, uint64_t rows) {
    return (rows + mostGroupedRows - 1) / mostGroupedRows * mostGroupedRows * rowWords(type, width) * 16;
}

/** Lets the words of each `group` rows alternate: word 0 of each, word 1 of each and so on, as shaders/common/words.glsl reads
 *  them. `rows` are whole groups. */
void groupRows(std::span<const uint8_t> rows, uint32_t row_words, uint32_t group, std::span<uint8_t> out);

/** Lays out one row of the file for the device; `out` has rowWords() × 16 bytes and is zero. */
void layOutRow(gguf::TensorType type, std::span<const uint8_t> row, uint32_t width, std::span<uint8_t> out);

/** False if a weight or a scale of the row is NaN or infinite. */
bool isFinite(gguf::TensorType type, std::span<const uint8_t> row);

/** Rows of one width, to lie below those of their neighbours. */
struct StackPart {
    gguf::TensorType type;
    uint64_t bytes; ///< on the device
};

/** How many neighbours share a matrix, for each matrix: those of one type that stay within `most_bytes` together. */
std::vector<size_t> stackSizes(std::span<const StackPart> parts, uint64_t most_bytes);

/** Floats of a row of activations: whole units of 64, as the kernels read them. */
constexpr uint32_t stride(uint32_t width) { return (width + 63) / 64 * 64; }

/** Floats of a token's raw heads, all queries, then all keys, then all values, padded as any row of activations. */
constexpr uint32_t qkvStride(uint32_t head_count, uint32_t head_count_kv, uint32_t head_dim) {
    return stride((head_count + 2 * head_count_kv) * head_dim);
}

} // namespace moescope::inference
