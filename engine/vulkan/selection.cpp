// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/selection.h"

#include "engine/trace/error.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <tuple>

namespace moescope::vulkan {

namespace {

using Devices = std::vector<trace::DeviceInfo>;

int rank(const trace::DeviceInfo& device) {
    const char* const worst_first[] = {"software", "other", "virtual", "integrated", "discrete"};
    return static_cast<int>(std::find(std::begin(worst_first), std::end(worst_first), device.type) -
                            std::begin(worst_first));
}

std::string lowered(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
    return text;
}

/** "0 “llvmpipe”, 1 “…”". */
std::string listed(const Devices& devices) {
    std::string text;
    for (const trace::DeviceInfo& device : devices) {
        text += text.empty() ? "" : ", ";
        text += std::to_string(device.index) + " “" + device.name + "”";
    }
    return text;
}

[[noreturn]] void throwUnusable(const trace::DeviceInfo& device) {
    throw trace::Error("vulkan.unusable", "The device “{name}” cannot be used. {reason}",
                       {{"name", device.name}, {"reason", device.reason}});
}

/** The device of that index or, of those of such a name, the first usable one, else the first. */
Devices::const_iterator matching(const Devices& devices, const std::string& selector) {
    uint32_t index = 0;
    const char* end = selector.data() + selector.size();
    const auto [rest, error] = std::from_chars(selector.data(), end, index);
    if (error == std::errc() && rest == end && index < devices.size()) {
        return devices.begin() + index;
    }
    const auto named = [wanted = lowered(selector)](const trace::DeviceInfo& device) {
        return lowered(device.name).find(wanted) != std::string::npos;
    };
    const auto usable = std::find_if(devices.begin(), devices.end(),
                                     [&](const trace::DeviceInfo& device) { return device.usable && named(device); });
    return usable != devices.end() ? usable : std::find_if(devices.begin(), devices.end(), named);
}

/** Where what stands in brackets begins, with the space before it; the end of a name without. */
size_t bracketOf(const std::string& name) { return std::min(name.find(" ("), name.size()); }

} // namespace

size_t chooseDevice(const Devices& devices, const std::string& selector) {
    if (devices.empty()) {
        throwNoDriver();
    }
    if (!selector.empty()) {
        const auto found = matching(devices, selector);
        if (found == devices.end()) {
            throw trace::Error("vulkan.no_match", "No Vulkan device matches “{selector}”. There are: {devices}.",
                               {{"selector", selector}, {"devices", listed(devices)}});
        }
        if (!found->usable) {
            throwUnusable(*found);
        }
        return static_cast<size_t>(found - devices.begin());
    }
    const auto best =
        std::max_element(devices.begin(), devices.end(), [](const trace::DeviceInfo& a, const trace::DeviceInfo& b) {
            const auto worth = [](const trace::DeviceInfo& d) { return std::tuple(d.usable, rank(d), d.memory_bytes); };
            return worth(a) < worth(b);
        });
    if (!best->usable) {
        throwUnusable(*best);
    }
    return static_cast<size_t>(best - devices.begin());
}

std::string nameAmong(const std::vector<std::string>& earlier, const std::string& name) {
    const size_t bracket = bracketOf(name);
    const auto alike = std::count_if(earlier.begin(), earlier.end(), [&](const std::string& other) {
        return bracketOf(other) == bracket && other.compare(0, bracket, name, 0, bracket) == 0;
    });
    return alike == 0 ? name : name.substr(0, bracket) + " #" + std::to_string(alike + 1) + name.substr(bracket);
}

std::optional<uint32_t> chooseQueueFamily(const std::vector<QueueFamily>& families) {
    std::optional<uint32_t> best;
    const auto worth = [](const QueueFamily& family) { return std::pair(family.timestamp_bits > 0, !family.draws); };
    for (uint32_t i = 0; i < families.size(); ++i) {
        if (families[i].computes && (!best || worth(families[*best]) < worth(families[i]))) {
            best = i;
        }
    }
    return best;
}

void throwNoDriver() {
    throw trace::Error("vulkan.none", "No Vulkan driver was found. Install the driver of your graphics card, or "
                                      "Mesa's software driver (mesa-vulkan-drivers).");
}

} // namespace moescope::vulkan
