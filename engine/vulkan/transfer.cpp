// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/transfer.h"

#include "engine/vulkan/buffer.h"
#include "engine/vulkan/device_impl.h"
#include "engine/vulkan/result.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <utility>

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

template <typename Byte, typename Fill>
void Transfer::inTurns(std::span<const Run<Byte>> runs, Fill fill) {
    std::vector<Run<Byte>> parts;
    uint64_t filled = 0;
    size_t turn = 0;
    const auto flush = [&] {
        if (!parts.empty()) {
            fill(m_slots[turn++ % m_slots.size()], std::exchange(parts, {}));
            filled = 0;
        }
    };
    for (const Run<Byte>& run : runs) {
        for (uint64_t done = 0; done < run.bytes.size();) {
            const uint64_t part = std::min<uint64_t>(stagingBytes - filled, run.bytes.size() - done);
            parts.push_back({run.buffer, run.offset + done, run.bytes.subspan(done, part)});
            done += part;
            filled += part;
            if (filled == stagingBytes) {
                flush();
            }
        }
    }
    flush();
}

void Transfer::upload(std::span<const To> runs) {
    inTurns(runs, [this](Slot& slot, const std::vector<To>& parts) {
        begin(slot);
        uint8_t* const staged = staging(slot).mapped<uint8_t>();
        uint64_t at = 0;
        for (const To& part : parts) {
            std::memcpy(staged + at, part.bytes.data(), part.bytes.size());
            const VkBufferCopy region{at, part.offset, part.bytes.size()};
            vkCmdCopyBuffer(slot.commands, slot.staging->handle(), part.buffer, 1, &region);
            at += part.bytes.size();
        }
        submit(slot);
    });
    for (Slot& slot : m_slots) {
        wait(slot);
    }
}

void Transfer::download(std::span<const From> runs) {
    std::deque<std::pair<Slot*, std::vector<From>>> under_way;
    const auto finishOldest = [&] {
        const auto& [slot, parts] = under_way.front();
        wait(*slot);
        const uint8_t* staged = slot->staging->mapped<uint8_t>();
        for (const From& part : parts) {
            std::memcpy(part.bytes.data(), staged, part.bytes.size());
            staged += part.bytes.size();
        }
        under_way.pop_front();
    };
    inTurns(runs, [&](Slot& slot, std::vector<From> parts) {
        if (under_way.size() == m_slots.size()) {
            finishOldest();
        }
        begin(slot);
        uint64_t at = 0;
        for (const From& part : parts) {
            const VkBufferCopy region{part.offset, at, part.bytes.size()};
            vkCmdCopyBuffer(slot.commands, part.buffer, staging(slot).handle(), 1, &region);
            at += part.bytes.size();
        }
        submit(slot);
        under_way.emplace_back(&slot, std::move(parts));
    });
    while (!under_way.empty()) {
        finishOldest();
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
