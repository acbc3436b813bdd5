// SPDX-License-Identifier: Apache-2.0
#include "app/cli/input.h"

#include "app/cli/output.h"
#include "app/platform/paths.h"
#include "engine/gguf/mapped_file.h"
#include "engine/model/json.h"
#include "engine/model/model_config.h"
#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"
#include "engine/trace/utf8.h"

#include <algorithm>
#include <charconv>
#include <iterator>

namespace moescope::cli {

std::filesystem::path modelFile(const std::string& model) {
    const std::filesystem::path path = platform::resolveModel(model);
    refuseFolder(path);
    return path;
}

void refuseFolder(const std::filesystem::path& model) {
    std::error_code error;
    if (std::filesystem::is_directory(model, error)) {
        throw trace::Error("cli.model_folder",
                           "“{folder}” is a folder, but a .gguf file is needed. A Hugging Face folder becomes one with "
                           "“moescope-cli convert FOLDER model.gguf”.",
                           {{"folder", platform::toUtf8(model)}});
    }
}

OpenModel::OpenModel(const std::string& model) : file(modelFile(model)), info(model::readInfo(file)), tokenizer(file) {}

std::string readFile(const std::string& path) {
    // The whole text is held in memory several times over while it is split into tokens.
    constexpr uint64_t most = uint64_t{1} << 30;
    return gguf::readText(platform::fromUtf8(path), most);
}

std::vector<int32_t> parseTokens(const std::string& list, const model::Tokenizer& tokenizer) {
    std::vector<int32_t> tokens;
    const char* at = list.data();
    const char* const end = at + list.size();
    const auto skipSpaces = [&] {
        while (at != end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r')) {
            ++at;
        }
    };
    skipSpaces();
    while (at != end) {
        int64_t id = 0;
        const auto [next, error] = std::from_chars(at, end, id);
        if (error == std::errc::invalid_argument) {
            throw trace::Error("cli.tokens",
                               "“{list}” is no comma-separated list of token ids: number {n} cannot be read.",
                               {{"list", list.size() > 60 ? list.substr(0, 60) + "…" : list},
                                {"n", trace::grouped(tokens.size() + 1)}});
        }
        const std::string shown(at, next);
        if (error == std::errc::result_out_of_range || id >= static_cast<int64_t>(tokenizer.size())) {
            throw trace::Error("cli.tokens", "Token {id} does not exist: the model's vocabulary ends at {last}.",
                               {{"id", shown}, {"last", std::to_string(tokenizer.size() - 1)}});
        }
        if (id < 0) {
            throw trace::Error("cli.tokens", "Token {id} does not exist: ids start at 0.", {{"id", shown}});
        }
        tokens.push_back(static_cast<int32_t>(id));
        at = next;
        skipSpaces();
        if (at != end) {
            if (*at != ',') {
                throw trace::Error(
                    "cli.tokens", "After token {id} comes “{character}” instead of a comma.",
                    {{"id", shown},
                     {"character", std::string(at, at + trace::utf8At({at, static_cast<size_t>(end - at)}, 0).bytes)}});
            }
            ++at;
            skipSpaces();
            if (at == end) {
                throw trace::Error("cli.tokens", "The list of tokens ends with a comma.");
            }
        }
    }
    if (tokens.empty()) {
        throw trace::Error("cli.tokens", "The list of tokens is empty: the model needs at least one.");
    }
    return tokens;
}

namespace {

/** What a template may read of a message; `number` counts from 1. */
model::ChatMessage readMessage(const model::Json& entry, size_t number, const std::string& path) {
    const auto refuse = [&](const char* sentence, const std::string& key) {
        throw trace::Error("cli.chat", sentence, {{"n", std::to_string(number)}, {"file", path}, {"key", key}});
    };
    model::ChatMessage message;
    const std::pair<const char*, std::string*> texts[] = {{"role", &message.role},
                                                          {"content", &message.content},
                                                          {"reasoning_content", &message.reasoning},
                                                          {"tool_call_id", &message.tool_call_id},
                                                          {"name", &message.name}};
    for (const auto& [key, target] : texts) {
        const bool needed = target == &message.role || target == &message.content;
        const auto found = entry.is_object() ? entry.find(key) : entry.end();
        const bool there = entry.is_object() && found != entry.end();
        if (there ? !found->is_string() : needed) {
            refuse("Message {n} in “{file}” has no text “{key}”.", key);
        }
        *target = there ? found->get<std::string>() : std::string();
    }
    for (const auto& item : entry.items()) {
        const bool text =
            std::any_of(std::begin(texts), std::end(texts), [&](const auto& t) { return item.key() == t.first; });
        if (item.key() == "tool_calls") {
            message.tool_calls = item.value().dump();
        } else if (!text) {
            refuse("Message {n} in “{file}” has “{key}”, which no template is given.", model::shortened(item.key()));
        }
    }
    return message;
}

} // namespace

std::vector<model::ChatMessage> readChat(const std::string& path) {
    using model::Json;
    const std::string text = readFile(path);
    const Json chat = model::parseJson(text, path);
    if (!chat.is_array() || chat.empty()) {
        throw trace::Error("cli.chat", "“{file}” does not hold a list of messages: [{\"role\": …, \"content\": …}, …].",
                           {{"file", path}});
    }
    std::vector<model::ChatMessage> messages;
    for (const Json& entry : chat) {
        messages.push_back(readMessage(entry, messages.size() + 1, path));
    }
    return messages;
}

model::ChatTemplate openTemplate(const OpenModel& model, const OutputOptions& output) {
    model::ChatTemplate chatTemplate(model.info.chat_template, model.tokenizer);
    if (chatTemplate.problem()) {
        Log(output.verbose || !output.json).line(chatTemplate.fallbackSentence());
    }
    return chatTemplate;
}

void addPrompt(CLI::App& command, PromptOptions& options) {
    CLI::Option_group* group = command.add_option_group("Prompt", "What the model reads: one of these");
    group->add_option("-p,--prompt", options.text, "One user turn through the chat template")
        ->check(CLI::Validator(
            [](std::string& text) { return text.empty() ? std::string("the prompt is empty") : std::string(); }, ""));
    group->add_option("--raw", options.raw, "Text without template, bos_token_id first for models that have one");
    group->add_option("--tokens", options.tokens, "Token ids, exactly as given");
    group->add_option("--chat", options.chat, "A JSON file: [{\"role\", \"content\"}, …]");
    group->require_option(1);
    command.add_option("--system", options.system, "System message for -p");
}

std::vector<int32_t> promptTokens(const PromptOptions& options, const OpenModel& model, const OutputOptions& output) {
    if (options.tokens) {
        return parseTokens(*options.tokens, model.tokenizer);
    }
    if (options.raw) {
        std::vector<int32_t> tokens = model.tokenizer.encode(*options.raw);
        if (model.tokenizer.bos() >= 0) {
            tokens.insert(tokens.begin(), model.tokenizer.bos());
        }
        if (tokens.empty()) {
            throw trace::Error("cli.prompt", "The prompt is empty and this model has no token to begin with.");
        }
        return tokens;
    }
    std::vector<model::ChatMessage> messages;
    if (options.chat) {
        messages = readChat(*options.chat);
    } else {
        if (options.system) {
            messages.push_back({"system", *options.system});
        }
        messages.push_back({"user", options.text.value_or("")});
    }
    return openTemplate(model, output).render(messages).tokens;
}

uint32_t chooseContext(uint64_t limit, std::optional<uint32_t> asked, uint64_t prompt, uint64_t more) {
    if (asked && *asked > limit) {
        throw trace::Error("cli.context",
                           "{asked} tokens of context were asked for and this model was made for {limit}.",
                           {{"asked", trace::grouped(*asked)}, {"limit", trace::grouped(limit)}});
    }
    const uint64_t context = asked ? *asked : std::min(limit, prompt + more);
    if (prompt > context) {
        throw trace::Error("cli.context", "The prompt has {prompt} tokens and the context holds {context}.",
                           {{"prompt", trace::grouped(prompt)}, {"context", trace::grouped(context)}});
    }
    return static_cast<uint32_t>(context);
}

} // namespace moescope::cli
