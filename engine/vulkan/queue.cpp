// SPDX-License-Identifier: Apache-2.0
#include "engine/vulkan/device_impl.h"
#include "engine/vulkan/result.h"

namespace moescope::vulkan {

namespace {

constexpr uint64_t waitSliceNs = 1'000'000'000;

void checkQueue(Device& device, VkResult result, const char* call) {
    if (result == VK_ERROR_DEVICE_LOST) {
        device.impl().lost = true;
    }
    check(result, call);
}

} // namespace

bool failsNow(std::atomic<int64_t>& calls_left) {
    int64_t left = calls_left;
    while (left >= 0) {
        if (calls_left.compare_exchange_weak(left, left - 1)) {
            return left == 0;
        }
    }
    return false;
}

void submitCommands(Device& device, VkCommandBuffer commands, VkFence fence) {
    if (failsNow(device.impl().submissions_left)) {
        device.impl().lost = true;
    }
    if (device.impl().lost) {
        throwDeviceLost();
    }
    VkCommandBufferSubmitInfo buffer{VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO};
    buffer.commandBuffer = commands;
    VkSubmitInfo2 submit{VK_STRUCTURE_TYPE_SUBMIT_INFO_2};
    submit.commandBufferInfoCount = 1;
    submit.pCommandBufferInfos = &buffer;
    const std::scoped_lock lock(device.queueMutex());
    checkQueue(device, vkQueueSubmit2(device.queue(), 1, &submit, fence), "vkQueueSubmit2");
    ++device.counters().submissions;
}

void waitForFence(Device& device, VkFence fence) {
    VkResult result = VK_TIMEOUT;
    while (result == VK_TIMEOUT) {
        result = vkWaitForFences(device.handle(), 1, &fence, VK_TRUE, waitSliceNs);
    }
    checkQueue(device, result, "vkWaitForFences");
}

void recordBarrier(VkCommandBuffer commands) {
    VkMemoryBarrier2 memory{VK_STRUCTURE_TYPE_MEMORY_BARRIER_2};
    memory.srcStageMask = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT;
    memory.srcAccessMask = VK_ACCESS_2_SHADER_WRITE_BIT | VK_ACCESS_2_TRANSFER_WRITE_BIT;
    memory.dstStageMask = VK_PIPELINE_STAGE_2_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT |
                          VK_PIPELINE_STAGE_2_DRAW_INDIRECT_BIT | VK_PIPELINE_STAGE_2_HOST_BIT;
    memory.dstAccessMask = VK_ACCESS_2_SHADER_READ_BIT | VK_ACCESS_2_SHADER_WRITE_BIT | VK_ACCESS_2_TRANSFER_READ_BIT |
                           VK_ACCESS_2_TRANSFER_WRITE_BIT | VK_ACCESS_2_INDIRECT_COMMAND_READ_BIT |
                           VK_ACCESS_2_HOST_READ_BIT;
    VkDependencyInfo dependency{VK_STRUCTURE_TYPE_DEPENDENCY_INFO};
    dependency.memoryBarrierCount = 1;
    dependency.pMemoryBarriers = &memory;
    vkCmdPipelineBarrier2(commands, &dependency);
}

} // namespace moescope::vulkan
