// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/vulkan/device.h"
#include "engine/vulkan/vk.h"

#include <vector>

namespace moescope::vulkan {

/** A physical device with what was found out about it. */
struct Adapter {
    VkPhysicalDevice handle = VK_NULL_HANDLE;
    trace::DeviceInfo info; ///< usable and reason included
    Limits limits;
    VkPhysicalDeviceProperties properties{};
    VkPhysicalDeviceMemoryProperties memory{};
    uint32_t queue_family = 0;
    uint32_t timestamp_bits = 0; ///< 0: no timestamps
    bool memory_budget = false;
    bool portability_subset = false;
    bool cooperative_matrix = false; ///< its driver has the extension; limits.matrix_shapes says whether it can be used
    bool pinned_subgroup = false;    ///< pipelines can be made with subgroups of limits.subgroup_size
    uint32_t max_subgroups = 0;      ///< of a workgroup with pinned subgroups
};

/** Every device of the instance, in the driver's order: its index is what the selector counts. */
std::vector<Adapter> survey(VkInstance instance);

/** Bytes that can still be allocated, by VK_EXT_memory_budget; else the device-local heaps less `allocated`. */
uint64_t freeBytes(const Adapter& adapter, uint64_t allocated);

} // namespace moescope::vulkan
