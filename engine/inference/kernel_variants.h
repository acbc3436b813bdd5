// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/tensor_type.h"
#include "engine/vulkan/compute_pipeline.h"
#include "shaders/common/weight_types.h"

#include <array>

namespace moescope::inference {

/** One kernel compiled for each type of weights, in the order of shaders/common/weight_types.h. */
using WeightVariants = std::array<const vulkan::Shader*, WEIGHT_TYPE_COUNT>;

const WeightVariants& embedVariants();
const WeightVariants& matvecVariants();
const WeightVariants& matmulVariants();
const WeightVariants& ffnGateUpVariants();
const WeightVariants& ffnDownVariants();
const WeightVariants& ffnGateUpTilesVariants();
const WeightVariants& ffnDownTilesVariants();

const vulkan::Shader& variantOf(const WeightVariants& variants, gguf::TensorType type);

} // namespace moescope::inference
