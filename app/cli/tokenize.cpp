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
    std::optional<std::string> text;
    std::optional<std::string> file;
    std::optional<std::string> decode;
    bool special = false;
};

void tokenize(const Options& options) {
    const OpenModel model(options.model);
    if (options.decode) {
        const std::string text = model.tokenizer.decode(parseTokens(*options.decode, model.tokenizer));
        if (options.output.json) {
            printJson({{"text", text}});
        } else {
            printForeign(text + "\n");
        }
        return;
    }
    const std::string text = options.file ? readFile(*options.file) : *options.text;
    const std::vector<int32_t> tokens = model.tokenizer.encode(text, options.special);
    if (options.output.json) {
        Json pieces = Json::array();
        for (const int32_t token : tokens) {
            pieces.push_back(model.tokenizer.decode(token));
        }
        printJson({{"tokens", tokens}, {"pieces", pieces}});
        return;
    }
    std::string line;
    for (const int32_t token : tokens) {
        line += line.empty() ? "" : ",";
        line += std::to_string(token);
    }
    print(line + "\n");
}

} // namespace

void addTokenize(CLI::App& program, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("tokenize", "Text to token ids and back");
    addModel(*command, options->model);
    CLI::Option_group* input = command->add_option_group("Input", "One of these");
    input->add_option("-p,--prompt,text", options->text, "Text in UTF-8");
    input->add_option("--file", options->file, "A text file, read byte for byte");
    input->add_option("--decode", options->decode, "Token ids to turn into text");
    input->require_option(1);
    command->add_flag("--special", options->special, "Read control tokens in the text as such");
    addOutput(*command, options->output);
    setAction(*command, action, options, tokenize);
}

} // namespace moescope::cli
