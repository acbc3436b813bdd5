// SPDX-License-Identifier: Apache-2.0
#include "engine/session/kv_key.h"

#include <nlohmann/json.hpp>

#include <limits>

namespace moescope::session {

using Json = nlohmann::ordered_json;
using trace::Error;
using trace::ExpertPlace;

namespace {

Json toJson(const std::vector<ExpertPlace>& places) {
    Json list = Json::array();
    for (const ExpertPlace& place : places) {
        list.push_back({place.layer, place.expert});
    }
    return list;
}

/** A number that is none, or does not fit, is a Json::exception as any other wrong type. */
uint32_t numberOf(const Json& value) {
    const auto& number = value.get_ref<const Json::number_unsigned_t&>();
    return number <= std::numeric_limits<uint32_t>::max() ? static_cast<uint32_t>(number) : value.at(0).get<uint32_t>();
}

ExpertPlace placeOf(const Json& pair) { return {numberOf(pair.at(0)), numberOf(pair.at(1))}; }

std::vector<ExpertPlace> placesOf(const Json& list) {
    std::vector<ExpertPlace> places;
    for (const Json& pair : list) {
        places.push_back(placeOf(pair));
    }
    return places;
}

Json toJson(const trace::Intervention& intervention) {
    Json biases = Json::array();
    for (const trace::ExpertBias& one : intervention.biases) {
        biases.push_back({one.place.layer, one.place.expert, one.bias});
    }
    return {{"banned", toJson(intervention.banned)},
            {"forced", toJson(intervention.forced)},
            {"biases", biases},
            {"without_shared", intervention.without_shared},
            {"experts_used", intervention.experts_used}};
}

trace::Intervention interventionOf(const Json& object) {
    trace::Intervention intervention;
    intervention.banned = placesOf(object.at("banned"));
    intervention.forced = placesOf(object.at("forced"));
    for (const Json& one : object.at("biases")) {
        intervention.biases.push_back({placeOf(one), one.at(2).get<float>()});
    }
    intervention.without_shared = object.at("without_shared").get<bool>();
    intervention.experts_used = numberOf(object.at("experts_used"));
    return intervention;
}

std::optional<trace::KvType> kvTypeOf(const std::string& name) {
    for (const trace::KvType type : trace::kvTypes) {
        if (name == trace::kvTypeName(type)) {
            return type;
        }
    }
    return std::nullopt;
}

} // namespace

std::string toText(const KvKey& key) {
    const Json object{{"layout", kvLayoutVersion},
                      {"model", key.model},
                      {"kv_type", trace::kvTypeName(key.kv_type)},
                      {"rope", key.rope},
                      {"intervention", toJson(key.intervention)},
                      {"device", key.device},
                      {"variant", key.variant},
                      {"bytes_per_token", key.bytes_per_token}};
    return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<KvKey> keyFromText(const std::string& text) {
    try {
        const Json object = Json::parse(text);
        if (const uint32_t layout = numberOf(object.at("layout")); layout != kvLayoutVersion) {
            throw Error("session.version", "It is a saved KV cache of layout {version}, and {known} is known.",
                        {{"version", std::to_string(layout)}, {"known", std::to_string(kvLayoutVersion)}});
        }
        const auto type = kvTypeOf(object.at("kv_type").get<std::string>());
        if (!type) {
            return std::nullopt;
        }
        KvKey key{.model = object.at("model").get<std::string>(),
                  .kv_type = *type,
                  .rope = object.at("rope").get<std::string>(),
                  .intervention = interventionOf(object.at("intervention")),
                  .device = object.at("device").get<std::string>(),
                  .variant = object.at("variant").get<std::string>(),
                  .bytes_per_token = numberOf(object.at("bytes_per_token"))};
        return toText(key) == text ? std::optional(std::move(key)) : std::nullopt;
    } catch (const Json::exception&) {
        return std::nullopt;
    }
}

std::optional<Error> difference(const KvKey& stored, const KvKey& wanted) {
    if (stored.model != wanted.model) {
        return Error("session.model",
                     "It was computed by another model: its fingerprint is {stored}, and this one's {wanted}.",
                     {{"stored", stored.model}, {"wanted", wanted.model}});
    }
    if (stored.kv_type != wanted.kv_type) {
        return Error("session.kv_type", "Its KV cache is of another type: {stored}, and this one is {wanted}.",
                     {{"stored", std::string(trace::kvTypeName(stored.kv_type))},
                      {"wanted", std::string(trace::kvTypeName(wanted.kv_type))}});
    }
    if (stored.rope != wanted.rope) {
        return Error("session.rope", "Its RoPE settings are others: {stored}, and now {wanted}.",
                     {{"stored", stored.rope}, {"wanted", wanted.rope}});
    }
    if (!(stored.intervention == wanted.intervention)) {
        return Error("session.intervention", "It was computed under another intervention.");
    }
    if (stored.device != wanted.device) {
        return Error("session.device", "It was computed by another device or driver: {stored}, and this is {wanted}.",
                     {{"stored", stored.device}, {"wanted", wanted.device}});
    }
    if (stored.variant != wanted.variant) {
        return Error("session.variant", "It was computed by other kernels: {stored}, and now {wanted}.",
                     {{"stored", stored.variant}, {"wanted", wanted.variant}});
    }
    if (stored.bytes_per_token != wanted.bytes_per_token) {
        return Error(
            "session.layout", "Its rows have another size: {stored} bytes a token, and now {wanted}.",
            {{"stored", trace::grouped(stored.bytes_per_token)}, {"wanted", trace::grouped(wanted.bytes_per_token)}});
    }
    return std::nullopt;
}

} // namespace moescope::session
