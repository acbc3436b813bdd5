// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hugging_face.h"

#include "tests/engine/model/model_files.h"

using namespace moescope;
using namespace moescope::tests;

namespace {

/** The released shape of Hunyuan-Large. */
Json large() {
    return {{"architectures", {"HunYuanForCausalLM"}},
            {"model_type", "hunyuan"},
            {"vocab_size", 129024},
            {"hidden_size", 6400},
            {"num_hidden_layers", 64},
            {"num_attention_heads", 80},
            {"num_key_value_heads", 8},
            {"intermediate_size", 18304},
            {"num_experts", 16},
            {"moe_topk", 1},
            {"num_shared_expert", 1},
            {"use_mixed_mlp_moe", true},
            {"use_cla", true},
            {"cla_share_factor", 2},
            {"use_qk_norm", true},
            {"rope_theta", 10000.0},
            {"rms_norm_eps", 1e-5},
            {"rope_scaling", {{"type", "dynamic"}, {"alpha", 1000.0}, {"factor", 1.0}}},
            {"tie_word_embeddings", true},
            {"max_position_embeddings", 131072}};
}

model::ModelConfig read(const Json& json) {
    const Scratch scratch;
    writeBytes(scratch / "config.json", json.dump());
    return model::readHuggingFaceConfig(scratch / "config.json");
}

trace::Error refused(const std::function<void(Json&)>& bend) {
    Json json = large();
    bend(json);
    return errorOf([&] { read(json); });
}

trace::Error refusedText(const std::string& text) {
    const Scratch scratch;
    writeBytes(scratch / "config.json", text);
    return errorOf([&] { model::readHuggingFaceConfig(scratch / "config.json"); });
}

} // namespace

TEST(HfConfig, HunyuanLarge) {
    const model::ModelConfig c = read(large());
    EXPECT_EQ(c.architecture, "hunyuan-large");
    EXPECT_EQ(c.head_dim, 80U);
    EXPECT_EQ(c.kvOwnerCount(), 32U);
    EXPECT_NEAR(c.rope_freq_base, 11937766.417, 1.0);
    EXPECT_EQ(c.expert_shared_feed_forward_length, 18304U);
    EXPECT_FALSE(c.expert_weights_norm);
    uint64_t parameters = 0;
    for (const model::ExpectedTensor& tensor : model::expectedTensors(c)) {
        uint64_t n = 1;
        for (const uint64_t size : tensor.shape) {
            n *= size;
        }
        parameters += n;
    }
    EXPECT_NEAR(static_cast<double>(parameters) / 1e9, 388.70, 0.01);
}

TEST(HfConfig, A13bStatesAFactorThatIsNotUsed) {
    Json json = large();
    json["use_cla"] = false;
    json["moe_topk"] = std::vector<int>(64, 8);
    json["num_experts"] = 64;
    json["moe_intermediate_size"] = std::vector<int>(64, 3072);
    json["attention_head_dim"] = 128;
    json["model_type"] = "hunyuan_v1_moe";
    json["architectures"] = {"HunYuanMoEV1ForCausalLM"};
    const model::ModelConfig c = read(json);
    EXPECT_EQ(c.architecture, "hunyuan-moe");
    EXPECT_EQ(c.cla_share_factor, 1U);
    EXPECT_EQ(c.expert_used_count, 8U);
    EXPECT_TRUE(c.expert_weights_norm);
    EXPECT_EQ(c.expert_feed_forward_length, 3072U);
    EXPECT_EQ(c.head_dim, 128U);
    EXPECT_NEAR(c.rope_freq_base, 11158839.925, 1.0);
}

TEST(HfConfig, DenseModelsAndRopeForms) {
    Json json = large();
    json["use_cla"] = false;
    json["num_experts"] = 1;
    json["model_type"] = "hunyuan_v1_dense";
    json["architectures"] = {"HunYuanDenseV1ForCausalLM"};
    json["rope_scaling"] = nullptr;
    model::ModelConfig c = read(json);
    EXPECT_EQ(c.architecture, "hunyuan-dense");
    EXPECT_EQ(c.expert_count, 0U);
    EXPECT_EQ(c.feed_forward_length, 18304U);
    EXPECT_FLOAT_EQ(c.rope_freq_base, 10000.0F);
    json["rope_scaling"] = {{"type", "linear"}, {"factor", 4}};
    c = read(json);
    EXPECT_EQ(c.rope_scaling, model::RopeScaling::Linear);
    EXPECT_FLOAT_EQ(c.rope_scaling_factor, 4.0F);
    json["rope_scaling"] = {{"type", "linear"}};
    EXPECT_FLOAT_EQ(read(json).rope_scaling_factor, 1.0F);
    json["rope_scaling"] = {{"type", "dynamic"}, {"factor", 2.0}}; // no alpha: as it is, up to the limit
    c = read(json);
    EXPECT_FLOAT_EQ(c.rope_freq_base, 10000.0F);
    EXPECT_EQ(c.rope_scaling, model::RopeScaling::None);
    EXPECT_EQ(c.context_length, 131072U);
}

TEST(HfConfig, SizesThatAreZeroNegativeHugeOrOfAWrongTypeAreNamed) {
    for (const char* key :
         {"vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "num_key_value_heads",
          "intermediate_size", "num_experts", "moe_topk", "cla_share_factor", "max_position_embeddings"}) {
        for (const Json& value : {Json(0), Json(-1), Json(9007199254740993), Json(1.5), Json("64"), Json(true),
                                  Json(Json::object()), Json(Json::array())}) {
            SCOPED_TRACE(std::string(key) + " = " + value.dump());
            expectSentence(refused([&](Json& json) { json[key] = value; }), "hf.value", {key, "config.json"});
        }
    }
    for (const char* key : {"hidden_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings",
                            "vocab_size", "intermediate_size"}) {
        expectSentence(refused([&](Json& json) { json.erase(key); }), "hf.missing", {key});
    }
    for (const char* key : {"use_cla", "use_qk_norm", "tie_word_embeddings", "use_mixed_mlp_moe"}) {
        expectSentence(refused([&](Json& json) { json[key] = 1; }), "hf.value", {key, "true or false"});
    }
    for (const Json& value : {Json(0), Json(-1e-5), Json("1e-5"), Json(1e300)}) {
        expectSentence(refused([&](Json& json) { json["rms_norm_eps"] = value; }), "hf.value", {"rms_norm_eps"});
        expectSentence(refused([&](Json& json) { json["rope_theta"] = value; }), "hf.value", {"rope_theta"});
    }
}

TEST(HfConfig, IndivisibleSizesAreNamed) {
    expectSentence(refused([](Json& json) { json["hidden_size"] = 6401; }), "hf.indivisible",
                   {"hidden_size", "6401", "80"});
    expectSentence(refused([](Json& json) { json["num_key_value_heads"] = 7; }), "hf.indivisible",
                   {"num_attention_heads", "num_key_value_heads", "7"});
    expectSentence(refused([](Json& json) { json["head_dim"] = 81; }), "hf.head_dim", {"81"});
    expectSentence(refused([](Json& json) { json["moe_topk"] = 17; }), "hf.value", {"moe_topk", "17", "16"});
}

TEST(HfConfig, ListsThatDifferBetweenLayersAreNamed) {
    for (const char* key : {"moe_topk", "num_shared_expert", "moe_intermediate_size"}) {
        expectSentence(refused([&](Json& json) { json[key] = {1, 2, 1}; }), "hf.value", {key, "a list", "each layer"});
        expectSentence(refused([&](Json& json) { json[key] = {1, "1"}; }), "hf.value", {key});
    }
}

TEST(HfConfig, WhatIsNotSupportedIsRefused) {
    expectSentence(refused([](Json& json) { json["attention_bias"] = true; }), "hf.bias", {"attention_bias"});
    expectSentence(refused([](Json& json) { json["mlp_bias"] = true; }), "hf.bias", {"mlp_bias"});
    expectSentence(refused([](Json& json) { json["hidden_act"] = "gelu"; }), "hf.value", {"hidden_act", "gelu"});
    expectSentence(refused([](Json& json) {
                       json["rope_scaling"] = {{"type", "yarn"}};
                   }),
                   "hf.value", {"type", "yarn"});
    expectSentence(refused([](Json& json) { json["rope_scaling"] = "linear"; }), "hf.value", {"rope_scaling"});
    expectSentence(refused([](Json& json) { json["rope_scaling"]["alpha"] = -1; }), "hf.value", {"alpha", "-1"});
    expectSentence(refused([](Json& json) {
                       json["rope_scaling"] = {{"type", "linear"}, {"factor", 0}};
                   }),
                   "hf.value", {"factor"});
    expectSentence(refused([](Json& json) { json["architectures"] = {"HYV3ForCausalLM"}; }), "hf.architecture",
                   {"HYV3ForCausalLM"});
    expectSentence(refused([](Json& json) {
                       json.erase("architectures");
                       json["model_type"] = "deepseek_v2";
                   }),
                   "hf.architecture", {"deepseek_v2"});
    expectSentence(refused([](Json& json) {
                       json["quantization_config"] = {{"quant_method", "fp8"}};
                   }),
                   "hf.fp8", {"BF16"});
    expectSentence(refused([](Json& json) {
                       json["quantization_config"] = {{"quant_method", "gptq"}};
                   }),
                   "hf.quantised", {"gptq", "BF16"});
}

TEST(HfConfig, SwitchesOfTencentsClassesAreNamed) {
    for (const auto& [key, value] : {std::pair<const char*, Json>{"use_rotary_pos_emb", false},
                                     {"position_embedding_xdrope", true},
                                     {"use_mla", true},
                                     {"group_limited_greedy", true},
                                     {"routed_scaling_factor", 2.5}}) {
        expectSentence(refused([&, key = key, value = value](Json& json) { json[key] = value; }), "hf.value", {key});
    }
    Json json = large();
    json.update({{"use_rotary_pos_emb", true}, {"group_limited_greedy", false}, {"routed_scaling_factor", 1.0}});
    EXPECT_EQ(read(json).architecture, "hunyuan-large");
}

TEST(HfConfig, DamagedJson) {
    expectSentence(refusedText(""), "json.syntax", {"config.json"});
    expectSentence(refusedText("{\"hidden_size\": 64,"), "json.syntax", {"byte"});
    expectSentence(refusedText("[1]"), "hf.object", {"config.json"});
    expectSentence(refusedText("{\"a\": 1, \"a\": 2}"), "json.duplicate", {"“a”"});
    expectSentence(refusedText("{\"a\": \"\xFF\"}"), "json.syntax", {"byte"});
    expectSentence(refusedText("{\"hidden_size\": 1e999}"), "json.number", {"config.json"});
    const std::string deep = std::string(100000, '[') + std::string(100000, ']');
    expectSentence(refusedText(deep), "json.depth", {"64"});
    std::string objects;
    for (size_t i = 0; i < 100000; ++i) {
        objects += "{\"a\":";
    }
    expectSentence(refusedText(objects), "json.depth", {"64"});
}
