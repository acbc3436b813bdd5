// SPDX-License-Identifier: Apache-2.0
#include "engine/trace/intervention.h"

#include "engine/trace/error.h"
#include "engine/trace/info.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>
#include <string>

namespace moescope::trace {
namespace {

void checkPlace(const ExpertPlace& place, const ModelInfo& model) {
    if (place.layer >= model.moeLayers()) {
        throw Error("intervention.layer",
                    "There is no layer {layer} to intervene in: the layers with experts are 0 to {last}.",
                    {{"layer", std::to_string(place.layer)}, {"last", std::to_string(model.moeLayers() - 1)}});
    }
    if (place.expert >= model.expert_count) {
        throw Error("intervention.expert", "There is no expert {expert} in layer {layer}: its experts are 0 to {last}.",
                    {{"expert", std::to_string(place.expert)},
                     {"layer", std::to_string(place.layer)},
                     {"last", std::to_string(model.expert_count - 1)}});
    }
}

[[noreturn]] void failTwice(const ExpertPlace& place) {
    throw Error("intervention.twice",
                "Expert {expert} of layer {layer} is named twice: it can be banned, forced or given a bias once, and "
                "not both banned and forced.",
                {{"expert", std::to_string(place.expert)}, {"layer", std::to_string(place.layer)}});
}

void checkCounts(const Intervention& intervention, const ModelInfo& model, uint32_t used) {
    std::map<uint32_t, uint32_t> banned;
    std::map<uint32_t, uint32_t> forced;
    for (const ExpertPlace& place : intervention.banned) {
        ++banned[place.layer];
    }
    for (const ExpertPlace& place : intervention.forced) {
        ++forced[place.layer];
    }
    for (const auto& [layer, count] : forced) {
        if (count > used) {
            throw Error(
                "intervention.forced",
                "{count} experts are forced in layer {layer}, but only {used} can answer a token.",
                {{"count", std::to_string(count)}, {"layer", std::to_string(layer)}, {"used", std::to_string(used)}});
        }
    }
    for (const auto& [layer, count] : banned) {
        if (model.expert_count - count < used) {
            throw Error("intervention.banned",
                        "{count} of the {experts} experts of layer {layer} are banned, but {used} must answer each "
                        "token.",
                        {{"count", std::to_string(count)},
                         {"experts", std::to_string(model.expert_count)},
                         {"layer", std::to_string(layer)},
                         {"used", std::to_string(used)}});
        }
    }
}

} // namespace

Intervention normalised(Intervention intervention, uint32_t model_experts_used) {
    std::sort(intervention.banned.begin(), intervention.banned.end());
    std::sort(intervention.forced.begin(), intervention.forced.end());
    std::sort(intervention.biases.begin(), intervention.biases.end(),
              [](const ExpertBias& one, const ExpertBias& other) { return one.place < other.place; });
    if (intervention.experts_used == model_experts_used) {
        intervention.experts_used = 0;
    }
    return intervention;
}

void checkIntervention(const Intervention& intervention, const ModelInfo& model) {
    if (intervention.empty()) {
        return;
    }
    const std::string name = model.name.empty() ? model.file_name : model.name;
    if (model.moeLayers() == 0) {
        throw Error("intervention.dense", "“{model}” has no router: there is nothing to intervene in.",
                    {{"model", name}});
    }
    if (intervention.without_shared && model.expert_shared_count == 0) {
        throw Error("intervention.shared", "“{model}” has no shared expert that could be switched off.",
                    {{"model", name}});
    }
    if (intervention.experts_used > model.expert_count) {
        throw Error("intervention.experts_used",
                    "{used} experts cannot answer each token: a layer of “{model}” has {experts}.",
                    {{"used", std::to_string(intervention.experts_used)},
                     {"model", name},
                     {"experts", std::to_string(model.expert_count)}});
    }
    std::set<ExpertPlace> decided;
    for (const auto* places : {&intervention.banned, &intervention.forced}) {
        for (const ExpertPlace& place : *places) {
            checkPlace(place, model);
            if (!decided.insert(place).second) {
                failTwice(place);
            }
        }
    }
    std::set<ExpertPlace> biased;
    for (const ExpertBias& bias : intervention.biases) {
        checkPlace(bias.place, model);
        if (!biased.insert(bias.place).second) {
            failTwice(bias.place);
        }
        if (!std::isfinite(bias.bias)) {
            throw Error("intervention.bias", "The bias of expert {expert} of layer {layer} is not a finite number.",
                        {{"expert", std::to_string(bias.place.expert)}, {"layer", std::to_string(bias.place.layer)}});
        }
    }
    checkCounts(intervention, model,
                intervention.experts_used > 0 ? intervention.experts_used : model.expert_used_count);
}

} // namespace moescope::trace
