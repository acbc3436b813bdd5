// SPDX-License-Identifier: Apache-2.0
// That a load makes the pipelines of a model's passes beside the upload, and all that the passes need.
#include "tests/engine/inference/golden_model.h"
#include "tests/support/driver_faults.h"

#include "engine/inference/pipeline_maker.h"
#include "engine/inference/transformer.h"
#include "engine/model/synth_file.h"
#include "engine/trace/error.h"
#include "shaders/rms_norm.h"

#include <gtest/gtest.h>

#include <future>
#include <optional>
#include <ostream>
#include <thread>

namespace moescope::test {

using gguf::TensorType;
using inference::KvType;
using inference::PipelineMaker;
using inference::Transformer;
using vulkan::ComputePipeline;

namespace fs = std::filesystem;

namespace {

/** `count` that differ in the size of their workgroup. */
std::vector<std::unique_ptr<ComputePipeline>> somePipelines(uint32_t count) {
    std::vector<std::unique_ptr<ComputePipeline>> pipelines;
    for (uint32_t i = 0; i < count; ++i) {
        pipelines.push_back(
            std::make_unique<ComputePipeline>(device(), shaders::rms_norm, vulkan::Constants{{0, i + 1}}));
    }
    return pipelines;
}

std::vector<const ComputePipeline*> pointers(const std::vector<std::unique_ptr<ComputePipeline>>& pipelines) {
    std::vector<const ComputePipeline*> all;
    for (const auto& pipeline : pipelines) {
        all.push_back(pipeline.get());
    }
    return all;
}

uint64_t created() { return device().counters().pipelines_created; }

} // namespace

class PipelineMakerTest : public KernelTest {};

TEST_F(PipelineMakerTest, a_pipeline_is_made_once_whoever_needs_it_first) {
    const uint64_t before = created();
    const auto pipelines = somePipelines(1);
    EXPECT_EQ(created(), before);
    std::vector<std::thread> threads;
    std::vector<VkPipeline_T*> handles(8);
    for (VkPipeline_T*& handle : handles) {
        threads.emplace_back([&] { handle = pipelines.front()->handle(); });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    EXPECT_NE(handles[0], nullptr);
    EXPECT_EQ(handles, std::vector(8, handles[0]));
    pipelines.front()->make();
    EXPECT_EQ(created(), before + 1);
}

TEST_F(PipelineMakerTest, makes_each_once) {
    for (const uint32_t count : {0U, 1U, 2U, 5U, 40U}) {
        const auto pipelines = somePipelines(count);
        const uint64_t before = created();
        PipelineMaker maker(pointers(pipelines));
        maker.finish();
        EXPECT_EQ(created() - before, count);
        for (const auto& pipeline : pipelines) {
            EXPECT_NE(pipeline->handle(), nullptr);
        }
        maker.finish();
        EXPECT_EQ(created() - before, count);
    }
}

TEST_F(PipelineMakerTest, leaves_alone_what_another_thread_made_meanwhile) {
    const auto pipelines = somePipelines(40);
    const uint64_t before = created();
    PipelineMaker maker(pointers(pipelines));
    for (auto pipeline = pipelines.rbegin(); pipeline != pipelines.rend(); ++pipeline) {
        EXPECT_NE((*pipeline)->handle(), nullptr);
    }
    maker.finish();
    EXPECT_EQ(created() - before, 40U);
}

TEST_F(PipelineMakerTest, ends_those_that_are_under_way_when_it_goes_and_begins_no_more) {
    constexpr uint32_t count = 64; // two to four threads make a few before they hear of it
    const auto pipelines = somePipelines(count);
    const uint64_t before = created();
    DriverFaults driver;
    driver.holdPipelines(0);
    std::optional<PipelineMaker> maker(std::in_place, pointers(pipelines));
    driver.waitUntilHeld(2);
    {
        const Trickle trickle(driver);
        maker.reset();
    }
    EXPECT_EQ(driver.pipelinesUnderWay(), 0U);
    EXPECT_EQ(created() - before, driver.pipelines());
    EXPECT_GE(created() - before, 2U);
    EXPECT_LT(created() - before, count);
}

TEST_F(PipelineMakerTest, the_first_failure_is_told_and_ends_the_work) {
    somePipelines(1).front()->make(); // the device is there
    DriverFaults driver;
    for (const uint32_t after : {0U, 1U, 7U}) {
        const auto pipelines = somePipelines(64);
        driver.failPipeline(after);
        driver.holdPipelines(after); // none but the one that fails comes back before it is told
        const uint64_t tried = driver.pipelines();
        PipelineMaker maker(pointers(pipelines));
        {
            const Trickle trickle(driver);
            const auto finish = [&] { return idOf([&] { maker.finish(); }); };
            EXPECT_EQ(std::async(std::launch::async, finish).get(), "vulkan.memory_call") << after; // it is held, too
        }
        EXPECT_EQ(driver.pipelinesUnderWay(), 0U) << after;
        driver.holdNoMore();
        EXPECT_GT(driver.pipelines() - tried, after);
        EXPECT_LT(driver.pipelines() - tried, 64U) << after;
        for (const auto& pipeline : pipelines) {
            EXPECT_NE(pipeline->handle(), nullptr); // tried again
        }
    }
}

namespace {

/** A family's features in a model of few weights; what is not said is as `tinyConfig` has it. */
struct Foresight {
    const char* name;
    TensorType type = TensorType::Q8_0;
    KvType kv = KvType::F16;
    const char* config = nullptr; ///< of a Hugging Face model; null: `name` is a golden
};

void PrintTo(const Foresight& model, std::ostream* out) { *out << model.name; }

constexpr const char* tinyConfig = R"({"hidden_act": "silu", "hidden_size": 64, "intermediate_size": 96,
    "num_hidden_layers": 4, "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 256,
    "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "vocab_size": 480, "tie_word_embeddings": false})";

constexpr Foresight foresights[] = {
    {.name = "large_like", .type = TensorType::Q6_K, .kv = KvType::F32},
    {.name = "a13b_like", .type = TensorType::F16, .kv = KvType::Q8_0},
    {.name = "odd_head80", .type = TensorType::F32},
    {.name = "dense"},
    {.name = "untied", .type = TensorType::Q4_0},
    {.name = "llama", .config = R"({"architectures": ["LlamaForCausalLM"], "model_type": "llama", "head_dim": 20,
         "attention_bias": true})"},
    {.name = "qwen2_moe", .config = R"({"architectures": ["Qwen2MoeForCausalLM"], "model_type": "qwen2_moe",
         "num_experts": 8, "num_experts_per_tok": 3, "moe_intermediate_size": 32, "norm_topk_prob": false,
         "shared_expert_intermediate_size": 64, "decoder_sparse_step": 1, "mlp_only_layers": [], "qkv_bias": true})"},
    {.name = "olmoe", .kv = KvType::Q8_0, .config = R"({"architectures": ["OlmoeForCausalLM"], "model_type": "olmoe",
         "num_experts": 8, "num_experts_per_tok": 3, "norm_topk_prob": false})"},
    {.name = "granitemoe", .config = R"({"architectures": ["GraniteMoeForCausalLM"], "model_type": "granitemoe",
         "num_local_experts": 8, "num_experts_per_tok": 3, "embedding_multiplier": 3.0, "residual_multiplier": 0.22,
         "attention_multiplier": 0.3, "logits_scaling": 2.0})"},
    {.name = "gemma3", .config = R"({"architectures": ["Gemma3ForCausalLM"], "model_type": "gemma3_text",
         "num_hidden_layers": 7, "head_dim": 32, "rope_local_base_freq": 10000.0, "query_pre_attn_scalar": 50,
         "sliding_window": 8, "sliding_window_pattern": 6, "hidden_act": "gelu_pytorch_tanh",
         "tie_word_embeddings": true})"},
    {.name = "phi3", .type = TensorType::Q5_1, .config = R"({"architectures": ["Phi3ForCausalLM"], "model_type": "phi3",
         "partial_rotary_factor": 0.5, "original_max_position_embeddings": 256})"},
    {.name = "gpt_oss", .type = TensorType::MXFP4, .config = R"({"architectures": ["GptOssForCausalLM"],
         "model_type": "gpt_oss", "head_dim": 20, "num_local_experts": 6, "num_experts_per_tok": 3,
         "experts_per_token": 3, "attention_bias": true, "sliding_window": 8, "swiglu_limit": 7.0,
         "layer_types": ["sliding_attention", "full_attention", "sliding_attention", "full_attention"]})"},
};

fs::path fileOf(const Foresight& model) {
    if (model.config == nullptr) {
        return goldenGguf(model.name, model.type);
    }
    nlohmann::json config = nlohmann::json::parse(tinyConfig);
    config.update(nlohmann::json::parse(model.config));
    const std::string text = config.dump();
    fs::path file = goldenGguf("dense", TensorType::F32).parent_path() / (std::string(model.name) + ".gguf");
    model::synthFile(file, {.name = model.name, .title = model.name, .config = text}, {.type = model.type});
    return file;
}

class ForesightTest : public KernelTest, public ::testing::WithParamInterface<Foresight> {};

} // namespace

TEST_P(ForesightTest, no_pass_needs_a_pipeline_that_the_load_did_not_foresee) {
    const gguf::Reader file(fileOf(GetParam()));
    const model::ModelConfig config = model::readConfig(file);
    for (const std::optional<bool> texels : {std::optional<bool>(), std::optional(false)}) {
        const uint64_t before = created();
        // As a GPU has it: without texels, and it samples.
        const inference::Variants variants{.texels = texels, .sampling = texels ? std::optional(true) : std::nullopt};
        Transformer transformer(device(), config, file, 64, 32, GetParam().kv, variants, {});
        const size_t foreseen = transformer.pipelines().size();
        EXPECT_GT(foreseen, 8U);
        const auto expectForeseen = [&](const char* pass) {
            EXPECT_EQ(created() - before, foreseen) << pass;
            ASSERT_GE(transformer.pipelines().size(), foreseen);
            for (const ComputePipeline* other : std::span(transformer.pipelines()).subspan(foreseen)) {
                ADD_FAILURE() << pass << " needs one more of " << other->name();
            }
        };
        transformer.warmUp();
        expectForeseen("the warm-up");
        inference::PassOptions pass{.router = true, .router_probs = true};
        ASSERT_TRUE(transformer.prefill(someTokens(9, 1), 0, pass));
        expectForeseen("a batch");
        ASSERT_TRUE(transformer.prefill(someTokens(1, 2), 9, {}));
        expectForeseen("a batch of one");
        ASSERT_TRUE(transformer.prefill(someTokens(30, 3), 20, pass));
        expectForeseen("a batch of tall tiles");
        transformer.decode(3, 10, {});
        transformer.decode(4, 11, pass);
        expectForeseen("a token");
        if (transformer.samples()) {
            transformer.beginSampling({.token_count = config.token_count, .top_k = 8, .inverse_temperature = 1}, 12,
                                      pass);
            transformer.submitStep(pass);
            transformer.submitStep(pass);
            transformer.finishStep(pass);
            transformer.finishStep(pass);
            expectForeseen("tokens that the device samples");
        }
    }
    EXPECT_EQ(device().counters().validation_messages, 0U);
}

INSTANTIATE_TEST_SUITE_P(Families, ForesightTest, ::testing::ValuesIn(foresights),
                         [](const auto& one) { return std::string(one.param.name); });

} // namespace moescope::test
