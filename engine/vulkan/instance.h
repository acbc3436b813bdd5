// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/vulkan/driver_threads.h"
#include "engine/vulkan/vk.h"

#include <memory>

namespace moescope::vulkan {

struct Counters;

/** A Vulkan instance: the one of the process with these threads or, if validation is asked for, one of its own with the
 *  validation layer, whose messages go to stderr and are counted. */
class Instance {
public:
    /** Null where there is no loader or no driver. `counters` outlives the instance. Throws
     *  trace::Error{vulkan.no_validation} when validation is asked for and not installed. */
    static std::unique_ptr<Instance> create(bool validation, Counters* counters,
                                            DriverThreads threads = DriverThreads::Own);
    ~Instance();
    Instance(const Instance&) = delete;
    Instance& operator=(const Instance&) = delete;

    VkInstance handle() const { return m_instance; }
    /** Null where debug names cannot be given. */
    PFN_vkSetDebugUtilsObjectNameEXT setObjectName() const { return m_setObjectName; }

private:
    Instance() = default;
    void addValidation(Counters* counters);

    VkInstance m_instance = VK_NULL_HANDLE;
    bool m_owned = false; ///< the process's is never destroyed
    VkDebugUtilsMessengerEXT m_messenger = VK_NULL_HANDLE;
    PFN_vkSetDebugUtilsObjectNameEXT m_setObjectName = nullptr;
    PFN_vkDestroyDebugUtilsMessengerEXT m_destroyMessenger = nullptr;
};

} // namespace moescope::vulkan
