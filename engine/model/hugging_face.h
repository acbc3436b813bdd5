// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/model_config.h"

#include <filesystem>

namespace moescope::model {

/** config.json of a supported family → ModelConfig. `token_count` is taken from vocab_size unless a tokenizer is read.
 *  Sizes that are zero, negative, huge, indivisible or of a wrong JSON type: trace::Error naming the key. */
ModelConfig readHuggingFaceConfig(const std::filesystem::path& config_json);

/** A tensor that a model of this configuration has, by GGUF name and shape (ggml's order): the one list that the
 *  reader's check, the converter and the planner go by. */
struct ExpectedTensor {
    std::string name;
    std::vector<uint64_t> shape;
    bool always_f32 = false; ///< 1-D tensors and ffn_gate_inp
    /** Quantised finer than the rest: the vocabulary and, beside routed experts, attention and the shared expert of the
     *  first two thirds of the layers. Each token passes through them and each router after them reads their error; beside
     *  the routed experts they are few bytes. What it gains: resources/models/nano-card.md. */
    bool fine = false;
};
std::vector<ExpectedTensor> expectedTensors(const ModelConfig& config);

/** Type under which `convert --type type` stores it: F32 for always_f32; if fine, Q6_K for the coarser types of
 *  super-blocks, Q8_0 for Q6_K and the types of 32 weights, F16 for Q8_0; F16 where the block size does not divide the row. */
gguf::TensorType storedType(const ExpectedTensor& tensor, gguf::TensorType type);

} // namespace moescope::model
