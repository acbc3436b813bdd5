// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/device.h"

#include "engine/vulkan/cooperative_matrix.h"
#include "engine/vulkan/device_impl.h"
#include "engine/vulkan/pipeline_cache.h"
#include "engine/vulkan/result.h"
#include "engine/vulkan/selection.h"

#include <cstdlib>
#include <stdexcept>

namespace moescope::vulkan {

namespace {

bool validationWished() {
    const char* wish = std::getenv("MOESCOPE_VALIDATION");
    return wish != nullptr && (std::string_view(wish) == "1" || std::string_view(wish) == "sync");
}

bool separateMemoryWished() {
    const char* wish = std::getenv("MOESCOPE_TEST_SEPARATE_MEMORY");
    return wish != nullptr && std::string_view(wish) == "1";
}

VkDevice makeDevice(const Adapter& adapter) {
    const float priority = 1.0F;
    VkDeviceQueueCreateInfo queue{VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO};
    queue.queueFamilyIndex = adapter.queue_family;
    queue.queueCount = 1;
    queue.pQueuePriorities = &priority;

    VkPhysicalDeviceVulkan13Features v13{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
    v13.synchronization2 = VK_TRUE;
    v13.maintenance4 = VK_TRUE;
    v13.subgroupSizeControl = adapter.pinned_subgroup ? VK_TRUE : VK_FALSE;
    v13.computeFullSubgroups = v13.subgroupSizeControl;
    v13.shaderIntegerDotProduct = adapter.limits.integer_dot ? VK_TRUE : VK_FALSE;
    VkPhysicalDeviceVulkan12Features v12{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, &v13};
    v12.hostQueryReset = VK_TRUE;
    VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrices{
        VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR, nullptr, VK_TRUE, VK_FALSE};
    const bool multiplies = !adapter.limits.matrix_shapes.empty();
    if (multiplies) {
        v12.shaderFloat16 = VK_TRUE;
        v12.vulkanMemoryModel = VK_TRUE;
        v13.pNext = &matrices;
    }
    const VkPhysicalDeviceFeatures2 features{VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &v12, {}};

    std::vector<const char*> extensions;
    if (adapter.memory_budget) {
        extensions.push_back(VK_EXT_MEMORY_BUDGET_EXTENSION_NAME);
    }
    if (adapter.portability_subset) {
        extensions.push_back("VK_KHR_portability_subset");
    }
    if (multiplies) {
        extensions.push_back(VK_KHR_COOPERATIVE_MATRIX_EXTENSION_NAME);
    }
    VkDeviceCreateInfo info{VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, &features};
    info.queueCreateInfoCount = 1;
    info.pQueueCreateInfos = &queue;
    info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
    info.ppEnabledExtensionNames = extensions.data();
    VkDevice device = VK_NULL_HANDLE;
    check(vkCreateDevice(adapter.handle, &info, nullptr, &device), "vkCreateDevice");
    return device;
}

VkPipelineCache makePipelineCache(VkDevice device, const std::vector<uint8_t>& data) {
    VkPipelineCacheCreateInfo info{VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO};
    info.initialDataSize = data.size();
    info.pInitialData = data.empty() ? nullptr : data.data();
    VkPipelineCache cache = VK_NULL_HANDLE;
    check(vkCreatePipelineCache(device, &info, nullptr, &cache), "vkCreatePipelineCache");
    return cache;
}

} // namespace

Device::Device() : m_impl(std::make_unique<Impl>()) {}

std::vector<trace::DeviceInfo> Device::enumerate() {
    const std::unique_ptr<Instance> instance = Instance::create(false, nullptr);
    std::vector<trace::DeviceInfo> found;
    if (instance) {
        for (const Adapter& adapter : survey(instance->handle())) {
            found.push_back(adapter.info);
        }
    }
    return found;
}

std::unique_ptr<Device> Device::create(const DeviceOptions& options) {
    std::unique_ptr<Device> device(new Device);
    Impl& impl = *device->m_impl;
    impl.instance = Instance::create(options.validation || validationWished(), &device->m_counters, options.threads);
    if (!impl.instance) {
        throwNoDriver();
    }
    const std::vector<Adapter> adapters = survey(impl.instance->handle());
    std::vector<trace::DeviceInfo> infos;
    for (const Adapter& adapter : adapters) {
        infos.push_back(adapter.info);
    }
    impl.adapter = adapters[chooseDevice(infos, options.selector)];
    impl.prepare_memory = options.prepare_memory;
    if (options.separate_memory || separateMemoryWished()) {
        impl.adapter.limits.unified_memory = false;
    }
    device->m_info = impl.adapter.info;
    device->m_limits = impl.adapter.limits;
    device->m_physical = impl.adapter.handle;
    device->m_queueFamily = impl.adapter.queue_family;
    device->m_device = makeDevice(impl.adapter);
    vkGetDeviceQueue(device->m_device, device->m_queueFamily, 0, &device->m_queue);

    device->m_cacheFolder = options.cache_folder;
    device->m_shaderHash = options.shader_hash;
    const std::vector<uint8_t> cached = readPipelineCache(device->pipelineCacheFile(), impl.adapter.properties);
    device->m_pipelineCache = makePipelineCache(device->m_device, cached);
    device->m_counters.pipeline_cache_bytes_loaded = cached.size();
    return device;
}

Device::~Device() {
    if (m_device != nullptr) {
        if (m_pipelineCache != nullptr) {
            savePipelineCache();
        }
        m_impl->transfer.reset();
        if (!m_impl->lost) {
            vkDeviceWaitIdle(m_device);
        }
        vkDestroyPipelineCache(m_device, m_pipelineCache, nullptr);
        vkDestroyDevice(m_device, nullptr);
    }
    m_impl->instance.reset(); // its messages are counted in m_counters
}

uint64_t Device::freeBytes() const { return vulkan::freeBytes(m_impl->adapter, allocated().total()); }

bool Device::hasMemoryBudget() const { return m_impl->adapter.memory_budget; }

trace::MemoryUse Device::staging() const {
    const std::scoped_lock lock(m_impl->transfer_mutex);
    return m_impl->transfer ? m_impl->transfer->staging() : trace::MemoryUse();
}

std::filesystem::path Device::cacheFile(const std::string& what, const std::string& suffix) const {
    return deviceCacheFile(m_cacheFolder, m_impl->adapter.properties, m_shaderHash, what, suffix);
}

std::filesystem::path Device::pipelineCacheFile() const { return cacheFile("pipelines", ".bin"); }

void Device::savePipelineCache() {
    const uint64_t made = m_counters.pipelines_created;
    const std::filesystem::path file = pipelineCacheFile();
    if (file.empty() || made == m_impl->saved_pipelines) {
        return;
    }
    size_t size = 0;
    if (vkGetPipelineCacheData(m_device, m_pipelineCache, &size, nullptr) != VK_SUCCESS || size == 0) {
        return;
    }
    std::vector<uint8_t> data(size);
    if (vkGetPipelineCacheData(m_device, m_pipelineCache, &size, data.data()) != VK_SUCCESS) {
        return;
    }
    data.resize(size);
    if (writePipelineCache(file, data)) {
        m_impl->saved_pipelines = made;
    }
}

uint32_t Device::memoryType(uint32_t allowed, bool host_visible) const {
    constexpr VkMemoryPropertyFlags mappable =
        VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
    const VkPhysicalDeviceMemoryProperties& memory = m_impl->adapter.memory;
    const auto find = [&](VkMemoryPropertyFlags wanted, VkMemoryPropertyFlags unwanted) -> int64_t {
        for (uint32_t i = 0; i < memory.memoryTypeCount; ++i) {
            const VkMemoryPropertyFlags flags = memory.memoryTypes[i].propertyFlags;
            if ((allowed & (uint32_t{1} << i)) != 0 && (flags & wanted) == wanted && (flags & unwanted) == 0) {
                return i;
            }
        }
        return -1;
    };
    // Best first; what a unified device offers serves both kinds.
    std::vector<std::pair<VkMemoryPropertyFlags, VkMemoryPropertyFlags>> wishes;
    constexpr VkMemoryPropertyFlags local = VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT;
    constexpr VkMemoryPropertyFlags cached = VK_MEMORY_PROPERTY_HOST_CACHED_BIT;
    if (m_limits.unified_memory) {
        wishes = {{local | mappable | cached, 0}, {local | mappable, 0}};
    }
    if (host_visible) {
        wishes.insert(wishes.end(), {{mappable | cached, 0}, {mappable, 0}});
    } else {
        wishes.insert(wishes.end(), {{local, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT}, {local, 0}, {0, 0}});
    }
    for (const auto& [wanted, unwanted] : wishes) {
        const int64_t type =
            find(wanted, unwanted | VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT | VK_MEMORY_PROPERTY_PROTECTED_BIT |
                             VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD);
        if (type >= 0) {
            return static_cast<uint32_t>(type);
        }
    }
    throw std::logic_error("the device has no memory type for buffers");
}

void Device::setName(uint64_t object, uint32_t object_type, const std::string& name) const {
    const PFN_vkSetDebugUtilsObjectNameEXT set = m_impl->instance->setObjectName();
    if (set == nullptr) {
        return;
    }
    VkDebugUtilsObjectNameInfoEXT info{VK_STRUCTURE_TYPE_DEBUG_UTILS_OBJECT_NAME_INFO_EXT};
    info.objectType = static_cast<VkObjectType>(object_type);
    info.objectHandle = object;
    info.pObjectName = name.c_str();
    set(m_device, &info); // a name that is not taken is no harm
}

void Device::injectFailure(Fault fault, uint32_t after) {
    (fault == Fault::OutOfMemory ? m_impl->allocations_left : m_impl->submissions_left) = after;
}

} // namespace moescope::vulkan
