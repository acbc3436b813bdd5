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

std::string listed(const std::vector<int32_t>& tokens) {
    std::string line;
    for (const int32_t token : tokens) {
        line += line.empty() ? "" : ",";
        line += std::to_string(token);
    }
    return line;
}

/** A text of 10 MB has millions of tokens: their JSON is put together as text, each different piece escaped once. A
 *  tree of JSON values would take longer than the tokenizer. */
void printTokens(const std::vector<int32_t>& tokens, const model::Tokenizer& tokenizer) {
    std::vector<std::string> escaped(tokenizer.size());
    std::string out = "{\n \"tokens\": [" + listed(tokens) + "],\n \"pieces\": [";
    bool first = true;
    for (const int32_t token : tokens) {
        std::string& piece = escaped[static_cast<size_t>(token)];
        if (piece.empty()) {
            piece = Json(tokenizer.decode(token)).dump(-1, ' ', false, Json::error_handler_t::replace);
        }
        out += first ? "" : ",";
        out += piece;
        first = false;
    }
    print(out + "]\n}\n");
}

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
        printTokens(tokens, model.tokenizer);
        return;
    }
    print(listed(tokens) + "\n");
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
