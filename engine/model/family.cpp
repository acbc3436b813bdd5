// SPDX-License-Identifier: Apache-2.0
#include "engine/model/family.h"

#include "engine/model/name_list.h"

#include <array>

namespace moescope::model {
namespace {

constexpr std::array known{
    Family{.architecture = "hunyuan-large",
           .name = "Hunyuan-Large",
           .qk_norm = QkNorm::AfterRope,
           .has_qk_norm = Presence::Optional,
           .has_experts = Presence::Optional,
           .renormalise = Renormalise::WhenSeveral,
           .one_keeps_its_probability = true,
           .shares_kv = true},
    Family{.architecture = "hunyuan-moe",
           .name = "Hunyuan MoE",
           .qk_norm = QkNorm::AfterRope,
           .has_qk_norm = Presence::Optional,
           .has_experts = Presence::Optional,
           .one_keeps_its_probability = true},
    Family{.architecture = "hunyuan-dense",
           .name = "Hunyuan",
           .qk_norm = QkNorm::AfterRope,
           .has_qk_norm = Presence::Optional},
    // Llama, SmolLM2 and Mistral; with experts, Mixtral. Converters reorder the rows of Q and K for the rotation of
    // neighbours.
    Family{.architecture = "llama",
           .name = "Llama",
           .rope = RopeStyle::Interleaved,
           .qkv_bias = Presence::Optional,
           .output_bias = Presence::Optional,
           .has_experts = Presence::Optional,
           .window = WindowPattern::All},
    Family{.architecture = "qwen2", .name = "Qwen2", .qkv_bias = Presence::Always},
    Family{.architecture = "qwen2moe",
           .name = "Qwen2 MoE",
           .qkv_bias = Presence::Always,
           .has_experts = Presence::Always,
           .shared_gate = true,
           .renormalise = Renormalise::Never},
    Family{.architecture = "qwen3",
           .name = "Qwen3",
           .qk_norm = QkNorm::BeforeRope,
           .has_qk_norm = Presence::Always,
           .qkv_bias = Presence::Optional,
           .output_bias = Presence::Optional},
    Family{.architecture = "qwen3moe",
           .name = "Qwen3 MoE",
           .qk_norm = QkNorm::BeforeRope,
           .has_qk_norm = Presence::Always,
           .qkv_bias = Presence::Optional,
           .output_bias = Presence::Optional,
           .has_experts = Presence::Always},
    Family{.architecture = "olmoe",
           .name = "OLMoE",
           .qk_norm = QkNorm::WholeBeforeRope,
           .has_qk_norm = Presence::Always,
           .has_experts = Presence::Always,
           .renormalise = Renormalise::Never},
    Family{.architecture = "granite",
           .name = "Granite",
           .rope = RopeStyle::Interleaved,
           .qkv_bias = Presence::Optional,
           .output_bias = Presence::Optional,
           .embedding_scale = EmbeddingScale::Stated,
           .stated_scales = true},
    Family{.architecture = "granitemoe",
           .name = "Granite MoE",
           .rope = RopeStyle::Interleaved,
           .qkv_bias = Presence::Optional,
           .output_bias = Presence::Optional,
           .has_experts = Presence::Always,
           .embedding_scale = EmbeddingScale::Stated,
           .stated_scales = true},
    Family{.architecture = "gemma3",
           .name = "Gemma 3",
           .qk_norm = QkNorm::BeforeRope,
           .has_qk_norm = Presence::Always,
           .post_norms = true,
           .activation = Activation::GeluTanh,
           .window = WindowPattern::FiveOfSix,
           .rope_of_window = true,
           .embedding_scale = EmbeddingScale::SqrtWidth,
           .layers_scaled_by_width = 62},
    Family{
        .architecture = "phi3", .name = "Phi-3", .fused = true, .window = WindowPattern::All, .specials_rstrip = true},
    Family{.architecture = "gpt-oss",
           .name = "gpt-oss",
           .qkv_bias = Presence::Always,
           .output_bias = Presence::Always,
           .sinks = true,
           .ffn_norm = "post_attention_norm",
           .activation = Activation::SwigluOai,
           .has_experts = Presence::Always,
           .expert_bias = true,
           .window = WindowPattern::Even,
           .yarn_truncates = false},
};

struct Refusal {
    std::string_view architecture;
    std::string_view reason;
};

constexpr std::array refused{
    Refusal{"deepseek2",
            "it needs multi-head latent attention, whose keys and values have two widths and are made from "
            "a compressed row, which is not built"},
    Refusal{"gemma2", "it caps the logits of attention, which is not built"},
    Refusal{"gemma3n", "it needs per-layer embeddings, which are not built"},
    Refusal{"phi2", "it needs LayerNorm with biases and parallel blocks, which are not built"},
    Refusal{"falcon", "it needs LayerNorm and parallel blocks, which are not built"},
    Refusal{"mpt", "it needs ALiBi positions, which are not built"},
    Refusal{"gpt2", "it needs LayerNorm and learned positions, which are not built"},
    Refusal{"starcoder", "it needs LayerNorm and learned positions, which are not built"},
    Refusal{"command-r", "it needs LayerNorm and parallel blocks, which are not built"},
    Refusal{"llama4", "it needs chunked attention and layers without positions, which are not built"},
    Refusal{"mamba", "it is a state-space model: it has neither attention nor a KV cache"},
    Refusal{"mamba2", "it is a state-space model: it has neither attention nor a KV cache"},
};

} // namespace

std::span<const Family> families() { return known; }

const Family* findFamily(std::string_view architecture) {
    for (const Family& family : known) {
        if (family.architecture == architecture) {
            return &family;
        }
    }
    return nullptr;
}

std::string familyNames() { return nameList(known, &Family::architecture); }

std::string_view refusalOf(std::string_view architecture) {
    for (const Refusal& refusal : refused) {
        if (refusal.architecture == architecture) {
            return refusal.reason;
        }
    }
    return {};
}

} // namespace moescope::model
