// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/buffer.h"

#include "engine/trace/error.h"
#include "engine/vulkan/device_impl.h"
#include "engine/vulkan/result.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <vector>

namespace moescope::vulkan {

namespace {

/** Whole vectors: a shader that reads the last one as uvec4 stays inside. */
uint64_t padded(uint64_t bytes) { return (bytes + 15) / 16 * 16; }

void checkRange(const Buffer& buffer, uint64_t offset, uint64_t bytes) {
    if (offset > buffer.size() || bytes > buffer.size() - offset) {
        throw std::logic_error("buffer " + buffer.name() + " has " + std::to_string(buffer.size()) +
                               " bytes: no range of " + std::to_string(bytes) + " at " + std::to_string(offset));
    }
}

/** Where a buffer of this memory lies. */
trace::PlacedBytes placed(uint64_t bytes, VkMemoryPropertyFlags flags, bool mapped) {
    trace::PlacedBytes place;
    const bool local = (flags & VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT) != 0;
    (!local ? place.host : mapped ? place.mapped : place.device) = bytes;
    return place;
}

Transfer& transferOf(Device& device) {
    Device::Impl& impl = device.impl();
    if (!impl.transfer) {
        impl.transfer = std::make_unique<Transfer>(device);
    }
    return *impl.transfer;
}

} // namespace

Buffer::Buffer(Device& device, uint64_t bytes, MemoryKind kind, std::string name, Contents contents)
    : m_device(device), m_size(bytes), m_name(std::move(name)) {
    Device::Impl& impl = device.impl();
    if (bytes == 0) {
        throw std::logic_error("buffer " + m_name + " has no bytes");
    }
    if (bytes > device.limits().max_allocation) {
        throw trace::Error("vulkan.too_large",
                           "“{name}” needs {bytes}, but the device allows {limit} in one allocation.",
                           {{"name", m_name},
                            {"bytes", trace::bytesText(bytes)},
                            {"limit", trace::bytesText(device.limits().max_allocation)}});
    }
    try {
        VkBufferCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO};
        info.size = padded(bytes);
        info.usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT |
                     VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT |
                     VK_BUFFER_USAGE_TRANSFER_DST_BIT;
        check(vkCreateBuffer(device.handle(), &info, nullptr, &m_buffer), "vkCreateBuffer");
        VkMemoryRequirements needs{};
        vkGetBufferMemoryRequirements(device.handle(), m_buffer, &needs);

        VkMemoryAllocateInfo allocation{VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO};
        allocation.allocationSize = needs.size;
        allocation.memoryTypeIndex = device.memoryType(needs.memoryTypeBits, kind == MemoryKind::HostVisible);
        const VkResult result = failsNow(impl.allocations_left)
                                    ? VK_ERROR_OUT_OF_DEVICE_MEMORY
                                    : vkAllocateMemory(device.handle(), &allocation, nullptr, &m_memory);
        if (result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_OUT_OF_HOST_MEMORY ||
            result == VK_ERROR_TOO_MANY_OBJECTS) {
            m_memory = nullptr;
            throwMemory(m_name, needs.size, device.freeBytes());
        }
        check(result, "vkAllocateMemory");
        const VkMemoryPropertyFlags flags = impl.adapter.memory.memoryTypes[allocation.memoryTypeIndex].propertyFlags;
        constexpr VkMemoryPropertyFlags mappable =
            VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT;
        const bool mapped =
            kind == MemoryKind::HostVisible || (device.limits().unified_memory && (flags & mappable) == mappable);
        m_allocated = placed(needs.size, flags, mapped);
        device.counters().device_bytes += m_allocated.device;
        device.counters().mapped_bytes += m_allocated.mapped;
        device.counters().host_bytes += m_allocated.host;
        check(vkBindBufferMemory(device.handle(), m_buffer, m_memory, 0), "vkBindBufferMemory");

        if (mapped) {
            check(vkMapMemory(device.handle(), m_memory, 0, VK_WHOLE_SIZE, 0, &m_mapped), "vkMapMemory");
            if (impl.prepare_memory != nullptr && device.limits().software) {
                impl.prepare_memory(m_mapped, padded(bytes));
            }
            const uint64_t kept = contents == Contents::Zeros ? 0 : bytes;
            std::memset(static_cast<uint8_t*>(m_mapped) + kept, 0, padded(bytes) - kept);
        } else if (contents == Contents::Zeros || padded(bytes) != bytes) {
            const std::scoped_lock lock(impl.transfer_mutex);
            transferOf(device).clear(m_buffer);
        }
        device.setName(reinterpret_cast<uint64_t>(m_buffer), VK_OBJECT_TYPE_BUFFER, m_name);
        device.setName(reinterpret_cast<uint64_t>(m_memory), VK_OBJECT_TYPE_DEVICE_MEMORY, m_name);
    } catch (...) {
        release();
        throw;
    }
}

Buffer::~Buffer() { release(); }

void Buffer::release() {
    vkDestroyBuffer(m_device.handle(), m_buffer, nullptr);
    if (m_memory != nullptr) {
        vkFreeMemory(m_device.handle(), m_memory, nullptr);
        m_device.counters().device_bytes -= m_allocated.device;
        m_device.counters().mapped_bytes -= m_allocated.mapped;
        m_device.counters().host_bytes -= m_allocated.host;
    }
}

void Buffer::upload(uint64_t offset, std::span<const uint8_t> bytes) {
    const Upload one{this, offset, bytes};
    vulkan::upload(m_device, std::span(&one, 1));
}

void Buffer::download(uint64_t offset, std::span<uint8_t> bytes) const {
    const Download one{this, offset, bytes};
    vulkan::download(m_device, std::span(&one, 1));
}

void upload(Device& device, std::span<const Upload> uploads) {
    std::vector<Transfer::To> unseen; // by the host
    for (const Upload& one : uploads) {
        checkRange(*one.to, one.offset, one.bytes.size());
        if (one.to->isMapped()) {
            std::copy(one.bytes.begin(), one.bytes.end(), one.to->mapped<uint8_t>() + one.offset);
        } else if (!one.bytes.empty()) {
            unseen.push_back({one.to->handle(), one.offset, one.bytes});
        }
    }
    if (!unseen.empty()) {
        const std::scoped_lock lock(device.impl().transfer_mutex);
        transferOf(device).upload(unseen);
    }
}

void download(Device& device, std::span<const Download> downloads) {
    std::vector<Transfer::From> unseen;
    for (const Download& one : downloads) {
        checkRange(*one.from, one.offset, one.bytes.size());
        if (one.from->isMapped()) {
            std::copy_n(one.from->mapped<uint8_t>() + one.offset, one.bytes.size(), one.bytes.begin());
        } else if (!one.bytes.empty()) {
            unseen.push_back({one.from->handle(), one.offset, one.bytes});
        }
    }
    if (!unseen.empty()) {
        const std::scoped_lock lock(device.impl().transfer_mutex);
        transferOf(device).download(unseen);
    }
}

} // namespace moescope::vulkan
