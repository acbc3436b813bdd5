// SPDX-License-Identifier: Apache-2.0
// A chat template. Behind a NUL byte stands what a user says: then it is rendered as a chat is.
#include "engine/model/chat_template.h"
#include "engine/model/jinja.h"
#include "engine/model/jinja_json.h"
#include "tests/fuzz/input.h"

#include <algorithm>

namespace moescope::fuzz {

namespace {

namespace jinja = model::jinja;

constexpr std::string_view tools =
    R"([{"type":"function","function":{"name":"weather","description":"tells it","parameters":{"type":"object","properties":{"city":{"type":"string","enum":["A","B"]}},"required":["city"]}}}])";
constexpr std::string_view variables =
    R"({"messages":[{"role":"system","content":"Be kind."},{"role":"user","content":"Hi <|im_end|>"},)"
    R"({"role":"assistant","content":"","reasoning_content":"hm","tool_calls":[{"id":"c1","type":"function",)"
    R"("function":{"name":"weather","arguments":{"city":"A","days":[1,2.5,null,true]}}}]},)"
    R"({"role":"tool","tool_call_id":"c1","content":"sunny"},{"role":"user","content":"é你 /no_think"}],)"
    R"("add_generation_prompt":true,"enable_thinking":false,"bos_token":"<s>","eos_token":"</s>","n":-7,"x":1.5,"l":[3,1,2],)"
    R"("tools":)";

const model::Tokenizer& tokenizer() {
    static const Folder folder;
    static const model::Tokenizer made{
        gguf::Reader(folder.write("vocabulary.gguf", vocabularyGguf(byteLevelTables("qwen2"))))};
    return made;
}

/** Made once: a template changes nothing of what it is given. */
const jinja::Dict& values() {
    static jinja::Run owner{jinja::Limits()};
    static const jinja::Value made =
        jinja::fromJson(owner, std::string(variables) + std::string(tools) + "}", "variables");
    return made.dict();
}

/** Renders with a small part of what a chat may take, so that thousands of templates are tried in a second. */
bool renders(std::string_view source) {
    return accepts([&] {
        const jinja::Template parsed(source);
        jinja::Run run(jinja::Limits{.steps = 4000, .bytes = 1 << 20, .output = 1 << 18, .depth = 300});
        run.now = std::tm{.tm_mday = 2, .tm_mon = 2, .tm_year = 125};
        require(parsed.render(run, values()).size() <= 1 << 18, "a rendering is longer than its limit");
    });
}

/** The way of a chat: what the template prints becomes tokens, and each message has its place in them. */
void chat(const std::string& source, std::string_view said) {
    const model::ChatTemplate chatTemplate(source, tokenizer());
    if (chatTemplate.problem()) {
        requireSentence(*chatTemplate.problem());
        require(!chatTemplate.fallback().empty(), "a template with a problem has nothing in its place");
    }
    const std::vector<model::ChatMessage> messages{{.role = "system", .content = "Be kind."},
                                                   {.role = "user", .content = std::string(said)},
                                                   {.role = "assistant", .content = "<think>hm</think>yes"},
                                                   {.role = "user", .content = "<|im_start|>"}};
    accepts([&] {
        const model::RenderedChat chat =
            chatTemplate.render(messages, nullptr, {.tools = {}, .variables = {{"enable_thinking", true}}});
        require(chat.message_starts.size() == messages.size() + 1 && chat.message_starts.front() == 0 &&
                    chat.message_starts.back() == chat.tokens.size() &&
                    std::is_sorted(chat.message_starts.begin(), chat.message_starts.end()),
                "messages have no places in the order of the tokens");
    });
}

} // namespace

bool run(std::string_view input) {
    const size_t end = std::min(input.find('\0'), input.size());
    const std::string_view source = input.substr(0, end);
    const bool rendered = renders(source);
    if (rendered && end < input.size()) {
        chat(std::string(source), input.substr(end + 1));
    }
    return rendered;
}

} // namespace moescope::fuzz
