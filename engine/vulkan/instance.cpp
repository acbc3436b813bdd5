// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/instance.h"

#include "engine/trace/error.h"
#include "engine/vulkan/device.h"
#include "engine/vulkan/result.h"

#include <algorithm>
#include <array>
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

[[noreturn]] void throwNoValidation() {
    throw trace::Error("vulkan.no_validation",
                       "The Vulkan validation layer is asked for, but {layer} cannot be loaded: is it installed?",
                       {{"layer", validationLayer}});
}

VKAPI_ATTR VkBool32 VKAPI_CALL onMessage(VkDebugUtilsMessageSeverityFlagBitsEXT, VkDebugUtilsMessageTypeFlagsEXT,
                                         const VkDebugUtilsMessengerCallbackDataEXT* data, void* user) {
    if (user != nullptr) {
        ++static_cast<Counters*>(user)->validation_messages;
    }
    std::fprintf(stderr, "Vulkan validation: %s\n", data->pMessage != nullptr ? data->pMessage : "(no text)");
    return VK_FALSE;
}

/** What vkCreateInstance is called with, apart from layers. */
struct InstanceWish {
    std::vector<const char*> extensions;
    VkInstanceCreateFlags flags = 0;
    bool debug_utils = false;

    explicit InstanceWish(const std::vector<VkExtensionProperties>& available) {
        debug_utils = contains(available, VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
        if (debug_utils) {
            extensions.push_back(VK_EXT_DEBUG_UTILS_EXTENSION_NAME);
        }
        if (contains(available, VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME)) {
            extensions.push_back(VK_KHR_PORTABILITY_ENUMERATION_EXTENSION_NAME);
            flags = VK_INSTANCE_CREATE_ENUMERATE_PORTABILITY_BIT_KHR;
        }
    }
};

/** Null where there is no driver. `next` and `layer` may be null. */
VkInstance makeInstance(const InstanceWish& wish, const void* next, const char* layer) {
    VkApplicationInfo application{VK_STRUCTURE_TYPE_APPLICATION_INFO};
    application.pApplicationName = "Moescope";
    application.pEngineName = "Moescope";
    application.apiVersion = VK_API_VERSION_1_3;
    VkInstanceCreateInfo info{VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, next};
    info.flags = wish.flags;
    info.pApplicationInfo = &application;
    info.enabledLayerCount = layer != nullptr ? 1 : 0;
    info.ppEnabledLayerNames = &layer;
    info.enabledExtensionCount = static_cast<uint32_t>(wish.extensions.size());
    info.ppEnabledExtensionNames = wish.extensions.data();
    VkInstance instance = VK_NULL_HANDLE;
    const VkResult result = vkCreateInstance(&info, nullptr, &instance);
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER || result == VK_ERROR_INITIALIZATION_FAILED) {
        return VK_NULL_HANDLE;
    }
    check(result, "vkCreateInstance");
    return instance;
}

/** The instances of the process: made on first use and never destroyed, so that drivers are loaded once and the
 *  functions taken from the first stay valid. They dispatch by their first argument: other instances use them too. */
VkInstance sharedInstance(DriverThreads threads) {
    static std::mutex mutex;
    static std::array<VkInstance, 2> instances{};
    static bool loaded = false;
    const std::scoped_lock lock(mutex);
    VkInstance& instance = instances.at(static_cast<size_t>(threads));
    if (instance == VK_NULL_HANDLE) {
        const DriverThreadsScope scope(threads);
        instance = makeInstance(InstanceWish(extensionsOf(nullptr)), nullptr, nullptr);
        if (instance != VK_NULL_HANDLE) {
            if (!loaded) {
                volkLoadInstance(instance);
                loaded = true;
            }
            uint32_t count = 0;
            vkEnumeratePhysicalDevices(instance, &count, nullptr); // here drivers are opened
        }
    }
    return instance;
}

} // namespace

std::unique_ptr<Instance> Instance::create(bool validation, Counters* counters, DriverThreads threads) {
    if (!openLoader()) {
        return nullptr;
    }
    if (validation && !hasValidationLayer()) {
        throwNoValidation();
    }
    std::unique_ptr<Instance> instance(new Instance);
    instance->m_instance = sharedInstance(threads);
    if (instance->m_instance == VK_NULL_HANDLE) {
        return nullptr;
    }
    if (validation) {
        instance->addValidation(counters);
    }
    instance->m_setObjectName = reinterpret_cast<PFN_vkSetDebugUtilsObjectNameEXT>(
        vkGetInstanceProcAddr(instance->m_instance, "vkSetDebugUtilsObjectNameEXT"));
    return instance;
}

void Instance::addValidation(Counters* counters) {
    std::vector<VkExtensionProperties> available = extensionsOf(nullptr);
    const std::vector<VkExtensionProperties> of_layer = extensionsOf(validationLayer);
    available.insert(available.end(), of_layer.begin(), of_layer.end());
    InstanceWish wish(available);

    VkDebugUtilsMessengerCreateInfoEXT messenger{VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT};
    messenger.messageSeverity =
        VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT;
    // Not GENERAL: the loader reports there what is wrong with drivers that are not used.
    messenger.messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT;
    messenger.pfnUserCallback = onMessage;
    messenger.pUserData = counters;
    const VkValidationFeatureEnableEXT synchronization = VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT;
    VkValidationFeaturesEXT features{VK_STRUCTURE_TYPE_VALIDATION_FEATURES_EXT};
    features.enabledValidationFeatureCount = 1;
    features.pEnabledValidationFeatures = &synchronization;
    const void* next = wish.debug_utils ? &messenger : nullptr;
    const char* variable = std::getenv("MOESCOPE_VALIDATION");
    if (variable != nullptr && std::string_view(variable) == "sync" &&
        contains(available, VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME)) {
        wish.extensions.push_back(VK_EXT_VALIDATION_FEATURES_EXTENSION_NAME);
        features.pNext = next;
        next = &features;
    }

    m_instance = makeInstance(wish, next, validationLayer);
    if (m_instance == VK_NULL_HANDLE) {
        throwNoValidation();
    }
    m_owned = true;
    // Handed out only by an instance that enabled the extension.
    const auto create = reinterpret_cast<PFN_vkCreateDebugUtilsMessengerEXT>(
        vkGetInstanceProcAddr(m_instance, "vkCreateDebugUtilsMessengerEXT"));
    m_destroyMessenger = reinterpret_cast<PFN_vkDestroyDebugUtilsMessengerEXT>(
        vkGetInstanceProcAddr(m_instance, "vkDestroyDebugUtilsMessengerEXT"));
    if (create != nullptr && m_destroyMessenger != nullptr) {
        check(create(m_instance, &messenger, nullptr, &m_messenger), "vkCreateDebugUtilsMessengerEXT");
    }
}

Instance::~Instance() {
    if (!m_owned) {
        return;
    }
    if (m_messenger != VK_NULL_HANDLE) {
        m_destroyMessenger(m_instance, m_messenger, nullptr);
    }
    vkDestroyInstance(m_instance, nullptr);
}

} // namespace moescope::vulkan
