// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/transfer.h"

#include "engine/vulkan/buffer.h"
#include "engine/vulkan/device_impl.h"
#include "engine/vulkan/result.h"

#include <algorithm>
#include <cstring>

namespace moescope::vulkan {

namespace {

constexpr uint64_t stagingBytes = 16ULL << 20U;

} // namespace

Transfer::Transfer(Device& device) : m_device(device) {
    try {
        VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
        pool.flags = VK_COMMAND_POOL_CREATE_RESET_COMMAND_BUFFER_BIT | VK_COMMAND_POOL_CREATE_TRANSIENT_BIT;
        pool.queueFamilyIndex = device.queueFamily();
        check(vkCreateCommandPool(device.handle(), &pool, nullptr, &m_pool), "vkCreateCommandPool");
        for (Slot& slot : m_slots) {
            VkCommandBufferAllocateInfo commands{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
            commands.commandPool = m_pool;
            commands.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
            commands.commandBufferCount = 1;
            check(vkAllocateCommandBuffers(device.handle(), &commands, &slot.commands), "vkAllocateCommandBuffers");
            const VkFenceCreateInfo fence{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
            check(vkCreateFence(device.handle(), &fence, nullptr, &slot.fence), "vkCreateFence");
        }
    } catch (...) {
        destroy();
        throw;
    }
}

Transfer::~Transfer() { destroy(); }

void Transfer::destroy() {
    for (Slot& slot : m_slots) {
        if (slot.pending && !m_device.impl().lost) {
            vkWaitForFences(m_device.handle(), 1, &slot.fence, VK_TRUE, UINT64_MAX);
        }
        vkDestroyFence(m_device.handle(), slot.fence, nullptr);
        slot.staging.reset();
    }
    vkDestroyCommandPool(m_device.handle(), m_pool, nullptr);
}

Buffer& Transfer::staging(Slot& slot) {
    if (!slot.staging) {
        slot.staging = std::make_unique<Buffer>(m_device, stagingBytes, MemoryKind::HostVisible, "staging");
    }
    return *slot.staging;
}

void Transfer::begin(Slot& slot) {
    wait(slot);
    VkCommandBufferBeginInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    info.flags = VK_COMMAND_BUFFER_USAGE_ONE_TIME_SUBMIT_BIT;
    check(vkBeginCommandBuffer(slot.commands, &info), "vkBeginCommandBuffer");
    recordBarrier(slot.commands);
    ++m_device.counters().command_buffers_recorded;
}

void Transfer::submit(Slot& slot) {
    recordBarrier(slot.commands);
    check(vkEndCommandBuffer(slot.commands), "vkEndCommandBuffer");
    check(vkResetFences(m_device.handle(), 1, &slot.fence), "vkResetFences");
    submitCommands(m_device, slot.commands, slot.fence);
    slot.pending = true;
}

void Transfer::wait(Slot& slot) {
    if (slot.pending) {
        waitForFence(m_device, slot.fence);
        slot.pending = false;
    }
}

void Transfer::upload(VkBuffer to, uint64_t offset, std::span<const uint8_t> bytes) {
    size_t turn = 0;
    for (uint64_t done = 0; done < bytes.size(); ++turn) {
        Slot& slot = m_slots[turn % m_slots.size()];
        const uint64_t part = std::min<uint64_t>(stagingBytes, bytes.size() - done);
        wait(slot);
        std::memcpy(staging(slot).mapped<uint8_t>(), bytes.data() + done, part);
        begin(slot);
        const VkBufferCopy region{0, offset + done, part};
        vkCmdCopyBuffer(slot.commands, slot.staging->handle(), to, 1, &region);
        submit(slot);
        done += part;
    }
    for (Slot& slot : m_slots) {
        wait(slot);
    }
}

void Transfer::download(VkBuffer from, uint64_t offset, std::span<uint8_t> bytes) {
    Slot& slot = m_slots[0];
    for (uint64_t done = 0; done < bytes.size();) {
        const uint64_t part = std::min<uint64_t>(stagingBytes, bytes.size() - done);
        staging(slot);
        begin(slot);
        const VkBufferCopy region{offset + done, 0, part};
        vkCmdCopyBuffer(slot.commands, from, slot.staging->handle(), 1, &region);
        submit(slot);
        wait(slot);
        std::memcpy(bytes.data() + done, slot.staging->mapped<uint8_t>(), part);
        done += part;
    }
}

void Transfer::clear(VkBuffer buffer) {
    Slot& slot = m_slots[0];
    begin(slot);
    vkCmdFillBuffer(slot.commands, buffer, 0, VK_WHOLE_SIZE, 0);
    submit(slot);
    wait(slot);
}

trace::MemoryUse Transfer::staging() const {
    trace::MemoryUse use;
    for (const Slot& slot : m_slots) {
        if (slot.staging) {
            use += slot.staging->use();
        }
    }
    return use;
}

} // namespace moescope::vulkan
