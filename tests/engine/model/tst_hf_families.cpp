// SPDX-License-Identifier: Apache-2.0
// One small folder a family, made here: what config.json says must be what the converted file says, and each weight must
// lie where the file's rules want it.
#include "engine/model/hugging_face.h"
#include "engine/model/model_config.h"
#include "tests/engine/model/model_files.h"

#include <cmath>
#include <cstring>

using namespace moescope;
using namespace moescope::tests;

namespace {

constexpr uint64_t width = 8;
constexpr uint64_t heads = 2;
constexpr uint64_t head = 4;
constexpr uint64_t ffn = 6;
constexpr uint64_t experts = 2;
constexpr uint64_t rows = 512; ///< as many as the tokenizer of the golden models has

/** A weight is its own index in its tensor. */
Weights::Tensor counted(const std::vector<uint64_t>& shape) {
    size_t count = 1;
    for (const uint64_t size : shape) {
        count *= size;
    }
    std::string bytes(count * 4, '\0');
    for (size_t i = 0; i < count; ++i) {
        const auto value = static_cast<float>(i);
        std::memcpy(bytes.data() + 4 * i, &value, 4);
    }
    return {"F32", shape, bytes};
}

/** One family: what its folder adds to the common part. Tensors are without "model.layers.0.". */
struct Case {
    std::string architecture;
    Json config;
    std::map<std::string, std::vector<uint64_t>> layer;
};

using Shapes = std::map<std::string, std::vector<uint64_t>>;

Shapes operator+(Shapes a, const Shapes& b) {
    a.insert(b.begin(), b.end());
    return a;
}

Json stated(const char* name, const char* type, const Json& more = Json::object()) {
    Json json{{"architectures", {name}}, {"model_type", type},           {"hidden_size", width},
              {"num_hidden_layers", 1},  {"num_attention_heads", heads}, {"num_key_value_heads", 1},
              {"head_dim", head},        {"intermediate_size", ffn},     {"rms_norm_eps", 1e-6},
              {"vocab_size", rows},      {"tie_word_embeddings", true},  {"max_position_embeddings", 256}};
    json.update(more);
    return json;
}

const Shapes norms{{"input_layernorm.weight", {width}}, {"post_attention_layernorm.weight", {width}}};
const Shapes attention = norms + Shapes{{"self_attn.q_proj.weight", {heads * head, width}},
                                        {"self_attn.k_proj.weight", {head, width}},
                                        {"self_attn.v_proj.weight", {head, width}},
                                        {"self_attn.o_proj.weight", {width, heads* head}}};
const Shapes biases{
    {"self_attn.q_proj.bias", {heads * head}}, {"self_attn.k_proj.bias", {head}}, {"self_attn.v_proj.bias", {head}}};
const Shapes headNorms{{"self_attn.q_norm.weight", {head}}, {"self_attn.k_norm.weight", {head}}};
const Shapes dense{{"mlp.gate_proj.weight", {ffn, width}},
                   {"mlp.up_proj.weight", {ffn, width}},
                   {"mlp.down_proj.weight", {width, ffn}}};

Shapes eachExpert(const std::string& prefix, const char* gate, const char* up, const char* down) {
    Shapes shapes;
    for (uint64_t e = 0; e < experts; ++e) {
        const std::string name = prefix + std::to_string(e) + ".";
        shapes[name + gate] = {ffn, width};
        shapes[name + up] = {ffn, width};
        shapes[name + down] = {width, ffn};
    }
    return shapes;
}

const Shapes routed = eachExpert("mlp.experts.", "gate_proj.weight", "up_proj.weight", "down_proj.weight") +
                      Shapes{{"mlp.gate.weight", {experts, width}}};

std::vector<Case> cases() {
    const Json some{{"num_experts", experts}, {"num_experts_per_tok", 1}, {"moe_intermediate_size", ffn}};
    Json shared = some;
    shared.update({{"shared_expert_intermediate_size", 3}, {"norm_topk_prob", true}});
    const Json local{{"num_local_experts", experts}, {"num_experts_per_tok", 2}};
    const Json granite{{"embedding_multiplier", 12},
                       {"residual_multiplier", 0.22},
                       {"attention_multiplier", 0.3},
                       {"logits_scaling", 8}};
    Json graniteMoe = granite;
    graniteMoe.update(local);
    Json gptOss = local;
    gptOss.update({{"attention_bias", true},
                   {"sliding_window", 16},
                   {"layer_types", {"sliding_attention"}},
                   {"swiglu_limit", 7.0},
                   {"rope_scaling",
                    {{"rope_type", "yarn"},
                     {"factor", 4},
                     {"original_max_position_embeddings", 64},
                     {"beta_fast", 30},
                     {"truncate", false}}}});
    const Json llama3{{"rope_type", "llama3"}, {"rope_theta", 500000},  {"factor", 8},
                      {"low_freq_factor", 1},  {"high_freq_factor", 4}, {"original_max_position_embeddings", 64}};
    const Json longrope{{"type", "longrope"}, {"short_factor", {1.5, 2}}, {"long_factor", {3, 4.5}}};
    return {
        {"llama", stated("LlamaForCausalLM", "llama", {{"rope_parameters", llama3}}), attention + dense},
        {"llama", stated("LlamaForCausalLM", "llama", {{"attention_bias", true}}),
         attention + dense + biases + Shapes{{"self_attn.o_proj.bias", {width}}}},
        {"llama", stated("MistralForCausalLM", "mistral", {{"sliding_window", 32}}), attention + dense},
        {"llama", stated("MixtralForCausalLM", "mixtral", local),
         attention + eachExpert("block_sparse_moe.experts.", "w1.weight", "w3.weight", "w2.weight") +
             Shapes{{"block_sparse_moe.gate.weight", {experts, width}}}},
        {"qwen2", stated("Qwen2ForCausalLM", "qwen2", {{"sliding_window", 8}, {"use_sliding_window", false}}),
         attention + dense + biases},
        {"qwen2moe", stated("Qwen2MoeForCausalLM", "qwen2_moe", shared),
         attention + biases + routed +
             Shapes{{"mlp.shared_expert_gate.weight", {1, width}},
                    {"mlp.shared_expert.gate_proj.weight", {3, width}},
                    {"mlp.shared_expert.up_proj.weight", {3, width}},
                    {"mlp.shared_expert.down_proj.weight", {width, 3}}}},
        {"qwen3", stated("Qwen3ForCausalLM", "qwen3"), attention + dense + headNorms},
        {"qwen3moe", stated("Qwen3MoeForCausalLM", "qwen3_moe", some),
         attention + headNorms +
             Shapes{{"mlp.gate.weight", {experts, width}},
                    {"mlp.experts.gate_up_proj", {experts, 2 * ffn, width}},
                    {"mlp.experts.down_proj", {experts, width, ffn}}}},
        {"olmoe", stated("OlmoeForCausalLM", "olmoe", some),
         attention + routed + Shapes{{"self_attn.q_norm.weight", {heads * head}}, {"self_attn.k_norm.weight", {head}}}},
        {"granite", stated("GraniteForCausalLM", "granite", granite), attention + dense},
        {"granitemoe", stated("GraniteMoeForCausalLM", "granitemoe", graniteMoe),
         attention + Shapes{{"block_sparse_moe.router.layer.weight", {experts, width}},
                            {"block_sparse_moe.input_linear.weight", {experts, 2 * ffn, width}},
                            {"block_sparse_moe.output_linear.weight", {experts, width, ffn}}}},
        {"gemma3",
         stated("Gemma3ForCausalLM", "gemma3_text",
                {{"sliding_window", 16}, {"query_pre_attn_scalar", 50}, {"rope_local_base_freq", 20000}}),
         attention + dense + headNorms +
             Shapes{{"pre_feedforward_layernorm.weight", {width}}, {"post_feedforward_layernorm.weight", {width}}}},
        {"phi3",
         stated("Phi3ForCausalLM", "phi3", {{"original_max_position_embeddings", 64}, {"rope_scaling", longrope}}),
         norms + Shapes{{"self_attn.qkv_proj.weight", {(heads + 2) * head, width}},
                        {"self_attn.o_proj.weight", {width, heads * head}},
                        {"mlp.gate_up_proj.weight", {2 * ffn, width}},
                        {"mlp.down_proj.weight", {width, ffn}}}},
        {"gpt-oss", stated("GptOssForCausalLM", "gpt_oss", gptOss),
         attention + biases +
             Shapes{{"self_attn.o_proj.bias", {width}},
                    {"self_attn.sinks", {heads}},
                    {"mlp.router.weight", {experts, width}},
                    {"mlp.router.bias", {experts}},
                    {"mlp.experts.gate_up_proj", {experts, width, 2 * ffn}},
                    {"mlp.experts.gate_up_proj_bias", {experts, 2 * ffn}},
                    {"mlp.experts.down_proj", {experts, ffn, width}},
                    {"mlp.experts.down_proj_bias", {experts, width}}}},
    };
}

Path folderOf(const Case& family, const Scratch& scratch) {
    const Path folder = copyGolden("large_like", scratch);
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        const std::string name = entry.path().filename().string();
        if (name.ends_with(".safetensors") || name.ends_with(".index.json")) {
            std::filesystem::remove(entry.path());
        }
    }
    Weights weights;
    weights.tensors["model.embed_tokens.weight"] = counted({rows, width});
    weights.tensors["model.norm.weight"] = counted({width});
    for (const auto& [name, shape] : family.layer) {
        weights.tensors["model.layers.0." + name] = counted(shape);
    }
    weights.save(folder / "model.safetensors");
    writeBytes(folder / "config.json", family.config.dump());
    return folder;
}

Case caseOf(const std::string& type) {
    for (const Case& family : cases()) {
        if (family.config["model_type"] == type) {
            return family;
        }
    }
    ADD_FAILURE() << type;
    return {};
}

/** Weights of a tensor of the converted folder. */
std::vector<float> weightsOf(const Case& family, const std::string& name) {
    const Scratch scratch;
    const gguf::Reader file(converted(folderOf(family, scratch), scratch));
    const gguf::TensorInfo* tensor = file.find(name);
    if (tensor == nullptr || tensor->type != gguf::TensorType::F32) {
        ADD_FAILURE() << name;
        return {};
    }
    std::vector<uint8_t> bytes(tensor->bytes);
    file.read(*tensor, 0, bytes);
    std::vector<float> out(tensor->elements());
    std::memcpy(out.data(), bytes.data(), bytes.size());
    return out;
}

trace::Error refused(Case family) {
    const Scratch scratch;
    return errorOf([&] { converted(folderOf(std::move(family), scratch), scratch); });
}

trace::Error refused(const std::string& type, const std::string& key, const Json& value) {
    Case family = caseOf(type);
    family.config[key] = value;
    return refused(std::move(family));
}

} // namespace

TEST(HfFamilies, TheFileSaysWhatConfigJsonSays) {
    for (const Case& family : cases()) {
        SCOPED_TRACE(family.config["model_type"].get<std::string>());
        const Scratch scratch;
        const Path folder = folderOf(family, scratch);
        const model::ModelConfig file = model::readConfig(gguf::Reader(converted(folder, scratch)));
        const model::ModelConfig json = model::readHuggingFaceConfig(folder / "config.json");
        EXPECT_EQ(json.architecture, family.architecture);
#define EXPECT_SAME(field) EXPECT_EQ(file.field, json.field) << #field
        EXPECT_SAME(architecture);
        EXPECT_SAME(block_count);
        EXPECT_SAME(context_length);
        EXPECT_SAME(embedding_length);
        EXPECT_SAME(feed_forward_length);
        EXPECT_SAME(head_count);
        EXPECT_SAME(head_count_kv);
        EXPECT_SAME(head_dim);
        EXPECT_SAME(layer_norm_rms_epsilon);
        EXPECT_SAME(rope_style);
        EXPECT_SAME(rope_dimension_count);
        EXPECT_SAME(rope_freq_base);
        EXPECT_SAME(rope_freq_base_swa);
        EXPECT_SAME(rope_scaling);
        EXPECT_SAME(rope_scaling_factor);
        EXPECT_SAME(rope_original_context_length);
        EXPECT_FLOAT_EQ(file.rope_attn_factor, json.rope_attn_factor);
        EXPECT_SAME(rope_yarn_beta_fast);
        EXPECT_SAME(rope_yarn_beta_slow);
        EXPECT_SAME(rope_yarn_truncate);
        EXPECT_SAME(qk_norm);
        EXPECT_SAME(qkv_bias);
        EXPECT_SAME(output_bias);
        EXPECT_SAME(attention_sinks);
        EXPECT_SAME(attention_scale);
        EXPECT_SAME(sliding_window);
        EXPECT_SAME(window_pattern);
        EXPECT_SAME(post_norms);
        EXPECT_SAME(fused);
        EXPECT_SAME(ffn_norm);
        EXPECT_SAME(activation);
        EXPECT_SAME(embedding_scale);
        EXPECT_SAME(residual_scale);
        EXPECT_SAME(logit_scale);
        EXPECT_SAME(expert_count);
        EXPECT_SAME(expert_used_count);
        EXPECT_SAME(expert_weights_norm);
        EXPECT_SAME(expert_bias);
        EXPECT_SAME(shared_gate);
        EXPECT_SAME(expert_feed_forward_length);
        EXPECT_SAME(expert_shared_count);
        EXPECT_SAME(expert_shared_feed_forward_length);
        EXPECT_SAME(vocab_size);
        EXPECT_SAME(tied_embeddings);
#undef EXPECT_SAME
    }
}

TEST(HfFamilies, RowsOfHeadsTurnWithTheirNeighbours) {
    const std::vector<float> q = weightsOf(caseOf("mistral"), "blk.0.attn_q.weight");
    const size_t order[] = {0, 2, 1, 3, 4, 6, 5, 7};
    for (size_t row = 0; row < 8; ++row) {
        EXPECT_EQ(q[row * width], static_cast<float>(order[row] * width)) << row;
        EXPECT_EQ(q[row * width + 7], static_cast<float>(order[row] * width + 7)) << row;
    }
    EXPECT_EQ(weightsOf(cases()[1], "blk.0.attn_k.bias"), (std::vector<float>{0, 2, 1, 3}));
    EXPECT_EQ(weightsOf(caseOf("qwen2"), "blk.0.attn_k.bias"), (std::vector<float>{0, 1, 2, 3}));
}

TEST(HfFamilies, StackedExpertsAreTakenApart) {
    for (const char* type : {"qwen3_moe", "granitemoe"}) {
        const std::vector<float> gate = weightsOf(caseOf(type), "blk.0.ffn_gate_exps.weight");
        const std::vector<float> up = weightsOf(caseOf(type), "blk.0.ffn_up_exps.weight");
        EXPECT_EQ(gate[1], 1.0F) << type;
        EXPECT_EQ(up[1], 1.0F + ffn * width) << type;
        EXPECT_EQ(gate[ffn * width], 2.0F * ffn * width) << type;
        EXPECT_EQ(up[ffn * width], 3.0F * ffn * width) << type;
    }
}

TEST(HfFamilies, ExpertsApartAndStackedInOneLayerAreRefused) {
    Case family = caseOf("qwen3_moe");
    const Shapes apart = eachExpert("mlp.experts.", "gate_proj.weight", "up_proj.weight", "down_proj.weight");
    family.layer.insert(apart.begin(), apart.end());
    family.layer.erase("mlp.experts.1.gate_proj.weight");
    family.layer["mlp.experts.gate_up_proj"] = {experts, 2 * ffn, width};
    expectSentence(refused(std::move(family)), "hf.mixed_experts", {"Expert 1", "ffn_gate_exps", "gate_up_proj"});
}

TEST(HfFamilies, GptOssLiesTransposedAndInterleaved) {
    const Case family = caseOf("gpt_oss");
    const std::vector<float> gate = weightsOf(family, "blk.0.ffn_gate_exps.weight");
    const std::vector<float> up = weightsOf(family, "blk.0.ffn_up_exps.weight");
    const std::vector<float> down = weightsOf(family, "blk.0.ffn_down_exps.weight");
    for (size_t e = 0; e < experts; ++e) {
        for (size_t i = 0; i < ffn; ++i) {
            for (size_t h = 0; h < width; ++h) {
                const size_t column = e * width * 2 * ffn + h * 2 * ffn + 2 * i;
                EXPECT_EQ(gate[(e * ffn + i) * width + h], static_cast<float>(column));
                EXPECT_EQ(up[(e * ffn + i) * width + h], static_cast<float>(column + 1));
                EXPECT_EQ(down[(e * width + h) * ffn + i], static_cast<float>((e * ffn + i) * width + h));
            }
        }
    }
    EXPECT_EQ(weightsOf(family, "blk.0.ffn_up_exps.bias"),
              (std::vector<float>{1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23}));
}

TEST(HfFamilies, GemmasNormsAreStoredAsWhatIsAddedToOne) {
    for (const char* name : {"blk.0.attn_norm.weight", "blk.0.ffn_norm.weight", "blk.0.post_attention_norm.weight",
                             "blk.0.post_ffw_norm.weight", "output_norm.weight"}) {
        EXPECT_EQ(weightsOf(caseOf("gemma3_text"), name), (std::vector<float>{1, 2, 3, 4, 5, 6, 7, 8})) << name;
    }
}

TEST(HfFamilies, FactorsOfTheRotaryEmbedding) {
    // Base 500000, two pairs: 64 / 2π turns of the first, 0.0144 of the second.
    const std::vector<float> factors = weightsOf(cases()[0], "rope_freqs.weight");
    ASSERT_EQ(factors.size(), 2U);
    EXPECT_FLOAT_EQ(factors[0], 1.0F);
    EXPECT_FLOAT_EQ(factors[1], 8.0F);
    const Case phi = caseOf("phi3");
    EXPECT_EQ(weightsOf(phi, "rope_factors_long.weight"), (std::vector<float>{3, 4.5}));
    EXPECT_EQ(weightsOf(phi, "rope_factors_short.weight"), (std::vector<float>{1.5, 2}));
    const Scratch scratch;
    const model::ModelConfig c = model::readConfig(gguf::Reader(converted(folderOf(phi, scratch), scratch)));
    EXPECT_FLOAT_EQ(c.rope_attn_factor, std::sqrt(1 + std::log(4.0F) / std::log(64.0F)));
}

TEST(HfFamilies, SwitchesThatAreNotSupportedAreNamed) {
    struct Refusal {
        const char* type;
        const char* key;
        Json value;
    };
    for (const Refusal& bad : std::vector<Refusal>{
             {"llama", "mlp_bias", true},
             {"llama", "hidden_act", "gelu"},
             {"llama", "sliding_window", 8},
             {"qwen2", "use_sliding_window", true},
             {"qwen2", "layer_types", {"sliding_attention"}},
             {"qwen3_moe", "decoder_sparse_step", 2},
             {"qwen3_moe", "mlp_only_layers", {0}},
             {"qwen3_moe", "num_experts_per_tok", 3},
             {"qwen2_moe", "qkv_bias", false},
             {"olmoe", "clip_qkv", 1.2},
             {"gemma3_text", "final_logit_softcapping", 30.0},
             {"gemma3_text", "attn_logit_softcapping", 50.0},
             {"gemma3_text", "use_bidirectional_attention", true},
             {"gemma3_text", "sliding_window_pattern", 3},
             {"gemma3_text", "layer_types", {"full_attention"}},
             {"phi3", "partial_rotary_factor", 0.3},
             {"gpt_oss", "swiglu_limit", 2.0},
             {"gpt_oss", "attention_bias", false},
         }) {
        SCOPED_TRACE(std::string(bad.type) + ": " + bad.key);
        expectSentence(refused(bad.type, bad.key, bad.value), "hf.value", {bad.key, "config.json"});
    }
    expectSentence(refused("llama", "rope_parameters", {{"rope_type", "dynamic"}}), "hf.value", {"dynamic", "llama3"});
    expectSentence(refused("qwen3_moe", "quantization_config", {{"quant_method", "mxfp4"}}), "hf.quantised", {"mxfp4"});
    // Its class takes a window where nothing is stated, which no release means: null states that there is none.
    Case mistral = caseOf("mistral");
    mistral.config.erase("sliding_window");
    expectSentence(refused(std::move(mistral)), "hf.missing", {"sliding_window"});
    expectSentence(refused("llama", "model_type", "qwen2"), "hf.architecture", {"qwen2"});
}

TEST(HfFamilies, TheBeginningIsAddedAsTheTokenizerSays) {
    const Scratch scratch;
    const Path folder = folderOf(caseOf("qwen3"), scratch);
    editJson(folder / "tokenizer_config.json", [](Json& json) {
        json.erase("add_bos_token");
        json["bos_token"] = {{"content", "<|startoftext|>"}};
    });
    EXPECT_EQ(gguf::Reader(converted(folder, scratch)).boolean("tokenizer.ggml.add_bos_token"), false);
    editJson(folder / "tokenizer.json", [](Json& json) {
        json["post_processor"] = {
            {"type", "Sequence"},
            {"processors",
             {{{"type", "ByteLevel"}},
              {{"type", "TemplateProcessing"}, {"single", {{{"SpecialToken", {{"id", "<|startoftext|>"}}}}}}}}}};
    });
    const gguf::Reader file(converted(folder, scratch, gguf::TensorType::F32, "second.gguf"));
    EXPECT_EQ(file.boolean("tokenizer.ggml.add_bos_token"), true);
    EXPECT_EQ(file.u32("tokenizer.ggml.bos_token_id"), 497U);
    editJson(folder / "tokenizer_config.json", [](Json& json) { json["add_bos_token"] = false; });
    EXPECT_EQ(gguf::Reader(converted(folder, scratch, gguf::TensorType::F32, "third.gguf"))
                  .boolean("tokenizer.ggml.add_bos_token"),
              false);
}
