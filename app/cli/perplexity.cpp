// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command.h"
#include "app/cli/input.h"
#include "app/cli/loading.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/platform/signals.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <cmath>

namespace moescope::cli {
namespace {

struct Options {
    OutputOptions output;
    std::string model = "builtin";
    std::string device;
    std::string kv = "f16";
    std::string text;
    uint32_t window = 512;
};

/** −ln of the softmax of `logits` at `token`. */
double surprise(std::span<const float> logits, int32_t token) {
    const float most = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (const float logit : logits) {
        sum += std::exp(static_cast<double>(logit - most));
    }
    return std::log(sum) - static_cast<double>(logits[static_cast<size_t>(token)] - most);
}

void perplexity(const Options& options) {
    const platform::InterruptScope interrupt;
    const Log log(options.output.verbose);
    const uint32_t window = options.window;
    LoadRequest load{options.model, options.device, options.kv};
    std::vector<int32_t> tokens;
    int32_t bos = -1;
    {
        const OpenModel model(options.model);
        load.context = chooseContext(model.info.context_length, window, 0, 0);
        tokens = model.tokenizer.encode(readFile(options.text));
        if (model.tokenizer.addsBos() && model.tokenizer.bos() >= 0) {
            bos = model.tokenizer.bos();
            tokens.insert(tokens.begin(), bos);
        }
    }
    const uint64_t windows = tokens.size() / window;
    if (windows == 0) {
        throw trace::Error(
            "cli.too_short",
            "“{file}” has {tokens} tokens, and one window needs {window}: take a longer text, or smaller windows with "
            "-c.",
            {{"file", options.text}, {"tokens", trace::grouped(tokens.size())}, {"window", trace::grouped(window)}});
    }
    const auto engine = loadEngine(load, log);
    const size_t width = engine->model().vocab_size;
    inference::EvaluateOptions request;
    request.logits = inference::LogitRows::All;
    request.cancel = &platform::InterruptScope::flag();
    double loss = 0;
    uint64_t counted = 0;
    ProgressBar bar("Reading");
    for (uint64_t w = 0; w < windows; ++w) {
        std::vector<int32_t> part(tokens.begin() + static_cast<ptrdiff_t>(w * window),
                                  tokens.begin() + static_cast<ptrdiff_t>((w + 1) * window));
        if (bos >= 0) {
            part[0] = bos;
        }
        engine->reset();
        engine->evaluate(part, request, [&](const inference::EvaluateBatch& batch) {
            // The first half is context only; the last token's successor belongs to the next window.
            for (uint32_t i = std::max(batch.first, window / 2); i < std::min(batch.first + batch.count, window - 1);
                 ++i) {
                loss += surprise(batch.logits.subspan((i - batch.first) * width, width), part[i + 1]);
                ++counted;
            }
        });
        throwIfInterrupted();
        bar.update(w + 1, windows);
    }
    const double result = std::exp(loss / static_cast<double>(counted));
    if (options.output.json) {
        printJson({{"perplexity", result}, {"tokens", counted}, {"windows", windows}});
    } else {
        print("Perplexity " + threeFigures(result) + " over " + trace::grouped(counted) + " tokens in " +
              trace::grouped(windows) + " windows.\n");
    }
}

} // namespace

void addPerplexity(CLI::App& program, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("perplexity", "How well a model foretells a text");
    addModel(*command, options->model);
    command->add_option("-f,--file,file", options->text, "A text file, read byte for byte; at least one window long")
        ->required();
    command->add_option("-c,--ctx", options->window, "Tokens in a window: from 4 to the model's limit")
        ->capture_default_str()
        ->check(whole(4, uint64_t{1} << 24));
    addKv(*command, options->kv);
    addDevice(*command, options->device);
    addOutput(*command, options->output);
    setAction(*command, action, options, perplexity);
}

} // namespace moescope::cli
