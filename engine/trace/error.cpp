// SPDX-License-Identifier: Apache-2.0
#include "engine/trace/error.h"

#include <array>
#include <cstdio>

namespace moescope::trace {

Error::Error(std::string id, std::string_view pattern, Arguments arguments)
    : std::runtime_error(fillIn(pattern, arguments)), m_id(std::move(id)), m_pattern(pattern),
      m_arguments(std::move(arguments)) {}

std::string fillIn(std::string_view pattern, const Error::Arguments& arguments) {
    std::string sentence;
    for (size_t at = 0; at < pattern.size();) {
        const size_t close = pattern[at] == '{' ? pattern.find('}', at) : std::string_view::npos;
        bool replaced = false;
        if (close != std::string_view::npos) {
            const std::string_view name = pattern.substr(at + 1, close - at - 1);
            for (const auto& [key, value] : arguments) {
                if (key == name) {
                    sentence += value;
                    at = close + 1;
                    replaced = true;
                    break;
                }
            }
        }
        if (!replaced) {
            sentence += pattern[at++];
        }
    }
    return sentence;
}

std::string grouped(uint64_t n) {
    std::string digits = std::to_string(n);
    for (size_t at = digits.size(); at > 3;) {
        at -= 3;
        digits.insert(at, 1, ',');
    }
    return digits;
}

std::string bytesText(uint64_t bytes) {
    if (bytes < 1024) {
        return grouped(bytes) + (bytes == 1 ? " byte" : " bytes");
    }
    static constexpr std::array units{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double value = static_cast<double>(bytes) / 1024;
    size_t unit = 0;
    // 999.5 would round to the four figures "1000"; the next unit says it in three.
    while (value >= 999.5 && unit + 1 < units.size()) {
        value /= 1024;
        ++unit;
    }
    std::array<char, 32> text{};
    const int decimals = value < 9.995 ? 2 : value < 99.95 ? 1 : 0;
    std::snprintf(text.data(), text.size(), "%.*f %s", decimals, value, units[unit]);
    return text.data();
}

} // namespace moescope::trace
