// SPDX-License-Identifier: Apache-2.0
#include "engine/model/hf_values.h"

#include "engine/model/vocabulary.h"
#include "engine/trace/error.h"

#include <algorithm>
#include <cmath>
#include <sstream>

namespace moescope::model {

using trace::Error;

HfValues::HfValues(const Json& object, std::string file) : m_object(object), m_file(std::move(file)) {
    if (!object.is_object()) {
        throw Error("hf.object", "“{file}” holds no JSON object.", {{"file", m_file}});
    }
}

const Json* HfValues::find(std::string_view key) const {
    const auto at = m_object.find(key);
    return at == m_object.end() || at->is_null() ? nullptr : &*at;
}

void HfValues::refuse(std::string_view key, const std::string& needed) const {
    const Json* value = find(key);
    if (value == nullptr) {
        throw Error("hf.missing", "“{file}” does not state “{key}”; {needed} is needed.",
                    {{"file", m_file}, {"key", std::string(key)}, {"needed", needed}});
    }
    const bool container = value->is_structured();
    const std::string shown = container ? (value->is_array() ? "a list" : "an object") : shortened(value->dump());
    throw Error("hf.value", "“{key}” in “{file}” is {value}; {needed} is needed.",
                {{"file", m_file}, {"key", std::string(key)}, {"value", shown}, {"needed", needed}});
}

uint32_t HfValues::count(std::string_view key, uint32_t least, uint32_t most) const {
    const std::string needed = "a whole number of " + std::to_string(least) + " to " + std::to_string(most);
    const Json* value = find(key);
    if (value == nullptr) {
        refuse(key, needed);
    }
    if (value->is_array()) {
        const bool constant = !value->empty() && std::all_of(value->begin(), value->end(), [&](const Json& entry) {
            return entry == value->front();
        });
        if (!constant) {
            refuse(key, "one value, or a list with the same value for each layer,");
        }
        value = &value->front();
    }
    if (!value->is_number_unsigned() || value->get<uint64_t>() < least || value->get<uint64_t>() > most) {
        refuse(key, needed);
    }
    return value->get<uint32_t>();
}

std::optional<uint32_t> HfValues::optionalCount(std::string_view key, uint32_t least, uint32_t most) const {
    return has(key) ? std::optional(count(key, least, most)) : std::nullopt;
}

std::optional<bool> HfValues::flag(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (!value->is_boolean()) {
        refuse(key, "true or false");
    }
    return value->get<bool>();
}

std::optional<double> HfValues::number(std::string_view key, double least, double most) const {
    const Json* value = find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    const double number = value->is_number() ? value->get<double>() : std::nan("");
    if (!(number >= least && number <= most)) {
        std::ostringstream needed;
        needed << "a number of " << least << " to " << most;
        refuse(key, needed.str());
    }
    return number;
}

std::optional<std::string> HfValues::text(std::string_view key) const {
    const Json* value = find(key);
    if (value == nullptr) {
        return std::nullopt;
    }
    if (!value->is_string()) {
        refuse(key, "a text");
    }
    return value->get<std::string>();
}

} // namespace moescope::model
