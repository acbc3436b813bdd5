// SPDX-License-Identifier: Apache-2.0
#include "tests/support/driver_faults.h"

#ifndef VK_NO_PROTOTYPES
#define VK_NO_PROTOTYPES
#endif
#include <volk.h>

#include <atomic>
#include <stdexcept>

namespace moescope::test {

namespace {

PFN_vkAllocateMemory realAllocate = nullptr;
PFN_vkQueueSubmit2 realSubmit = nullptr;
PFN_vkCreateComputePipelines realCreate = nullptr;
std::atomic<int64_t> allocationsLeft = -1; // negative: none fails
std::atomic<int64_t> submissionsLeft = -1;
std::atomic<int64_t> pipelinesLeft = -1;
std::atomic<uint64_t> allocationCount = 0;
std::atomic<uint64_t> submissionCount = 0;
std::atomic<uint64_t> pipelineCount = 0;

bool isItsTurn(std::atomic<int64_t>& left) { return left.load() >= 0 && left.fetch_sub(1) == 0; }

VKAPI_ATTR VkResult VKAPI_CALL allocate(VkDevice device, const VkMemoryAllocateInfo* info,
                                        const VkAllocationCallbacks* callbacks, VkDeviceMemory* memory) {
    ++allocationCount;
    return isItsTurn(allocationsLeft) ? VK_ERROR_OUT_OF_DEVICE_MEMORY : realAllocate(device, info, callbacks, memory);
}

VKAPI_ATTR VkResult VKAPI_CALL submit(VkQueue queue, uint32_t count, const VkSubmitInfo2* submits, VkFence fence) {
    ++submissionCount;
    return isItsTurn(submissionsLeft) ? VK_ERROR_DEVICE_LOST : realSubmit(queue, count, submits, fence);
}

VKAPI_ATTR VkResult VKAPI_CALL create(VkDevice device, VkPipelineCache cache, uint32_t count,
                                      const VkComputePipelineCreateInfo* infos, const VkAllocationCallbacks* callbacks,
                                      VkPipeline* pipelines) {
    ++pipelineCount;
    return isItsTurn(pipelinesLeft) ? VK_ERROR_OUT_OF_HOST_MEMORY
                                    : realCreate(device, cache, count, infos, callbacks, pipelines);
}

} // namespace

DriverFaults::DriverFaults() {
    if (realAllocate != nullptr || vkAllocateMemory == nullptr || vkQueueSubmit2 == nullptr ||
        vkCreateComputePipelines == nullptr) {
        throw std::logic_error("one at a time, and after the first device");
    }
    realAllocate = vkAllocateMemory;
    realSubmit = vkQueueSubmit2;
    realCreate = vkCreateComputePipelines;
    allocationsLeft = -1;
    submissionsLeft = -1;
    pipelinesLeft = -1;
    allocationCount = 0;
    submissionCount = 0;
    pipelineCount = 0;
    vkAllocateMemory = allocate;
    vkQueueSubmit2 = submit;
    vkCreateComputePipelines = create;
}

DriverFaults::~DriverFaults() {
    vkAllocateMemory = realAllocate;
    vkQueueSubmit2 = realSubmit;
    vkCreateComputePipelines = realCreate;
    realAllocate = nullptr;
    realSubmit = nullptr;
    realCreate = nullptr;
}

void DriverFaults::failAllocation(uint32_t after) { allocationsLeft = after; }
void DriverFaults::loseDevice(uint32_t after) { submissionsLeft = after; }
void DriverFaults::failPipeline(uint32_t after) { pipelinesLeft = after; }
uint64_t DriverFaults::allocations() const { return allocationCount; }
uint64_t DriverFaults::submissions() const { return submissionCount; }
uint64_t DriverFaults::pipelines() const { return pipelineCount; }

} // namespace moescope::test
