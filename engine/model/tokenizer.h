// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/gguf/reader.h"
#include "engine/trace/cancel.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::model {

/** Byte-level BPE, whose splits are the rows of pre_tokenizer_table.h, and SentencePiece's BPE. Immutable, thread-safe. */
class Tokenizer {
public:
    /** From tokenizer.ggml.*; a `pre`, a model or an option that is not known is refused by name. */
    explicit Tokenizer(const gguf::Reader& file);
    ~Tokenizer();
    Tokenizer(Tokenizer&&) noexcept;

    /** UTF-8 → ids. Adds no token. Control tokens in the text are plain text unless `parse_special`; user-defined ones are
     *  read in every text, the longest that begins first. Under SentencePiece "▁" and a space are the same, and a space
     *  goes before the text and behind each such token where the vocabulary asks for it. Invalid UTF-8:
     *  trace::Error{tokenizer.utf8} naming the byte offset; a byte that has no token: {tokenizer.byte}; cancelled:
     *  {work.cancelled}. */
    std::vector<int32_t> encode(std::string_view text, bool parse_special = false,
                                trace::CancelFlag cancel = nullptr) const;
    /** encode() of a part of a text that follows a control token: its control tokens are plain text. */
    std::vector<int32_t> encodeBehindToken(std::string_view text, trace::CancelFlag cancel = nullptr) const;
    /** Bytes of one token: "" for ids that are no text when `special` is false. Ids out of range: trace::Error. */
    std::string decode(int32_t token, bool special = true) const;
    /** The same of a whole text: without the one space that encode() puts before it under SentencePiece. */
    std::string decode(const std::vector<int32_t>& tokens, bool special = true) const;

    uint32_t size() const; ///< rows of the vocabulary, padding included
    bool isControl(int32_t token) const;
    bool isUnused(int32_t token) const;
    bool isStop(int32_t token) const;
    const std::vector<int32_t>& stopTokens() const;
    int32_t bos() const;  ///< −1 if the model has none
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
