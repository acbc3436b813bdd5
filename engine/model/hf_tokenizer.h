// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/json.h"

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::model {

/** The vocabulary of a Hugging Face folder as GGUF has it. */
struct TokenizerTables {
    std::string model;               ///< tokenizer.ggml.model
    std::string pre;                 ///< tokenizer.ggml.pre; "" for SentencePiece
    std::vector<std::string> tokens; ///< one a row; "[PAD<id>]" where the tokenizer has none
    std::vector<int32_t> types;      ///< TokenType
    std::vector<std::string> merges; ///< "left right"; empty for SentencePiece
    std::vector<float> scores;       ///< one a row; empty for byte-level BPE
    std::optional<bool> space_prefix;
    bool space_prefix_first = false; ///< moescope.space_prefix_first
    bool space_prefix_once = false;  ///< moescope.space_prefix_once
    std::vector<uint32_t> rstrip;    ///< moescope.rstrip_token_ids
    std::vector<uint32_t> lstrip;    ///< moescope.lstrip_token_ids
    int32_t bos = -1;
    int32_t eos = -1; ///< eos_token of tokenizer_config.json
    bool adds_bos = false;

    /** Id of a control token; −1 if there is none. */
    int32_t control(std::string_view text) const;
};

/** Checks and reads a tokenizer.json: byte-level BPE that splits as a row of pre_tokenizer_table.h, or SentencePiece's
 *  BPE, whose scores are the order of its merges. `rows`: of the embedding. Ids that are there twice or lie beyond the
 *  rows, and merges of tokens that do not exist, are a trace::Error. */
TokenizerTables readTokenizer(const Json& json, uint32_t rows);

/** The tokenizer of a folder: tokenizer.json, else hy.tiktoken; what begins and
 *  ends a text also from tokenizer_config.json. */
TokenizerTables readTokenizerFolder(const std::filesystem::path& folder, uint32_t rows);

} // namespace moescope::model
