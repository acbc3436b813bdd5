// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/chat_template.h"
#include "engine/needle/haystack.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace moescope::needle {

/** A prompt to be: a passage in a text of a given length, and a question. */
struct Filling {
    std::string passage;                ///< stands together, at the depth; empty: none
    std::vector<std::string> scattered; ///< sentences that stand anywhere, in this order
    std::string question;
    uint32_t length = 0;        ///< tokens of the prompt and of the longest answer together
    uint32_t depth = 0;         ///< % of the text's tokens that stand before the passage
    uint32_t answer_tokens = 0; ///< of the longest answer
    uint64_t seed = 0;          ///< of where the text begins, its paragraphs, and the places of what is scattered
};

struct FilledPrompt {
    std::string text;            ///< the user's message
    std::vector<int32_t> tokens; ///< as the model sees it
    uint32_t passage_first = 0;  ///< token of the prompt
    uint32_t passage_tokens = 0; ///< 0: there is none, or tokenizer or template do not give their text back
};

/** Fills prompts with whole sentences of a haystack to 97 to 100 % of their length: the same bytes on every system. Immutable,
 *  thread-safe; what it is made of must outlive it. */
class PromptFiller {
public:
    /** A user's message as the model sees it, with whatever stands around it. */
    using Render = std::function<std::vector<int32_t>(const std::string& message, trace::CancelFlag cancel)>;

    PromptFiller(const Haystack& haystack, const model::Tokenizer& tokenizer, Render render)
        : m_haystack(haystack), m_tokenizer(tokenizer), m_render(std::move(render)) {}

    const Haystack& haystack() const { return m_haystack; }
    /** The lead, `body`, and the question in a paragraph of its own. */
    static std::string messageOf(const std::string& body, const std::string& question);
    std::vector<int32_t> render(const std::string& message, trace::CancelFlag cancel) const {
        return m_render(message, cancel);
    }
    /** Throws trace::Error{needle.too_short} if passage, question and answer alone are longer, {needle.sentences} where no
     *  whole sentences of the haystack fill the length, {work.cancelled}. */
    FilledPrompt fill(const Filling& filling, trace::CancelFlag cancel = nullptr) const;

private:
    /** `begin`: byte of the message. */
    void markPassage(FilledPrompt& filled, const std::string& passage, size_t begin) const;

    const Haystack& m_haystack;
    const model::Tokenizer& m_tokenizer;
    Render m_render;
};

/** Tokens of a prompt, [first, first + count). */
struct TokenSpan {
    uint32_t first = 0;
    uint32_t count = 0;

    bool operator==(const TokenSpan&) const = default;
};

/** The tokens that hold `text`, where it first stands in a prompt; count 0: it does not, or the tokenizer does not give its text
 *  back. */
TokenSpan spanOf(const model::Tokenizer& tokenizer, std::span<const int32_t> prompt, std::string_view text);

/** The least tokens that a prompt of `length` may have, its answer included. */
inline uint32_t leastTokens(uint32_t length) { return static_cast<uint32_t>((uint64_t{length} * 97 + 99) / 100); }

/** trace::Error{needle.too_short}: a prompt that needs `needed` tokens. */
[[noreturn]] void throwTooShort(uint32_t length, size_t needed);

/** Sentences of `haystack` from `start` on, by index, round its end if need be: one after the other as long as they fit
 *  into `budget` tokens, then one or two from further on, so that `slack` tokens are left at most. Nothing: there are
 *  none of such lengths. */
std::optional<std::vector<size_t>> sentencesFor(const Haystack& haystack, size_t start, uint32_t budget,
                                                uint32_t slack);

} // namespace moescope::needle
