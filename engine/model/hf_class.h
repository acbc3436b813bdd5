// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace moescope::model {

/** Numbers that a release leaves out where they are those of its class; 0: must be stated. */
struct HfDefaults {
    uint32_t context = 0;
    uint32_t heads = 0;
    uint32_t kv_heads = 0;
    uint32_t head_dim = 0;
    uint32_t vocabulary = 0;
    uint32_t window = 0; ///< 0: none
    double epsilon = 0;
    double rope_base = 10000;
};

/** What a class of Hugging Face says of “sliding_window”. */
enum class StatedWindow : uint8_t {
    Unread, ///< “use_sliding_window” tells whether it counts, and must be false
    Refused,
    Optional,
    NumberOrNull, ///< where nothing is stated the class takes a window that its releases do not have
    Number,
};

/** A class of Hugging Face's transformers: what its config.json states otherwise than those of its family's others. */
struct HfClass {
    std::string_view model_type;
    std::string_view name;         ///< first of “architectures”
    std::string_view architecture; ///< GGUF's; empty: Hunyuan, whose classes do not tell it
    bool has_experts = false;
    bool own_expert_width = false; ///< “moe_intermediate_size” beside “intermediate_size”
    bool norm_stated = false;      ///< “norm_topk_prob” counts
    bool mxfp4 = false;            ///< experts may be published in it
    bool in_text_config = false;   ///< a model that sees pictures too
    StatedWindow window = StatedWindow::Unread;
    HfDefaults defaults = {};
};

/** nullptr if none has `text` in that field. */
const HfClass* findHfClass(std::string_view text, std::string_view HfClass::*field);
/** "“HunYuanForCausalLM”, … and “GptOssForCausalLM”". */
std::string hfClassNames();

} // namespace moescope::model
