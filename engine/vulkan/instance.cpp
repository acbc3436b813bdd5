// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/instance.h"

#include "engine/trace/error.h"
#include "engine/vulkan/device.h"
#include "engine/vulkan/result.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <string_view>

namespace moescope::vulkan {

namespace {

constexpr const char* validationLayer = "VK_LAYER_KHRONOS_validation";

/** Opens the loader once a process: it is never closed, so that functions of one instance serve the next. */
bool openLoader() {
    static const bool opened = volkInitialize() == VK_SUCCESS;
    return opened;
}

/** The functions that the loader hands out dispatch by their first argument: those of the first instance serve all. */
void loadFunctions(VkInstance instance) {
    static std::once_flag once;
    std::call_once(once, [instance] { volkLoadInstance(instance); });
}

std::vector<VkExtensionProperties> extensionsOf(const char* layer) {
    uint32_t count = 0;
    if (vkEnumerateInstanceExtensionProperties(layer, &count, nullptr) < VK_SUCCESS) {
        return {};
    }
    std::vector<VkExtensionProperties> extensions(count);
    if (vkEnumerateInstanceExtensionProperties(layer, &count, extensions.data()) < VK_SUCCESS) {
        return {};
    }
    extensions.resize(count);
    return extensions;
}

bool contains(const std::vector<VkExtensionProperties>& extensions, const char* name) {
    return std::any_of(extensions.begin(), extensions.end(), [name](const VkExtensionProperties& extension) {
        return std::strcmp(extension.extensionName, name) == 0;
    });
}

bool hasValidationLayer() {
    uint32_t count = 0;
    if (vkEnumerateInstanceLayerProperties(&count, nullptr) < VK_SUCCESS) {
        return false;
    }
    std::vector<VkLayerProperties> layers(count);
    if (vkEnumerateInstanceLayerProperties(&count, layers.data()) < VK_SUCCESS) {
        return false;
    }
    layers.resize(count);
    return std::any_of(layers.begin(), layers.end(), [](const VkLayerProperties& layer) {
        return std::strcmp(layer.layerName, validationLayer) == 0;
    });
}

VKAPI_ATTR VkBool32 VKAPI_CALL onMessage(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                                         const VkDebugUtilsMessengerCallbackDataEXT* data, void* user) {
    if (user != nullptr) {
        ++static_cast<Counters*>(user)->validation_messages;
    }
    std::fprintf(stderr, "Vulkan validation: %s\n", data->pMessage != nullptr ? data->pMessage : "(no text)");
    return VK_FALSE;
}

} // namespace

std::unique_ptr<Instance> Instance::create(bool validation, Counters* counters) {
    if (!openLoader()) {
        return nullptr;
    }
    std::vector<VkExtensionProperties> available = extensionsOf(nullptr);
    const bool layered = validation && hasValidationLayer();
    if (validation && !layered) {
        throw trace::Error("vulkan.no_validation",
                           "The Vulkan validation layer is asked for, but {layer} is not installed.",
                           {{"layer", validationLayer}});
    }
    if (layered) {
        const std::vector<VkExtensionProperties> of_layer = extensionsOf(validationLayer);
        available.insert(available.end(), of_layer.begin(), of_layer.end());
    }

    std::vector<const char*> extensions;
    const bool debug_utils = contains(available, VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
    if (debug_utils) {
        extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
    }
    const bool portability = contains(available, VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME);
    if (portability) {
        extensions.push_back(VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME);
    }
    const char* wish = std::getenv("MOESCOPE_VALIDATION");
    const bool synchronization = layered && wish != nullptr && std::string_view(wish) == "sync" &&
                                 contains(available, VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
    if (synchronization) {
        extensions.push_back(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
    }

    VkDebugUtilsMessengerCreateInfoEXT messenger{VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
    messenger.messageSeverity =
        VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
    // Not GENERAL: the loader reports there what is wrong with drivers that are not used.
    messenger.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
    messenger.pfnUserCallback = onMessage;
    messenger.pUserData = counters;

    const VkValidationFeatureEnableEXT enabled = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
    VkValidationFeaturesEXT features{VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT};
    features.enabledValidationFeatureCount = 1;
    features.pEnabledValidationFeatures = &enabled;
    features.pNext = debug_utils ? &messenger : nullptr;

    VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
    application.pApplicationName = "Moescope";
    application.pEngineName = "Moescope";
    application.apiVersion = VK_API_VERSION_1_3;
    VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO};
    info.pApplicationInfo = &application;
    info.flags = portability ? VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR : 0;
    info.enabledExtensionCount = static_cast<uint32_t>(extensions.size());
    info.ppEnabledExtensionNames = extensions.data();
    if (layered) {
        info.enabledLayerCount = 1;
        info.ppEnabledLayerNames = &validationLayer;
        info.pNext = synchronization ? static_cast<const void*>(&features) : features.pNext;
    }

    std::unique_ptr<Instance> instance(new Instance);
    const VkResult result = vkCreateInstance(&info, nullptr, &instance->m_instance);
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER || result == VK_ERROR_INITIALIZATION_FAILED) {
        instance->m_instance = VK_NULL_HANDLE;
        return nullptr;
    }
    check(result, "vkCreateInstance");
    loadFunctions(instance->m_instance);
    if (debug_utils) {
        // Handed out only by an instance that enabled the extension, so asked for each time.
        const auto function = [&instance](const char* name) {
            return vkGetInstanceProcAddr(instance->m_instance, name);
        };
        instance->m_setObjectName =
            reinterpret_cast<PFN_vkSetDebugUtilsObjectNameEXT>(function("vkSetDebugUtilsObjectNameEXT"));
        instance->m_destroyMessenger =
            reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(function("vkDestroyDebugUtilsMessengerEXT"));
        const auto create =
            reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(function("vkCreateDebugUtilsMessengerEXT"));
        if (layered && create != nullptr) {
            check(create(instance->m_instance, &messenger, nullptr, &instance->m_messenger),
                  "vkCreateDebugUtilsMessengerEXT");
        }
    }
    return instance;
}

Instance::~Instance() {
    if (m_instance == VK_NULL_HANDLE) {
        return;
    }
    if (m_messenger != VK_NULL_HANDLE) {
        m_destroyMessenger(m_instance, m_messenger, nullptr);
    }
    vkDestroyInstance(m_instance, nullptr);
}

} // namespace moescope::vulkan
