// SPDX-License-Identifier: Apache-2.0
#include "engine/model/convert.h"

#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/written.h"
#include "app/platform/paths.h"
#include "app/platform/signals.h"

namespace moescope::cli {
namespace {

struct Options {
    OutputOptions output;
    std::string folder;
    std::string target;
    std::string type = "f16";
};

void convert(const Options& options) {
    const platform::InterruptScope interrupt;
    const std::filesystem::path source = platform::fromUtf8(options.folder);
    const std::filesystem::path target = platform::fromUtf8(options.target);
    const Replacement replacement(target);
    ProgressBar bar("Converting");
    model::ConvertOptions request;
    request.type = gguf::parseTensorType(options.type);
    request.progress = [&bar](uint64_t done, uint64_t total) {
        bar.update(done, total);
        return !platform::InterruptScope::flag().load();
    };
    const model::ConvertResult result = model::convert(source, target, request);
    bar.clear();
    printWritten(result, options.output);
    replacement.say(options.output);
}

} // namespace

void addConvert(CLI::App& program, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("convert", "Turn a Hugging Face folder into a GGUF file");
    command->add_option("folder", options->folder, "Folder with config.json and safetensors")->required();
    command->add_option("output", options->target, "The .gguf file to write")->required();
    addType(*command, options->type);
    addOutput(*command, options->output);
    setAction(*command, action, options, convert);
}

} // namespace moescope::cli
