// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

namespace moescope::model {

/** One pass of a split: what the expression matches, and what lies between two matches, become pieces of their own,
 *  and the next pass sees each of them as a text of its own. */
struct SplitPass {
    std::string_view regex; ///< as tokenizer.json spells it; \s and \S mean Unicode's White_Space
    /** Behind ByteLevel in tokenizer.json: the pass sees bytes as GPT-2 spells them, so that the bytes whose spelling is
     *  a number (0xB2 is "²") count as digits. `bytes_regex` is the expression on the bytes themselves. */
    bool after_byte_level = false;
    std::string_view bytes_regex;
    /** The same pieces found in linear time, for expressions whose search would be quadratic in a hostile text. */
    std::string_view linear_regex;
};

/** How a byte-level BPE vocabulary of one `tokenizer.ggml.pre` reads its text. */
struct PreTokenizerRow {
    std::string_view pre;
    std::span<const SplitPass> passes;
    bool nfc = false;               ///< normalise first
    bool whole_piece_first = false; ///< a piece that is a token is that token, whatever the merges say
    bool adds_bos = false;          ///< where the file does not say tokenizer.ggml.add_bos_token
};

/** All rows. Of rows that split alike the first is the one that a conversion names. */
std::span<const PreTokenizerRow> preTokenizers();
/** nullptr if there is none of this name. */
const PreTokenizerRow* findPreTokenizer(std::string_view pre);

/** GPT-2's expression: what ByteLevel of tokenizer.json splits by unless it says use_regex: false. */
std::string_view gpt2Regex();
/** What Punctuation (contiguous) and Digits of tokenizer.json split by. */
std::string_view punctuationRegex();
std::string_view digitRegex();
std::string_view digitRunRegex();

} // namespace moescope::model
