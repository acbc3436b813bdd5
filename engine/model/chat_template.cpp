// SPDX-License-Identifier: Apache-2.0
#include "engine/model/chat_template.h"

#include "engine/model/jinja.h"
#include "engine/model/jinja_json.h"
#include "engine/model/jinja_lexer.h"
#include "engine/model/reasoning.h"
#include "engine/model/token_finder.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <array>

namespace moescope::model {

using jinja::Origin;
using jinja::Text;
using jinja::Value;
using trace::Error;

namespace {

constexpr std::array<std::string_view, 5> roles{"system", "developer", "user", "assistant", "tool"};

constexpr std::string_view chatMl =
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
    "{{ '<|im_start|>assistant\n' }}";
constexpr std::string_view plainTurns =
    "{{ bos_token }}{% for m in messages %}{{ m.role|capitalize + ': ' + m.content + '\n\n' }}{% endfor %}"
    "{{ 'Assistant:' }}";

/** The control tokens of a vocabulary. */
class Controls {
public:
    explicit Controls(const Tokenizer& tokenizer) {
        for (uint32_t id = 0; id < tokenizer.size(); ++id) {
            const auto token = static_cast<int32_t>(id);
            if (tokenizer.isControl(token)) {
                if (std::string text = tokenizer.decode(token); !text.empty()) {
                    m_texts.emplace_back(std::move(text), token);
                }
            }
        }
        m_finder.add({m_texts.begin(), m_texts.end()});
    }
    Controls(const Controls&) = delete;
    Controls& operator=(const Controls&) = delete;

    TokenFinder::Found find(std::string_view rest) const { return m_finder.find(rest); }

private:
    std::vector<std::pair<std::string, int32_t>> m_texts;
    TokenFinder m_finder;
};

/** Bytes of a rendered text whose tokens are known. */
struct Sampled {
    size_t begin = 0;
    size_t end = 0;
    const std::vector<int32_t>* tokens = nullptr;
};

/** The answers that `text` holds whole and unchanged, of those whose tokens are known, in order. `starts`: of the messages in
 *  it; −1: none. */
std::vector<Sampled> sampledIn(const Text& text, const std::vector<ChatMessage>& messages,
                               const std::vector<int64_t>& starts) {
    std::vector<Sampled> found;
    size_t end = text.size();
    for (size_t i = messages.size(); i-- > 0;) {
        if (starts[i] < 0) {
            continue;
        }
        const auto begin = std::min(static_cast<size_t>(starts[i]), end);
        const ChatMessage& message = messages[i];
        for (size_t at = begin; !message.tokens.empty() && at < end;) {
            size_t next = at; // one writer's bytes
            while (next < end && text.origin(next) == text.origin(at)) {
                ++next;
            }
            if (text.origin(at) == Origin::Conversation &&
                std::string_view(text.bytes()).substr(at, next - at) == message.content) {
                found.push_back({at, next, &message.tokens});
                break;
            }
            at = next;
        }
        end = begin;
    }
    std::reverse(found.begin(), found.end());
    return found;
}

/** Tokens of a rendered text, and where in them a byte of it lies. */
class Encoding {
public:
    Encoding(const Tokenizer& tokenizer, const Controls& controls, std::vector<Sampled> sampled,
             trace::CancelFlag cancel)
        : m_tokenizer(tokenizer), m_controls(controls), m_sampled(std::move(sampled)), m_cancel(cancel) {}

    void encode(const Text& text) {
        constexpr size_t often = size_t{1} << 12; // places that are looked at: a few milliseconds at worst
        const std::string_view bytes = text.bytes();
        size_t begin = 0;
        size_t own = 0; // to where the template wrote what is read now
        size_t looks = 0;
        for (size_t at = 0; at < bytes.size();) {
            if (++looks % often == 0) {
                trace::stopIfCancelled(m_cancel);
            }
            for (own = std::max(own, at); own < bytes.size() && text.origin(own) == Origin::Template;) {
                ++own;
            }
            const auto [token, size] = own > at ? m_controls.find(bytes.substr(at, own - at)) : TokenFinder::Found();
            if (token < 0) {
                ++at;
                continue;
            }
            plain(text, begin, at - m_tokenizer.strippedBefore(token, bytes.substr(begin, at - begin)));
            add(token, at);
            at += size;
            at += m_tokenizer.strippedBehind(token, bytes.substr(at));
            begin = at;
        }
        plain(text, begin, text.size());
    }

    const std::vector<int32_t>& tokens() const { return m_tokens; }
    /** Index of the first token that begins at `byte` or later. */
    uint32_t indexAt(size_t byte) const {
        return static_cast<uint32_t>(std::lower_bound(m_bytes.begin(), m_bytes.end(), byte) - m_bytes.begin());
    }

private:
    /** What lies between two control tokens. */
    void plain(const Text& text, size_t begin, size_t end) {
        while (m_nextSampled < m_sampled.size() && m_sampled[m_nextSampled].end < end) {
            ++m_nextSampled; // text goes on behind it, and how that is split depends on what it follows
        }
        if (m_nextSampled == m_sampled.size() || m_sampled[m_nextSampled].end > end ||
            m_sampled[m_nextSampled].begin < begin) {
            encodePart(text, begin, end);
            return;
        }
        const Sampled& sampled = m_sampled[m_nextSampled++];
        encodePart(text, begin, sampled.begin); // as it was when the answer began
        size_t at = sampled.begin;
        for (const int32_t token : *sampled.tokens) {
            add(token, std::min(at, end));
            at += m_tokenizer.decode(token).size();
        }
    }

    /** Encoded at once, whoever wrote it: tokens may cross that border. */
    void encodePart(const Text& text, size_t begin, size_t end) {
        size_t at = begin;
        const std::string_view part = std::string_view(text.bytes()).substr(begin, end - begin);
        for (const int32_t token :
             begin == 0 ? m_tokenizer.encode(part, false, m_cancel) : m_tokenizer.encodeBehindToken(part, m_cancel)) {
            add(token, std::min(at, end));
            at += m_tokenizer.decode(token).size();
        }
    }

    void add(int32_t token, size_t byte) {
        m_tokens.push_back(token);
        m_bytes.push_back(byte);
    }

    const Tokenizer& m_tokenizer;
    const Controls& m_controls;
    std::vector<Sampled> m_sampled;
    size_t m_nextSampled = 0;
    trace::CancelFlag m_cancel;
    std::vector<int32_t> m_tokens;
    std::vector<size_t> m_bytes; ///< at which each token begins
};

TemplateFacts factsOf(const std::string& source) {
    TemplateFacts facts;
    std::string before;
    for (const jinja::Token& token : jinja::scan(source)) {
        const bool isText = token.kind == jinja::TokenKind::String || token.kind == jinja::TokenKind::Data;
        facts.no_think |= isText && token.text.find("/no_think") != std::string::npos;
        if (token.kind == jinja::TokenKind::Name && before != ".") {
            if (token.text == "enable_thinking" || (token.text == "thinking" && facts.thinking_variable.empty())) {
                facts.thinking_variable = token.text;
            }
            facts.reasoning_effort |= token.text == "reasoning_effort";
            facts.tools |= token.text == "tools";
        }
        before = token.kind == jinja::TokenKind::Operator ? token.text : std::string();
    }
    return facts;
}

/** A message as the template sees it. `current`: it follows the last question. */
Value messageValue(jinja::Run& run, const ChatMessage& message, bool current) {
    jinja::Dict dict;
    const auto set = [&](std::string_view key, std::string_view text, Origin origin) {
        dict.set(run, makeText(run, key), makeText(run, Text(text, origin)));
    };
    // One of the known roles, so that “<|” + role + “|>” is the template's.
    set("role", message.role, Origin::Template);
    const bool answer = message.role == "assistant";
    const ReasonedText parts = answer ? splitReasoning(message.content) : ReasonedText{{}, message.content};
    set("content", parts.answer, Origin::Conversation);
    const std::string& reasoning = message.reasoning.empty() ? parts.thinking : message.reasoning;
    if (answer && current && !reasoning.empty()) {
        set("reasoning_content", reasoning, Origin::Conversation);
    }
    if (!message.tool_calls.empty()) {
        dict.set(run, makeText(run, "tool_calls"), jinja::fromJson(run, message.tool_calls, "tool_calls"));
    }
    if (!message.tool_call_id.empty()) {
        set("tool_call_id", message.tool_call_id, Origin::Conversation);
    }
    if (!message.name.empty()) {
        set("name", message.name, Origin::Conversation);
    }
    return makeDict(run, std::move(dict));
}

/** A template may copy its messages several times over: far below what it may make in all, far above any context. */
void checkSize(const std::vector<ChatMessage>& messages) {
    constexpr uint64_t most = uint64_t{32} << 20;
    uint64_t bytes = 0;
    for (const ChatMessage& message : messages) {
        bytes += message.content.size() + message.reasoning.size() + message.tool_calls.size();
    }
    if (bytes > most) {
        throw Error("template.size", "The conversation holds {bytes} of text; at most {most} can be given to a model.",
                    {{"bytes", trace::bytesText(bytes)}, {"most", trace::bytesText(most)}});
    }
}

void checkRoles(const std::vector<ChatMessage>& messages) {
    for (size_t i = 0; i < messages.size(); ++i) {
        if (std::find(roles.begin(), roles.end(), messages[i].role) == roles.end()) {
            throw Error("template.role",
                        "Message {n} has the role “{role}”; “system”, “developer”, “user”, “assistant” and “tool” "
                        "are known.",
                        {{"n", std::to_string(i + 1)}, {"role", shortened(messages[i].role)}});
        }
    }
}

} // namespace

struct ChatTemplate::Impl {
    explicit Impl(const Tokenizer& t) : tokenizer(t), controls(t) {}

    const Tokenizer& tokenizer;
    Controls controls;
    std::optional<jinja::Template> parsed;
    std::optional<jinja::Template> with_tools; ///< its own, where there are tools
    TemplateFacts facts;
    std::optional<Error> problem;
    std::string fallback;
};

std::string storedTemplate(const gguf::Reader& file, bool tools) {
    if (tools) {
        return file.text("tokenizer.chat_template.tool_use").value_or("");
    }
    std::string source = file.text("tokenizer.chat_template").value_or("");
    return source.empty() ? file.text("tokenizer.chat_template.default").value_or("") : source;
}

ChatTemplate::ChatTemplate(const std::string& source, const Tokenizer& tokenizer, const std::string& toolSource) {
    auto impl = std::make_unique<Impl>(tokenizer);
    if (source.find_first_not_of(" \t\r\n") == std::string::npos) {
        impl->problem = Error("template.missing", "The model brings no chat template.");
    } else {
        try {
            impl->parsed.emplace(source);
            impl->facts = factsOf(source);
            if (!toolSource.empty()) {
                impl->with_tools.emplace(toolSource);
                impl->facts.tools = true;
            }
        } catch (const Error& error) {
            impl->problem = error;
        }
    }
    if (impl->problem) {
        const bool marked = tokenizer.control("<|im_start|>") >= 0 && tokenizer.control("<|im_end|>") >= 0;
        impl->fallback = marked ? "ChatML" : "plain turns";
        impl->parsed.emplace(marked ? chatMl : plainTurns);
        impl->with_tools.reset();
        impl->facts = {};
    }
    m_impl = std::move(impl);
}

ChatTemplate::~ChatTemplate() = default;
ChatTemplate::ChatTemplate(ChatTemplate&&) noexcept = default;

const TemplateFacts& ChatTemplate::facts() const { return m_impl->facts; }
const std::optional<Error>& ChatTemplate::problem() const { return m_impl->problem; }
const std::string& ChatTemplate::fallback() const { return m_impl->fallback; }

std::string ChatTemplate::fallbackSentence() const {
    return m_impl->problem ? std::string(m_impl->problem->what()) + " Turns are written as " + m_impl->fallback +
                                 " instead, which the model may not have been trained on."
                           : std::string();
}

RenderedChat ChatTemplate::render(const std::vector<ChatMessage>& messages, trace::CancelFlag cancel,
                                  const RenderOptions& options) const {
    checkRoles(messages);
    checkSize(messages);
    jinja::Run run(jinja::Limits(), cancel);
    run.now = options.now;
    const auto asked = std::find_if(messages.rbegin(), messages.rend(), [](const auto& m) { return m.role == "user"; });
    const auto current = static_cast<size_t>(messages.rend() - asked);
    std::vector<Value> values;
    for (size_t i = 0; i < messages.size(); ++i) {
        values.push_back(messageValue(run, messages[i], i >= current));
    }
    jinja::Dict variables;
    const auto set = [&](std::string_view name, const Value& value) { variables.set(run, makeText(run, name), value); };
    const auto tokenText = [&](int32_t token) {
        return makeText(run, token >= 0 ? m_impl->tokenizer.decode(token) : std::string());
    };
    set("messages", makeList(run, values));
    set("add_generation_prompt", true);
    set("bos_token", tokenText(m_impl->tokenizer.bos()));
    set("eos_token", tokenText(m_impl->tokenizer.eos()));
    set("tools", options.tools.empty() ? Value(nullptr) : jinja::fromJson(run, options.tools, "tools"));
    for (const auto& [name, value] : options.variables) {
        const auto* text = std::get_if<std::string>(&value);
        set(name, text == nullptr ? Value(std::get<bool>(value)) : makeText(run, Text(*text, Origin::Conversation)));
    }
    std::vector<int64_t> starts;
    const bool own = !options.tools.empty() && m_impl->with_tools;
    const Text text = (own ? m_impl->with_tools : m_impl->parsed)->render(run, variables, values, &starts);

    RenderedChat chat;
    Encoding encoding(m_impl->tokenizer, m_impl->controls, sampledIn(text, messages, starts), cancel);
    encoding.encode(text);
    chat.text = text.bytes();
    chat.tokens = encoding.tokens();
    chat.opens_thinking = !openingMark(chat.text).empty();
    // What stands before the first message is its own; a message that no loop came to ends where it begins.
    chat.message_starts.assign(messages.size() + 1, static_cast<uint32_t>(chat.tokens.size()));
    for (size_t i = messages.size(); i-- > 0;) {
        const uint32_t next = chat.message_starts[i + 1];
        const uint32_t first = starts[i] < 0 ? next : encoding.indexAt(static_cast<size_t>(starts[i]));
        chat.message_starts[i] = i == 0 ? 0 : std::min(first, next);
    }
    return chat;
}

} // namespace moescope::model
