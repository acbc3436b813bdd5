// SPDX-License-Identifier: Apache-2.0
#include "engine/model/synth_shapes.h"

#include "engine/model/hf_config.h"
#include "engine/model/name_list.h"
#include "engine/trace/error.h"

#include <array>

namespace moescope::model {

namespace {

// "tiny": 1.32 billion weights, 0.26 of which work on a token; each tensor stays below the 128 MiB that software Vulkan
// binds at once. The others are the released configurations, "large" with the context of the pretrained model.
constexpr std::array shapes{
    SynthShape{.name = "tiny", .title = "a small Hunyuan MoE", .config = R"({
        "architectures": ["HunYuanMoEV1ForCausalLM"], "model_type": "hunyuan_v1_moe",
        "num_hidden_layers": 16, "hidden_size": 1024, "max_position_embeddings": 32768, "rms_norm_eps": 1e-5,
        "num_attention_heads": 16, "num_key_value_heads": 4, "head_dim": 64, "use_qk_norm": true, "use_cla": false,
        "rope_theta": 10000.0, "rope_scaling": {"type": "dynamic", "alpha": 1000.0, "factor": 1.0},
        "num_experts": 32, "moe_topk": 4, "num_shared_expert": 1, "use_mixed_mlp_moe": true,
        "intermediate_size": 768, "moe_intermediate_size": 768, "vocab_size": 32768, "tie_word_embeddings": true})"},
    SynthShape{.name = "olmoe", .title = "OLMoE-1B-7B", .config = R"({
        "architectures": ["OlmoeForCausalLM"], "model_type": "olmoe",
        "num_hidden_layers": 16, "hidden_size": 2048, "max_position_embeddings": 4096, "rms_norm_eps": 1e-5,
        "num_attention_heads": 16, "num_key_value_heads": 16, "rope_theta": 10000.0, "num_experts": 64,
        "num_experts_per_tok": 8, "norm_topk_prob": false, "intermediate_size": 1024, "vocab_size": 50304,
        "tie_word_embeddings": false})"},
    SynthShape{.name = "qwen3-30b-a3b", .title = "Qwen3-30B-A3B", .config = R"({
        "architectures": ["Qwen3MoeForCausalLM"], "model_type": "qwen3_moe",
        "num_hidden_layers": 48, "hidden_size": 2048, "max_position_embeddings": 40960, "rms_norm_eps": 1e-6,
        "num_attention_heads": 32, "num_key_value_heads": 4, "head_dim": 128, "rope_theta": 1000000.0,
        "num_experts": 128, "num_experts_per_tok": 8, "norm_topk_prob": true, "intermediate_size": 6144,
        "moe_intermediate_size": 768, "vocab_size": 151936, "tie_word_embeddings": false})"},
    SynthShape{.name = "a13b", .title = "Hunyuan-A13B", .config = R"({
        "architectures": ["HunYuanMoEV1ForCausalLM"], "model_type": "hunyuan_v1_moe",
        "num_hidden_layers": 32, "hidden_size": 4096, "max_position_embeddings": 262144, "rms_norm_eps": 1e-5,
        "num_attention_heads": 32, "num_key_value_heads": 8, "head_dim": 128, "use_qk_norm": true, "use_cla": false,
        "rope_theta": 10000.0, "rope_scaling": {"type": "dynamic", "alpha": 1000.0, "factor": 1.0},
        "num_experts": 64, "moe_topk": 8, "num_shared_expert": 1, "use_mixed_mlp_moe": true,
        "intermediate_size": 3072, "moe_intermediate_size": 3072, "vocab_size": 128167, "tie_word_embeddings": true})"},
    SynthShape{.name = "large", .title = "Hunyuan-Large", .config = R"({
        "architectures": ["HunYuanForCausalLM"], "model_type": "hunyuan",
        "num_hidden_layers": 64, "hidden_size": 6400, "max_position_embeddings": 262144, "rms_norm_eps": 1e-5,
        "num_attention_heads": 80, "num_key_value_heads": 8, "use_qk_norm": true, "use_cla": true, "cla_share_factor": 2,
        "rope_theta": 10000.0, "rope_scaling": {"type": "dynamic", "alpha": 1000.0, "factor": 1.0},
        "num_experts": 16, "moe_topk": 1, "num_shared_expert": 1, "use_mixed_mlp_moe": true,
        "intermediate_size": 18304, "vocab_size": 129024, "tie_word_embeddings": true})"},
};

} // namespace

std::span<const SynthShape> synthShapes() { return shapes; }

std::string synthShapeNames() { return nameList(shapes, &SynthShape::name); }

const SynthShape& findSynthShape(std::string_view name) {
    for (const SynthShape& shape : shapes) {
        if (shape.name == name) {
            return shape;
        }
    }
    throw trace::Error("synth.shape", "“{name}” is no shape that is known; {known} are.",
                       {{"name", std::string(name)}, {"known", synthShapeNames()}});
}

ModelConfig synthConfig(const SynthShape& shape, std::optional<uint32_t> layers) {
    Json config = Json::parse(shape.config);
    if (layers) {
        config["num_hidden_layers"] = *layers;
    }
    return parseHuggingFace(config, nullptr).config;
}

} // namespace moescope::model
