// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/info.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace moescope::vulkan {

/** Place of the device that `selector` means (its index or a part of its name in any case), or of the best usable one:
 *  real hardware before software, then discrete before integrated, then more memory. Throws trace::Error
 *  {vulkan.no_match}, {vulkan.unusable}, or {vulkan.none} when `devices` is empty. */
size_t chooseDevice(const std::vector<trace::DeviceInfo>& devices, const std::string& selector);

/** The name of a device whose driver calls it `name`: with a number before what stands in brackets where `earlier` devices,
 *  by their drivers' names, are called the same up to there: “Radeon Graphics #2 (RADV NAVI31)”. So each can be told and
 *  chosen by its name, and by the part of it that the window shows. */
std::string nameAmong(const std::vector<std::string>& earlier, const std::string& name);

/** What of a queue family matters. */
struct QueueFamily {
    bool computes = false; ///< and has a queue; such a family copies too, whether it says so or not
    bool draws = false;
    uint32_t timestamp_bits = 0; ///< 0: no timestamps
};

/** Place of the family to compute on, unset where none can: one with timestamps before others, then one without graphics, whose
 *  work waits for no frame. */
std::optional<uint32_t> chooseQueueFamily(const std::vector<QueueFamily>& families);

/** trace::Error{vulkan.none}. */
[[noreturn]] void throwNoDriver();

} // namespace moescope::vulkan
