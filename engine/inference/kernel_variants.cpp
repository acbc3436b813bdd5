// SPDX-License-Identifier: Apache-2.0
#include "engine/inference/kernel_variants.h"

#include "shaders/embed_bf16.h"
#include "shaders/embed_f16.h"
#include "shaders/embed_f32.h"
#include "shaders/embed_q4_k.h"
#include "shaders/embed_q5_k.h"
#include "shaders/embed_q6_k.h"
#include "shaders/embed_q8_0.h"
#include "shaders/ffn_down_bf16.h"
#include "shaders/ffn_down_f16.h"
#include "shaders/ffn_down_f32.h"
#include "shaders/ffn_down_q4_k.h"
#include "shaders/ffn_down_q5_k.h"
#include "shaders/ffn_down_q6_k.h"
#include "shaders/ffn_down_q8_0.h"
#include "shaders/ffn_down_tiles_bf16.h"
#include "shaders/ffn_down_tiles_f16.h"
#include "shaders/ffn_down_tiles_f32.h"
#include "shaders/ffn_down_tiles_q4_k.h"
#include "shaders/ffn_down_tiles_q5_k.h"
#include "shaders/ffn_down_tiles_q6_k.h"
#include "shaders/ffn_down_tiles_q8_0.h"
#include "shaders/ffn_gate_up_bf16.h"
#include "shaders/ffn_gate_up_f16.h"
#include "shaders/ffn_gate_up_f32.h"
#include "shaders/ffn_gate_up_q4_k.h"
#include "shaders/ffn_gate_up_q5_k.h"
#include "shaders/ffn_gate_up_q6_k.h"
#include "shaders/ffn_gate_up_q8_0.h"
#include "shaders/ffn_gate_up_tiles_bf16.h"
#include "shaders/ffn_gate_up_tiles_f16.h"
#include "shaders/ffn_gate_up_tiles_f32.h"
#include "shaders/ffn_gate_up_tiles_q4_k.h"
#include "shaders/ffn_gate_up_tiles_q5_k.h"
#include "shaders/ffn_gate_up_tiles_q6_k.h"
#include "shaders/ffn_gate_up_tiles_q8_0.h"
#include "shaders/matmul_bf16.h"
#include "shaders/matmul_f16.h"
#include "shaders/matmul_f32.h"
#include "shaders/matmul_q4_k.h"
#include "shaders/matmul_q5_k.h"
#include "shaders/matmul_q6_k.h"
#include "shaders/matmul_q8_0.h"
#include "shaders/matvec_bf16.h"
#include "shaders/matvec_f16.h"
#include "shaders/matvec_f32.h"
#include "shaders/matvec_q4_k.h"
#include "shaders/matvec_q5_k.h"
#include "shaders/matvec_q6_k.h"
#include "shaders/matvec_q8_0.h"

#include <stdexcept>

namespace moescope::inference {

namespace s = moescope::shaders;

const WeightVariants& embedVariants() {
    static const WeightVariants variants{&s::embed_f32,  &s::embed_f16,  &s::embed_bf16, &s::embed_q8_0,
                                         &s::embed_q4_k, &s::embed_q5_k, &s::embed_q6_k};
    return variants;
}

const WeightVariants& matvecVariants() {
    static const WeightVariants variants{&s::matvec_f32,  &s::matvec_f16,  &s::matvec_bf16, &s::matvec_q8_0,
                                         &s::matvec_q4_k, &s::matvec_q5_k, &s::matvec_q6_k};
    return variants;
}

const WeightVariants& matmulVariants() {
    static const WeightVariants variants{&s::matmul_f32,  &s::matmul_f16,  &s::matmul_bf16, &s::matmul_q8_0,
                                         &s::matmul_q4_k, &s::matmul_q5_k, &s::matmul_q6_k};
    return variants;
}

const WeightVariants& ffnGateUpVariants() {
    static const WeightVariants variants{&s::ffn_gate_up_f32,  &s::ffn_gate_up_f16,  &s::ffn_gate_up_bf16,
                                         &s::ffn_gate_up_q8_0, &s::ffn_gate_up_q4_k, &s::ffn_gate_up_q5_k,
                                         &s::ffn_gate_up_q6_k};
    return variants;
}

const WeightVariants& ffnDownVariants() {
    static const WeightVariants variants{&s::ffn_down_f32,  &s::ffn_down_f16,  &s::ffn_down_bf16, &s::ffn_down_q8_0,
                                         &s::ffn_down_q4_k, &s::ffn_down_q5_k, &s::ffn_down_q6_k};
    return variants;
}

const WeightVariants& ffnGateUpTilesVariants() {
    static const WeightVariants variants{
        &s::ffn_gate_up_tiles_f32,  &s::ffn_gate_up_tiles_f16,  &s::ffn_gate_up_tiles_bf16, &s::ffn_gate_up_tiles_q8_0,
        &s::ffn_gate_up_tiles_q4_k, &s::ffn_gate_up_tiles_q5_k, &s::ffn_gate_up_tiles_q6_k};
    return variants;
}

const WeightVariants& ffnDownTilesVariants() {
    static const WeightVariants variants{&s::ffn_down_tiles_f32,  &s::ffn_down_tiles_f16,  &s::ffn_down_tiles_bf16,
                                         &s::ffn_down_tiles_q8_0, &s::ffn_down_tiles_q4_k, &s::ffn_down_tiles_q5_k,
                                         &s::ffn_down_tiles_q6_k};
    return variants;
}

const vulkan::Shader& variantOf(const WeightVariants& variants, gguf::TensorType type) {
    using gguf::TensorType;
    switch (type) {
    case TensorType::F32: return *variants[0];
    case TensorType::F16: return *variants[1];
    case TensorType::BF16: return *variants[2];
    case TensorType::Q8_0: return *variants[3];
    case TensorType::Q4_K: return *variants[4];
    case TensorType::Q5_K: return *variants[5];
    case TensorType::Q6_K: return *variants[6];
    }
    throw std::invalid_argument("no kernel for this type of weights");
}

} // namespace moescope::inference
