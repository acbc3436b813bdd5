// SPDX-License-Identifier: Apache-2.0
#include "engine/model/model_config.h"

#include "engine/model/hugging_face.h"
#include "tests/engine/model/small_model.h"

#include <cmath>
#include <limits>

using namespace moescope;
using namespace moescope::tests;

namespace {

trace::Error refusedWith(const std::string& key, gguf::WriteValue value) {
    SmallModel m;
    m.keys[key] = std::move(value);
    return m.refusal();
}

} // namespace

TEST(ModelConfig, ReadsWhatTheConverterWrote) {
    const Scratch scratch;
    const gguf::Reader file(converted(golden("padded_vocab"), scratch));
    const model::ModelConfig c = model::readConfig(file);
    EXPECT_EQ(c.architecture, "hunyuan-large");
    EXPECT_EQ(c.block_count, 4U);
    EXPECT_EQ(c.cla_share_factor, 2U);
    EXPECT_EQ(c.kvOwnerCount(), 2U);
    EXPECT_EQ(c.expert_used_count, 1U);
    EXPECT_FALSE(c.expert_weights_norm);
    EXPECT_EQ(c.vocab_size, 600U);
    EXPECT_EQ(c.token_count, 512U);
    EXPECT_TRUE(c.tied_embeddings);
    EXPECT_EQ(c.qk_norm, model::QkNorm::AfterRope);
}

TEST(ModelConfig, GoldenModelsReadAsTheirConfigJsonSays) {
    for (const std::string& name : goldenNames()) {
        SCOPED_TRACE(name);
        const Scratch scratch;
        const model::ModelConfig file = model::readConfig(gguf::Reader(converted(golden(name), scratch)));
        const model::ModelConfig json = model::readHuggingFaceConfig(golden(name) / "config.json");
        EXPECT_EQ(file.architecture, json.architecture);
        EXPECT_EQ(file.head_dim, json.head_dim);
        EXPECT_EQ(file.rope_freq_base, json.rope_freq_base);
        EXPECT_EQ(file.cla_share_factor, json.cla_share_factor);
        EXPECT_EQ(file.expert_count, json.expert_count);
        EXPECT_EQ(file.expert_used_count, json.expert_used_count);
        EXPECT_EQ(file.expert_weights_norm, json.expert_weights_norm);
        EXPECT_EQ(file.expert_shared_feed_forward_length, json.expert_shared_feed_forward_length);
        EXPECT_EQ(file.tied_embeddings, json.tied_embeddings);
        EXPECT_EQ(file.qk_norm, json.qk_norm);
        EXPECT_EQ(model::expectedTensors(file).size(), model::expectedTensors(json).size());
    }
}

TEST(ModelConfig, InfoCountsWeights) {
    const Scratch scratch;
    const gguf::Reader file(converted(golden("untied"), scratch, gguf::TensorType::F16));
    const trace::ModelInfo m = model::readInfo(file);
    EXPECT_EQ(m.parameters, 441024U);
    EXPECT_EQ(m.active_parameters, 150208U); // one of eight experts, and the output matrix without the embedding
    EXPECT_EQ(m.tokenizer, "gpt2/hunyuan");
    EXPECT_EQ(m.main_type, "F16");
    EXPECT_EQ(m.quantization.at("F16").tensors + m.quantization.at("F32").tensors, file.tensors().size());
    EXPECT_FLOAT_EQ(m.sampling.temperature, 0.7F);
    EXPECT_EQ(m.sampling.top_k, 20U);
    EXPECT_FLOAT_EQ(m.sampling.repetition_penalty, 1.05F);
    EXPECT_FALSE(m.chat_template.empty());
    EXPECT_EQ(m.kvOwners(), 2U);
}

TEST(ModelConfig, InfoTakesVocabularyOnlyFiles) {
    const Scratch scratch;
    const trace::ModelInfo m = model::readInfo(gguf::Reader(VocabularyFile().write(scratch)));
    EXPECT_EQ(m.parameters, 0U);
    EXPECT_EQ(m.vocab_size, 256U);
    EXPECT_EQ(m.sampling.top_k, 40U);
}

TEST(ModelConfig, FilesOfLlamaCppLoad) {
    SmallModel m;
    m.architecture = "hunyuan-moe";
    m.layOut(1, 1);
    m.keys.erase("attention.cla_share_factor");
    m.keys["expert_used_count"] = gguf::U32{2};
    m.keys["rope.freq_base"] = gguf::F32{11158840.0F};
    m.keys["rope.scaling.type"] = std::string("none");
    m.keys["rope.scaling.factor"] = gguf::F32{1.0F};
    model::ModelConfig c = m.read();
    EXPECT_TRUE(c.expert_weights_norm);
    EXPECT_FLOAT_EQ(c.rope_freq_base, 11158840.0F);
    // The base is unscaled only where alpha is stated: alpha^(d / (d − 2)) with heads of 4.
    m.keys["rope.freq_base"] = gguf::F32{10000.0F};
    m.keys["rope.scaling.alpha"] = gguf::F32{50.0F};
    EXPECT_FLOAT_EQ(m.read().rope_freq_base, 10000.0F * 2500.0F);
    m.keys["expert_used_count"] = gguf::U32{1};
    EXPECT_TRUE(m.read().expert_weights_norm); // llama.cpp renormalises top-1 too
    m.keys["expert_weights_norm"] = false;
    EXPECT_FALSE(m.read().expert_weights_norm);
}

TEST(ModelConfig, KvHeadsMayBeAListWithZerosOnSharingLayers) {
    SmallModel m;
    m.keys["attention.head_count_kv"] = std::vector<uint32_t>{1, 0};
    EXPECT_EQ(m.read().head_count_kv, 1U);
    m.keys["attention.head_count_kv"] = std::vector<uint32_t>{0, 1};
    expectSentence(m.refusal(), "config.list", {"attention.head_count_kv"});
}

TEST(ModelConfig, UnknownArchitecturesAreNamed) {
    SmallModel m;
    m.architecture = "mamba";
    expectSentence(m.refusal(), "config.architecture", {"“mamba”", "hunyuan-large"});
}

TEST(ModelConfig, MissingTensorsAreNamed) {
    for (const char* name :
         {"token_embd.weight", "output_norm.weight", "blk.0.attn_k.weight", "blk.1.attn_k_norm.weight",
          "blk.1.ffn_gate_inp.weight", "blk.0.ffn_up_exps.weight", "blk.1.ffn_down_shexp.weight"}) {
        SmallModel m;
        m.remove(name);
        expectSentence(m.refusal(), "config.tensor_missing", {name});
    }
}

TEST(ModelConfig, TensorsOfAnotherShapeOrWithoutPlaceAreNamed) {
    SmallModel m;
    m.tensor("blk.0.attn_v.weight").shape = {8, 8};
    expectSentence(m.refusal(), "config.tensor_shape", {"blk.0.attn_v.weight", "8 × 8", "8 × 4"});
    m = SmallModel();
    m.tensors.push_back({"blk.1.attn_k.weight", {8, 4}, false}); // layer 1 shares layer 0's cache
    expectSentence(m.refusal(), "config.tensor_unknown", {"blk.1.attn_k.weight"});
    m = SmallModel();
    m.tensors.push_back({"blk.0.attn_q.bias", {8}, true});
    expectSentence(m.refusal(), "config.tensor_unknown", {"blk.0.attn_q.bias"});
}

TEST(ModelConfig, ValuesOutOfBoundsAreNamed) {
    const std::map<std::string, std::vector<uint32_t>> cases{
        {"block_count", {0, 1025, 4294967295U}},
        {"context_length", {0, (1U << 24) + 1}},
        {"embedding_length", {0, 4294967295U}},
        {"attention.head_count", {0, 4294967295U}},
        {"attention.head_count_kv", {0, 3}},
        {"attention.key_length", {0, 1025}},
        {"attention.cla_share_factor", {0, 1025}},
        {"expert_count", {1025}},
        {"expert_used_count", {0, 4}},
        {"expert_feed_forward_length", {0, 4294967295U}},
        {"expert_shared_count", {1025}},
        {"leading_dense_block_count", {3}},
        {"vocab_size", {0, 4294967295U}},
    };
    for (const auto& [key, values] : cases) {
        for (const uint32_t value : values) {
            SCOPED_TRACE(key + " = " + std::to_string(value));
            expectSentence(refusedWith(key, gguf::U32{value}), "config.range", {key, std::to_string(value)});
        }
    }
    for (const float value : {0.0F, -1.0F, std::numeric_limits<float>::infinity(), std::nanf("")}) {
        const std::string id = std::isfinite(value) ? "config.range" : "gguf.value";
        expectSentence(refusedWith("attention.layer_norm_rms_epsilon", gguf::F32{value}), id, {"epsilon"});
        expectSentence(refusedWith("rope.freq_base", gguf::F32{value}), id, {"rope.freq_base"});
    }
    expectSentence(refusedWith("rope.scaling.type", std::string("ntk")), "config.rope", {"“ntk”"});
    expectSentence(refusedWith("rope.scaling.type", std::string("yarn")), "config.missing", {"rope.scaling.factor"});
    expectSentence(refusedWith("rope.dimension_count", gguf::U32{3}), "config.rope", {"rope.dimension_count"});
    expectSentence(refusedWith("rope.dimension_count", gguf::U32{6}), "config.range", {"rope.dimension_count"});
    expectSentence(refusedWith("final_logit_softcapping", gguf::F32{30}), "config.key", {"final_logit_softcapping"});
    expectSentence(refusedWith("attention.sliding_window", gguf::U32{8}), "config.key", {"attention.sliding_window"});
    expectSentence(refusedWith("expert_gating_func", gguf::U32{2}), "config.key", {"expert_gating_func"});
    expectSentence(refusedWith("expert_group_used_count", gguf::U32{2}), "config.key", {"expert_group_used_count"});
    expectSentence(refusedWith("attention.value_length", gguf::U32{2}), "config.head_dim", {"4"});
    SmallModel missing;
    missing.keys.erase("block_count");
    expectSentence(missing.refusal(), "config.missing", {"hunyuan-large.block_count"});
}

TEST(ModelConfig, KeysThatNothingReadsAreNamed) {
    for (const char* key : {"attention.temperature_length", "rope.dimension_count_swa", "experts_per_group"}) {
        SmallModel m;
        m.keys[key] = gguf::U32{1};
        expectSentence(m.refusal(), "config.key", {key, "“hunyuan-large”"});
    }
    SmallModel m;
    m.keys["rope.scaling.finetuned"] = true;
    m.keys["attention.layer_norm_epsilon"] = gguf::F32{1e-5F};
    m.keys["tensor_data_layout"] = std::string("Meta AI original pth");
    m.keys["expert_group_count"] = gguf::U32{1};
    EXPECT_EQ(m.read().expert_count, 3U);
}

TEST(ModelConfig, SoftmaxOfTheChosenIsWeightsThatAddUpToOne) {
    SmallModel m;
    m.architecture = "hunyuan-moe";
    m.layOut(1, 1);
    m.keys.erase("attention.cla_share_factor");
    m.keys["expert_gating_func"] = gguf::U32{3};
    EXPECT_TRUE(m.read().expert_weights_norm);
    m.keys["expert_weights_norm"] = false;
    expectSentence(m.refusal(), "config.key", {"expert_gating_func"});
}

TEST(ModelConfig, RoutersOfAnotherTypeThanF32AreNamed) {
    SmallModel m;
    m.types["blk.1.ffn_gate_inp.weight"] = gguf::TensorType::F16;
    expectSentence(m.refusal(), "config.tensor_type", {"blk.1.ffn_gate_inp.weight", "F16"});
    m = SmallModel();
    m.architecture = "qwen2moe";
    m.shape([](model::ModelConfig& c) {
        c.qk_norm = model::QkNorm::None;
        c.qkv_bias = true;
        c.shared_gate = true;
    });
    m.keys.erase("attention.cla_share_factor");
    EXPECT_TRUE(m.read().shared_gate);
    m.types["blk.0.ffn_gate_inp_shexp.weight"] = gguf::TensorType::F16;
    expectSentence(m.refusal(), "config.tensor_type", {"blk.0.ffn_gate_inp_shexp.weight", "F16"});
}

TEST(ModelConfig, ASlidingWindowBelongsToTheLayersOfTheFamily) {
    const auto list = [](std::initializer_list<uint8_t> layers) {
        std::vector<uint8_t> bytes{9, 0, 0, 0, 7, 0, 0, 0, static_cast<uint8_t>(layers.size()), 0, 0, 0, 0, 0, 0, 0};
        bytes.reserve(bytes.size() + layers.size());
        std::copy(layers.begin(), layers.end(), std::back_inserter(bytes));
        return gguf::RawValue{std::move(bytes)};
    };
    SmallModel m;
    m.architecture = "llama";
    m.shape([](model::ModelConfig& c) {
        c.qk_norm = model::QkNorm::None;
        c.expert_shared_count = 0;
    });
    m.keys.erase("attention.cla_share_factor");
    m.keys.erase("expert_shared_count");
    m.keys["attention.sliding_window_pattern"] = gguf::U32{2};
    EXPECT_EQ(m.read().sliding_window, 0U) << "without a window its pattern says nothing";
    m.keys["attention.sliding_window"] = gguf::U32{8};
    expectSentence(m.refusal(), "config.window", {"llama.attention.sliding_window_pattern"});
    m.keys["attention.sliding_window_pattern"] = list({1, 0});
    expectSentence(m.refusal(), "config.window", {"llama.attention.sliding_window_pattern"});
    m.keys["attention.sliding_window_pattern"] = list({1, 1, 1});
    expectSentence(m.refusal(), "config.window", {"llama.attention.sliding_window_pattern"});
    m.keys["attention.sliding_window_pattern"] = list({1, 1});
    EXPECT_EQ(m.read().window(1), 8U);
    m.keys["attention.sliding_window_pattern"] = gguf::U32{0};
    EXPECT_EQ(m.read().window(0), 8U);
    m.keys["rope.freq_base_swa"] = gguf::F32{500.0F};
    expectSentence(m.refusal(), "config.rope", {"llama.rope.freq_base_swa", "500", "10000"});
    m.keys["rope.freq_base_swa"] = gguf::F32{10000.0F};
    EXPECT_EQ(m.read().rope_freq_base_swa, 0.0F);
}

TEST(ModelConfig, AVocabularyOfAnotherSizeThanTheEmbeddingIsRefused) {
    const Scratch scratch;
    const Path folder = copyGolden("large_like", scratch);
    const std::string bytes = readBytes(converted(folder, scratch));
    // Same length: the key's value 512 becomes 511 where vocab_size states it.
    std::string bent = bytes;
    const size_t key = bent.find("hunyuan-large.vocab_size");
    ASSERT_NE(key, std::string::npos);
    const size_t value = key + std::string("hunyuan-large.vocab_size").size() + 4;
    bent[value] = static_cast<char>(0xFF);
    bent[value + 1] = 1;
    writeBytes(scratch / "bent.gguf", bent);
    const trace::Error error = errorOf([&] { model::readConfig(gguf::Reader(scratch / "bent.gguf")); });
    expectSentence(error, "config.tensor_shape", {"token_embd.weight", "512", "511"});
}
