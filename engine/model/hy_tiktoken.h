// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/hf_tokenizer.h"

#include <string_view>

namespace moescope::model {

/** Hunyuan's hy.tiktoken: lines of a token's bytes in base64 and its rank. The special tokens, which the file does not
 *  hold, follow its ranks as in tokenization_hy.py. Tokens that no merge makes are there all the same: whole pieces are
 *  looked up first. A line that is misspelled or out of order, or too few `rows` of the embedding: trace::Error. */
TokenizerTables readHyTiktoken(std::string_view text, uint32_t rows);

} // namespace moescope::model
