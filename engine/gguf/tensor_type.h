// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace moescope::gguf {

/** Types of tensors, with ggml's numbers. Only those that this version reads and writes. */
enum class TensorType : uint32_t {
    F32 = 0,
    F16 = 1,
    Q4_0 = 2,
    Q4_1 = 3,
    Q5_0 = 6,
    Q5_1 = 7,
    Q8_0 = 8,
    Q2_K = 10,
    Q3_K = 11,
    Q4_K = 12,
    Q5_K = 13,
    Q6_K = 14,
    IQ4_NL = 20,
    IQ4_XS = 23,
    BF16 = 30,
    MXFP4 = 39,
};

/** Shape of a block: `weights` weights are stored in `bytes` bytes. */
struct BlockShape {
    uint32_t weights = 0;
    uint32_t bytes = 0;
};

bool isKnown(TensorType type);
/** All known types, floats first, then by their numbers. */
std::span<const TensorType> tensorTypes();
/** Throws std::invalid_argument for a type that is not known. */
BlockShape blockShape(TensorType type);
/** "F32", "Q4_K" and so on, as in ggml; "type 9" for what is not known. */
std::string_view typeName(TensorType type);
/** From any case ("q4_k", "Q4_K"); throws trace::Error{gguf.type} naming the types that are known. */
TensorType parseTensorType(std::string_view name);

/** Bytes of one row of `weights` weights; `weights` must be a multiple of the block's. */
uint64_t rowBytes(TensorType type, uint64_t weights);

/** Decodes one row. `row` has rowBytes(type, out.size()) bytes; the source of truth for every block format. */
void dequantize(TensorType type, std::span<const uint8_t> row, std::span<float> out);
/** Encodes one row: round-to-nearest for floats and Q8_0, a search for the best scales for all others. */
void quantize(TensorType type, std::span<const float> row, std::span<uint8_t> out);

uint16_t floatToHalf(float value); ///< round to nearest even, overflow to infinity
float halfToFloat(uint16_t half);
uint16_t floatToBf16(float value); ///< round to nearest even
float bf16ToFloat(uint16_t value);

} // namespace moescope::gguf
