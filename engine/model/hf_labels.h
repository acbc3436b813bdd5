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
    std::optional<float> temperature;
    std::optional<uint32_t> top_k;
    std::optional<float> top_p;
    std::optional<float> repetition_penalty;
};

/** Ids at or above `rows` are a trace::Error. */
Generation readGeneration(const std::filesystem::path& folder, const Json& config, uint32_t rows);

/** chat_template of tokenizer_config.json, else the file chat_template.jinja; empty if there is neither. */
std::string readChatTemplate(const std::filesystem::path& folder);

/** Name from config.json (`name`, `_name_or_path`), else the heading of README.md; "" if neither has one. The
 *  folder's own name is left out of it: the same content gives the same file, wherever it lies. */
std::string readName(const std::filesystem::path& folder, const Json& config);

/** Licence from config.json, else README.md (front matter, or a table row); "" if none states one. */
std::string readLicense(const std::filesystem::path& folder, const Json& config);

} // namespace moescope::model
