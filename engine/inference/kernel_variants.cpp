// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kernel_variants.h"

#include "shaders/embed_variants.h"
#include "shaders/ffn_down_tiles_variants.h"
#include "shaders/ffn_down_variants.h"
#include "shaders/ffn_gate_up_tiles_variants.h"
#include "shaders/ffn_gate_up_variants.h"
#include "shaders/matmul_variants.h"
#include "shaders/matvec_variants.h"

#include <stdexcept>

namespace moescope::inference {

namespace {

size_t placeOf(gguf::TensorType type) {
    using gguf::TensorType;
    switch (type) {
    case TensorType::F32: return WEIGHT_F32;
    case TensorType::F16: return WEIGHT_F16;
    case TensorType::BF16: return WEIGHT_BF16;
    case TensorType::Q8_0: return WEIGHT_Q8_0;
    case TensorType::Q4_K: return WEIGHT_Q4_K;
    case TensorType::Q5_K: return WEIGHT_Q5_K;
    case TensorType::Q6_K: return WEIGHT_Q6_K;
    case TensorType::Q4_0: return WEIGHT_Q4_0;
    case TensorType::Q4_1: return WEIGHT_Q4_1;
    case TensorType::Q5_0: return WEIGHT_Q5_0;
    case TensorType::Q5_1: return WEIGHT_Q5_1;
    case TensorType::Q2_K: return WEIGHT_Q2_K;
    case TensorType::Q3_K: return WEIGHT_Q3_K;
    case TensorType::IQ4_NL: return WEIGHT_IQ4_NL;
    case TensorType::IQ4_XS: return WEIGHT_IQ4_XS;
    case TensorType::MXFP4: return WEIGHT_MXFP4;
    }
    throw std::invalid_argument("no kernel for this type of weights");
}

} // namespace

WeightVariants embedVariants() { return {shaders::embed_variants, shaders::embed_texels_variants}; }
WeightVariants matvecVariants() { return {shaders::matvec_variants, shaders::matvec_texels_variants}; }
WeightVariants matmulVariants() {
    return {shaders::matmul_variants, shaders::matmul_texels_variants, &shaders::matmul_integer_dot_variants,
            &shaders::matmul_coopmat_variants};
}
WeightVariants ffnGateUpVariants() { return {shaders::ffn_gate_up_variants, shaders::ffn_gate_up_texels_variants}; }
WeightVariants ffnDownVariants() { return {shaders::ffn_down_variants, shaders::ffn_down_texels_variants}; }
WeightVariants ffnGateUpTilesVariants() {
    return {shaders::ffn_gate_up_tiles_variants, shaders::ffn_gate_up_tiles_texels_variants,
            &shaders::ffn_gate_up_tiles_integer_dot_variants, &shaders::ffn_gate_up_tiles_coopmat_variants};
}
WeightVariants ffnDownTilesVariants() {
    return {shaders::ffn_down_tiles_variants, shaders::ffn_down_tiles_texels_variants,
            &shaders::ffn_down_tiles_integer_dot_variants, &shaders::ffn_down_tiles_coopmat_variants};
}

const vulkan::Shader& variantOf(const WeightVariants& variants, gguf::TensorType type, bool texels) {
    return *(texels ? variants.texels : variants.buffers)[placeOf(type)];
}

const vulkan::Shader* integerDotVariantOf(const WeightVariants& variants, gguf::TensorType type) {
    return variants.integer_dot != nullptr ? (*variants.integer_dot)[placeOf(type)] : nullptr;
}

const vulkan::Shader* coopmatVariantOf(const WeightVariants& variants, gguf::TensorType type) {
    return variants.coopmat != nullptr ? (*variants.coopmat)[placeOf(type)] : nullptr;
}

bool builtWithCoopmat() { return shaders::matmul_coopmat_variants[WEIGHT_F16] != nullptr; }

} // namespace moescope::inference
