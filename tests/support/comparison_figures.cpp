// SPDX-License-Identifier: Apache-2.0
// The figures of a comparison for tests/conformance/comparison.py: a question in JSON a line on standard input, an answer each
// on standard output.
#include "engine/inference/engine.h"
#include "engine/model/convert.h"
#include "engine/needle/scoring.h"
#include "ui/models/alignment.h"
#include "ui/models/routingdistance.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <unistd.h>

namespace {

using namespace moescope;
using Json = nlohmann::json;

/** Of one layer: [tokens][used] ids. */
trace::RoutingLog logOf(const Json& tokens, uint32_t experts) {
    const auto used = static_cast<uint32_t>(tokens.at(0).size());
    trace::RoutingLog log(trace::RoutingShape{1, experts, used});
    const std::vector<float> weights(used, 0.5F);
    for (const Json& token : tokens) {
        log.append(token.get<std::vector<uint16_t>>(), weights);
    }
    return log;
}

Json distance(const Json& question) {
    const auto experts = question.at("experts").get<uint32_t>();
    std::vector<ui::TokenPair> pairs;
    for (const Json& pair : question.at("pairs")) {
        pairs.push_back({pair.at(0).get<int>(), pair.at(1).get<int>()});
    }
    const ui::LayerDistance found =
        ui::routingDistance(logOf(question.at("a"), experts), logOf(question.at("b"), experts), pairs).front();
    return {{"js", found.js_bits}, {"chance", found.chance_bits}, {"jaccard", found.jaccard}, {"n", found.n}};
}

Json wilson(const Json& question) {
    const needle::Interval found =
        needle::wilson(question.at("found").get<uint32_t>(), question.at("n").get<uint32_t>());
    return {{"low", found.low}, {"high", found.high}};
}

Json alignment(const Json& question) {
    const ui::Alignment found =
        ui::alignRuns(question.at("a").get<std::vector<int>>(), question.at("b").get<std::vector<int>>());
    return {{"partner", found.partner}, {"approximate", found.approximate}};
}

/** A golden in F32 with a KV cache in F32, that has read `tokens`; the one of the question before is kept. */
inference::Engine& engineWith(const std::string& golden, const std::vector<int32_t>& tokens) {
    static std::string loaded;
    static std::unique_ptr<inference::Engine> engine;
    if (loaded != golden) {
        const auto file =
            std::filesystem::temp_directory_path() / ("moescope-figures-" + std::to_string(::getpid()) + ".gguf");
        model::convert(golden, file, {.type = gguf::TensorType::F32, .progress = {}});
        engine = inference::Engine::load(file, {.kv = inference::KvType::F32});
        std::filesystem::remove(file);
        loaded = golden;
    }
    if (!std::ranges::equal(engine->cachedTokens(), tokens)) {
        engine->reset();
        engine->evaluate(tokens, {}, [](const auto&) {});
    }
    return *engine;
}

Json mass(const Json& question) {
    inference::Engine& engine =
        engineWith(question.at("golden").get<std::string>(), question.at("tokens").get<std::vector<int32_t>>());
    return {{"mass", engine.attentionMass(question.at("position").get<uint32_t>(), question.at("first").get<uint32_t>(),
                                          question.at("count").get<uint32_t>())}};
}

} // namespace

int main() {
    std::string line;
    while (std::getline(std::cin, line)) {
        const Json question = Json::parse(line);
        const auto kind = question.at("kind").get<std::string>();
        std::cout << (kind == "distance" ? distance(question)
                      : kind == "wilson" ? wilson(question)
                      : kind == "mass"   ? mass(question)
                                         : alignment(question))
                         .dump()
                  << '\n';
    }
}
