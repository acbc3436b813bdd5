// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command.h"
#include "app/cli/device_speed.h"
#include "app/cli/input.h"
#include "app/cli/loading.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/platform/signals.h"
#include "engine/inference/memory_plan.h"
#include "engine/inference/synthetic_kv.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <span>

namespace moescope::cli {
namespace {

struct Options {
    OutputOptions output;
    std::string model = "builtin";
    std::string device;
    std::string kv = "f16";
    std::vector<std::string> variants;
    std::vector<uint32_t> prefill{512};
    std::vector<uint32_t> decode{128};
    std::vector<uint32_t> depths{0};
    uint32_t runs = 5;
    bool profile = false;
};

struct Test {
    bool decode = false;
    uint32_t tokens = 0;
    uint32_t depth = 0;

    /** That it needs of the cache; a decode begins after a token at least. */
    uint64_t positions() const { return uint64_t{decode ? std::max<uint32_t>(depth, 1) : depth} + tokens; }
    std::string name() const {
        return (decode ? "tg" : "pp") + std::to_string(tokens) + (depth == 0 ? "" : "@d" + std::to_string(depth));
    }
};

double medianOf(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const size_t n = values.size();
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

struct Measured {
    Test test;
    std::vector<double> tokens_per_second; ///< one a run, in order

    double median() const { return medianOf(tokens_per_second); }
};

std::vector<Test> makeTests(const Options& options) {
    std::vector<Test> tests;
    for (const uint32_t depth : options.depths) {
        for (const bool decode : {false, true}) {
            for (const uint32_t tokens : decode ? options.decode : options.prefill) {
                if (tokens > 0) {
                    tests.push_back({decode, tokens, depth});
                }
            }
        }
    }
    return tests;
}

constexpr uint32_t seedOfDepth = 2;
constexpr const char* howDepthIsFilled = "synthetic";

/** Tokens that differ from each other and from run to run not at all. */
std::vector<int32_t> someTokens(uint32_t count, uint32_t vocabulary, uint32_t seed = 1) {
    std::vector<int32_t> tokens(count);
    uint32_t state = seed;
    for (int32_t& token : tokens) {
        state = state * 1664525U + 1013904223U;
        token = static_cast<int32_t>((state >> 8) % vocabulary);
    }
    return tokens;
}

/** An answer as people get it, sampled token by token: one that repeats itself would have its experts in the cache. */
inference::GenerationRequest decoding(const Test& test, uint32_t vocabulary) {
    inference::GenerationRequest request;
    request.prompt = someTokens(std::max<uint32_t>(test.depth, 1), vocabulary, seedOfDepth);
    request.max_tokens = test.tokens;
    request.sampling = {.temperature = 1.0F, .top_k = 40, .top_p = 1.0F, .repetition_penalty = 1.0F, .seed = 1};
    request.ignore_eos = true;
    request.telemetry = false;
    return request;
}

/** The KV cache holds `depth` tokens, whose keys and values follow from a seed: what was filled before is kept. */
void fill(inference::Engine& engine, uint32_t depth) {
    const std::vector<int32_t> tokens = someTokens(depth, engine.config().token_count, seedOfDepth);
    const std::span<const int32_t> held = engine.cachedTokens();
    const auto same = std::mismatch(held.begin(), held.end(), tokens.begin(), tokens.end()).first - held.begin();
    engine.truncate(static_cast<uint32_t>(same));
    const inference::KvType kv = inference::parseKvType(engine.memory().kv_type);
    while (engine.position() < depth) {
        throwIfInterrupted();
        const uint32_t count = std::min(depth - engine.position(), 256U); // tokens at a time
        const std::vector<uint8_t> rows = inference::syntheticKvRows(engine.config(), kv, count, engine.position());
        engine.appendKv(std::span(tokens).subspan(engine.position(), count), rows, count);
    }
}

double timeDecode(inference::Engine& engine, const Test& test) {
    fill(engine, test.depth);
    const inference::GenerationRequest request = decoding(test, engine.config().token_count);
    const inference::GenerationResult result = engine.generate(request, {.cancel = &platform::InterruptScope::flag()});
    throwIfInterrupted();
    return result.timings.decode_ms / 1000;
}

double timePrefill(inference::Engine& engine, const Test& test) {
    fill(engine, test.depth);
    inference::EvaluateOptions options;
    options.cancel = &platform::InterruptScope::flag();
    const std::vector<int32_t> tokens = someTokens(test.tokens, engine.config().token_count);
    const auto start = std::chrono::steady_clock::now();
    engine.evaluate(tokens, options, [](const auto&) {});
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    throwIfInterrupted();
    return seconds.count();
}

double timeOnce(inference::Engine& engine, const Test& test) {
    return test.decode ? timeDecode(engine, test) : timePrefill(engine, test);
}

/** Empty where the device has no timestamps. */
std::vector<trace::IntervalTiming> profileOnce(inference::Engine& engine, int32_t token) {
    std::vector<trace::IntervalTiming> timings;
    const trace::StepTimelinePtr step = engine.profile(token);
    for (const trace::TimelineSpan& span : step->spans) {
        if (span.lane == trace::Lane::Gpu) {
            timings.push_back({trace::stepPartName(span.part), span.layer, span.duration_us / 1000});
        }
    }
    return timings;
}

/** Median time of each barrier interval of a decode step at the first depth, in the order of the step. */
std::vector<trace::IntervalTiming> profileSteps(inference::Engine& engine, const Options& options) {
    const std::vector<int32_t> tokens = someTokens(1, engine.config().token_count);
    fill(engine, std::max<uint32_t>(options.depths.front(), 1));
    std::vector<trace::IntervalTiming> timings = profileOnce(engine, tokens.front()); // not counted, as for the tests
    std::vector<std::vector<double>> runs(timings.size());
    for (uint32_t run = 0; run < options.runs; ++run) {
        throwIfInterrupted();
        const std::vector<trace::IntervalTiming> one = profileOnce(engine, tokens.front());
        for (size_t i = 0; i < one.size(); ++i) {
            runs[i].push_back(one[i].ms);
        }
    }
    for (size_t i = 0; i < timings.size(); ++i) {
        timings[i].ms = medianOf(runs[i]);
    }
    return timings;
}

/** Time of each barrier interval of the first prefill test, all its micro-batches together. */
std::vector<trace::IntervalTiming> profilePrefill(inference::Engine& engine, uint32_t count) {
    std::map<std::pair<trace::StepPart, int32_t>, double> sums;
    inference::GenerationRequest request;
    request.prompt = someTokens(count, engine.config().token_count);
    request.max_tokens = 1;
    request.sampling.temperature = 0;
    inference::GenerationObserver observer;
    observer.cancel = &platform::InterruptScope::flag();
    observer.timeline = [&](const trace::StepTimelinePtr& step) {
        for (const trace::TimelineSpan& span : step->spans) {
            if (step->kind == trace::StepKind::Prefill && span.lane == trace::Lane::Gpu) {
                sums[{span.part, span.layer}] += span.duration_us / 1000;
            }
        }
    };
    engine.reset();
    engine.generate(request, observer);
    throwIfInterrupted();
    std::vector<trace::IntervalTiming> timings;
    for (const auto& [part, ms] : sums) {
        timings.push_back({trace::stepPartName(part.first), part.second, ms});
    }
    return timings;
}

Json toJson(const std::vector<trace::IntervalTiming>& timings) {
    Json list = Json::array();
    for (const trace::IntervalTiming& timing : timings) {
        list.push_back({{"kernels", timing.kernels},
                        {"layer", timing.layer < 0 ? Json() : Json(timing.layer)},
                        {"ms", timing.ms}});
    }
    return list;
}

/** `of`: "a decode step …"; the table's title. */
void printProfile(const std::string& of, const std::vector<trace::IntervalTiming>& timings) {
    if (timings.empty()) {
        print("\nThis device has no timestamps, so " + of + " could not be profiled.\n");
        return;
    }
    std::vector<std::string> names;
    std::map<std::string, double> sums;
    double all = 0;
    for (const trace::IntervalTiming& timing : timings) {
        if (sums.find(timing.kernels) == sums.end()) {
            names.push_back(timing.kernels);
        }
        sums[timing.kernels] += timing.ms;
        all += timing.ms;
    }
    print("\nTime of " + of + ", all layers together:\n");
    std::vector<std::vector<std::string>> rows{{"Kernels", "ms", "% of it"}};
    for (const std::string& name : names) {
        rows.push_back({name, threeFigures(sums[name]), threeFigures(all > 0 ? 100 * sums[name] / all : 0)});
    }
    printTable(rows, {false, true, true});
}

/** What a token costs. */
struct TokenCost {
    uint64_t bytes = 0;       ///< of weights, decoded alone
    double prefill_gflop = 0; ///< in a batch: two operations a weight, without the logits
};

TokenCost costOf(const OpenModel& model) {
    const model::ModelConfig config = model::readConfig(model.file);
    const double head = static_cast<double>(config.vocab_size) * config.embedding_length;
    const double outside = config.tied_embeddings ? head : 2 * head; // embedding and output matrix
    return {inference::bytesPerToken(config, model.file),
            2 * (static_cast<double>(model.info.active_parameters) - outside) / 1e9};
}

/** Achieved by a test: of a decode GB/s, which a prefill, where a weight is read once for many tokens, does not tell; of a
 *  prefill GFLOP/s. */
struct Achieved {
    std::optional<double> gb_per_second;
    std::optional<double> gflop_per_second;
    double share = 0; ///< of what the device copies or multiplies at most

    Achieved(const Measured& m, const TokenCost& cost, const DeviceSpeed& most) {
        if (m.test.decode) {
            gb_per_second = m.median() * static_cast<double>(cost.bytes) / 1e9;
            share = *gb_per_second / most.copy_gb_per_second;
        } else {
            gflop_per_second = m.median() * cost.prefill_gflop;
            share = *gflop_per_second / most.fma_gflop_per_second;
        }
    }
};

Json toJson(const Measured& m, const Achieved& achieved) {
    const auto [least, most] = std::minmax_element(m.tokens_per_second.begin(), m.tokens_per_second.end());
    const auto orNull = [](const std::optional<double>& value) { return value ? Json(*value) : Json(); };
    return {{"name", m.test.name()},
            {"tokens_per_second", {{"median", m.median()}, {"min", *least}, {"max", *most}}},
            {"runs", m.tokens_per_second},
            {"gb_per_second", orNull(achieved.gb_per_second)},
            {"gflop_per_second", orNull(achieved.gflop_per_second)},
            {"share_of_device", achieved.share},
            {"depth_filled", m.test.depth > 0 ? Json(howDepthIsFilled) : Json()}};
}

void checkFit(const std::vector<Test>& tests, uint64_t context) {
    if (tests.empty()) {
        throw trace::Error("cli.bench", "There is nothing to measure: all of -p and -n are 0.");
    }
    for (const Test& test : tests) {
        if (test.positions() > context) {
            throw trace::Error(
                "cli.bench",
                "The test {test} needs {needed} tokens of context and this model was made for {context}: "
                "a depth (for decode at least 1) and the tokens behind it have to fit.",
                {{"test", test.name()},
                 {"needed", trace::grouped(test.positions())},
                 {"context", trace::grouped(context)}});
        }
    }
}

void bench(const Options& options) {
    const platform::InterruptScope interrupt;
    const Log log(options.output.verbose);
    const std::vector<Test> tests = makeTests(options);
    uint64_t needed = 1;
    for (const Test& test : tests) {
        needed = std::max(needed, test.positions());
    }
    if (options.profile) {
        needed = std::max<uint64_t>(needed, uint64_t{options.depths.front()} + 2);
    }
    LoadRequest load{options.model, options.device, options.kv};
    load.variants = options.variants;
    TokenCost cost;
    {
        const OpenModel model(options.model);
        checkFit(tests, model.info.context_length);
        load.context = chooseContext(model.info.context_length, std::nullopt, needed, 0);
        cost = costOf(model);
    }
    const DeviceSpeed most = measureDevice(options.device);
    const auto engine = loadEngine(load, log);
    ProgressBar bar("Measuring");
    uint64_t done = 0;
    std::vector<Measured> measured;
    for (const Test& test : tests) {
        Measured m{test, {}};
        timeOnce(*engine, test); // caches fill and clocks rise; not counted
        for (uint32_t run = 0; run < options.runs; ++run) {
            m.tokens_per_second.push_back(test.tokens / timeOnce(*engine, test));
            bar.update(++done, tests.size() * options.runs);
        }
        measured.push_back(std::move(m));
    }
    std::vector<trace::IntervalTiming> profile;
    std::vector<trace::IntervalTiming> prefillProfile;
    if (options.profile) {
        profile = profileSteps(*engine, options);
        if (options.prefill.front() > 0) {
            prefillProfile = profilePrefill(*engine, options.prefill.front());
        }
    }
    if (options.output.json) {
        Json list = Json::array();
        for (const Measured& m : measured) {
            list.push_back(toJson(m, Achieved(m, cost, most)));
        }
        Json result{{"tests", list},
                    {"bytes_per_token", cost.bytes},
                    {"copy_gb_per_second", most.copy_gb_per_second},
                    {"fma_gflop_per_second", most.fma_gflop_per_second},
                    {"device", engine->device().name}};
        if (options.profile) {
            result["profile"] = toJson(profile);
            result["profile_prefill"] = toJson(prefillProfile);
        }
        printJson(result);
        return;
    }
    std::vector<std::vector<std::string>> rows{{"Test", "tok/s", "least", "most", "GB/s", "GFLOP/s", "% of device"}};
    for (const Measured& m : measured) {
        const auto [low, high] = std::minmax_element(m.tokens_per_second.begin(), m.tokens_per_second.end());
        const Achieved achieved(m, cost, most);
        const auto orNothing = [](const std::optional<double>& value) { return value ? threeFigures(*value) : ""; };
        rows.push_back({m.test.name(), threeFigures(m.median()), threeFigures(*low), threeFigures(*high),
                        orNothing(achieved.gb_per_second), orNothing(achieved.gflop_per_second),
                        threeFigures(100 * achieved.share)});
    }
    printTable(rows, {false, true, true, true, true, true, true});
    printForeign("On “" + engine->device().name + "”, which copies " + threeFigures(most.copy_gb_per_second) +
                 " GB/s and multiplies and adds " + threeFigures(most.fma_gflop_per_second) +
                 " GFLOP/s; a decoded token reads " + trace::grouped(cost.bytes / 1'000'000) +
                 " MB of weights, which GB/s counts, without the KV cache; " + std::to_string(options.runs) +
                 (options.runs == 1 ? " run" : " runs") + " of each test.\n");
    if (options.profile) {
        printProfile("a decode step at depth " + trace::grouped(std::max<uint32_t>(options.depths.front(), 1)) +
                         ", median of " + trace::grouped(options.runs),
                     profile);
        if (options.prefill.front() > 0) {
            printProfile("one prefill of " + trace::grouped(options.prefill.front()) + " tokens", prefillProfile);
        }
    }
}

} // namespace

void addBench(CLI::App& program, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("bench", "Measure the speed of prefill and decode");
    addModel(*command, options->model);
    addCounts(*command, "-p,--prefill", options->prefill, 0,
              "Tokens read at once, one number or several (64,512); 0: no such test");
    addCounts(*command, "-n,--decode", options->decode, 0, "Tokens written one by one, likewise; 0: no such test");
    addCounts(*command, "-d,--depth", options->depths, 0,
              "Tokens that are already in the KV cache, of synthetic numbers, likewise: each test runs at each depth");
    command->add_option("-r,--runs", options->runs, "Runs of each test")->capture_default_str()->check(whole(1, 10000));
    command->add_flag("--profile", options->profile,
                      "Also the time of each kernel, of a decode step at the first depth and of a prefill of the first "
                      "length (by layer with --json)");
    addKv(*command, options->kv);
    addVariants(*command, options->variants);
    addDevice(*command, options->device);
    addOutput(*command, options->output);
    setAction(*command, action, options, bench);
}

} // namespace moescope::cli
