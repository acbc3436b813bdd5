// SPDX-License-Identifier: Apache-2.0
// A gpt-oss folder as it is published, with experts in MXFP4: what is decoded must be what blocks and scales say, and what
// is kept must decode to the same.
#include "tests/engine/model/model_files.h"

#include <cmath>
#include <cstring>

using namespace moescope;
using namespace moescope::tests;
using gguf::TensorType;

namespace {

constexpr uint64_t width = 64;
constexpr uint64_t ffn = 32;
constexpr uint64_t experts = 2;
constexpr uint64_t rows = 512; ///< as many as the tokenizer of the golden models has
const std::string layer = "model.layers.0.";
const std::string mlp = layer + "mlp.experts.";

Weights::Tensor zeros(const std::vector<uint64_t>& shape) {
    size_t count = 1;
    for (const uint64_t size : shape) {
        count *= size;
    }
    return {"F32", shape, std::string(count * 4, '\0')};
}

/** Bytes that differ from their neighbours; no exponent at which a weight is no float. */
Weights::Tensor bytes(const std::vector<uint64_t>& shape, uint32_t seed) {
    Weights::Tensor tensor = zeros(shape);
    tensor.dtype = "U8";
    tensor.bytes.resize(tensor.bytes.size() / 4);
    for (char& byte : tensor.bytes) {
        seed = seed * 1664525 + 1013904223;
        byte = static_cast<char>(shape.size() == 4 ? seed >> 24 : 120 + (seed >> 28));
    }
    return tensor;
}

Weights goodWeights() {
    Weights weights;
    auto& t = weights.tensors;
    t["model.embed_tokens.weight"] = zeros({rows, width});
    t["model.norm.weight"] = zeros({width});
    for (const char* name : {"input_layernorm.weight", "post_attention_layernorm.weight", "self_attn.o_proj.bias"}) {
        t[layer + name] = zeros({width});
    }
    for (const auto& [name, size] : std::map<std::string, uint64_t>{{"q", 8}, {"k", 4}, {"v", 4}}) {
        t[layer + "self_attn." + name + "_proj.weight"] = zeros({size, width});
        t[layer + "self_attn." + name + "_proj.bias"] = zeros({size});
    }
    t[layer + "self_attn.o_proj.weight"] = zeros({width, 8});
    t[layer + "self_attn.sinks"] = zeros({2});
    t[layer + "mlp.router.weight"] = zeros({experts, width});
    t[layer + "mlp.router.bias"] = zeros({experts});
    t[mlp + "gate_up_proj_bias"] = zeros({experts, 2 * ffn});
    t[mlp + "down_proj_bias"] = zeros({experts, width});
    t[mlp + "gate_up_proj_blocks"] = bytes({experts, 2 * ffn, width / 32, 16}, 1);
    t[mlp + "gate_up_proj_scales"] = bytes({experts, 2 * ffn, width / 32}, 2);
    t[mlp + "down_proj_blocks"] = bytes({experts, width, ffn / 32, 16}, 3);
    t[mlp + "down_proj_scales"] = bytes({experts, width, ffn / 32}, 4);
    return weights;
}

const Json goodConfig{{"architectures", {"GptOssForCausalLM"}},
                      {"model_type", "gpt_oss"},
                      {"hidden_size", width},
                      {"num_hidden_layers", 1},
                      {"num_attention_heads", 2},
                      {"num_key_value_heads", 1},
                      {"head_dim", 4},
                      {"intermediate_size", ffn},
                      {"rms_norm_eps", 1e-5},
                      {"vocab_size", rows},
                      {"tie_word_embeddings", true},
                      {"max_position_embeddings", 256},
                      {"num_local_experts", experts},
                      {"num_experts_per_tok", 2},
                      {"attention_bias", true},
                      {"sliding_window", 16},
                      {"layer_types", {"sliding_attention"}},
                      {"quantization_config", {{"quant_method", "mxfp4"}}}};

Path folderOf(const Weights& weights, const Scratch& scratch, const Json& config = goodConfig) {
    const Path folder = copyGolden("large_like", scratch);
    weights.save(folder / "model.safetensors");
    writeBytes(folder / "config.json", config.dump());
    return folder;
}

/** Type and weights of a tensor of a converted file. */
std::pair<TensorType, std::vector<float>> tensorOf(const Path& path, const std::string& name) {
    const gguf::Reader file(path);
    const gguf::TensorInfo* tensor = file.find(name);
    if (tensor == nullptr) {
        ADD_FAILURE() << name;
        return {};
    }
    std::vector<uint8_t> data(tensor->bytes);
    file.read(*tensor, 0, data);
    std::vector<float> out(tensor->elements());
    gguf::dequantize(tensor->type, data, out);
    return {tensor->type, out};
}

/** A weight of row `row` of all experts' rows, told by blocks and scales. */
float told(const Weights& weights, const std::string& name, size_t row, size_t column, size_t columns) {
    constexpr float values[] = {0, 0.5, 1, 1.5, 2, 3, 4, 6};
    const size_t block = row * (columns / 32) + column / 32;
    const auto byte =
        static_cast<uint8_t>(weights.tensors.at(mlp + name + "_blocks").bytes[block * 16 + column % 32 / 2]);
    const auto exponent = static_cast<uint8_t>(weights.tensors.at(mlp + name + "_scales").bytes[block]);
    const unsigned code = column % 2 == 0 ? byte & 15U : byte >> 4U;
    return std::ldexp(code < 8 ? values[code] : -values[code - 8], exponent - 127);
}

trace::Error refused(const std::function<void(Weights&)>& bend, const Json& config = goodConfig) {
    const Scratch scratch;
    Weights weights = goodWeights();
    bend(weights);
    const trace::Error error = errorOf([&] { converted(folderOf(weights, scratch, config), scratch); });
    EXPECT_FALSE(std::filesystem::exists(scratch / "out.gguf"));
    return error;
}

} // namespace

TEST(HfMxfp4, ExpertsAreDecodedOrKept) {
    const Scratch scratch;
    const Weights weights = goodWeights();
    const Path folder = folderOf(weights, scratch);
    const Path plain = converted(folder, scratch);
    const Path kept = converted(folder, scratch, TensorType::MXFP4, "mxfp4.gguf");
    const auto [type, gate] = tensorOf(plain, "blk.0.ffn_gate_exps.weight");
    const std::vector<float> up = tensorOf(plain, "blk.0.ffn_up_exps.weight").second;
    const std::vector<float> down = tensorOf(plain, "blk.0.ffn_down_exps.weight").second;
    EXPECT_EQ(type, TensorType::F32);
    ASSERT_EQ(gate.size(), experts * ffn * width);
    for (size_t row = 0; row < experts * ffn; ++row) {
        for (size_t i = 0; i < width; ++i) {
            ASSERT_EQ(gate[row * width + i], told(weights, "gate_up_proj", 2 * row, i, width)) << row << ", " << i;
            ASSERT_EQ(up[row * width + i], told(weights, "gate_up_proj", 2 * row + 1, i, width)) << row << ", " << i;
        }
    }
    ASSERT_EQ(down.size(), experts * width * ffn);
    for (size_t row = 0; row < experts * width; ++row) {
        for (size_t i = 0; i < ffn; ++i) {
            ASSERT_EQ(down[row * ffn + i], told(weights, "down_proj", row, i, ffn)) << row << ", " << i;
        }
    }
    for (const char* name : {"blk.0.ffn_gate_exps.weight", "blk.0.ffn_up_exps.weight", "blk.0.ffn_down_exps.weight"}) {
        const auto [keptType, same] = tensorOf(kept, name);
        EXPECT_EQ(keptType, TensorType::MXFP4) << name;
        EXPECT_EQ(same, tensorOf(plain, name).second) << name;
    }
    // The scales are kept even where a coder would choose others, as for blocks of small nibbles.
    const gguf::Reader file(kept);
    const gguf::TensorInfo* tensor = file.find("blk.0.ffn_down_exps.weight");
    std::vector<uint8_t> data(tensor->bytes);
    file.read(*tensor, 0, data);
    const std::string& scales = weights.tensors.at(mlp + "down_proj_scales").bytes;
    for (size_t block = 0; block < scales.size(); ++block) {
        ASSERT_EQ(data[block * 17], static_cast<uint8_t>(scales[block])) << block;
    }
}

TEST(HostileMxfp4, WhatDoesNotFitIsNamed) {
    using Tensors = std::map<std::string, Weights::Tensor>;
    const auto bent = [](const std::function<void(Tensors&)>& bend) {
        return refused([&](Weights& weights) { bend(weights.tensors); });
    };
    expectSentence(bent([](Tensors& t) { t.erase(mlp + "gate_up_proj_scales"); }), "hf.tensor_missing",
                   {"gate_up_proj_scales"});
    expectSentence(bent([](Tensors& t) { t.erase(mlp + "down_proj_blocks"); }), "hf.tensor_missing", {"down_proj"});
    expectSentence(bent([](Tensors& t) {
                       t[mlp + "down_proj_blocks"] = bytes({experts, width, 2, 16}, 1);
                   }),
                   "hf.tensor_shape", {"down_proj_blocks", "2 × 64 × 2 × 16", "2 × 64 × 1 × 16"});
    expectSentence(bent([](Tensors& t) {
                       t[mlp + "down_proj_blocks"] = bytes({experts, width, 1, 8}, 1);
                   }),
                   "hf.tensor_shape", {"down_proj_blocks", "2 × 64 × 1 × 8"});
    expectSentence(bent([](Tensors& t) {
                       t[mlp + "down_proj_scales"] = bytes({experts, width}, 1);
                   }),
                   "hf.tensor_shape", {"down_proj_scales", "2 × 64,"});
    expectSentence(bent([](Tensors& t) {
                       t[mlp + "gate_up_proj_blocks"] = bytes({experts, ffn, 2, 16}, 1);
                   }),
                   "hf.tensor_shape", {"gate_up_proj_blocks", "2 × 32 × 2 × 16", "2 × 64 × 2 × 16"});
    expectSentence(bent([](Tensors& t) {
                       t[mlp + "down_proj_scales"] = zeros({experts, width, 1});
                   }),
                   "hf.tensor_type", {"down_proj_scales", "F32", "U8"});
    expectSentence(bent([](Tensors& t) {
                       Weights::Tensor norm = bytes({width}, 1);
                       t["model.norm.weight"] = norm;
                   }),
                   "hf.tensor_type", {"model.norm.weight", "U8", "BF16"});
    expectSentence(bent([](Tensors& t) { // 6 · 2^128
                       t[mlp + "down_proj_scales"].bytes[5] = '\xFF';
                       t[mlp + "down_proj_blocks"].bytes[5 * 16] = 0x07;
                   }),
                   "convert.not_finite", {"down_proj_blocks"});
}

TEST(HostileMxfp4, OtherModelsAndOtherWidthsAreRefused) {
    Json config = goodConfig;
    config["intermediate_size"] = ffn - 8;
    expectSentence(refused(
                       [](Weights& weights) {
                           weights.tensors[mlp + "gate_up_proj_blocks"] = bytes({experts, 2 * ffn - 16, 2, 16}, 1);
                           weights.tensors[mlp + "gate_up_proj_scales"] = bytes({experts, 2 * ffn - 16, 2}, 1);
                           weights.tensors[mlp + "gate_up_proj_bias"] = zeros({experts, 2 * ffn - 16});
                       },
                       config),
                   "hf.mxfp4", {"down_proj_blocks", "32", "24"});
    expectSentence(refused([](Weights& weights) {
                       weights.tensors.erase(layer + "self_attn.q_proj.weight");
                       weights.tensors[layer + "self_attn.q_proj.weight_blocks"] = bytes({8, 2, 16}, 1);
                   }),
                   "hf.mxfp4", {"q_proj.weight_blocks", "experts of gpt-oss", "BF16"});
    config = goodConfig;
    config["quantization_config"]["quant_method"] = "bitsandbytes";
    expectSentence(refused([](Weights&) {}, config), "hf.quantised", {"bitsandbytes"});
    config = goodConfig;
    config["architectures"] = {"MixtralForCausalLM"};
    config["model_type"] = "mixtral";
    expectSentence(refused([](Weights&) {}, config), "hf.quantised", {"mxfp4"});
}
