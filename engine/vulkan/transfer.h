// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/memory_ledger.h"
#include "engine/vulkan/vk.h"

#include <array>
#include <cstdint>
#include <memory>
#include <span>

namespace moescope::vulkan {

class Buffer;
class Device;

/** Copies between host and memory that the host does not see, through two staging buffers that take turns. Each call
 *  blocks until its copy is done. Callers take turns (Device::Impl::transfer_mutex). */
class Transfer {
public:
    explicit Transfer(Device& device);
    ~Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    void upload(VkBuffer to, uint64_t offset, std::span<const uint8_t> bytes);
    void download(VkBuffer from, uint64_t offset, std::span<uint8_t> bytes);
    /** Zeroes the whole buffer. */
    void clear(VkBuffer buffer);
    /** What of the staging buffers there is by now: each is made when it is first needed. */
    trace::MemoryUse staging() const;

private:
    struct Slot {
        std::unique_ptr<Buffer> staging;
        VkCommandBuffer commands = VK_NULL_HANDLE;
        VkFence fence = VK_NULL_HANDLE;
        bool pending = false;
    };

    void begin(Slot& slot);
    void submit(Slot& slot);
    void wait(Slot& slot);
    Buffer& staging(Slot& slot);
    void destroy();

    Device& m_device;
    VkCommandPool m_pool = VK_NULL_HANDLE;
    std::array<Slot, 2> m_slots;
};

} // namespace moescope::vulkan
