// SPDX-License-Identifier: Apache-2.0
#include "engine/model/config_keys.h"

#include "engine/trace/error.h"

#include <cmath>
#include <variant>

namespace moescope::model {

using trace::Error;

bool ConfigKeys::isList(std::string_view key) const {
    const auto at = m_file.metadata().find(asked(key));
    return at != m_file.metadata().end() && (std::holds_alternative<std::vector<uint64_t>>(at->second) ||
                                             std::holds_alternative<std::vector<int64_t>>(at->second));
}

uint32_t ConfigKeys::count(std::string_view key, uint32_t least, uint32_t most) const {
    const std::optional<uint32_t> value = m_file.u32(asked(key));
    if (!value) {
        throw Error("config.missing", "The model does not state “{key}”.", {{"key", full(key)}});
    }
    return bounded(key, *value, least, most);
}

uint32_t ConfigKeys::bounded(std::string_view key, uint32_t value, uint32_t least, uint32_t most) const {
    if (value < least || value > most) {
        throw Error("config.range", "The model states {value} as “{key}”; {least} to {most} are supported.",
                    {{"value", std::to_string(value)},
                     {"key", full(key)},
                     {"least", std::to_string(least)},
                     {"most", std::to_string(most)}});
    }
    return value;
}

std::optional<float> ConfigKeys::number(std::string_view key) const {
    const std::string& name = asked(key);
    const auto at = m_file.metadata().find(name);
    if (at != m_file.metadata().end()) {
        if (const auto* whole = std::get_if<uint64_t>(&at->second)) {
            return static_cast<float>(*whole);
        }
        if (const auto* whole = std::get_if<int64_t>(&at->second)) {
            return static_cast<float>(*whole);
        }
    }
    return m_file.f32(name);
}

float ConfigKeys::positive(std::string_view key, std::optional<float> fallback) const {
    const std::optional<float> value = number(key);
    if (!value && !fallback) {
        throw Error("config.missing", "The model does not state “{key}”.", {{"key", full(key)}});
    }
    const float positive = value.value_or(fallback.value_or(0));
    if (!std::isfinite(positive) || positive <= 0) {
        throw Error("config.range", "The model states {value} as “{key}”; a positive number is needed.",
                    {{"value", std::to_string(positive)}, {"key", full(key)}});
    }
    return positive;
}

std::vector<std::string> ConfigKeys::unread(std::span<const std::string_view> prefixes) const {
    std::vector<std::string> names;
    for (const std::string_view prefix : prefixes) {
        const std::string begin = full(prefix);
        for (auto at = m_file.metadata().lower_bound(begin);
             at != m_file.metadata().end() && at->first.starts_with(begin); ++at) {
            if (!m_asked.contains(at->first)) {
                names.push_back(at->first);
            }
        }
    }
    return names;
}

} // namespace moescope::model
