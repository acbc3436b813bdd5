// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_class.h"

#include "engine/model/name_list.h"

#include <array>

namespace moescope::model {

namespace {

constexpr HfDefaults gemma3{.window = 4096, .epsilon = 1e-6, .rope_base = 1e6};
constexpr HfDefaults gemma3Pictures{.context = 131072,
                                    .heads = 8,
                                    .kv_heads = 4,
                                    .head_dim = 256,
                                    .vocabulary = 262208,
                                    .window = 4096,
                                    .epsilon = 1e-6,
                                    .rope_base = 1e6};

constexpr std::array classes{
    HfClass{.model_type = "hunyuan", .name = "HunYuanForCausalLM"},
    HfClass{.model_type = "hunyuan_v1_moe", .name = "HunYuanMoEV1ForCausalLM"},
    HfClass{.model_type = "hunyuan_v1_dense", .name = "HunYuanDenseV1ForCausalLM"},
    HfClass{
        .model_type = "llama", .name = "LlamaForCausalLM", .architecture = "llama", .window = StatedWindow::Refused},
    HfClass{.model_type = "mistral",
            .name = "MistralForCausalLM",
            .architecture = "llama",
            .window = StatedWindow::NumberOrNull},
    HfClass{.model_type = "mixtral",
            .name = "MixtralForCausalLM",
            .architecture = "llama",
            .has_experts = true,
            .window = StatedWindow::Optional,
            .defaults = {.rope_base = 1e6}},
    HfClass{.model_type = "qwen2", .name = "Qwen2ForCausalLM", .architecture = "qwen2"},
    HfClass{.model_type = "qwen2_moe",
            .name = "Qwen2MoeForCausalLM",
            .architecture = "qwen2moe",
            .has_experts = true,
            .own_expert_width = true,
            .norm_stated = true},
    HfClass{.model_type = "qwen3", .name = "Qwen3ForCausalLM", .architecture = "qwen3"},
    HfClass{.model_type = "qwen3_moe",
            .name = "Qwen3MoeForCausalLM",
            .architecture = "qwen3moe",
            .has_experts = true,
            .own_expert_width = true,
            .norm_stated = true},
    HfClass{.model_type = "olmoe",
            .name = "OlmoeForCausalLM",
            .architecture = "olmoe",
            .has_experts = true,
            .norm_stated = true},
    HfClass{.model_type = "granite", .name = "GraniteForCausalLM", .architecture = "granite"},
    HfClass{
        .model_type = "granitemoe", .name = "GraniteMoeForCausalLM", .architecture = "granitemoe", .has_experts = true},
    HfClass{.model_type = "gemma3_text",
            .name = "Gemma3ForCausalLM",
            .architecture = "gemma3",
            .window = StatedWindow::Optional,
            .defaults = gemma3},
    HfClass{.model_type = "gemma3",
            .name = "Gemma3ForConditionalGeneration",
            .architecture = "gemma3",
            .in_text_config = true,
            .window = StatedWindow::Optional,
            .defaults = gemma3Pictures},
    HfClass{.model_type = "phi3", .name = "Phi3ForCausalLM", .architecture = "phi3", .window = StatedWindow::Optional},
    HfClass{.model_type = "gpt_oss",
            .name = "GptOssForCausalLM",
            .architecture = "gpt-oss",
            .has_experts = true,
            .mxfp4 = true,
            .window = StatedWindow::Number,
            .defaults = {.rope_base = 150000}},
};

} // namespace

const HfClass* findHfClass(std::string_view text, std::string_view HfClass::*field) {
    for (const HfClass& known : classes) {
        if (known.*field == text) {
            return &known;
        }
    }
    return nullptr;
}

std::string hfClassNames() { return nameList(classes, &HfClass::name); }

} // namespace moescope::model
