// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/json.h"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace moescope::model {

/** What generation_config.json (else config.json) says about ends and sampling. */
struct Generation {
    std::vector<uint32_t> stop; ///< all ids of eos_token_id, in order
    std::optional<uint32_t> padding;
    std::optional<float> temperature; ///< 0 where “do_sample” is false
    std::optional<uint32_t> top_k;
    std::optional<float> top_p;
    std::optional<float> repetition_penalty;
};

/** Ids at or above `rows` are a trace::Error. */
Generation readGeneration(const std::filesystem::path& folder, const Json& config, uint32_t rows);

/** Templates of a folder; empty where it has none. */
struct ChatTemplates {
    std::string chat;
    std::string tool_use; ///< used in its place where there are tools
};

/** The file chat_template.jinja (and additional_chat_templates/tool_use.jinja), else chat_template of
 *  tokenizer_config.json: one, or a list of named ones of which “default” must be one. */
ChatTemplates readChatTemplates(const std::filesystem::path& folder);

} // namespace moescope::model
