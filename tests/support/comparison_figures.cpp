// SPDX-License-Identifier: Apache-2.0
// The figures of a comparison for tests/conformance/comparison.py: a question in JSON a line on standard input, an answer each
// on standard output.
#include "engine/needle/scoring.h"
#include "ui/models/alignment.h"
#include "ui/models/routingdistance.h"

#include <nlohmann/json.hpp>

#include <iostream>
#include <string>

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

} // namespace

int main() {
    std::string line;
    while (std::getline(std::cin, line)) {
        const Json question = Json::parse(line);
        const auto kind = question.at("kind").get<std::string>();
        std::cout << (kind == "distance" ? distance(question)
                      : kind == "wilson" ? wilson(question)
                                         : alignment(question))
                         .dump()
                  << '\n';
    }
}
