// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/model_config.h"

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace moescope::model {

/** config.json of a supported family → ModelConfig. `token_count` is taken from vocab_size unless a tokenizer is read.
 *  Sizes that are zero, negative, huge, indivisible or of a wrong JSON type: trace::Error naming the key. */
ModelConfig readHuggingFaceConfig(const std::filesystem::path& config_json);

/** A tensor that a model of this configuration has, by GGUF name and shape (ggml's order): the one list that the
 *  reader's check, the converter and the planner go by. */
struct ExpectedTensor {
    std::string name;
    std::vector<uint64_t> shape;
    bool always_f32 = false; ///< what is no weight of a matrix, and ffn_gate_inp
    /** Quantised finer than the rest: the vocabulary and, beside routed experts, attention and the shared expert of the
     *  first two thirds of the layers. Each token passes through them and each router after them reads their error; beside
     *  the routed experts they are few bytes. What it gains: resources/models/nano-card.md. */
    bool fine = false;
};
std::vector<ExpectedTensor> expectedTensors(const ModelConfig& config);
/** Sets always_f32 and fine by name and shape. `routed_layers`: block_count of a model with routed experts, 0 of others. */
void setPrecision(ExpectedTensor& tensor, uint32_t routed_layers);

/** Type under which `convert --type type` stores it: F32 for always_f32; if fine, Q6_K for the coarser types of
 *  super-blocks, Q8_0 for Q6_K and the types of 32 weights, F16 for Q8_0. Where the block size does not divide the row, the
 *  type of 32 weights that is next in bits, as in llama.cpp; F16 where 32 does not either. */
gguf::TensorType storedType(const ExpectedTensor& tensor, gguf::TensorType type);

/** Tensors of a conversion to `type` whose rows the blocks of their type do not divide. */
class Fallbacks {
public:
    explicit Fallbacks(gguf::TensorType type) : m_type(type) {}
    void add(const ExpectedTensor& tensor);
    /** One sentence about all of them: how many, why, and what they are stored as. None if there are none. */
    std::optional<std::string> warning() const;

private:
    gguf::TensorType m_type;
    std::map<gguf::TensorType, uint64_t> m_counts; ///< tensors by the type they are stored as
};

} // namespace moescope::model
