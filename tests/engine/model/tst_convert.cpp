// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hugging_face.h"
#include "engine/model/model_config.h"
#include "engine/model/tokenizer.h"
#include "engine/model/weight_encoding.h"
#include "tests/engine/model/model_files.h"

#include <cmath>
#include <cstring>

using namespace moescope;
using namespace moescope::tests;
using gguf::TensorType;

namespace {

std::vector<float> decoded(const gguf::Reader& file, const gguf::TensorInfo& tensor) {
    std::vector<uint8_t> bytes(tensor.bytes);
    file.read(tensor, 0, bytes);
    std::vector<float> out(tensor.elements());
    const uint64_t width = tensor.shape[0];
    const uint64_t rowBytes = gguf::rowBytes(tensor.type, width);
    for (uint64_t row = 0; row < tensor.rows(); ++row) {
        gguf::dequantize(tensor.type, std::span(bytes).subspan(row * rowBytes, rowBytes),
                         std::span(out).subspan(row * width, width));
    }
    return out;
}

std::vector<float> bf16(const Weights::Tensor& tensor) {
    std::vector<float> out(tensor.bytes.size() / 2);
    for (size_t i = 0; i < out.size(); ++i) {
        uint16_t half = 0;
        std::memcpy(&half, tensor.bytes.data() + 2 * i, 2);
        out[i] = gguf::bf16ToFloat(half);
    }
    return out;
}

std::string afterFloat(float value) {
    std::string bytes(4, '\0');
    std::memcpy(bytes.data(), &value, 4);
    return bytes;
}

/** Weights of "large_like" with one changed, converted. */
trace::Error refusedWeight(const std::string& tensor, const std::string& bytes, TensorType type = TensorType::F32) {
    const Scratch scratch;
    const Path folder = copyGolden("large_like", scratch);
    Weights weights = Weights::load(folder / "model.safetensors");
    std::string& data = weights.tensors.at(tensor).bytes;
    data.replace(data.size() - bytes.size(), bytes.size(), bytes);
    weights.save(folder / "model.safetensors");
    const trace::Error error = errorOf([&] { converted(folder, scratch, type); });
    EXPECT_FALSE(std::filesystem::exists(scratch / "out.gguf"));
    return error;
}

} // namespace

TEST(Convert, StoresExpertsStackedAndInTheFilesOwnNumbers) {
    const Scratch scratch;
    const gguf::Reader file(converted(golden("large_like"), scratch));
    const Weights weights = Weights::load(golden("large_like") / "model.safetensors");
    const gguf::TensorInfo* experts = file.find("blk.2.ffn_up_exps.weight");
    ASSERT_NE(experts, nullptr);
    EXPECT_EQ(experts->shape, (std::vector<uint64_t>{64, 48, 8}));
    const std::vector<float> all = decoded(file, *experts);
    for (size_t e = 0; e < 8; ++e) {
        const std::vector<float> one =
            bf16(weights.tensors.at("model.layers.2.mlp.experts." + std::to_string(e) + ".up_proj.weight"));
        EXPECT_TRUE(std::equal(one.begin(), one.end(), all.begin() + static_cast<ptrdiff_t>(e * one.size()))) << e;
    }
    EXPECT_EQ(file.find("blk.1.attn_k.weight"), nullptr);
    EXPECT_EQ(file.text("tokenizer.ggml.pre"), "hunyuan");
    EXPECT_EQ(file.u32("tokenizer.ggml.bos_token_id"), 497U);
    EXPECT_EQ(file.u32("tokenizer.ggml.eos_token_id"), 499U);
    EXPECT_EQ(file.u32s("moescope.stop_token_ids"), (std::vector<uint32_t>{499, 506, 496}));
    EXPECT_EQ(file.boolean("tokenizer.ggml.add_bos_token"), false);
    EXPECT_EQ(file.text("tokenizer.chat_template"),
              readJsonFile(golden("large_like") / "tokenizer_config.json")["chat_template"].get<std::string>());
}

TEST(Convert, EveryTypeOfEveryGoldenLoadsAgain) {
    for (const std::string& name : goldenNames()) {
        for (const TensorType type : gguf::tensorTypes()) {
            SCOPED_TRACE(name + " " + std::string(gguf::typeName(type)));
            const Scratch scratch;
            const gguf::Reader file(converted(golden(name), scratch, type));
            const model::ModelConfig config = model::readConfig(file);
            for (const model::ExpectedTensor& expected : model::expectedTensors(config)) {
                EXPECT_EQ(file.find(expected.name)->type, model::storedType(expected, type)) << expected.name;
            }
        }
    }
}

TEST(Convert, WhatEveryTokenPassesThroughIsStoredFiner) {
    const auto typeIn = [](const std::string& folder, const std::string& name, TensorType type) {
        for (const model::ExpectedTensor& tensor :
             model::expectedTensors(model::readHuggingFaceConfig(golden(folder) / "config.json"))) {
            if (tensor.name == name) {
                return model::storedType({name, {256, 256}, tensor.always_f32, tensor.fine}, type);
            }
        }
        ADD_FAILURE() << name;
        return TensorType::F32;
    };
    // Four layers: the first two count as early.
    for (const char* name :
         {"token_embd.weight", "blk.0.attn_v.weight", "blk.1.attn_q.weight", "blk.1.ffn_up_shexp.weight"}) {
        EXPECT_EQ(typeIn("large_like", name, TensorType::Q8_0), TensorType::F16) << name;
        EXPECT_EQ(typeIn("large_like", name, TensorType::Q6_K), TensorType::Q8_0) << name;
        EXPECT_EQ(typeIn("large_like", name, TensorType::Q5_K), TensorType::Q6_K) << name;
        EXPECT_EQ(typeIn("large_like", name, TensorType::Q4_K), TensorType::Q6_K) << name;
        EXPECT_EQ(typeIn("large_like", name, TensorType::Q2_K), TensorType::Q6_K) << name;
        EXPECT_EQ(typeIn("large_like", name, TensorType::IQ4_XS), TensorType::Q6_K) << name;
        EXPECT_EQ(typeIn("large_like", name, TensorType::Q4_0), TensorType::Q8_0) << name;
        EXPECT_EQ(typeIn("large_like", name, TensorType::MXFP4), TensorType::Q8_0) << name;
        EXPECT_EQ(typeIn("large_like", name, TensorType::BF16), TensorType::BF16) << name;
    }
    for (const char* name : {"blk.0.ffn_up_exps.weight", "blk.2.attn_output.weight", "blk.3.ffn_down_shexp.weight"}) {
        EXPECT_EQ(typeIn("large_like", name, TensorType::Q6_K), TensorType::Q6_K) << name;
    }
    EXPECT_EQ(typeIn("large_like", "blk.0.ffn_gate_inp.weight", TensorType::Q6_K), TensorType::F32);
    EXPECT_EQ(typeIn("dense", "blk.0.attn_q.weight", TensorType::Q6_K), TensorType::Q6_K);
    EXPECT_EQ(typeIn("dense", "token_embd.weight", TensorType::Q6_K), TensorType::Q8_0);
}

TEST(Convert, RowsThatSuperBlocksDoNotDivideTakeTheNextTypeOfSmallerBlocks) {
    model::ExpectedTensor tensor{"blk.0.ffn_down.weight", {576, 4}};
    const auto stored = [&](TensorType type) { return model::storedType(tensor, type); };
    for (const auto& [type, in] : {std::pair(TensorType::Q2_K, TensorType::IQ4_NL),
                                   {TensorType::Q3_K, TensorType::IQ4_NL},
                                   {TensorType::IQ4_XS, TensorType::IQ4_NL},
                                   {TensorType::Q4_K, TensorType::Q5_0},
                                   {TensorType::Q5_K, TensorType::Q5_1},
                                   {TensorType::Q6_K, TensorType::Q8_0}}) {
        EXPECT_EQ(stored(type), in) << gguf::typeName(type);
    }
    tensor.shape[0] = 80;
    EXPECT_EQ(stored(TensorType::Q4_K), TensorType::F16);
    tensor.shape[0] = 512;
    EXPECT_EQ(stored(TensorType::Q4_K), TensorType::Q4_K);
    tensor.shape[0] = 576;
    tensor.fine = true;
    EXPECT_EQ(stored(TensorType::Q4_K), TensorType::Q8_0) << "by way of Q6_K";

    model::Fallbacks fallbacks(TensorType::Q4_K);
    EXPECT_FALSE(fallbacks.warning());
    fallbacks.add(tensor);
    EXPECT_EQ(fallbacks.warning(),
              "1 tensor has rows that the blocks of Q4_K, 256 weights each, do not divide; stored instead: 1 as Q8_0.");
    tensor.fine = false;
    fallbacks.add(tensor);
    fallbacks.add(tensor);
    EXPECT_EQ(fallbacks.warning(), "3 tensors have rows that the blocks of Q4_K, 256 weights each, do not divide; "
                                   "stored instead: 2 as Q5_0, 1 as Q8_0.");
    tensor.shape[0] = 512;
    fallbacks.add(tensor);
    EXPECT_EQ(fallbacks.warning()->substr(0, 9), "3 tensors");
    model::Fallbacks halves(TensorType::Q8_0);
    tensor.fine = true;
    tensor.shape[0] = 80;
    halves.add(tensor);
    EXPECT_FALSE(halves.warning()) << "F16 is what a fine tensor is to have";
}

TEST(Convert, RowsThatBlocksDoNotDivideFallBackWithOneWarning) {
    const Scratch scratch;
    model::ConvertOptions options;
    options.type = TensorType::Q8_0;
    model::ConvertResult result = model::convert(golden("large_like"), scratch / "a.gguf", options);
    ASSERT_EQ(result.warnings.size(),
              1U); // rows of 48 in the down projections; those of two shared experts are F16 anyway
    EXPECT_EQ(result.warnings[0],
              "6 tensors have rows that the blocks of Q8_0, 32 weights each, do not divide; stored instead: 6 as F16.");
    options.type = TensorType::F16;
    result = model::convert(golden("large_like"), scratch / "b.gguf", options);
    EXPECT_TRUE(result.warnings.empty());
    EXPECT_EQ(result.bytes, std::filesystem::file_size(scratch / "b.gguf"));
    EXPECT_EQ(result.tensors, 58U);
}

TEST(Convert, RowsAboveTheTokenizerArePadding) {
    const Scratch scratch;
    const model::Tokenizer tokenizer{gguf::Reader(converted(golden("padded_vocab"), scratch))};
    EXPECT_EQ(tokenizer.size(), 600U);
    EXPECT_FALSE(tokenizer.isUnused(511));
    EXPECT_TRUE(tokenizer.isUnused(512));
    EXPECT_TRUE(tokenizer.isUnused(599));
    EXPECT_EQ(tokenizer.decode(599), "");
    EXPECT_TRUE(tokenizer.isControl(499));
}

TEST(Convert, WeightsThatAreNanOrInfiniteAreNamed) {
    const std::string experts = "model.layers.3.mlp.experts.5.gate_proj.weight";
    expectSentence(refusedWeight(experts, "\xC0\x7F"), "convert.not_finite", {experts});
    expectSentence(refusedWeight(experts, "\x80\xFF"), "convert.not_finite", {experts});
    const std::string norm = "model.layers.1.self_attn.key_layernorm.weight";
    expectSentence(refusedWeight(norm, afterFloat(std::nanf(""))), "convert.not_finite", {norm});
    expectSentence(refusedWeight(norm, afterFloat(INFINITY), TensorType::Q8_0), "convert.not_finite", {norm});
}

TEST(Convert, WeightsTooLargeForTheTypeAreNamed) {
    const std::string name = "model.layers.0.self_attn.q_proj.weight";
    const std::string large("\x00\x48", 2); // 131072 as bfloat16
    expectSentence(refusedWeight(name, large, TensorType::F16), "convert.too_large", {name, "131072", "F16"});
    // 3.4e38 rounds to infinity in BF16, and 3.39e38 does not.
    model::checkWeights(name, std::vector<float>{3.389e38F}, TensorType::BF16);
    model::checkWeights(name, std::vector<float>{3.4e38F}, TensorType::F32);
    expectSentence(errorOf([&] { model::checkWeights(name, std::vector<float>{3.4e38F}, TensorType::BF16); }),
                   "convert.too_large", {name, "BF16"});
}

TEST(Convert, MissingAndMisplacedTensorsAreNamed) {
    const auto refused = [](const std::string& golden, const std::function<void(Weights&)>& bend) {
        const Scratch scratch;
        const Path folder = copyGolden(golden, scratch);
        Weights weights = Weights::load(folder / "model.safetensors");
        bend(weights);
        weights.save(folder / "model.safetensors");
        return errorOf([&] { converted(folder, scratch); });
    };
    for (const char* name : {"model.embed_tokens.weight", "model.norm.weight", "model.layers.2.self_attn.k_proj.weight",
                             "model.layers.3.mlp.gate.wg.weight", "model.layers.1.mlp.experts.7.up_proj.weight",
                             "model.layers.0.mlp.shared_mlp.down_proj.weight"}) {
        expectSentence(refused("large_like", [&](Weights& w) { w.tensors.erase(name); }), "hf.tensor_missing", {name});
    }
    expectSentence(refused("cla_off", [](Weights& w) { w.tensors.erase("model.layers.1.self_attn.k_proj.weight"); }),
                   "hf.tensor_missing", {"model.layers.1.self_attn.k_proj.weight"});
    expectSentence(refused("untied", [](Weights& w) { w.tensors.erase("lm_head.weight"); }), "hf.tensor_missing",
                   {"lm_head.weight"});
    expectSentence(refused("large_like",
                           [](Weights& w) {
                               w.tensors["model.layers.0.mlp.gate_proj_bias"] = {"F32", {1}, std::string(4, '\0')};
                           }),
                   "hf.tensor_unknown", {"gate_proj_bias"});
    expectSentence(refused("large_like",
                           [](Weights& w) {
                               w.tensors["model.norm.weight"].shape = {8, 8};
                           }),
                   "hf.tensor_shape", {"model.norm.weight", "8 × 8", "64"});
    expectSentence(refused("large_like", [](Weights& w) { w.tensors["model.norm.weight"].dtype = "I32"; }),
                   "hf.tensor_type", {"model.norm.weight", "I32"});
}

TEST(Convert, TensorsDecideWhatConfigJsonDoesNotState) {
    const Scratch scratch;
    const std::string whole = readBytes(converted(golden("large_like"), scratch, TensorType::F32, "whole.gguf"));
    const Path folder = copyGolden("large_like", scratch);
    editJson(folder / "config.json", [](Json& config) {
        for (const char* key : {"use_cla", "cla_share_factor", "use_qk_norm", "tie_word_embeddings",
                                "use_mixed_mlp_moe", "moe_layer_num_skipped", "architectures", "rope_scaling"}) {
            config.erase(key);
        }
    });
    EXPECT_TRUE(readBytes(converted(folder, scratch)) == whole);
}

TEST(Convert, FirstLayersMayBeDense) {
    const Scratch scratch;
    const Path folder = copyGolden("large_like", scratch);
    Weights weights = Weights::load(folder / "model.safetensors");
    std::map<std::string, Weights::Tensor> kept;
    for (auto& [name, tensor] : weights.tensors) {
        const std::string mlp = "model.layers.0.mlp.";
        if (!name.starts_with(mlp)) {
            kept[name] = tensor;
        } else if (name.starts_with(mlp + "shared_mlp.")) {
            kept[mlp + name.substr((mlp + "shared_mlp.").size())] = tensor;
        }
    }
    weights.tensors = kept;
    weights.save(folder / "model.safetensors");
    editJson(folder / "config.json", [](Json& config) { config["moe_layer_num_skipped"] = 1; });
    const gguf::Reader file(converted(folder, scratch));
    const model::ModelConfig config = model::readConfig(file);
    EXPECT_EQ(config.leading_dense_block_count, 1U);
    EXPECT_FALSE(config.isMoe(0));
    EXPECT_TRUE(config.isMoe(1));
    EXPECT_NE(file.find("blk.0.ffn_up.weight"), nullptr);
}

TEST(Convert, NameAndLicenceComeFromTheFolderOrTheCaller) {
    const Scratch scratch;
    const Path folder = copyGolden("large_like", scratch);
    writeBytes(folder / "README.md", "# Moescope Tiny\n\n| | |\n|---|---|\n| licence | Apache-2.0 for the weights |\n");
    trace::ModelInfo info = model::readInfo(gguf::Reader(converted(folder, scratch)));
    EXPECT_EQ(info.name, "Tiny");
    EXPECT_EQ(info.license, "apache-2.0");
    writeBytes(folder / "README.md", "---\nlicense: MIT\n---\n# Another\n");
    editJson(folder / "config.json", [](Json& config) { config["_name_or_path"] = "/models/Some-Model/"; });
    info = model::readInfo(gguf::Reader(converted(folder, scratch)));
    EXPECT_EQ(info.name, "Some-Model");
    EXPECT_EQ(info.license, "mit");
    model::ConvertOptions options;
    options.name = "Mine";
    options.license = "cc0-1.0";
    model::convert(folder, scratch / "named.gguf", options);
    info = model::readInfo(gguf::Reader(scratch / "named.gguf"));
    EXPECT_EQ(info.name, "Mine");
    EXPECT_EQ(info.license, "cc0-1.0");
}

TEST(Convert, AFolderThatBringsNoNameGivesItsOwn) {
    const Scratch scratch;
    const Path folder = copyGolden("large_like", scratch);
    const auto name = [&](const Path& given) { return model::readInfo(gguf::Reader(converted(given, scratch))).name; };
    EXPECT_EQ(name(folder), "large_like");
    EXPECT_EQ(name(Path(folder) += "/"), "large_like");
    EXPECT_EQ(name(folder / "."), "large_like");
    EXPECT_EQ(name(folder / ".." / "large_like"), "large_like");
    EXPECT_EQ(name(std::filesystem::relative(folder)), "large_like");
    const Path before = std::filesystem::current_path();
    std::filesystem::current_path(folder);
    EXPECT_EQ(name("."), "large_like");
    std::filesystem::current_path(before);
}

TEST(Convert, OutputThatIsInputIsRefused) {
    const Scratch scratch;
    const Path folder = copyGolden("large_like", scratch);
    const std::string before = readBytes(folder / "model.safetensors");
    for (const char* name : {"model.safetensors", "config.json", "tokenizer.json"}) {
        const trace::Error error = errorOf([&] { model::convert(folder, folder / "." / name, {}); });
        expectSentence(error, "convert.same_file", {name});
    }
    EXPECT_TRUE(readBytes(folder / "model.safetensors") == before);
}

TEST(Convert, CancelledLeavesTheOldFile) {
    const Scratch scratch;
    writeBytes(scratch / "out.gguf", "old");
    model::ConvertOptions options;
    uint64_t last = 0;
    options.progress = [&last](uint64_t done, uint64_t total) {
        last = done;
        return done < total / 2;
    };
    const trace::Error error = errorOf([&] { model::convert(golden("large_like"), scratch / "out.gguf", options); });
    expectSentence(error, "convert.cancelled", {});
    EXPECT_GT(last, 0U);
    EXPECT_EQ(readBytes(scratch / "out.gguf"), "old");
    size_t files = 0;
    for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(scratch.path())) {
        ++files;
    }
    EXPECT_EQ(files, 1U);
}

TEST(Convert, FoldersThatLackSomething) {
    const Scratch scratch;
    const Path folder = copyGolden("large_like", scratch);
    expectSentence(errorOf([&] { converted(scratch / "nothing", scratch); }), "convert.folder", {"nothing"});
    expectSentence(errorOf([&] { converted(folder / "model.safetensors", scratch); }), "convert.file",
                   {"model.safetensors", "a folder", "quantised"});
    std::filesystem::remove(folder / "tokenizer.json");
    expectSentence(errorOf([&] { converted(folder, scratch); }), "hf.no_tokenizer", {"tokenizer.json"});
    std::filesystem::remove(folder / "model.safetensors");
    expectSentence(errorOf([&] { converted(folder, scratch); }), "hf.no_weights", {"large_like"});
    writeBytes(folder / "pytorch_model-00001-of-00002.bin", "PK");
    expectSentence(errorOf([&] { converted(folder, scratch); }), "hf.bin", {".bin", "safetensors first"});
}
