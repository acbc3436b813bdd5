// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/tokenizer.h"
#include "engine/trace/cancel.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::needle {

/** A text cut into its sentences, without the white space between them. A sentence ends behind “.”, “!”, “?” or “…” and what
 *  closes a quotation, where white space and no small letter follows; behind “。”, “！” or “？”; at an empty line; and at
 *  each line break of a piece of over 400 bytes, as tables and source code have none of the rest. */
std::vector<std::string_view> sentencesOf(std::string_view text);

/** What needles are hidden in. */
class Haystack {
public:
    /** `name` is for messages. Throws trace::Error{needle.utf8} naming the byte, {needle.haystack} if there is no sentence,
     *  {work.cancelled}. */
    Haystack(std::string name, std::string text, const model::Tokenizer& tokenizer, trace::CancelFlag cancel = nullptr);
    Haystack(const Haystack&) = delete;
    Haystack& operator=(const Haystack&) = delete;

    const std::string& name() const { return m_name; }
    std::string_view text() const { return m_text; }
    size_t size() const { return m_sentences.size(); }
    std::string_view sentence(size_t index) const { return m_sentences[index]; }
    /** Of the sentence with a space before it. */
    uint32_t tokens(size_t index) const { return m_tokens[index]; }

private:
    std::string m_name;
    std::string m_text;
    std::vector<std::string_view> m_sentences;
    std::vector<uint32_t> m_tokens;
};

} // namespace moescope::needle
