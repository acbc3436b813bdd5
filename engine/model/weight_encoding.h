// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/tensor_type.h"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

/** What `convert` and `quantize` do alike with weights on their way into a file. */
namespace moescope::model {

/** Weights that are in memory at a time. */
inline constexpr uint64_t sliceWeights = uint64_t{1} << 20; // a multiple of every block

/** general.file_type of a file whose matrices are mostly of this type: llama.cpp's numbers. */
uint32_t fileType(gguf::TensorType type);

/** Whether weights of the type share factors, which general.quantization_version is about. */
bool isBlockType(gguf::TensorType type);

/** A weight that is no number, or that the type cannot hold, would only show as nonsense much later: throws
 *  trace::Error{convert.not_finite} or {convert.too_large} naming the tensor. */
void checkWeights(const std::string& tensor, std::span<const float> weights, gguf::TensorType type);

/** Encodes whole blocks, of one row or of several, with as many threads as there are cores for block types: blocks do not
 *  depend on each other. */
void encodeBlocks(gguf::TensorType type, std::span<const float> weights, std::vector<uint8_t>& out);

} // namespace moescope::model
