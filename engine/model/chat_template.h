// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/model/tokenizer.h"

#include <string>
#include <vector>

namespace moescope::model {

struct ChatMessage {
    std::string role; ///< "system", "user" or "assistant"
    std::string content;
};

struct RenderedChat {
    std::string text;            ///< as the model's template prints it
    std::vector<int32_t> tokens; ///< control tokens of the template only: text of messages is never parsed for them
    /** For each message the index of its first token in `tokens`, and one past the last at the end. */
    std::vector<uint32_t> message_starts;
};

/** Hunyuan-Large's chat format (each user turn is opened by <|startoftext|> unless a system message just was). Any other template is refused. */
class ChatTemplate {
public:
    /** `source` is tokenizer.chat_template; throws trace::Error{template.unsupported} if it is not the known one. */
    ChatTemplate(std::string source, const Tokenizer& tokenizer);

    /** The model answers right after the last token. Unknown roles: trace::Error naming role and index. As the
     *  template has it, a system message is printed only as the first one, and an empty one is as good as none.
     *  Cancelled: trace::Error{work.cancelled}. */
    RenderedChat render(const std::vector<ChatMessage>& messages, trace::CancelFlag cancel = nullptr) const;

private:
    const Tokenizer& m_tokenizer;
    int32_t m_start = -1;     ///< <|startoftext|>
    int32_t m_systemEnd = -1; ///< <|extra_4|>
    int32_t m_userEnd = -1;   ///< <|extra_0|>
    int32_t m_answerEnd = -1; ///< <|eos|>
};

} // namespace moescope::model
