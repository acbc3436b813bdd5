// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/tensor_type.h"
#include "engine/vulkan/compute_pipeline.h"
#include "shaders/common/weight_types.h"

#include <array>

namespace moescope::inference {

/** One kernel compiled for each type of weights, in the order of shaders/common/weight_types.h, and for each way to read them
 *  (shaders/common/words.glsl) and to multiply them. */
struct WeightVariants {
    using Shaders = std::array<const vulkan::Shader*, WEIGHT_TYPE_COUNT>;
    const Shaders& buffers;
    const Shaders& texels;
    // Null: it multiplies no batches.
    const Shaders* integer_dot = nullptr; ///< its pointers are null for F32, F16 and BF16
    const Shaders* coopmat = nullptr;     ///< its pointers are null for F32, and all in a build without
};

WeightVariants embedVariants();
WeightVariants matvecVariants();
WeightVariants matmulVariants();
WeightVariants ffnGateUpVariants();
WeightVariants ffnDownVariants();
WeightVariants ffnGateUpTilesVariants();
WeightVariants ffnDownTilesVariants();

const vulkan::Shader& variantOf(const WeightVariants& variants, gguf::TensorType type, bool texels);
/** With integer dot products; null: there is none for these weights. */
const vulkan::Shader* integerDotVariantOf(const WeightVariants& variants, gguf::TensorType type);
/** With cooperative matrices; null: there is none for these weights. */
const vulkan::Shader* coopmatVariantOf(const WeightVariants& variants, gguf::TensorType type);
/** Whether the build had a compiler for kernels with cooperative matrices: shaders/cmake/find_coopmat.cmake. */
bool builtWithCoopmat();

} // namespace moescope::inference
