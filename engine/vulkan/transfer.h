// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/trace/memory_ledger.h"
#include "engine/vulkan/vk.h"

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace moescope::vulkan {

class Buffer;
class Device;

/** Copies between host and memory that the host does not see, through two staging buffers that take turns: a submission each
 *  time that one is full. Each call blocks until its copies are done. Callers take turns (Device::Impl::transfer_mutex). */
class Transfer {
public:
    explicit Transfer(Device& device);
    ~Transfer();
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    /** A run of bytes on both sides. */
    template <typename Byte>
    struct Run {
        VkBuffer buffer = VK_NULL_HANDLE;
        uint64_t offset = 0;
        std::span<Byte> bytes;
    };
    using To = Run<const uint8_t>;
    using From = Run<uint8_t>;

    void upload(std::span<const To> runs);
    void download(std::span<const From> runs);
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

    /** Calls `fill` with a slot, a list of the next parts of `runs`, which fill its staging buffer one behind the other, and their
     *  bytes, until there are none. */
    template <typename Byte, typename Fill>
    void inTurns(std::span<const Run<Byte>> runs, Fill fill);
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
