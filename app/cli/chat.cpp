// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command.h"
#include "app/cli/input.h"
#include "app/cli/loading.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/platform/console.h"
#include "app/platform/signals.h"
#include "engine/model/reasoning.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <iostream>

namespace moescope::cli {
namespace {

struct Options {
    OutputOptions output;
    std::string model = "builtin";
    std::string device;
    std::string kv = "f16";
    std::optional<std::string> system;
    std::optional<uint32_t> context;
    inference::SamplerSettings sampling;
};

constexpr std::string_view help = "/system TEXT   set the system message and start afresh\n"
                                  "/new           start afresh\n"
                                  "/quit          end (Ctrl-D does too)\n"
                                  "Ctrl-C stops an answer.\n";

class Chat {
public:
    Chat(inference::Engine& engine, const Options& options)
        : m_engine(engine), m_sampling(effective(options.sampling)) {
        startAfresh(options.system.value_or(""));
    }

    void startAfresh(const std::string& system) {
        m_messages.clear();
        if (!system.empty()) {
            m_messages.push_back({"system", system});
        }
    }
    void startAfresh() {
        const bool has_system = !m_messages.empty() && m_messages.front().role == "system";
        startAfresh(has_system ? m_messages.front().content : std::string());
    }

    /** Streams the answer. On an error, and if it is stopped before it begins, the conversation is as it was before
     *  the question. */
    void ask(const std::string& question) {
        m_messages.push_back({"user", question});
        try {
            answer();
        } catch (...) {
            m_messages.pop_back();
            throw;
        }
    }

private:
    void answer() {
        inference::GenerationRequest request;
        model::RenderedChat prompt = m_engine.render(m_messages);
        request.prompt = std::move(prompt.tokens);
        const uint32_t context = m_engine.memory().context;
        if (request.prompt.size() >= context) {
            throw trace::Error(
                "cli.context",
                "The conversation has {tokens} tokens and the context holds {context}; /new starts afresh.",
                {{"tokens", trace::grouped(request.prompt.size())}, {"context", trace::grouped(context)}});
        }
        // One more than there is room for: an answer that fills the context ends for that reason, not for its length.
        request.max_tokens = context - static_cast<uint32_t>(request.prompt.size()) + 1;
        request.sampling = m_sampling;
        request.telemetry = false;
        request.candidates = 0;
        const platform::InterruptScope interrupt;
        inference::GenerationObserver observer;
        observer.cancel = &platform::InterruptScope::flag();
        // The answer goes on from this mark: with it people see where the thinking begins, and the template leaves it out
        // of what is sent back.
        std::string opening(model::openingMark(prompt.text));
        opening += opening.empty() ? "" : "\n";
        printForeign(opening);
        size_t shown = 0;
        observer.token = [&shown](const trace::TokenTracePtr& token, const std::string& text) {
            if (token->generated) {
                printForeign(text);
                shown += text.size();
            }
        };
        const inference::GenerationResult result = m_engine.generate(request, observer);
        printForeign(result.text.substr(std::min(shown, result.text.size())));
        if (result.reason == trace::StopReason::Cancelled && result.tokens.empty()) {
            m_messages.pop_back(); // a question that was taken back
        } else {
            m_messages.push_back({"assistant", opening + result.text});
        }
        const char* note = result.reason == trace::StopReason::Cancelled ? " [stopped]"
                           : result.reason == trace::StopReason::Context ? " [the context is full; /new starts afresh]"
                                                                         : "";
        print(std::string(note) + "\n");
    }

    inference::Engine& m_engine;
    inference::SamplerSettings m_sampling;
    std::vector<model::ChatMessage> m_messages;
};

/** True if the line was a command. */
bool obey(const std::string& line, Chat& chat, bool& quit) {
    if (line.empty() || line.front() != '/') {
        return false;
    }
    if (line == "/quit" || line == "/exit") {
        quit = true;
    } else if (line == "/new") {
        chat.startAfresh();
        print("Started afresh.\n");
    } else if (line == "/system" || line.starts_with("/system ")) {
        chat.startAfresh(line.size() > 8 ? line.substr(8) : std::string());
        print("Started afresh with this system message.\n");
    } else if (line == "/help") {
        print(help);
    } else {
        printForeign("There is no command “" + line + "”; /help lists them.\n");
    }
    return true;
}

void talk(const Options& options) {
    std::unique_ptr<inference::Engine> engine;
    const Log log(options.output.verbose);
    {
        const platform::InterruptScope interrupt;
        LoadRequest load{options.model, options.device, options.kv};
        const OpenModel model(options.model);
        load.context = options.context ? chooseContext(model.info.context_length, options.context, 0, 0) : 0;
        engine = loadEngine(load, log);
    }
    const bool person = platform::isTerminal(platform::Stream::Input);
    Chat chat(*engine, options);
    if (person) {
        printForeign(engine->model().name + " (" + engine->model().main_type + ") on " + engine->device().name +
                     ". /help lists the commands.\n");
    }
    if (engine->contextChoice().shortened) {
        const std::string sentence = contextSentence(engine->contextChoice(), engine->device().name);
        if (person) {
            printForeign(sentence + "\n");
        } else {
            log.line(sentence);
        }
    }
    if (const std::string sentence = engine->chatTemplate().fallbackSentence(); !sentence.empty()) {
        Log(true).line(sentence);
    }
    bool quit = false;
    std::string line;
    while (!quit) {
        if (person) {
            printForeign("\n> ");
        }
        if (!std::getline(std::cin, line)) {
            break;
        }
        if (!line.empty() && line.back() == '\r') {
            line.pop_back();
        }
        if (line.find_first_not_of(" \t") == std::string::npos || obey(line, chat, quit)) {
            continue;
        }
        try {
            chat.ask(line);
        } catch (const trace::Error& error) {
            // A person can go on from a full context or a bad character; a lost device cannot be talked to.
            if (!person || error.id().starts_with("vulkan.")) {
                throw;
            }
            printForeign(std::string(error.what()) + "\n");
        }
    }
    if (person) {
        print("\n");
    }
}

} // namespace

void addChat(CLI::App& program, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("chat", "Chat in the terminal");
    addModel(*command, options->model);
    command->add_option("--system", options->system, "System message");
    command
        ->add_option("--ctx", options->context,
                     "Tokens that the KV cache holds; if not given, what of the model's fits")
        ->check(whole(1, uint64_t{1} << 30));
    addSampling(*command, options->sampling);
    addKv(*command, options->kv);
    addDevice(*command, options->device);
    command->add_flag("-v,--verbose", options->output.verbose, "Log to stderr");
    setAction(*command, action, options, talk);
}

} // namespace moescope::cli
