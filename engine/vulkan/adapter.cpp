// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/adapter.h"

#include "engine/trace/error.h"
#include "engine/vulkan/cooperative_matrix.h"
#include "engine/vulkan/result.h"
#include "engine/vulkan/selection.h"

#include <algorithm>
#include <cstring>

namespace moescope::vulkan {

namespace {

constexpr uint32_t sharedBytesNeeded = 32U << 10U;
constexpr uint32_t matrixSubgroups = 4; // of a workgroup: shaders/common/block_coopmat.glsl

const char* typeName(VkPhysicalDeviceType type) {
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU: return "discrete";
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU: return "integrated";
    case VK_PHYSICAL_DEVICE_TYPE_VIRTUAL_GPU: return "virtual";
    case VK_PHYSICAL_DEVICE_TYPE_CPU: return "software";
    default: return "other";
    }
}

std::string versionText(uint32_t version) {
    return std::to_string(VK_API_VERSION_MAJOR(version)) + "." + std::to_string(VK_API_VERSION_MINOR(version)) + "." +
           std::to_string(VK_API_VERSION_PATCH(version));
}

std::vector<VkExtensionProperties> extensionsOf(VkPhysicalDevice device) {
    uint32_t count = 0;
    check(vkEnumerateDeviceExtensionProperties(device, nullptr, &count, nullptr),
          "vkEnumerateDeviceExtensionProperties");
    std::vector<VkExtensionProperties> extensions(count);
    check(vkEnumerateDeviceExtensionProperties(device, nullptr, &count, extensions.data()),
          "vkEnumerateDeviceExtensionProperties");
    extensions.resize(count);
    return extensions;
}

/** False: no family computes. */
bool pickQueueFamily(Adapter& adapter) {
    uint32_t count = 0;
    vkGetPhysicalDeviceQueueFamilyProperties(adapter.handle, &count, nullptr);
    std::vector<VkQueueFamilyProperties> properties(count);
    vkGetPhysicalDeviceQueueFamilyProperties(adapter.handle, &count, properties.data());
    std::vector<QueueFamily> families;
    for (const VkQueueFamilyProperties& family : properties) {
        families.push_back({.computes = (family.queueFlags & VK_QUEUE_COMPUTE_BIT) != 0 && family.queueCount > 0,
                            .draws = (family.queueFlags & VK_QUEUE_GRAPHICS_BIT) != 0,
                            .timestamp_bits = family.timestampValidBits});
    }
    const std::optional<uint32_t> chosen = chooseQueueFamily(families);
    if (chosen) {
        adapter.queue_family = *chosen;
        adapter.timestamp_bits = families[*chosen].timestamp_bits;
    }
    return chosen.has_value();
}

/** Why a device of Vulkan 1.3 cannot be used, as a sentence; fills in what depends on features. */
std::string missingFeature(Adapter& adapter) {
    VkPhysicalDeviceVulkan13Features v13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
    VkPhysicalDeviceVulkan12Features v12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, &v13};
    VkPhysicalDeviceFeatures2 features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &v12};
    vkGetPhysicalDeviceFeatures2(adapter.handle, &features);
    VkPhysicalDeviceVulkan13Properties p13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_PROPERTIES};
    VkPhysicalDeviceVulkan12Properties p12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES, &p13};
    VkPhysicalDeviceVulkan11Properties p11{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES, &p12};
    VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &p11};
    vkGetPhysicalDeviceProperties2(adapter.handle, &properties);

    adapter.info.driver = std::string(p12.driverName);
    if (p12.driverInfo[0] != '\0') {
        adapter.info.driver += std::string(", ") + p12.driverInfo;
    }
    adapter.limits.subgroup_size = p11.subgroupSize;
    adapter.limits.max_allocation = std::min(p11.maxMemoryAllocationSize, p13.maxBufferSize);
    adapter.pinned_subgroup = v13.subgroupSizeControl == VK_TRUE && v13.computeFullSubgroups == VK_TRUE &&
                              (p13.requiredSubgroupSizeStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0 &&
                              p11.subgroupSize >= p13.minSubgroupSize && p11.subgroupSize <= p13.maxSubgroupSize;
    adapter.max_subgroups = p13.maxComputeWorkgroupSubgroups;
    adapter.limits.integer_dot = v13.shaderIntegerDotProduct == VK_TRUE;
    adapter.limits.fast_integer_dot =
        adapter.limits.integer_dot && p13.integerDotProduct4x8BitPackedSignedAccelerated == VK_TRUE;

    // What is called or declared, and no more: the kernels read 8 and 16 bits out of 32-bit words.
    const struct {
        VkBool32 has;
        const char* reason;
    } needed_features[] = {
        {v12.hostQueryReset, "Its driver cannot reset queries from the host."},
        {v13.synchronization2, "Its driver lacks the synchronization2 feature."},
        {v13.maintenance4, "Its driver lacks the maintenance4 feature."},
    };
    for (const auto& feature : needed_features) {
        if (feature.has != VK_TRUE) {
            return feature.reason;
        }
    }
    const struct {
        VkSubgroupFeatureFlagBits bit;
        const char* reason;
    } needed_operations[] = {
        {VK_SUBGROUP_FEATURE_BASIC_BIT, "Its driver has no subgroup operations in compute shaders."},
        {VK_SUBGROUP_FEATURE_ARITHMETIC_BIT, "Its driver has no subgroup arithmetic in compute shaders."},
        {VK_SUBGROUP_FEATURE_SHUFFLE_BIT, "Its driver has no subgroup shuffles in compute shaders."},
    };
    const bool in_compute = (p11.subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;
    for (const auto& operation : needed_operations) {
        if (!in_compute || (p11.subgroupSupportedOperations & operation.bit) == 0) {
            return operation.reason;
        }
    }
    if (p11.subgroupSize < 4 || p11.subgroupSize > 128) {
        return "Its subgroups have " + std::to_string(p11.subgroupSize) + " invocations; 4 to 128 can be used.";
    }
    const uint32_t shared = properties.properties.limits.maxComputeSharedMemorySize;
    if (shared < sharedBytesNeeded) {
        return "It has " + trace::bytesText(shared) + " of shared memory for a workgroup; " +
               trace::bytesText(sharedBytesNeeded) + " are needed.";
    }
    return {};
}

/** Products of f16 with sums of f32 by a subgroup, where the kernels can use them. */
std::vector<MatrixShape> matrixShapes(VkInstance instance, const Adapter& adapter) {
    const auto list = reinterpret_cast<PFN_vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR>(
        vkGetInstanceProcAddr(instance, "vkGetPhysicalDeviceCooperativeMatrixPropertiesKHR"));
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrices{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR, nullptr, VK_FALSE, VK_FALSE};
    VkPhysicalDeviceVulkan12Features v12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, &matrices};
    VkPhysicalDeviceFeatures2 features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &v12};
    vkGetPhysicalDeviceFeatures2(adapter.handle, &features);
    VkPhysicalDeviceCooperativeMatrixPropertiesKHR stages{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_PROPERTIES_KHR, nullptr, 0};
    VkPhysicalDeviceProperties2 properties{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2, &stages};
    vkGetPhysicalDeviceProperties2(adapter.handle, &properties);
    const bool usable = list != nullptr && matrices.cooperativeMatrix == VK_TRUE && v12.shaderFloat16 == VK_TRUE &&
                        v12.vulkanMemoryModel == VK_TRUE &&
                        (stages.cooperativeMatrixSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) != 0;
    const uint32_t invocations = matrixSubgroups * adapter.limits.subgroup_size;
    if (!usable || !adapter.pinned_subgroup || adapter.max_subgroups < matrixSubgroups ||
        adapter.limits.max_workgroup_invocations < invocations) {
        return {};
    }
    uint32_t count = 0;
    if (list(adapter.handle, &count, nullptr) < VK_SUCCESS) {
        return {}; // one faulty driver must not hide the other devices
    }
    VkCooperativeMatrixPropertiesKHR empty{};
    empty.sType = VK_STRUCTURE_TYPE_COOPERATIVE_MATRIX_PROPERTIES_KHR;
    std::vector<VkCooperativeMatrixPropertiesKHR> all(count, empty);
    if (list(adapter.handle, &count, all.data()) < VK_SUCCESS) {
        return {};
    }
    all.resize(count);
    std::vector<MatrixShape> shapes;
    for (const VkCooperativeMatrixPropertiesKHR& one : all) {
        if (one.AType == VK_COMPONENT_TYPE_FLOAT16_KHR && one.BType == VK_COMPONENT_TYPE_FLOAT16_KHR &&
            one.CType == VK_COMPONENT_TYPE_FLOAT32_KHR && one.ResultType == VK_COMPONENT_TYPE_FLOAT32_KHR &&
            one.scope == VK_SCOPE_SUBGROUP_KHR) {
            shapes.push_back({one.MSize, one.NSize, one.KSize});
        }
    }
    return shapes;
}

Adapter examine(VkInstance instance, VkPhysicalDevice handle, uint32_t index) {
    Adapter adapter;
    adapter.handle = handle;
    vkGetPhysicalDeviceProperties(handle, &adapter.properties);
    vkGetPhysicalDeviceMemoryProperties(handle, &adapter.memory);
    const VkPhysicalDeviceProperties& properties = adapter.properties;

    adapter.info.index = index;
    adapter.info.name = properties.deviceName;
    adapter.info.type = typeName(properties.deviceType);
    adapter.info.api_version = versionText(properties.apiVersion);
    for (uint32_t i = 0; i < adapter.memory.memoryHeapCount; ++i) {
        if ((adapter.memory.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0) {
            adapter.info.memory_bytes += adapter.memory.memoryHeaps[i].size;
        }
    }
    adapter.limits.max_workgroup_invocations = properties.limits.maxComputeWorkGroupInvocations;
    adapter.limits.max_groups = properties.limits.maxComputeWorkGroupCount[0];
    adapter.limits.max_shared_memory = properties.limits.maxComputeSharedMemorySize;
    adapter.limits.max_storage_range = properties.limits.maxStorageBufferRange;
    adapter.limits.storage_offset_alignment = static_cast<uint32_t>(properties.limits.minStorageBufferOffsetAlignment);
    adapter.limits.max_texel_range = uint64_t{properties.limits.maxTexelBufferElements} * 16;
    adapter.limits.texel_offset_alignment = static_cast<uint32_t>(properties.limits.minTexelBufferOffsetAlignment);
    adapter.limits.software = properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_CPU;
    if (adapter.limits.software || properties.deviceType == VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU) {
        constexpr VkMemoryPropertyFlags both = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT |
                                               VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT |
                                               VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
        for (uint32_t i = 0; i < adapter.memory.memoryTypeCount; ++i) {
            adapter.limits.unified_memory |= (adapter.memory.memoryTypes[i].propertyFlags & both) == both;
        }
    }
    for (const VkExtensionProperties& extension : extensionsOf(handle)) {
        adapter.memory_budget |= std::strcmp(extension.extensionName, VK_EXT_MEMORY_BUDGET_EXTENSION_NAME) == 0;
        adapter.portability_subset |= std::strcmp(extension.extensionName, "VK_KHR_portability_subset") == 0;
        adapter.cooperative_matrix |=
            std::strcmp(extension.extensionName, VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME) == 0;
    }
    adapter.info.free_bytes = freeBytes(adapter, 0);

    if (properties.apiVersion < VK_API_VERSION_1_3) {
        adapter.info.reason = "Its driver offers Vulkan " + adapter.info.api_version + "; 1.3 or later is needed.";
    } else if (!pickQueueFamily(adapter)) {
        adapter.info.reason = "It has no queue that computes.";
    } else {
        adapter.info.reason = missingFeature(adapter);
        if (adapter.cooperative_matrix && adapter.info.reason.empty()) {
            adapter.limits.matrix_shapes = matrixShapes(instance, adapter);
        }
        adapter.limits.timestamp_period_ns =
            adapter.timestamp_bits == 0 ? 0.0 : static_cast<double>(properties.limits.timestampPeriod);
    }
    adapter.info.usable = adapter.info.reason.empty();
    return adapter;
}

} // namespace

std::vector<Adapter> survey(VkInstance instance) {
    uint32_t count = 0;
    if (vkEnumeratePhysicalDevices(instance, &count, nullptr) < VK_SUCCESS) {
        return {}; // a loader with broken drivers alone answers with an error
    }
    std::vector<VkPhysicalDevice> handles(count);
    if (vkEnumeratePhysicalDevices(instance, &count, handles.data()) < VK_SUCCESS) {
        return {};
    }
    std::vector<Adapter> adapters;
    std::vector<std::string> names;
    for (uint32_t i = 0; i < count; ++i) {
        adapters.push_back(examine(instance, handles[i], i));
        names.emplace_back(adapters.back().properties.deviceName);
        adapters.back().info.name = nameAmong({names.begin(), names.end() - 1}, names.back());
    }
    return adapters;
}

uint64_t freeBytes(const Adapter& adapter, uint64_t allocated) {
    if (!adapter.memory_budget) {
        return adapter.info.memory_bytes - std::min(adapter.info.memory_bytes, allocated);
    }
    VkPhysicalDeviceMemoryBudgetPropertiesEXT budget{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_BUDGET_PROPERTIES_EXT};
    VkPhysicalDeviceMemoryProperties2 memory{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_MEMORY_PROPERTIES_2, &budget};
    vkGetPhysicalDeviceMemoryProperties2(adapter.handle, &memory);
    uint64_t free_bytes = 0;
    for (uint32_t i = 0; i < memory.memoryProperties.memoryHeapCount; ++i) {
        if ((memory.memoryProperties.memoryHeaps[i].flags & VK_MEMORY_HEAP_DEVICE_LOCAL_BIT) != 0) {
            free_bytes += budget.heapBudget[i] - std::min(budget.heapBudget[i], budget.heapUsage[i]);
        }
    }
    return free_bytes;
}

} // namespace moescope::vulkan
