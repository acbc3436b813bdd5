// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/vulkan/vk.h"

#include <cstdint>
#include <string>

namespace moescope::vulkan {

/** "VK_ERROR_DEVICE_LOST", or the number of a result that is not known here. */
std::string resultName(VkResult result);

/** Throws for any result below zero: vulkan.device_lost, vulkan.memory_call (the driver ran out of memory inside
 *  `call`) or vulkan.failed. */
void check(VkResult result, const char* call);

/** trace::Error{vulkan.memory}: `name` needed `bytes` where only `free_bytes` are free. */
[[noreturn]] void throwMemory(const std::string& name, uint64_t bytes, uint64_t free_bytes);

[[noreturn]] void throwDeviceLost();

} // namespace moescope::vulkan
