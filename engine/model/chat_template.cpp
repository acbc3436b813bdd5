// SPDX-License-Identifier: Apache-2.0
#include "engine/model/chat_template.h"

#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <array>

namespace moescope::model {

using trace::Error;

namespace {

/** The statements of the one template that is known, in order; how they are set in lines and blanks is free. */
constexpr std::array statements{
    "{%- set st = namespace(headed=false) -%}",
    "{%- for m in messages -%}",
    "{%- if m['role'] == 'system' and loop.index0 == 0 -%}",
    "{%- if m['content'] -%}",
    "{%- set st.headed = true -%}",
    "{{- '<|startoftext|>' + m['content'] + '<|extra_4|>' -}}",
    "{%- endif -%}",
    "{%- elif m['role'] == 'user' -%}",
    "{%- if not st.headed -%}",
    "{{- '<|startoftext|>' -}}",
    "{%- endif -%}",
    "{%- set st.headed = false -%}",
    "{{- m['content'] + '<|extra_0|>' -}}",
    "{%- elif m['role'] == 'assistant' -%}",
    "{%- set st.headed = false -%}",
    "{{- m['content'] + '<|eos|>' -}}",
    "{%- endif -%}",
    "{%- endfor -%}",
};

/** Without blanks outside of quotes, and with one kind of quotes. All tags of the known template trim the blanks
 *  around them, so two texts with the same normal form print the same. */
std::string normalForm(std::string_view source) {
    std::string out;
    char quote = '\0';
    for (const char c : source) {
        const bool blank = c == ' ' || c == '\t' || c == '\n' || c == '\r';
        if (quote != '\0') {
            out += c == quote ? '\'' : c;
            quote = c == quote ? '\0' : quote;
        } else if (c == '\'' || c == '"') {
            quote = c;
            out += '\'';
        } else if (!blank) {
            out += c;
        }
    }
    return out;
}

int32_t needed(const Tokenizer& tokenizer, std::string_view text) {
    const int32_t token = tokenizer.control(text);
    if (token < 0) {
        throw Error("template.token",
                    "The chat template needs the control token “{token}”, which the vocabulary does not have.",
                    {{"token", std::string(text)}});
    }
    return token;
}

/** Builds text and tokens side by side. */
class Rendering {
public:
    Rendering(const Tokenizer& tokenizer, RenderedChat& chat, trace::CancelFlag cancel)
        : m_tokenizer(tokenizer), m_chat(chat), m_cancel(cancel) {}

    void control(int32_t token) {
        m_chat.text += m_tokenizer.decode(token);
        m_chat.tokens.push_back(token);
    }

    void content(const std::string& text) {
        const std::vector<int32_t> tokens = m_tokenizer.encode(text, false, m_cancel);
        m_chat.text += text;
        m_chat.tokens.insert(m_chat.tokens.end(), tokens.begin(), tokens.end());
    }

    void mark() { m_chat.message_starts.push_back(static_cast<uint32_t>(m_chat.tokens.size())); }

private:
    const Tokenizer& m_tokenizer;
    RenderedChat& m_chat;
    trace::CancelFlag m_cancel;
};

} // namespace

ChatTemplate::ChatTemplate(std::string source, const Tokenizer& tokenizer) : m_tokenizer(tokenizer) {
    std::string known;
    for (const char* statement : statements) {
        known += statement;
    }
    if (source.empty()) {
        throw Error("template.missing", "The model brings no chat template, so it cannot be used for chat.");
    }
    if (normalForm(source) != normalForm(known)) {
        throw Error("template.unsupported",
                    "The model's chat template is not Hunyuan-Large's, the only one that is supported.");
    }
    m_start = needed(tokenizer, "<|startoftext|>");
    m_systemEnd = needed(tokenizer, "<|extra_4|>");
    m_userEnd = needed(tokenizer, "<|extra_0|>");
    m_answerEnd = needed(tokenizer, "<|eos|>");
}

RenderedChat ChatTemplate::render(const std::vector<ChatMessage>& messages, trace::CancelFlag cancel) const {
    RenderedChat chat;
    Rendering out(m_tokenizer, chat, cancel);
    bool opened = false; // the turn's <|startoftext|> stands before the system message already
    for (size_t i = 0; i < messages.size(); ++i) {
        const ChatMessage& message = messages[i];
        out.mark();
        if (message.role == "system") {
            if (i == 0 && !message.content.empty()) {
                out.control(m_start);
                out.content(message.content);
                out.control(m_systemEnd);
                opened = true;
            }
        } else if (message.role == "user") {
            if (!opened) {
                out.control(m_start);
            }
            opened = false;
            out.content(message.content);
            out.control(m_userEnd);
        } else if (message.role == "assistant") {
            opened = false;
            out.content(message.content);
            out.control(m_answerEnd);
        } else {
            throw Error("template.role",
                        "Message {index} has the role “{role}”; “system”, “user” and “assistant” are known.",
                        {{"index", std::to_string(i)}, {"role", shortened(message.role)}});
        }
    }
    out.mark();
    return chat;
}

} // namespace moescope::model
