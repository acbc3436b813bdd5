// SPDX-License-Identifier: Apache-2.0
// How honest the time left of a prompt is: after a quarter of its tokens, what is expected of the rest against what the rest
// took. Beside it the plain mean of the beginning, which knows nothing of the positions that later tokens look back at.
#include "app/platform/paths.h"
#include "engine/inference/engine.h"
#include "engine/trace/error.h"
#include "engine/trace/random.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <optional>

using namespace moescope;

namespace {

struct Errors {
    double estimate = 0; ///< share by which the expected time is off
    double mean = 0;     ///< likewise, of the plain mean
};

Errors measure(inference::Engine& engine, uint32_t tokens, uint64_t seed) {
    inference::GenerationRequest request;
    trace::Random random(seed);
    for (uint32_t i = 0; i < tokens; ++i) {
        request.prompt.push_back(static_cast<int32_t>(random.below(engine.config().token_count)));
    }
    request.max_tokens = 1;
    std::optional<trace::PrefillProgress> quarter;
    trace::PrefillProgress last;
    engine.reset();
    engine.generate(request, {.prefill = [&](const trace::PrefillProgress& progress) {
                        if (!quarter && uint64_t{progress.done} * 4 >= tokens) {
                            quarter = progress;
                        }
                        last = progress;
                    }});
    if (!quarter || !quarter->left_ms || quarter->done == tokens) {
        std::fputs("Nothing was expected after a quarter of the prompt.\n", stderr);
        std::exit(1);
    }
    const double rest = last.elapsed_ms - quarter->elapsed_ms;
    const double mean = quarter->elapsed_ms / quarter->done * (tokens - quarter->done);
    return {std::abs(*quarter->left_ms - rest) / rest, std::abs(mean - rest) / rest};
}

double medianOf(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    const size_t n = values.size();
    return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

} // namespace

int main(int argc, char** argv) {
    try {
        const auto engine = inference::Engine::load(platform::resolveModel(argc > 1 ? argv[1] : "builtin"));
        const int runs = argc > 2 ? std::max(1, std::atoi(argv[2])) : 10;
        const auto tokens =
            std::min(argc > 3 ? static_cast<uint32_t>(std::atoi(argv[3])) : 2000U, engine->memory().context);
        std::vector<double> estimates;
        std::vector<double> means;
        for (int run = 0; run < runs; ++run) { // the first one right after the load, as people meet it
            const Errors errors = measure(*engine, tokens, static_cast<uint64_t>(run));
            estimates.push_back(errors.estimate);
            means.push_back(errors.mean);
        }
        const double median = medianOf(estimates);
        std::printf(
            "{\"tokens\": %u, \"runs\": %d, \"median\": %.4f, \"min\": %.4f, \"max\": %.4f, \"median_of_plain_mean\": "
            "%.4f}\n",
            tokens, runs, median, *std::min_element(estimates.begin(), estimates.end()),
            *std::max_element(estimates.begin(), estimates.end()), medianOf(means));
        return median <= 0.25 ? 0 : 1;
    } catch (const trace::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 2;
    }
}
