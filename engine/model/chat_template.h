// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/tokenizer.h"

#include <ctime>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace moescope::model {

struct ChatMessage {
    std::string role; ///< “system”, “developer”, “user”, “assistant” or “tool”
    std::string content;
    std::string reasoning = {};    ///< of an assistant, if its content does not hold it
    std::string tool_calls = {};   ///< JSON: a list of {"id", "type", "function": {"name", "arguments"}}; empty: none
    std::string tool_call_id = {}; ///< of a tool
    std::string name = {};         ///< of a tool
    /** Of an assistant: the tokens that `content` was sampled as. Where the template prints it whole, with a
     *  control token or nothing behind it, these stand for it instead of those that its text would be split into: the
     *  prompt goes on as the answer did. Empty: unknown. */
    std::vector<int32_t> tokens = {};
};

/** What a template may read beside the messages. */
struct RenderOptions {
    std::string tools = {};                                                ///< JSON: a list of tools; empty: none
    std::map<std::string, std::variant<bool, std::string>> variables = {}; ///< such as enable_thinking
    std::optional<std::tm> now = {}; ///< what templates are told of the time; unset: the clock's
};

struct RenderedChat {
    std::string text; ///< as the template prints it
    /** Control tokens are those of the template, and any that an answer was sampled with (ChatMessage::tokens): text of
     *  messages and tools is never parsed for them. */
    std::vector<int32_t> tokens;
    /** For each message the index of its first token in `tokens`, and one past the last at the end. */
    std::vector<uint32_t> message_starts;
    bool opens_thinking = false; ///< the answer begins within the thinking
};

/** What a template can be asked for: whether it reads these variables, or knows these words. */
struct TemplateFacts {
    std::string thinking_variable; ///< “enable_thinking” or “thinking”, true or false; empty: it has no such switch
    bool reasoning_effort = false; ///< reads “reasoning_effort”: “low”, “medium”, “high”…
    bool no_think = false;         ///< knows “/no_think” in a message
    bool tools = false;            ///< reads “tools”
};

/** tokenizer.chat_template of a file, else its tokenizer.chat_template.default. `tools`: the one that the file has for
 *  conversations with tools alone (tokenizer.chat_template.tool_use). Empty if there is none. */
std::string storedTemplate(const gguf::Reader& file, bool tools = false);

/** A model's own chat template, or a plain one in its place, which fallback() names and problem() explains: whoever
 *  shows an answer says so. Immutable, thread-safe; the tokenizer must outlive it. */
class ChatTemplate {
public:
    /** `source` is Jinja, as storedTemplate() reads it; `toolSource`, if there is one, is used where there are tools. */
    ChatTemplate(const std::string& source, const Tokenizer& tokenizer, const std::string& toolSource = {});
    ~ChatTemplate();
    ChatTemplate(ChatTemplate&&) noexcept;

    /** The model answers right after the last token. An assistant's thinking is left out of what went before. An
     *  unknown role: trace::Error{template.role} naming role and index. The template itself may end it with
     *  {template.refused}, {template.failed} or {template.limit}. Cancelled: {work.cancelled}. */
    RenderedChat render(const std::vector<ChatMessage>& messages, trace::CancelFlag cancel = nullptr,
                        const RenderOptions& options = {}) const;

    const TemplateFacts& facts() const;
    /** Why the model's own template is not used: template.missing, template.unsupported or template.syntax. */
    const std::optional<trace::Error>& problem() const;
    /** “ChatML” or “plain turns” if the model's own template is not used; else empty. */
    const std::string& fallback() const;
    /** problem() and fallback() for people; empty if the model's own is used. */
    std::string fallbackSentence() const;

private:
    struct Impl;
    std::unique_ptr<const Impl> m_impl;
};

} // namespace moescope::model
