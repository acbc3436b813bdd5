// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"
#include "engine/trace/cancel.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::model {

/** Byte-level BPE, whose splits are the rows of pre_tokenizer_table.h, and SentencePiece's BPE. Immutable, thread-safe. */
class Tokenizer {
public:
    /** From tokenizer.ggml.*, and what only our own files say of Hugging Face's tokenizers:
     *  moescope.space_prefix_first and moescope.space_prefix_once (SentencePiece), moescope.rstrip_token_ids and
     *  moescope.lstrip_token_ids (tokens that take the white space behind or before them along). Files of Phi-3 with a
     *  SentencePiece vocabulary that do not state the ids are read as its tokenizer.json is: all special tokens but
     *  <unk>, <s> and <|endoftext|> take the white space behind them; no other file's tokens take any unless it says
     *  so. A `pre`, a model or an option that is not known is refused by name. */
    explicit Tokenizer(const gguf::Reader& file);
    ~Tokenizer();
    Tokenizer(Tokenizer&&) noexcept;

    /** UTF-8 → ids. Adds no token. Control tokens in the text are plain text unless `parse_special`; user-defined ones are
     *  read in every text, the longest that begins first, and white space that such a token takes along becomes no
     *  token. Under SentencePiece "▁" and a space are the same, and a space
     *  goes before the text and behind each such token where the vocabulary asks for it. Invalid UTF-8:
     *  trace::Error{tokenizer.utf8} naming the byte offset; a byte that has no token: {tokenizer.byte}; cancelled:
     *  {work.cancelled}. */
    std::vector<int32_t> encode(std::string_view text, bool parse_special = false,
                                trace::CancelFlag cancel = nullptr) const;
    /** encode() of a part of a text that follows a control token: its control tokens are plain text. */
    std::vector<int32_t> encodeBehindToken(std::string_view text, trace::CancelFlag cancel = nullptr) const;
    /** Bytes of white space at the beginning of `rest`, the text behind a control token, that the token takes along. */
    size_t strippedBehind(int32_t token, std::string_view rest) const;
    /** Likewise at the end of `text`, the text before it. */
    size_t strippedBefore(int32_t token, std::string_view text) const;
    /** Bytes of one token: "" for ids that are no text when `special` is false; the marks round a thinking are text
     *  (isReasoningMark()). Ids out of range: trace::Error. */
    std::string decode(int32_t token, bool special = true) const;
    /** The same of a whole text: without the one space that encode() puts before it under SentencePiece. */
    std::string decode(const std::vector<int32_t>& tokens, bool special = true) const;

    uint32_t size() const; ///< rows of the vocabulary, padding included
    bool isControl(int32_t token) const;
    bool isUnused(int32_t token) const;
    bool isStop(int32_t token) const;
    const std::vector<int32_t>& stopTokens() const;
    int32_t bos() const;  ///< −1 if the model has none
    int32_t eos() const;  ///< likewise; the one of the stop tokens that the vocabulary says ends a text
    bool addsBos() const; ///< tokenizer.ggml.add_bos_token; where the file does not say, as its kind usually does
    /** Id of a control token by its text; −1 if there is none. */
    int32_t control(std::string_view text) const;

private:
    std::vector<int32_t> encodePart(std::string_view text, bool parse_special, bool behind_token,
                                    trace::CancelFlag cancel) const;
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace moescope::model
