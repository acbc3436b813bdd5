// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/writer.h"
#include "engine/model/hf_tokenizer.h"

#include <string>
#include <utility>
#include <vector>

namespace moescope::model {

/** What a GGUF file says of a tokenizer, in the order in which it is written: Tokenizer reads it back. `states_rstrip`:
 *  the tokens that take white space along are written even if there are none, as the family's have some where a file
 *  says nothing. */
std::vector<std::pair<std::string, gguf::WriteValue>> tokenizerKeys(TokenizerTables tables, bool states_rstrip);

} // namespace moescope::model
