// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/result.h"

#include "engine/trace/error.h"

namespace moescope::vulkan {

std::string resultName(VkResult result) {
    switch (result) {
    case VK_SUCCESS: return "VK_SUCCESS";
    case VK_NOT_READY: return "VK_NOT_READY";
    case VK_TIMEOUT: return "VK_TIMEOUT";
    case VK_INCOMPLETE: return "VK_INCOMPLETE";
    case VK_ERROR_OUT_OF_HOST_MEMORY: return "VK_ERROR_OUT_OF_HOST_MEMORY";
    case VK_ERROR_OUT_OF_DEVICE_MEMORY: return "VK_ERROR_OUT_OF_DEVICE_MEMORY";
    case VK_ERROR_INITIALIZATION_FAILED: return "VK_ERROR_INITIALIZATION_FAILED";
    case VK_ERROR_DEVICE_LOST: return "VK_ERROR_DEVICE_LOST";
    case VK_ERROR_MEMORY_MAP_FAILED: return "VK_ERROR_MEMORY_MAP_FAILED";
    case VK_ERROR_LAYER_NOT_PRESENT: return "VK_ERROR_LAYER_NOT_PRESENT";
    case VK_ERROR_EXTENSION_NOT_PRESENT: return "VK_ERROR_EXTENSION_NOT_PRESENT";
    case VK_ERROR_FEATURE_NOT_PRESENT: return "VK_ERROR_FEATURE_NOT_PRESENT";
    case VK_ERROR_INCOMPATIBLE_DRIVER: return "VK_ERROR_INCOMPATIBLE_DRIVER";
    case VK_ERROR_TOO_MANY_OBJECTS: return "VK_ERROR_TOO_MANY_OBJECTS";
    case VK_ERROR_FRAGMENTED_POOL: return "VK_ERROR_FRAGMENTED_POOL";
    case VK_ERROR_OUT_OF_POOL_MEMORY: return "VK_ERROR_OUT_OF_POOL_MEMORY";
    case VK_ERROR_FRAGMENTATION: return "VK_ERROR_FRAGMENTATION";
    case VK_ERROR_UNKNOWN: return "VK_ERROR_UNKNOWN";
    default: return "VkResult " + std::to_string(static_cast<int>(result));
    }
}

void check(VkResult result, const char* call) {
    if (result >= VK_SUCCESS) {
        return;
    }
    switch (result) {
    case VK_ERROR_DEVICE_LOST: throwDeviceLost();
    case VK_ERROR_OUT_OF_HOST_MEMORY:
    case VK_ERROR_OUT_OF_DEVICE_MEMORY:
        throw trace::Error("vulkan.memory_call", "The device ran out of memory in {call}.", {{"call", call}});
    default:
        throw trace::Error("vulkan.failed", "The graphics driver refused {call} with {result}.",
                           {{"call", call}, {"result", resultName(result)}});
    }
}

void throwMemory(const std::string& name, uint64_t bytes, uint64_t free_bytes) {
    throw trace::Error("vulkan.memory",
                       "The device has no memory left for “{name}”: it needs {bytes}, and {free} are free.",
                       {{"name", name}, {"bytes", trace::bytesText(bytes)}, {"free", trace::bytesText(free_bytes)}});
}

void throwDeviceLost() {
    throw trace::Error("vulkan.device_lost", "The graphics device was lost: its driver stopped answering.");
}

} // namespace moescope::vulkan
