// SPDX-License-Identifier: Apache-2.0
#include "engine/model/synth_file.h"

#include "app/cli/command.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/written.h"
#include "app/platform/paths.h"
#include "app/platform/signals.h"
#include "engine/model/synth_shapes.h"

namespace moescope::cli {
namespace {

struct Options {
    OutputOptions output;
    std::string target;
    std::string like;
    std::string type = "q4_k";
    uint32_t layers = 0; ///< 0: as many as the shape has
    uint64_t seed = 0;
};

void synth(const Options& options) {
    const platform::InterruptScope interrupt;
    const std::filesystem::path target = platform::fromUtf8(options.target);
    const Replacement replacement(target);
    ProgressBar bar("Writing random weights");
    model::SynthOptions request;
    request.like = options.like;
    request.type = gguf::parseTensorType(options.type);
    request.layers = options.layers > 0 ? std::optional(options.layers) : std::nullopt;
    request.seed = options.seed;
    request.progress = [&bar](uint64_t done, uint64_t total) {
        bar.update(done, total);
        return !platform::InterruptScope::flag().load();
    };
    const model::SynthResult result = model::synthFile(target, request);
    bar.clear();
    if (options.output.json) {
        printJson({{"parameters", result.parameters}, {"bytes", result.bytes}, {"seconds", result.seconds}});
    } else {
        print(trace::grouped(result.parameters) + " parameters, " + trace::bytesText(result.bytes) + " in " +
              threeFigures(result.seconds) + " s.\n");
        if (result.other_type > 0) {
            print(trace::grouped(result.other_type) + (result.other_type == 1 ? " matrix has" : " matrices have") +
                  " another type: rows are no multiple of the blocks of " + std::string(gguf::typeName(request.type)) +
                  ".\n");
        }
    }
    replacement.say(options.output);
}

} // namespace

void addSynth(CLI::App& program, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("synth", "Write a model of a known shape with random weights");
    command->add_option("output", options->target, "The .gguf file to write")->required();
    command->add_option("--like", options->like, "Shape: " + model::synthShapeNames())
        ->required()
        ->check(parsedBy([](const std::string& text) { model::findSynthShape(text); }, "SHAPE"));
    addType(*command, options->type)->capture_default_str();
    command->add_option("--layers", options->layers, "Layers, instead of the shape's")->check(whole(1, 1000));
    command->add_option("--seed", options->seed, "Other weights for each seed")->check(whole(0, UINT64_MAX));
    addOutput(*command, options->output);
    setAction(*command, action, options, synth);
}

} // namespace moescope::cli
