// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/command_recorder.h"

#include "engine/vulkan/device_impl.h"
#include "engine/vulkan/result.h"

#include <array>
#include <stdexcept>

namespace moescope::vulkan {

namespace {

constexpr uint32_t setsPerPool = 256;
constexpr uint32_t descriptorsPerPool = setsPerPool * 8;
constexpr uint32_t maxTimestamps = 4096;

} // namespace

struct CommandRecorder::Impl {
    enum class State { Empty, Recording, Ready };

    Device& device;
    VkCommandPool pool = VK_NULL_HANDLE;
    VkCommandBuffer commands = VK_NULL_HANDLE;
    VkFence fence = VK_NULL_HANDLE;
    VkQueryPool queries = VK_NULL_HANDLE; ///< made with the first timestamp
    uint32_t timestamps = 0;
    std::vector<VkDescriptorPool> descriptor_pools;
    size_t pools_used = 0;
    std::vector<VkBufferView> views; ///< of texel buffers, until the next begin()
    const ComputePipeline* bound = nullptr;
    State state = State::Empty;
    bool rehearsing = false;
    bool pending = false;
    bool submitted = false; ///< since begin()

    explicit Impl(Device& on) : device(on) {}
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;
    ~Impl() {
        const VkDevice handle = device.handle();
        if (pending && !device.impl().lost) {
            vkWaitForFences(handle, 1, &fence, VK_TRUE, UINT64_MAX);
        }
        for (const VkDescriptorPool descriptors : descriptor_pools) {
            vkDestroyDescriptorPool(handle, descriptors, nullptr);
        }
        dropViews();
        vkDestroyQueryPool(handle, queries, nullptr);
        vkDestroyFence(handle, fence, nullptr);
        vkDestroyCommandPool(handle, pool, nullptr);
    }

    void dropViews() {
        for (const VkBufferView view : views) {
            vkDestroyBufferView(device.handle(), view, nullptr);
        }
        views.clear();
    }

    VkBufferView newView(const VkDescriptorBufferInfo& part) {
        VkBufferViewCreateInfo info{VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO};
        info.buffer = part.buffer;
        info.format = VK_FORMAT_R32G32B32A32_UINT;
        info.offset = part.offset;
        info.range = part.range;
        VkBufferView view = VK_NULL_HANDLE;
        check(vkCreateBufferView(device.handle(), &info, nullptr, &view), "vkCreateBufferView");
        views.push_back(view);
        return view;
    }

    void addDescriptorPool() {
        const std::array sizes{VkDescriptorPoolSize{VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, descriptorsPerPool},
                               VkDescriptorPoolSize{VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER, setsPerPool * 2}};
        VkDescriptorPoolCreateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO};
        info.maxSets = setsPerPool;
        info.poolSizeCount = static_cast<uint32_t>(sizes.size());
        info.pPoolSizes = sizes.data();
        VkDescriptorPool made = VK_NULL_HANDLE;
        check(vkCreateDescriptorPool(device.handle(), &info, nullptr, &made), "vkCreateDescriptorPool");
        descriptor_pools.push_back(made);
    }

    VkDescriptorSet newSet(VkDescriptorSetLayout layout) {
        VkDescriptorSetAllocateInfo info{VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO};
        info.descriptorSetCount = 1;
        info.pSetLayouts = &layout;
        VkDescriptorSet set = VK_NULL_HANDLE;
        if (pools_used > 0) {
            info.descriptorPool = descriptor_pools[pools_used - 1];
            const VkResult result = vkAllocateDescriptorSets(device.handle(), &info, &set);
            if (result != VK_ERROR_OUT_OF_POOL_MEMORY && result != VK_ERROR_FRAGMENTED_POOL) {
                check(result, "vkAllocateDescriptorSets");
                return set;
            }
        }
        if (pools_used == descriptor_pools.size()) {
            addDescriptorPool();
        }
        info.descriptorPool = descriptor_pools[pools_used++];
        check(vkAllocateDescriptorSets(device.handle(), &info, &set), "vkAllocateDescriptorSets");
        return set;
    }
};

CommandRecorder::CommandRecorder(Device& device, std::string name)
    : m_device(device), m_name(std::move(name)), m_impl(std::make_unique<Impl>(device)) {
    VkCommandPoolCreateInfo pool{VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO};
    pool.queueFamilyIndex = device.queueFamily();
    check(vkCreateCommandPool(device.handle(), &pool, nullptr, &m_impl->pool), "vkCreateCommandPool");
    VkCommandBufferAllocateInfo commands{VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO};
    commands.commandPool = m_impl->pool;
    commands.level = VK_COMMAND_BUFFER_LEVEL_PRIMARY;
    commands.commandBufferCount = 1;
    check(vkAllocateCommandBuffers(device.handle(), &commands, &m_impl->commands), "vkAllocateCommandBuffers");
    const VkFenceCreateInfo fence{VK_STRUCTURE_TYPE_FENCE_CREATE_INFO};
    check(vkCreateFence(device.handle(), &fence, nullptr, &m_impl->fence), "vkCreateFence");
    device.setName(reinterpret_cast<uint64_t>(m_impl->commands), VK_OBJECT_TYPE_COMMAND_BUFFER, m_name);
}

CommandRecorder::~CommandRecorder() = default;

void CommandRecorder::begin() {
    Impl& impl = *m_impl;
    if (impl.pending) {
        if (vkGetFenceStatus(m_device.handle(), impl.fence) == VK_NOT_READY) {
            throw std::logic_error("recorder " + m_name + ": begin() while its last submission runs");
        }
        impl.pending = false;
    }
    check(vkResetCommandPool(m_device.handle(), impl.pool, 0), "vkResetCommandPool");
    for (size_t i = 0; i < impl.pools_used; ++i) {
        check(vkResetDescriptorPool(m_device.handle(), impl.descriptor_pools[i], 0), "vkResetDescriptorPool");
    }
    impl.pools_used = impl.descriptor_pools.empty() ? 0 : 1;
    impl.dropViews();
    impl.bound = nullptr;
    impl.timestamps = 0;
    impl.submitted = false;
    m_dispatchCount = 0;
    if (impl.rehearsing) {
        impl.state = Impl::State::Recording;
        return;
    }
    impl.state = Impl::State::Empty;
    const VkCommandBufferBeginInfo info{VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
    check(vkBeginCommandBuffer(impl.commands, &info), "vkBeginCommandBuffer");
    impl.state = Impl::State::Recording;
    recordBarrier(impl.commands); // what was submitted before, by any recorder
}

void CommandRecorder::rehearse(bool on) {
    m_impl->rehearsing = on;
    m_impl->state = Impl::State::Empty;
}

void CommandRecorder::record(const ComputePipeline& pipeline, const Groups* groups, const Buffer* arguments,
                             uint64_t arguments_offset, std::initializer_list<Binding> bindings, const void* push,
                             size_t push_bytes) {
    Impl& impl = *m_impl;
    const auto fail = [&](const std::string& what) {
        throw std::logic_error("kernel " + pipeline.name() + " in recorder " + m_name + ": " + what);
    };
    const auto text = [](uint64_t number) { return std::to_string(number); };
    if (impl.state != Impl::State::Recording) {
        fail("dispatch without begin()");
    }
    if (bindings.size() != pipeline.bindingCount()) {
        fail(text(bindings.size()) + " bindings where it has " + text(pipeline.bindingCount()));
    }
    if (push_bytes != pipeline.pushConstantBytes()) {
        fail(text(push_bytes) + " bytes of push constants where it has " + text(pipeline.pushConstantBytes()));
    }
    if (groups != nullptr) {
        const uint32_t grid[3] = {groups->x, groups->y, groups->z};
        for (uint32_t i = 0; i < 3; ++i) {
            const uint32_t limit = m_device.impl().adapter.properties.limits.maxComputeWorkGroupCount[i];
            if (grid[i] == 0 || grid[i] > limit) {
                fail(text(grid[i]) + " workgroups in dimension " + text(i) + ", 1 to " + text(limit) + " allowed");
            }
        }
    } else if (arguments_offset % 4 != 0 || arguments_offset > arguments->size() ||
               arguments->size() - arguments_offset < 3 * sizeof(uint32_t)) {
        fail("no three words at " + text(arguments_offset) + " of buffer " + arguments->name() + ", " +
             text(arguments->size()) + " bytes");
    }

    std::vector<VkDescriptorBufferInfo> infos;
    infos.reserve(bindings.size());
    for (const Binding& binding : bindings) {
        const Buffer& buffer = *binding.buffer;
        const std::string where = "binding " + text(infos.size()) + ", buffer " + buffer.name() + ": ";
        if (binding.offset >= buffer.size() || binding.bytes > buffer.size() - binding.offset) {
            fail(where + text(binding.bytes) + " bytes at " + text(binding.offset) + " of " + text(buffer.size()));
        }
        const vulkan::Limits& limits = m_device.limits();
        const bool texels = pipeline.isTexelBuffer(static_cast<uint32_t>(infos.size()));
        const uint32_t alignment = texels ? limits.texel_offset_alignment : limits.storage_offset_alignment;
        const uint64_t most = texels ? limits.max_texel_range : limits.max_storage_range;
        if (binding.offset % alignment != 0) {
            fail(where + "offset " + text(binding.offset) + " is no multiple of " + text(alignment));
        }
        const uint64_t bytes = binding.bytes != 0 ? binding.bytes : buffer.size() - binding.offset;
        if (bytes > most) {
            fail(where + text(bytes) + " bytes, more than the device's " + text(most));
        }
        // To the end means to the end of the padding: the last vector is whole.
        infos.push_back({buffer.handle(), binding.offset, binding.bytes != 0 ? binding.bytes : VK_WHOLE_SIZE});
    }

    if (impl.rehearsing) {
        return;
    }
    if (impl.bound != &pipeline) {
        vkCmdBindPipeline(impl.commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.handle());
        impl.bound = &pipeline;
    }
    if (!infos.empty()) {
        const VkDescriptorSet set = impl.newSet(pipeline.setLayout());
        std::vector<VkWriteDescriptorSet> writes(infos.size());
        std::vector<VkBufferView> views(infos.size());
        for (uint32_t i = 0; i < infos.size(); ++i) {
            writes[i].sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET;
            writes[i].dstSet = set;
            writes[i].dstBinding = i;
            writes[i].descriptorCount = 1;
            if (pipeline.isTexelBuffer(i)) {
                views[i] = impl.newView(infos[i]);
                writes[i].descriptorType = VK_DESCRIPTOR_TYPE_UNIFORM_TEXEL_BUFFER;
                writes[i].pTexelBufferView = &views[i];
            } else {
                writes[i].descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER;
                writes[i].pBufferInfo = &infos[i];
            }
        }
        vkUpdateDescriptorSets(m_device.handle(), static_cast<uint32_t>(writes.size()), writes.data(), 0, nullptr);
        ++m_device.counters().descriptor_sets_updated;
        vkCmdBindDescriptorSets(impl.commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline.layout(), 0, 1, &set, 0,
                                nullptr);
    }
    if (push_bytes > 0) {
        vkCmdPushConstants(impl.commands, pipeline.layout(), VK_SHADER_STAGE_COMPUTE_BIT, 0,
                           static_cast<uint32_t>(push_bytes), push);
    }
    if (groups != nullptr) {
        vkCmdDispatch(impl.commands, groups->x, groups->y, groups->z);
    } else {
        vkCmdDispatchIndirect(impl.commands, arguments->handle(), arguments_offset);
    }
    ++m_dispatchCount;
    ++m_device.counters().dispatches_recorded;
}

void CommandRecorder::barrier() {
    if (m_impl->state != Impl::State::Recording) {
        throw std::logic_error("recorder " + m_name + ": barrier() without begin()");
    }
    if (!m_impl->rehearsing) {
        recordBarrier(m_impl->commands);
    }
}

void CommandRecorder::copy(const Buffer& from, uint64_t from_offset, const Buffer& to, uint64_t to_offset,
                           uint64_t bytes) {
    if (m_impl->state != Impl::State::Recording || bytes == 0 || from_offset > from.size() || to_offset > to.size() ||
        bytes > from.size() - from_offset || bytes > to.size() - to_offset) {
        throw std::logic_error("recorder " + m_name + ": copy of " + std::to_string(bytes) + " bytes from " +
                               from.name() + " at " + std::to_string(from_offset) + " of " +
                               std::to_string(from.size()) + " to " + to.name() + " at " + std::to_string(to_offset) +
                               " of " + std::to_string(to.size()));
    }
    if (m_impl->rehearsing) {
        return;
    }
    const VkBufferCopy region{from_offset, to_offset, bytes};
    vkCmdCopyBuffer(m_impl->commands, from.handle(), to.handle(), 1, &region);
}

void CommandRecorder::fill(const Buffer& buffer, uint64_t offset, uint64_t bytes, uint32_t value) {
    if (m_impl->state != Impl::State::Recording || bytes == 0 || bytes % 4 != 0 || offset % 4 != 0 ||
        offset > buffer.size() || bytes > buffer.size() - offset) {
        throw std::logic_error("recorder " + m_name + ": fill of " + std::to_string(bytes) + " bytes of " +
                               buffer.name() + " at " + std::to_string(offset) + " of " +
                               std::to_string(buffer.size()));
    }
    if (m_impl->rehearsing) {
        return;
    }
    vkCmdFillBuffer(m_impl->commands, buffer.handle(), offset, bytes, value);
}

void CommandRecorder::timestamp() {
    Impl& impl = *m_impl;
    if (impl.state != Impl::State::Recording) {
        throw std::logic_error("recorder " + m_name + ": timestamp() without begin()");
    }
    if (impl.rehearsing || m_device.limits().timestamp_period_ns <= 0 || impl.timestamps == maxTimestamps) {
        return;
    }
    if (impl.queries == VK_NULL_HANDLE) {
        VkQueryPoolCreateInfo info{VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO};
        info.queryType = VK_QUERY_TYPE_TIMESTAMP;
        info.queryCount = maxTimestamps;
        check(vkCreateQueryPool(m_device.handle(), &info, nullptr, &impl.queries), "vkCreateQueryPool");
    }
    vkCmdWriteTimestamp2(impl.commands, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, impl.queries, impl.timestamps++);
}

void CommandRecorder::end() {
    if (m_impl->state != Impl::State::Recording) {
        throw std::logic_error("recorder " + m_name + ": end() without begin()");
    }
    if (!m_impl->rehearsing) {
        recordBarrier(m_impl->commands);
        check(vkEndCommandBuffer(m_impl->commands), "vkEndCommandBuffer");
        ++m_device.counters().command_buffers_recorded;
    }
    m_impl->state = Impl::State::Ready;
}

void CommandRecorder::submit() {
    Impl& impl = *m_impl;
    if (impl.state != Impl::State::Ready) {
        throw std::logic_error("recorder " + m_name + ": submit() without end()");
    }
    if (impl.rehearsing) {
        return;
    }
    wait();
    if (impl.timestamps > 0) {
        vkResetQueryPool(m_device.handle(), impl.queries, 0, impl.timestamps);
    }
    check(vkResetFences(m_device.handle(), 1, &impl.fence), "vkResetFences");
    submitCommands(m_device, impl.commands, impl.fence);
    impl.pending = true;
    impl.submitted = true;
}

void CommandRecorder::wait() {
    if (m_impl->pending) {
        waitForFence(m_device, m_impl->fence);
        m_impl->pending = false;
    }
}

std::vector<double> CommandRecorder::timestampsMs() const {
    const Impl& impl = *m_impl;
    if (impl.pending || (impl.timestamps > 0 && !impl.submitted)) {
        throw std::logic_error("recorder " + m_name + ": timestampsMs() before wait()");
    }
    if (impl.timestamps == 0) {
        return {};
    }
    std::vector<uint64_t> ticks(impl.timestamps);
    check(vkGetQueryPoolResults(m_device.handle(), impl.queries, 0, impl.timestamps, ticks.size() * sizeof(uint64_t),
                                ticks.data(), sizeof(uint64_t), VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WAIT_BIT),
          "vkGetQueryPoolResults");
    const uint32_t bits = m_device.impl().adapter.timestamp_bits;
    const uint64_t mask = bits >= 64 ? UINT64_MAX : (uint64_t{1} << bits) - 1;
    std::vector<double> milliseconds(ticks.size());
    for (size_t i = 0; i < ticks.size(); ++i) {
        milliseconds[i] =
            static_cast<double>((ticks[i] - ticks[0]) & mask) * m_device.limits().timestamp_period_ns / 1e6;
    }
    return milliseconds;
}

} // namespace moescope::vulkan
