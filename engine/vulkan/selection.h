// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/info.h"

#include <string>
#include <vector>

namespace moescope::vulkan {

/** Place of the device that `selector` means (its index or a part of its name in any case), or of the best usable one:
 *  real hardware before software, then discrete before integrated, then more memory. Throws trace::Error
 *  {vulkan.no_match}, {vulkan.unusable}, or {vulkan.none} when `devices` is empty. */
size_t chooseDevice(const std::vector<trace::DeviceInfo>& devices, const std::string& selector);

/** trace::Error{vulkan.none}. */
[[noreturn]] void throwNoDriver();

} // namespace moescope::vulkan
