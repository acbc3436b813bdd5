// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/vulkan/device.h"

#include <span>

struct VkBuffer_T;
struct VkDeviceMemory_T;

namespace moescope::vulkan {

enum class MemoryKind {
    DeviceLocal, ///< mapped as well where memory is unified
    HostVisible, ///< coherent and mapped: uploads, step state, read-backs
};

/** What is in a buffer at birth. */
enum class Contents {
    Zeros,
    Undefined, ///< its padding is zero all the same: for those that are filled to the end before they are read
};

/** A storage buffer with memory of its own, padded to 16 bytes. Throws trace::Error{vulkan.memory}
 *  with bytes and name when the device has no more, {vulkan.too_large} when it allows no allocation of that size. */
class Buffer {
public:
    Buffer(Device& device, uint64_t bytes, MemoryKind kind, std::string name, Contents contents = Contents::Zeros);
    ~Buffer();
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;

    uint64_t size() const { return m_size; }
    const std::string& name() const { return m_name; }
    VkBuffer_T* handle() const { return m_buffer; }
    /** What the driver gave for it. */
    const trace::PlacedBytes& allocated() const { return m_allocated; }
    trace::MemoryUse use() const { return {m_size, m_allocated}; }
    bool isMapped() const { return m_mapped != nullptr; }
    /** Host address; only if isMapped(). */
    template <typename T>
    T* mapped() {
        return static_cast<T*>(m_mapped);
    }
    template <typename T>
    const T* mapped() const {
        return static_cast<const T*>(m_mapped);
    }

    /** Copies to the device, through a staging buffer where it is not mapped. Blocks. */
    void upload(uint64_t offset, std::span<const uint8_t> bytes);
    /** Copies from the device. Blocks. */
    void download(uint64_t offset, std::span<uint8_t> bytes) const;

private:
    void release();

    Device& m_device;
    uint64_t m_size = 0;
    std::string m_name;
    VkBuffer_T* m_buffer = nullptr;
    VkDeviceMemory_T* m_memory = nullptr;
    void* m_mapped = nullptr;
    trace::PlacedBytes m_allocated;
};

/** Bytes of the host and where they go. */
struct Upload {
    Buffer* to = nullptr;
    uint64_t offset = 0;
    std::span<const uint8_t> bytes;
};

/** Bytes of a buffer and where on the host they go. */
struct Download {
    const Buffer* from = nullptr;
    uint64_t offset = 0;
    std::span<uint8_t> bytes;
};

/** Many copies at once, as Buffer::upload() and download(): through staging buffers in as few submissions as these are filled
 *  times, however many copies there are. */
void upload(Device& device, std::span<const Upload> uploads);
void download(Device& device, std::span<const Download> downloads);

} // namespace moescope::vulkan
