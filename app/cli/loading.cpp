// SPDX-License-Identifier: Apache-2.0
#include "app/cli/loading.h"

#include "app/cli/input.h"
#include "app/platform/paths.h"
#include "app/platform/signals.h"
#include "engine/trace/error.h"

namespace moescope::cli {

std::unique_ptr<inference::Engine> loadEngine(const LoadRequest& request, const Log& log) {
    ProgressBar bar("Loading");
    inference::LoadOptions options;
    options.device = request.device;
    options.kv = inference::parseKvType(request.kv);
    options.context = request.context;
    for (const std::string& variant : request.variants) {
        inference::forceVariant(options.variants, variant);
    }
    options.sessions = request.sessions;
    options.cache_folder = platform::usableCacheFolder();
    options.progress = [&bar](uint64_t done, uint64_t total) {
        bar.update(done, total);
        return !platform::InterruptScope::flag().load();
    };
    auto engine = inference::Engine::load(modelFile(request.model), options);
    log.line("Loaded “" + engine->model().file_name + "” on “" + engine->device().name + "” in " +
             threeFigures(engine->loadMs()) + " ms: weights " + trace::bytesText(engine->memory().weights_bytes) +
             ", KV cache " + trace::bytesText(engine->memory().kv_bytes) + " for " +
             trace::grouped(engine->memory().context) + " tokens, workspace " +
             trace::bytesText(engine->memory().workspace_bytes) + ".");
    return engine;
}

std::string contextSentence(const inference::ContextChoice& context, const std::string& device) {
    const std::string held = "The context holds " + trace::grouped(context.tokens) + " of this model's " +
                             trace::grouped(context.model_tokens) + " tokens: all of them would need ";
    if (context.reason == inference::ContextChoice::Reason::Buffer) {
        return held + "a buffer of " + trace::bytesText(context.whole_buffer_bytes) + ", and “" + device +
               "” can bind " + trace::bytesText(context.largest_buffer_bytes) + " at once.";
    }
    return held + trace::bytesText(context.whole_bytes) + ", and “" + device + "” has " +
           trace::bytesText(context.free_bytes) + " free, of which a sixteenth is left to other programs.";
}

void throwIfInterrupted() {
    if (platform::InterruptScope::flag().load()) {
        throw trace::Error("cli.cancelled", "Cancelled.");
    }
}

} // namespace moescope::cli
