// SPDX-License-Identifier: Apache-2.0
#include "engine/model/quantize_file.h"

#include "app/cli/command.h"
#include "app/cli/input.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/written.h"
#include "app/platform/paths.h"
#include "app/platform/signals.h"

namespace moescope::cli {
namespace {

struct Options {
    OutputOptions output;
    std::string source;
    std::string target;
    std::string type;
};

void quantize(const Options& options) {
    const platform::InterruptScope interrupt;
    const std::filesystem::path source = platform::fromUtf8(options.source);
    const std::filesystem::path target = platform::fromUtf8(options.target);
    refuseFolder(source);
    const Replacement replacement(target);
    ProgressBar bar("Quantising");
    model::QuantizeOptions request;
    request.type = gguf::parseTensorType(options.type);
    request.progress = [&bar](uint64_t done, uint64_t total) {
        bar.update(done, total);
        return !platform::InterruptScope::flag().load();
    };
    const model::ConvertResult result = model::quantizeFile(source, target, request);
    bar.clear();
    printWritten(result, options.output);
    replacement.say(options.output);
}

} // namespace

void addQuantize(CLI::App& program, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("quantize", "Store a GGUF file's matrices in another type");
    command->add_option("input", options->source, "The .gguf file to read")->required();
    command->add_option("output", options->target, "The .gguf file to write")->required();
    addType(*command, options->type, "type")->required();
    addOutput(*command, options->output);
    setAction(*command, action, options, quantize);
}

} // namespace moescope::cli
