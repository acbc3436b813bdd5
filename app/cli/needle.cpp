// SPDX-License-Identifier: Apache-2.0
#include "app/cli/command.h"
#include "app/cli/input.h"
#include "app/cli/loading.h"
#include "app/cli/options.h"
#include "app/cli/output.h"
#include "app/cli/written.h"
#include "app/platform/paths.h"
#include "app/platform/signals.h"
#include "engine/gguf/atomic_file.h"
#include "engine/inference/needle_run.h"
#include "engine/trace/error.h"

#include <algorithm>

namespace moescope::cli {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t mostCases = 1'000'000; // whose results take some hundreds of MiB

struct Options {
    OutputOptions output;
    std::string model = "builtin";
    std::string device;
    std::string kv = "f16";
    std::vector<uint32_t> lengths;
    std::vector<uint32_t> depths{0, 25, 50, 75, 100};
    std::string kind = "single";
    uint32_t cases = 10;
    uint64_t seed = 1;
    std::string haystack;
    std::string out;
    bool resume = false;
};

Json toJson(const needle::Grid& grid, size_t resumed) {
    Json cells = Json::array();
    for (const needle::Cell& cell : grid.cells()) {
        const needle::Interval interval = needle::wilson(cell.found, cell.n);
        const bool deep = needle::hasDepth(grid.plan().kind);
        cells.push_back({{"length", cell.length},
                         {"depth", deep ? Json(cell.depth) : Json()},
                         {"kind", needle::kindName(grid.plan().kind)},
                         {"found", cell.found},
                         {"n", cell.n},
                         {"low", interval.low},
                         {"high", interval.high},
                         {"seconds", cell.seconds}});
    }
    return {{"cells", cells}, {"cases", grid.size()}, {"resumed_cases", resumed}};
}

void printGrid(const needle::Grid& grid) {
    std::vector<std::vector<std::string>> rows{{"tokens", "depth", "found", "of", "95 % interval", "s"}};
    for (const needle::Cell& cell : grid.cells()) {
        const needle::Interval interval = needle::wilson(cell.found, cell.n);
        rows.push_back({trace::grouped(cell.length),
                        needle::hasDepth(grid.plan().kind) ? std::to_string(cell.depth) + " %" : "whole text",
                        std::to_string(cell.found), std::to_string(cell.n),
                        threeFigures(interval.low) + "–" + threeFigures(interval.high), threeFigures(cell.seconds)});
    }
    printTable(rows, {true, true, true, true, true, true});
}

/** What is written must be no file that is read. */
void requireOthers(const std::vector<fs::path>& written, const std::vector<fs::path>& read) {
    for (const fs::path& one : written) {
        for (const fs::path& other : read) {
            if (gguf::isSameFile(one, other)) {
                throw trace::Error("needle.same_file",
                                   "“{file}” is read, so it cannot be written as well. Choose another --out.",
                                   {{"file", platform::toUtf8(one)}});
            }
        }
    }
}

void throwInterrupted(const needle::Grid& grid, const fs::path& part) {
    throw trace::Error("needle.cancelled",
                       "Cancelled after {done} of {all} cases; with --resume it goes on from “{part}”.",
                       {{"done", trace::grouped(grid.done())},
                        {"all", trace::grouped(grid.size())},
                        {"part", platform::toUtf8(part)}});
}

void needle(const Options& options) {
    const platform::InterruptScope interrupt;
    const Log log(options.output.verbose);
    const fs::path out = platform::fromUtf8(options.out);
    const Replacement replacement(out);
    inference::NeedleJob job;
    needle::GridPlan& plan = job.plan;
    plan.kind = needle::parseKind(options.kind);
    plan.lengths = options.lengths;
    plan.depths = options.depths;
    plan.cases = options.cases;
    plan.seed = options.seed;
    const uint64_t cells = plan.lengths.size() * (needle::hasDepth(plan.kind) ? plan.depths.size() : 1);
    if (cells * plan.cases > mostCases) {
        throw trace::Error("needle.too_many",
                           "{cases} cases in {cells} cells are more than the {most} that a grid may have.",
                           {{"cases", trace::grouped(plan.cases)},
                            {"cells", trace::grouped(cells)},
                            {"most", trace::grouped(mostCases)}});
    }
    const std::string haystackFile =
        options.haystack.empty() ? platform::toUtf8(platform::builtinHaystack()) : options.haystack;
    job.haystack = readFile(haystackFile);
    job.haystack_name = haystackFile;
    LoadRequest load{options.model, options.device, options.kv};
    {
        const OpenModel model(options.model);
        load.context =
            chooseContext(model.info.context_length, *std::max_element(plan.lengths.begin(), plan.lengths.end()), 0, 0);
        (void)openTemplate(model, options.output); // says so where the model has none of its own
    }
    load.sessions = true;
    job.state = out;
    job.state += ".part";
    job.resume = options.resume;
    const fs::path part = job.state;
    requireOthers({out, part}, {platform::fromUtf8(haystackFile), modelFile(options.model)});
    const auto engine = loadEngine(load, log);
    const std::atomic<bool>* cancel = &platform::InterruptScope::flag();
    inference::NeedleRun run(*engine, std::move(job), cancel);
    const needle::Grid& grid = run.grid();
    {
        ProgressBar bar("Cases");
        while (!grid.isDone()) {
            bar.update(grid.done(), grid.size());
            if (!run.runNext(cancel)) {
                throwInterrupted(grid, part);
            }
        }
    }
    const std::string csv = needle::csvOf(grid);
    gguf::AtomicFile written(out);
    written.write({reinterpret_cast<const uint8_t*>(csv.data()), csv.size()});
    written.commit();
    run.removeState();
    if (options.output.json) {
        printJson(toJson(grid, run.resumed()));
    } else {
        printGrid(grid);
    }
    replacement.say(options.output);
}

} // namespace

void addNeedle(CLI::App& program, Action& action) {
    auto options = std::make_shared<Options>();
    CLI::App* command = program.add_subcommand("needle", "Whether a model finds what stands in a long prompt");
    addModel(*command, options->model);
    addCounts(*command, "--lengths", options->lengths, 1, "Tokens of a prompt and the longest answer: 256,512")
        ->required();
    addCounts(*command, "--depths", options->depths, 0, "Where the needle stands, % of the text")
        ->check(whole(0, 100))
        ->capture_default_str();
    command->add_option("--kind", options->kind, "single, multikey, multivalue, multiquery, vartrack or freqwords")
        ->capture_default_str()
        ->check(parsedBy([](const std::string& name) { needle::parseKind(name); }, "KIND"));
    command->add_option("--cases", options->cases, "Cases in a cell")
        ->capture_default_str()
        ->check(whole(1, 1'000'000));
    command->add_option("--seed", options->seed, "What every case follows from")
        ->capture_default_str()
        ->check(whole(0, std::numeric_limits<uint64_t>::max()));
    command->add_option("--haystack", options->haystack, "A text to hide the needles in; stories if not given");
    command->add_option("--out", options->out, "The CSV file to write; FILE.part keeps what is done")->required();
    command->add_flag("--resume", options->resume, "Go on from FILE.part, with the same arguments");
    addKv(*command, options->kv);
    addDevice(*command, options->device);
    addOutput(*command, options->output);
    setAction(*command, action, options, needle);
}

} // namespace moescope::cli
