// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command.h"
#include "app/cli/input.h"
#include "app/cli/intervention.h"
#include "app/cli/loading.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/platform/paths.h"
#include "app/platform/signals.h"
#include "engine/inference/kv_session.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <limits>

namespace moescope::cli {
namespace {

struct Options {
    OutputOptions output;
    std::string model = "builtin";
    std::string device;
    std::string kv = "f16";
    std::vector<std::string> variants;
    PromptOptions prompt;
    uint32_t count = 128;
    inference::SamplerSettings sampling;
    std::vector<std::string> stop;
    std::optional<uint32_t> context;
    bool ignore_eos = false;
    uint32_t steps_in_flight = 0;
    trace::Intervention intervention;
    std::string session;
};

/** What --session did. */
struct SessionUse {
    inference::Restored restored;
    uint32_t computed = 0;               ///< tokens of the prompt
    uint64_t bytes = 0;                  ///< of the file
    std::optional<trace::Error> trouble; ///< it could not be saved
};

Json toJson(const SessionUse& use) {
    return {{"restored_tokens", use.restored.tokens},
            {"computed_tokens", use.computed},
            {"bytes", use.bytes},
            {"reason", use.restored.reason ? Json(use.restored.reason->what()) : Json()}};
}

Json toJson(const inference::Engine& engine, const inference::GenerationRequest& request,
            const inference::GenerationResult& result, const std::optional<SessionUse>& session) {
    const trace::StepTimings& t = result.timings;
    const trace::MemoryInfo& m = engine.memory();
    return {{"prompt_tokens", request.prompt},
            {"tokens", result.tokens},
            {"text", result.text},
            {"stop", trace::stopReasonName(result.reason)},
            {"timings",
             {{"load_ms", engine.loadMs()},
              {"prefill_ms", t.prefill_ms},
              {"prefill_tokens", t.prefill_tokens},
              {"first_token_ms", t.first_token_ms},
              {"decode_ms", t.decode_ms},
              {"decode_tokens", t.decode_tokens}}},
            {"memory",
             {{"weights_bytes", m.weights_bytes}, {"kv_bytes", m.kv_bytes}, {"workspace_bytes", m.workspace_bytes}}},
            {"device", engine.device().name},
            {"session", session ? toJson(*session) : Json()}};
}

/** Of an answer that found no more room. All are tokens; `limit`: of the model. */
std::string fullSentence(uint64_t prompt, uint64_t answer, uint64_t context, uint64_t limit) {
    return "The answer ends after " + trace::grouped(answer) + " tokens, because the context is full: it holds " +
           trace::grouped(context) + ", and the prompt took " + trace::grouped(prompt) + " of them. " +
           (context < limit ? "With --ctx it can hold up to " + trace::grouped(limit) + "."
                            : "The model was made for no more.");
}

/** Any other file in its place would be lost. */
void requireSession(const std::string& name) {
    const std::filesystem::path file = platform::fromUtf8(name);
    std::error_code error;
    if (std::filesystem::exists(file, error) && !session::SessionReader::isSession(file)) {
        throw trace::Error(
            "cli.session",
            "“{file}” is no saved KV cache, so it is not replaced by one. Name another file with --session.",
            {{"file", name}});
    }
}

/** What was computed is kept even where it cannot be saved. */
void save(const inference::Engine& engine, const std::string& file, SessionUse& use) {
    try {
        use.bytes = inference::saveSession(engine, platform::fromUtf8(file));
    } catch (const trace::Error& error) {
        use.trouble = error;
    }
}

void run(const Options& options) {
    const platform::InterruptScope interrupt;
    const Log log(options.output.verbose);
    inference::GenerationRequest request;
    LoadRequest load{options.model, options.device, options.kv};
    load.variants = options.variants;
    load.sessions = !options.session.empty();
    if (load.sessions) {
        requireSession(options.session);
    }
    uint64_t limit = 0;
    {
        const OpenModel model(options.model);
        limit = model.info.context_length;
        trace::checkIntervention(options.intervention, model.info);
        request.prompt = promptTokens(options.prompt, model, options.output);
        load.context = chooseContext(limit, options.context, request.prompt.size(), options.count);
    }
    const auto engine = loadEngine(load, log);
    request.max_tokens = options.count;
    request.sampling = effective(options.sampling);
    request.stop = options.stop;
    request.ignore_eos = options.ignore_eos;
    request.steps_in_flight = options.steps_in_flight;
    request.telemetry = false;
    request.candidates = 0;
    request.intervention = options.intervention;

    inference::GenerationObserver observer;
    observer.cancel = &platform::InterruptScope::flag();
    ProgressBar bar("Reading");
    observer.prefill = [&bar](const trace::PrefillProgress& progress) {
        bar.update(progress.done, progress.total, progress.left_ms);
    };
    size_t shown = 0;
    if (!options.output.json) {
        observer.token = [&shown, &bar](const trace::TokenTracePtr& token, const std::string& text) {
            if (token->generated) {
                bar.clear();
                printForeign(text);
                shown += text.size();
            }
        };
    }
    std::optional<SessionUse> session;
    if (!options.session.empty()) {
        engine->intervene(request.intervention);
        session.emplace();
        session->restored = inference::restoreSession(*engine, platform::fromUtf8(options.session), request.prompt,
                                                      &platform::InterruptScope::flag());
        log.line("Restored " + trace::grouped(session->restored.tokens) + " tokens from “" + options.session + "”." +
                 (session->restored.reason ? std::string(" ") + session->restored.reason->what() : std::string()));
    }
    const inference::GenerationResult result = engine->generate(request, observer);
    bar.clear();
    if (session) {
        session->restored.tokens = result.timings.reused_tokens;
        session->computed = result.timings.prefill_tokens;
        save(*engine, options.session, *session);
    }
    if (options.output.json) {
        printJson(toJson(*engine, request, result, session));
    } else {
        // What was held back while it could have become a stop text or a whole character.
        printForeign(result.text.substr(std::min(shown, result.text.size())));
        print("\n");
        if (result.reason == trace::StopReason::Context) {
            printFailure(fullSentence(request.prompt.size(), result.tokens.size(), engine->memory().context, limit));
        }
    }
    const trace::StepTimings& t = result.timings;
    log.line("Read " + trace::grouped(t.prefill_tokens) + " tokens in " + threeFigures(t.prefill_ms) + " ms, wrote " +
             trace::grouped(result.tokens.size()) + " in " + threeFigures(t.decode_ms) +
             " ms; stopped: " + trace::stopReasonName(result.reason) + ".");
    if (session && session->trouble) {
        throw *session->trouble;
    }
}

} // namespace

void addRun(CLI::App& program, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("run", "Answer a prompt");
    addModel(*command, options->model);
    addPrompt(*command, options->prompt);
    command->add_option("-n,--count", options->count, "Tokens to write at most")
        ->capture_default_str()
        ->check(whole(1, std::numeric_limits<uint32_t>::max()));
    addSampling(*command, options->sampling);
    command->add_option("--stop", options->stop, "Text that ends the answer; may be given several times")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command->add_option("--ctx", options->context, "Tokens that the KV cache holds; what is needed if not given")
        ->check(whole(1, uint64_t{1} << 30));
    command->add_flag("--ignore-eos", options->ignore_eos, "Go on after the end of the answer");
    command->add_option("--session", options->session,
                        "A file that the KV cache is restored from as far as it fits, and saved to");
    addIntervention(*command, options->intervention);
    addKv(*command, options->kv);
    addVariants(*command, options->variants);
    command
        ->add_option(
            "--steps-in-flight", options->steps_in_flight,
            "Steps that are submitted before their tokens are told of, where the device samples; 0: as many as leave "
            "Ctrl-C heard in time")
        ->capture_default_str()
        ->check(whole(0, inference::mostStepsInFlight));
    addDevice(*command, options->device);
    addOutput(*command, options->output);
    setAction(*command, action, options, run);
}

} // namespace moescope::cli
