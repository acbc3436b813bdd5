// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command.h"
#include "app/cli/input.h"
#include "app/cli/options.h"
#include "app/cli/output.h"

namespace moescope::cli {
namespace {

struct Options {
    OutputOptions output;
    std::string model = "builtin";
    std::string chat;
};

void renderTemplate(const Options& options) {
    const std::vector<model::ChatMessage> messages = readChat(options.chat);
    const OpenModel model(options.model);
    const model::RenderedChat chat = openTemplate(model, options.output).render(messages);
    if (options.output.json) {
        printJson({{"text", chat.text}, {"tokens", chat.tokens}});
    } else {
        printForeign(chat.text + "\n");
    }
}

} // namespace

void addTemplate(CLI::App& program, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("template", "Show a conversation as the model will see it");
    addModel(*command, options->model);
    command->add_option("--chat", options->chat, "A JSON file: [{\"role\", \"content\"}, …]")->required();
    addOutput(*command, options->output);
    setAction(*command, action, options, renderTemplate);
}

} // namespace moescope::cli
