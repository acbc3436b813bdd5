// SPDX-License-Identifier: Apache-2.0
// What routing telemetry costs: alternating pairs of the same tokens with and without it. Each side of a pair is the sum of
// short runs in turn with the other's, because two runs of seconds differ by a quarter on a software driver.
#include "app/platform/paths.h"
#include "engine/inference/engine.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>

using namespace moescope;

namespace {

constexpr uint32_t tokensOfRun = 25;
constexpr int runsOfSide = 10;

double seconds(inference::Engine& engine, bool telemetry) {
    inference::GenerationRequest request;
    for (int32_t token = 0; token < 16; ++token) {
        request.prompt.push_back(100 + token);
    }
    request.max_tokens = tokensOfRun;
    request.sampling.temperature = 0;
    request.ignore_eos = true;
    request.telemetry = telemetry;
    // From the first answered token to the last: the prompt and the recording of the step are not counted.
    std::chrono::steady_clock::time_point first;
    std::chrono::steady_clock::time_point last;
    size_t told = 0;
    size_t routed = 0;
    inference::GenerationObserver observer;
    observer.token = [&](const trace::TokenTracePtr& token, const std::string&) {
        last = std::chrono::steady_clock::now();
        if (++told == request.prompt.size() + 1) {
            first = last;
        }
        routed += telemetry && token != nullptr && !token->router.experts.empty() ? 1 : 0;
    };
    engine.reset();
    engine.generate(request, observer);
    const std::chrono::duration<double> time = last - first;
    if (told != request.prompt.size() + request.max_tokens) {
        std::fprintf(stderr, "%zu tokens were told of, and %zu were asked for.\n", told,
                     request.prompt.size() + request.max_tokens);
        std::exit(1);
    }
    if (telemetry && routed == 0) {
        std::fputs("Telemetry is on, yet no token was told of.\n", stderr);
        std::exit(1);
    }
    return time.count();
}

} // namespace

int main(int argc, char** argv) {
    try {
        const auto engine = inference::Engine::load(platform::resolveModel(argc > 1 ? argv[1] : "builtin"));
        const int pairs = argc > 2 ? std::max(1, std::atoi(argv[2])) : 20;
        seconds(*engine, true); // records the step
        std::vector<double> ratios;
        for (int pair = 0; pair < pairs; ++pair) {
            double on = 0;
            double off = 0;
            for (int run = 0; run < runsOfSide; ++run) {
                // The order alternates too: a machine that slows down would else count for one side.
                const bool first = run % 2 == 0;
                (first ? on : off) += seconds(*engine, first);
                (first ? off : on) += seconds(*engine, !first);
            }
            ratios.push_back(on / off);
        }
        std::sort(ratios.begin(), ratios.end());
        const size_t n = ratios.size();
        const double median = n % 2 == 1 ? ratios[n / 2] : (ratios[n / 2 - 1] + ratios[n / 2]) / 2;
        std::printf("{\"pairs\": %zu, \"median\": %.4f, \"min\": %.4f, \"max\": %.4f}\n", n, median, ratios.front(),
                    ratios.back());
        return median <= 1.02 ? 0 : 1;
    } catch (const trace::Error& error) {
        std::fprintf(stderr, "%s\n", error.what());
        return 2;
    }
}
