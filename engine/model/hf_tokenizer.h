// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/json.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::model {

/** The vocabulary of a tokenizer.json as GGUF has it. */
struct TokenizerTables {
    std::vector<std::string> tokens; ///< one a row; "[PAD<id>]" where the tokenizer has none
    std::vector<int32_t> types;      ///< TokenType
    std::vector<std::string> merges; ///< "left right"

    /** Id of a control token; −1 if there is none. */
    int32_t control(std::string_view text) const;
};

/** Checks and reads a byte-level BPE tokenizer that splits as Hunyuan does. `rows`: of the embedding. Ids that are
 *  there twice or lie beyond the rows, and merges of tokens that do not exist, are a trace::Error. */
TokenizerTables readTokenizer(const Json& json, uint32_t rows);

} // namespace moescope::model
