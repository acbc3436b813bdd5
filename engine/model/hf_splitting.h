// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/hf_values.h"
#include "engine/model/pre_tokenizer_table.h"

#include <string>
#include <vector>

namespace moescope::model {

/** What the normalizer and the pre_tokenizer of a tokenizer.json do. */
struct HfSplitting {
    const PreTokenizerRow* row = nullptr; ///< nullptr: SentencePiece
    bool space_prefix = false;            ///< SentencePiece: a space goes before the text and behind special tokens
    bool space_prefix_first = false;      ///< before the text alone
    bool space_prefix_once = false;       ///< not before a space
};

/** Steps of a normaliser, pre-tokeniser or post-processor of tokenizer.json: one, or the list of a Sequence of them. */
std::vector<HfValues> hfSteps(const HfValues& values, const std::string& key, const char* listKey);

/** `values`: of tokenizer.json; `bpe`: of its model. What no row of pre_tokenizer_table.h does is a trace::Error naming
 *  it. Metaspace counts as SentencePiece's own prefix, which also goes before a text that begins with a space. */
HfSplitting readSplitting(const HfValues& values, const HfValues& bpe);

} // namespace moescope::model
