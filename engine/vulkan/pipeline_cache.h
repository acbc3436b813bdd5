// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/vulkan/vk.h"

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace moescope::vulkan {

/** File in which `what` is kept for this driver and these kernels; empty where `folder` is. */
std::filesystem::path deviceCacheFile(const std::filesystem::path& folder, const VkPhysicalDeviceProperties& properties,
                                      uint64_t shader_hash, const std::string& what, const std::string& suffix);

/** What the driver left in `file`; empty when it is missing, unreadable, damaged or another driver's. Never throws. */
std::vector<uint8_t> readPipelineCache(const std::filesystem::path& file, const VkPhysicalDeviceProperties& properties);

/** Replaces `file` in one step. False when that cannot be done; never throws. */
bool writePipelineCache(const std::filesystem::path& file, const std::vector<uint8_t>& data);

} // namespace moescope::vulkan
