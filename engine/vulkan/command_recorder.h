// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/vulkan/buffer.h"
#include "engine/vulkan/compute_pipeline.h"

#include <initializer_list>
#include <type_traits>

struct VkCommandPool_T;
struct VkCommandBuffer_T;
struct VkDescriptorPool_T;
struct VkFence_T;

namespace moescope::vulkan {

/** A part of a buffer as one binding sees it. bytes 0: to the end. */
struct Binding {
    const Buffer* buffer = nullptr;
    uint64_t offset = 0;
    uint64_t bytes = 0;

    Binding(const Buffer& whole) : buffer(&whole) {}
    Binding(const Buffer& part_of, uint64_t at, uint64_t length) : buffer(&part_of), offset(at), bytes(length) {}
};

struct Groups {
    uint32_t x = 1;
    uint32_t y = 1;
    uint32_t z = 1;
};

/** One command buffer with the descriptor sets of its dispatches: recorded once, submitted as often as wanted.
 *
 *  dispatch() checks that the number of bindings, the size of the push constants, the grid and each range fit the
 *  pipeline and the device, and throws std::logic_error naming the kernel otherwise. */
class CommandRecorder {
public:
    CommandRecorder(Device& device, std::string name);
    ~CommandRecorder();
    CommandRecorder(const CommandRecorder&) = delete;
    CommandRecorder& operator=(const CommandRecorder&) = delete;

    /** Forgets what was recorded; the last submission must be over. */
    void begin();
    /** While `on`, what is recorded is checked and then dropped, no pipeline is made for it and submit() does nothing. In
     *  either case forgets what was recorded. */
    void rehearse(bool on);
    template <typename Push>
    void dispatch(const ComputePipeline& pipeline, Groups groups, std::initializer_list<Binding> bindings,
                  const Push& push) {
        static_assert(std::is_trivially_copyable_v<Push>);
        record(pipeline, &groups, nullptr, 0, bindings, &push, sizeof(Push));
    }
    void dispatch(const ComputePipeline& pipeline, Groups groups, std::initializer_list<Binding> bindings) {
        record(pipeline, &groups, nullptr, 0, bindings, nullptr, 0);
    }
    /** Grid from `arguments` at `offset`: three uint32. */
    template <typename Push>
    void dispatchIndirect(const ComputePipeline& pipeline, const Buffer& arguments, uint64_t offset,
                          std::initializer_list<Binding> bindings, const Push& push) {
        static_assert(std::is_trivially_copyable_v<Push>);
        record(pipeline, nullptr, &arguments, offset, bindings, &push, sizeof(Push));
    }
    /** All writes so far (shader and transfer) are seen by all that follows, indirect arguments and host reads too. */
    void barrier();
    void copy(const Buffer& from, uint64_t from_offset, const Buffer& to, uint64_t to_offset, uint64_t bytes);
    void fill(const Buffer& buffer, uint64_t offset, uint64_t bytes, uint32_t value);
    /** Writes a timestamp; read them with timestampsMs() after wait(). At most 4096 a recording; ignored beyond or
     *  where the device has none. */
    void timestamp();
    void end();

    /** Submits what end() closed, after waiting for the last submission if it still runs. Records and updates nothing.
     *  Throws trace::Error{vulkan.device_lost} / {vulkan.memory_call}. */
    void submit();
    /** Waits for the last submission. */
    void wait();
    void submitAndWait() {
        submit();
        wait();
    }
    /** Milliseconds of each timestamp() since the first; empty where the device has none. */
    std::vector<double> timestampsMs() const;
    uint32_t dispatchCount() const { return m_dispatchCount; }

private:
    void record(const ComputePipeline& pipeline, const Groups* groups, const Buffer* arguments,
                uint64_t arguments_offset, std::initializer_list<Binding> bindings, const void* push,
                size_t push_bytes);

    Device& m_device;
    std::string m_name;
    uint32_t m_dispatchCount = 0;
    struct Impl;
    std::unique_ptr<Impl> m_impl;
};

} // namespace moescope::vulkan
